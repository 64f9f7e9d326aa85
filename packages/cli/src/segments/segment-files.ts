import { existsSync, statSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemError } from '../exit.js';
import { listSegments, segmentName, segmentNumber, type Codec } from './segment-name.js';

/** A segment file open for writing. */
export interface SegmentFile {
  readonly name: string;
  /** Writes all of the views, in order. The views are pinned until the promise settles. @throws the operating system's error */
  write(views: readonly Uint8Array[]): Promise<void>;
  /** Cuts off what a failed write may have left after `length`. */
  truncate(length: number): Promise<void>;
  /** Makes the file safe against power loss and closes it. */
  close(): Promise<void>;
}

/** Where segments are written; tests put slow and full disks in its place. */
export interface SegmentFiles {
  /** Opens the next segment: a new file, never one that is there. */
  next(): Promise<SegmentFile>;
}

/** Segments in a directory of the file system, which is made if needed; numbers go on from those that are there. @throws CommandError exit code 1 */
export async function openDirectory(directory: string, codec: Codec): Promise<SegmentFiles> {
  let number: number;
  try {
    await makeDirectory(directory);
    number = segmentNumber(listSegments(directory).at(-1) ?? '');
  } catch (error) {
    throw systemError(`cannot write to ${directory}`, error);
  }
  return {
    async next(): Promise<SegmentFile> {
      for (;;) {
        number += 1;
        const name = segmentName(number, codec);
        try {
          return await openFile(directory, name);
        } catch (error) {
          // Another ingest on the same directory took the number: take the next one.
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        }
      }
    },
  };
}

// Not by mkdir's own `recursive`: below a directory that answers ENOENT to every new entry, as /proc does, it tries for ever (Node 20 to 26).
async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const parent = dirname(directory);
    if (code === 'ENOENT' && !existsSync(parent)) {
      await makeDirectory(parent);
      await makeDirectory(directory);
    } else if (code !== 'EEXIST' || !statSync(directory).isDirectory()) throw error;
  }
}

async function openFile(directory: string, name: string): Promise<SegmentFile> {
  const handle = await open(join(directory, name), 'wx');
  return {
    name,
    async write(views) {
      let rest = [...views];
      while (rest.length > 0) {
        // A short write is no error: the next one tells why, or goes on.
        let { bytesWritten } = await handle.writev(rest);
        const whole = rest.findIndex((view) => {
          if (bytesWritten < view.length) return true;
          bytesWritten -= view.length;
          return false;
        });
        if (whole < 0) return;
        rest = [rest[whole]!.subarray(bytesWritten), ...rest.slice(whole + 1)];
      }
    },
    async truncate(length) {
      await handle.truncate(length);
    },
    async close() {
      try {
        await handle.datasync();
      } finally {
        await handle.close();
      }
    },
  };
}
