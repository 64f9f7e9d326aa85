import { fstatSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Bytes, BytesMut } from 'millrace/bytes';
import type { Heap } from 'millrace/memory';
import { CommandError, EXIT, systemError } from '../exit.js';

/** Bytes asked for in one read. */
const READ_BYTES = 1 << 20;

/** A file or standard input, in pieces in the heap. */
export class Input {
  /** How messages call it. */
  readonly name: string;
  /** Its length where that is known. */
  readonly size: number | undefined;
  /** Bytes read so far. */
  consumed = 0;
  readonly #source: PieceSource;
  #pushedBack: Bytes | undefined;

  private constructor(name: string, source: PieceSource, size: number | undefined) {
    this.name = name;
    this.#source = source;
    this.size = size;
  }

  /** @param path `-` is standard input @throws CommandError exit code 1 */
  static async open(path: string, heap: Heap): Promise<Input> {
    if (path === '-' && !fstatSync(0).isFile()) return new Input('standard input', pipeSource(heap), undefined);
    const name = path === '-' ? 'standard input' : path;
    try {
      const file = await open(path === '-' ? '/dev/stdin' : path, 'r');
      const stats = await file.stat();
      if (stats.isDirectory()) {
        await file.close();
        throw new CommandError(EXIT.failure, `${name} is a directory`);
      }
      return new Input(name, fileSource(file, name, heap), stats.isFile() ? stats.size : undefined);
    } catch (error) {
      throw error instanceof CommandError ? error : systemError(`cannot open ${name}`, error);
    }
  }

  /** Up to `n` bytes from the beginning, which stay there; a copy. */
  async peek(n: number): Promise<Buffer> {
    this.#pushedBack ??= await this.#source.next();
    return Buffer.from(this.#pushedBack?.toBuffer().subarray(0, n) ?? []);
  }

  /** The bytes in pieces, each the consumer's. @throws CommandError exit code 1 */
  async *pieces(): AsyncGenerator<Bytes, void> {
    for (;;) {
      const piece = this.#pushedBack ?? (await this.#source.next());
      this.#pushedBack = undefined;
      if (piece === undefined) return;
      this.consumed += piece.length;
      yield piece;
    }
  }

  async close(): Promise<void> {
    this.#pushedBack?.release();
    this.#pushedBack = undefined;
    await this.#source.close();
  }
}

/** Where pieces come from; undefined at the end. */
interface PieceSource {
  next(): Promise<Bytes | undefined>;
  close(): Promise<void>;
}

// Read straight into the heap.
function fileSource(file: FileHandle, name: string, heap: Heap): PieceSource {
  return {
    async next() {
      const target = BytesMut.withCapacity(READ_BYTES, heap);
      try {
        const { bytesRead } = await file.read(target.block.u8, target.spareStart, READ_BYTES);
        target.advanceMut(bytesRead);
      } catch (error) {
        target.release();
        throw systemError(`cannot read ${name}`, error);
      }
      const piece = target.freeze();
      if (piece.length > 0) return piece;
      piece.release();
      return undefined;
    },
    close: () => file.close(),
  };
}

// A pipe, a socket or a terminal: Node reads it into memory of its own, and one copy takes it to the heap.
function pipeSource(heap: Heap): PieceSource {
  const chunks = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  return {
    async next() {
      try {
        const { done, value } = await chunks.next();
        return done ? undefined : Bytes.copyOf(value, heap);
      } catch (error) {
        throw systemError('cannot read standard input', error);
      }
    },
    async close() {
      process.stdin.destroy();
    },
  };
}
