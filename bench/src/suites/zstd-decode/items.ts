import { spawnSync } from 'node:child_process';
import { rustProgram } from '@millrace/interop/rust';
import type { SuiteContext } from '../../harness/suite.js';
import { derived } from './corpora.js';

/** Pieces of one corpus, all of one size, and what libzstd makes of them at one level. */
export interface Items {
  readonly corpus: string;
  readonly size: number;
  readonly level: number;
  readonly pieces: readonly Buffer[];
  readonly frames: readonly Buffer[];
}

const MOST_PIECES = 64;
const MOST_BYTES = 20 * 2 ** 20;

/** Items in the form that the reference programs read: each after its length. */
export function join(items: readonly Buffer[]): Buffer {
  return Buffer.concat(
    items.flatMap((item) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(item.length);
      return [length, item];
    }),
  );
}

function split(joined: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < joined.length; ) {
    const length = joined.readUInt32LE(at);
    found.push(joined.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return found;
}

function cut(bytes: Buffer, size: number): Buffer[] {
  const most = Math.max(1, Math.min(MOST_PIECES, Math.floor(MOST_BYTES / size)));
  const step = Math.max(size, Math.floor((bytes.length - size) / most));
  const found: Buffer[] = [];
  for (let at = 0; at + size <= bytes.length && found.length < most; at += step) found.push(bytes.subarray(at, at + size));
  return found;
}

/** The corpora named on the command line, or those made from `@mdn/browser-compat-data`; cut to sizes and compressed at levels. */
export function items(context: SuiteContext, sizes: readonly number[], levels: readonly number[]): Items[] {
  const corpora = context.corpora.given();
  if (corpora.length === 0) corpora.push(...derived(context.corpora.messages()));
  const program = rustProgram('libzstd');
  const found: Items[] = [];
  for (const { name, bytes } of corpora) {
    for (const size of sizes) {
      const pieces = cut(bytes, size);
      if (pieces.length === 0) continue;
      for (const level of levels) {
        context.progress(`compressing ${name} ${size} at level ${level}`);
        const result = spawnSync(program, ['compress', String(level)], { input: join(pieces), maxBuffer: 2 ** 30 });
        if (result.status !== 0) throw new Error(`libzstd compress: ${result.stderr.toString()}`);
        found.push({ corpus: name, size, level, pieces, frames: split(result.stdout) });
      }
    }
  }
  return found;
}
