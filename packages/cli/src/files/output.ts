import { open, stat, unlink, type FileHandle } from 'node:fs/promises';
import type { Bytes } from 'millrace/bytes';
import { CommandError, EXIT, systemError } from '../exit.js';

/** Where a file command writes: a file that appears whole or not at all, standard output, or nowhere. */
export interface Output {
  readonly name: string;
  /** Bytes written. */
  readonly written: number;
  /** Writes a piece and releases it. @throws CommandError exit code 1 */
  write(piece: Bytes): Promise<void>;
  /** All is written. */
  finish(): Promise<void>;
  /** It failed: what was written of a file goes. */
  discard(): Promise<void>;
}

/** Thrown where nobody reads standard output any more: the command ends quietly. */
export class OutputGone extends Error {
  override readonly name = 'OutputGone';
}

/**
 * A new file.
 * @param force overwrite one that is there
 * @param source the file that is read, which is never overwritten
 * @throws CommandError exit code 1
 */
export async function fileOutput(path: string, force: boolean, source: string): Promise<Output> {
  let file: FileHandle;
  if (force && (await areSame(path, source))) throw new CommandError(EXIT.failure, `${path} is the input`);
  try {
    file = await open(path, force ? 'w' : 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new CommandError(EXIT.failure, `${path} exists already; -f overwrites it`);
    throw systemError(`cannot write ${path}`, error);
  }
  let written = 0;
  return {
    name: path,
    get written() {
      return written;
    },
    async write(piece) {
      try {
        let view: Uint8Array = piece.toBuffer();
        while (view.length > 0) {
          const { bytesWritten } = await file.write(view);
          written += bytesWritten;
          view = view.subarray(bytesWritten);
        }
      } catch (error) {
        throw systemError(`cannot write ${path}`, error);
      } finally {
        piece.release();
      }
    },
    async finish() {
      await file.close();
    },
    async discard() {
      await file.close();
      await unlink(path).catch(() => undefined);
    },
  };
}

async function areSame(path: string, source: string): Promise<boolean> {
  try {
    const [a, b] = await Promise.all([stat(path), stat(source === '-' ? '/dev/stdin' : source)]);
    return a.dev === b.dev && a.ino === b.ino;
  } catch {
    return false; // one of them is not there
  }
}

/** Standard output. */
export function standardOutput(): Output {
  let written = 0;
  process.stdout.on('error', () => undefined); // told to the write's callback as well
  return {
    name: 'standard output',
    get written() {
      return written;
    },
    write: (piece) =>
      new Promise((resolve, reject) => {
        process.stdout.write(piece.toBuffer(), (error?: NodeJS.ErrnoException | null) => {
          written += piece.length;
          piece.release();
          if (!error) resolve();
          else reject(error.code === 'EPIPE' ? new OutputGone() : systemError('cannot write to standard output', error));
        });
      }),
    finish: async () => undefined,
    discard: async () => undefined,
  };
}

/** Nowhere: for testing and measuring. */
export function noOutput(): Output {
  let written = 0;
  return {
    name: 'nowhere',
    get written() {
      return written;
    },
    write: async (piece) => {
      written += piece.length;
      piece.release();
    },
    finish: async () => undefined,
    discard: async () => undefined,
  };
}
