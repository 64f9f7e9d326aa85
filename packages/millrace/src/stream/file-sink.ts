import { writev } from 'node:fs';
import { checkInteger } from '../base/arguments.js';
import type { Bytes } from '../bytes/bytes.js';
import type { ByteSink } from './sink.js';

/** Most views in one call: IOV_MAX on Linux. */
const MAX_VIEWS = 1024;

/**
 * A sink that writes to an open file, pieces joined by writev, without a copy. A short write is gone on with; the file stays open at the end.
 * @param fd a file descriptor that nothing else writes to meanwhile
 */
export function fileSink(fd: number): ByteSink {
  checkInteger('fd', fd, 0, 2 ** 31 - 1);
  return {
    async write(pieces) {
      for (let at = 0; at < pieces.length; at += MAX_VIEWS) await writeAll(fd, pieces.slice(at, at + MAX_VIEWS));
    },
    async close() {},
    abort() {},
  };
}

async function writeAll(fd: number, pieces: readonly Bytes[]): Promise<void> {
  const views = pieces.map((piece) => piece.toBuffer());
  let first = 0;
  while (first < views.length) {
    let written = await writeSome(fd, first === 0 ? views : views.slice(first));
    while (first < views.length && written >= views[first]!.length) {
      written -= views[first]!.length;
      first += 1;
    }
    if (written > 0) views[first] = views[first]!.subarray(written);
  }
}

function writeSome(fd: number, views: readonly Buffer[]): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(fd, views, (error, bytes) => (error === null ? resolve(bytes) : reject(error)));
  });
}
