import type { Bytes } from 'millrace/bytes';
import { systemError } from '../exit.js';

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
  /** The same where there is no time to wait: a signal ends the process. */
  abandon(): void;
}

/** Thrown where nobody reads standard output any more: the command ends quietly. */
export class OutputGone extends Error {
  override readonly name = 'OutputGone';
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
    abandon: () => undefined,
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
    abandon: () => undefined,
  };
}
