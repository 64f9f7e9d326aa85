import { fstat, read } from 'node:fs';
import { checkInteger } from '../base/arguments.js';

/** Bytes that can be read from any place: a file, an object in a store, memory. */
export interface RandomSource {
  /** Bytes in all. */
  readonly length: number;
  /**
   * Reads up to `target.length` bytes from `position` on into `target`, a view of our memory that stays valid until the promise settles.
   * @returns how many were read; 0 only at the end
   */
  read(target: Uint8Array, position: number): Promise<number>;
}

/** An open file as a source, of the length that it has now. @throws what fstat throws */
export async function fileSource(fd: number): Promise<RandomSource> {
  checkInteger('fd', fd, 0, 2 ** 31 - 1);
  const length = await new Promise<number>((resolve, reject) => {
    fstat(fd, (error, stats) => (error === null ? resolve(stats.size) : reject(error)));
  });
  return {
    length,
    read: (target, position) =>
      new Promise((resolve, reject) => {
        read(fd, target, 0, target.length, position, (error, n) => (error === null ? resolve(n) : reject(error)));
      }),
  };
}

/** Memory as a source. */
export function memorySource(bytes: Uint8Array): RandomSource {
  return {
    length: bytes.length,
    async read(target, position) {
      const part = bytes.subarray(position, position + target.length);
      target.set(part);
      return part.length;
    },
  };
}
