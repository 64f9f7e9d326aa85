import { fstatSync, type Stats } from 'node:fs';
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
  /** What the system says of it, where it is a file. */
  readonly stats: Stats | undefined;
  /** The same where the file was named: what is made of it takes permissions and times from it. */
  readonly attributes: Stats | undefined;
  /** Bytes read so far. */
  consumed = 0;
  readonly #source: PieceSource;
  #pushedBack: Bytes | undefined;

  private constructor(path: string, source: PieceSource, stats?: Stats) {
    this.name = path === '-' ? 'standard input' : path;
    this.#source = source;
    this.stats = stats;
    this.attributes = path === '-' ? undefined : stats;
  }

  /** Its length where that is known. */
  get size(): number | undefined {
    return this.stats?.size;
  }

  /**
   * @param path `-` is standard input
   * @param blockSize where given, pieces hold a multiple of it, the last one excepted; else what comes
   * @throws CommandError exit code 1
   */
  static async open(path: string, heap: Heap, blockSize?: number): Promise<Input> {
    const pieceSize = blockSize === undefined ? READ_BYTES : blockSize * Math.max(1, Math.floor(READ_BYTES / blockSize));
    if (path === '-' && !fstatSync(0).isFile()) return new Input(path, blockSize === undefined ? pipeSource(heap) : gathered(pipeSource(heap), heap, pieceSize));
    const name = path === '-' ? 'standard input' : path;
    try {
      const file = await open(path === '-' ? '/dev/stdin' : path, 'r');
      const stats = await file.stat();
      if (stats.isDirectory()) {
        await file.close();
        throw new CommandError(EXIT.failure, `${name} is a directory`);
      }
      return new Input(path, fileSource(file, name, heap, pieceSize), stats.isFile() ? stats : undefined);
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

// Read straight into the heap, the next piece while this one is worked on.
function fileSource(file: FileHandle, name: string, heap: Heap, pieceSize: number): PieceSource {
  const read = async (): Promise<Bytes | undefined> => {
    const target = BytesMut.withCapacity(pieceSize, heap);
    try {
      for (let bytesRead = 1; bytesRead > 0 && target.length < pieceSize; target.advanceMut(bytesRead)) {
        ({ bytesRead } = await file.read(target.block.u8, target.spareStart, pieceSize - target.length));
      }
    } catch (error) {
      target.release();
      throw systemError(`cannot read ${name}`, error);
    }
    const piece = target.freeze();
    if (piece.length > 0) return piece;
    piece.release();
    return undefined;
  };
  let ahead: Promise<Bytes | undefined> | undefined;
  return {
    async next() {
      const piece = await (ahead ?? read());
      ahead = piece === undefined ? undefined : read();
      ahead?.catch(() => undefined); // told when it is asked for
      return piece;
    },
    async close() {
      await ahead?.then((piece) => piece?.release(), () => undefined);
      await file.close();
    },
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

// What comes in small pieces, in pieces of `size`.
function gathered(source: PieceSource, heap: Heap, size: number): PieceSource {
  let rest: Bytes | undefined;
  return {
    async next() {
      const target = BytesMut.withCapacity(size, heap);
      try {
        while (target.length < size) {
          rest ??= await source.next();
          if (rest === undefined) break;
          const part = rest.splitTo(Math.min(rest.length, size - target.length));
          target.putRange(part.block, part.start, part.end);
          part.release();
          if (rest.length > 0) continue;
          rest.release();
          rest = undefined;
        }
      } catch (error) {
        target.release();
        throw error;
      }
      const piece = target.freeze();
      if (piece.length > 0) return piece;
      piece.release();
      return undefined;
    },
    async close() {
      rest?.release();
      rest = undefined;
      await source.close();
    },
  };
}
