import { checkInteger } from '../base/arguments.js';
import { CodecError } from '../base/errors.js';
import { Bytes, BytesMut } from '../bytes/bytes.js';
import { defaultHeap, type Heap } from '../memory/heap.js';
import type { StreamDialect } from './chunk.js';
import type { RandomSource } from './random-source.js';
import { INDEX_TAIL, indexLengthFromTail } from './s2-index-format.js';
import { S2Index } from './s2-index.js';
import { S2Reader, type S2ReaderOptions } from './s2-reader.js';

/** Bytes asked of the source at once. */
const READ_SIZE = 262_144;

/** What reading through an index is told. */
export interface SeekableReaderOptions extends Omit<S2ReaderOptions, 'index' | 'onSkippable' | 'ignoreStreamIdentifier'> {
  /** The stream's index, where it is kept apart from the stream. @default the one at the stream's end */
  index?: S2Index;
}

/** Reads any part of the data of a stream that has an index, decoding from the nearest indexed block on. One call at a time. */
export class SeekableReader {
  readonly index: S2Index;
  readonly #source: RandomSource;
  readonly #heap: Heap;
  readonly #reader: S2Reader;
  /** What blocks in the middle are read as: S2 reads both, and the index does not say where which identifier stood. */
  readonly #dialect: StreamDialect;

  private constructor(source: RandomSource, heap: Heap, reader: S2Reader, dialect: StreamDialect, index: S2Index) {
    this.#source = source;
    this.#heap = heap;
    this.#reader = reader;
    this.#dialect = dialect;
    this.index = index;
  }

  /**
   * Opens a stream by its index.
   * @throws CodecError `ERR_UNSUPPORTED` for a stream without one, `ERR_CORRUPT` and `ERR_TRUNCATED` for one that is broken; what the source throws
   */
  static async open(source: RandomSource, options: SeekableReaderOptions = {}): Promise<SeekableReader> {
    const { index, ...rest } = options;
    const heap = options.heap ?? defaultHeap();
    const found = index ?? (await readIndex(source, heap));
    return new SeekableReader(source, heap, new S2Reader({ ...rest, heap }), options.dialect ?? 's2', found);
  }

  /** Bytes of data in the stream. */
  get length(): number {
    return this.index.totalUncompressed;
  }

  /**
   * The data from `position` on, block by block, to the end of the stream. The blocks are the consumer's to release.
   * @param position 0 to the length; negative counts from the end
   * @throws ArgumentRangeError; CodecError as {@link S2Reader.read}
   */
  async *readFrom(position: number): AsyncGenerator<Bytes, void, undefined> {
    const start = this.index.find(position);
    const wanted = position < 0 ? this.length + position : position;
    this.#reader.reset({ ...start, dialect: this.#dialect });
    this.#reader.skip(wanted - start.uncompressed);
    try {
      for (let at = start.compressed; ; ) {
        const piece = await readPart(this.#source, this.#heap, at, READ_SIZE);
        if (piece === undefined) break;
        at += piece.length;
        this.#reader.feed(piece);
        for (let block = this.#reader.read(); block !== undefined; block = this.#reader.read()) yield block;
      }
      this.#reader.end();
    } finally {
      this.#reader.release();
    }
  }

  /**
   * Up to `length` bytes from `position` on, fewer only at the end of the data; the caller's to release. A view of one decoded block where they lie in one,
   * else a copy.
   * @param position 0 to the length of the data; negative counts from the end
   * @throws as {@link readFrom}; MemoryError `ERR_MEMORY_LIMIT`
   */
  async readAt(position: number, length: number): Promise<Bytes> {
    checkInteger('length', length, 0, 2 ** 31 - 1);
    if (length === 0) return Bytes.empty();
    let gathered: BytesMut | undefined;
    try {
      for await (const block of this.readFrom(position)) {
        const missing = length - (gathered?.length ?? 0);
        if (block.length > missing) block.truncate(missing);
        if (gathered === undefined && block.length === missing) return block;
        try {
          gathered ??= BytesMut.withCapacity(Math.min(length, this.length), this.#heap);
          gathered.putRange(block.block, block.start, block.end);
        } finally {
          block.release();
        }
        if (gathered.length === length) break;
      }
      const result = gathered?.freeze();
      gathered = undefined;
      return result ?? Bytes.empty();
    } finally {
      gathered?.release();
    }
  }
}

/** Up to `length` bytes from `position` on in the heap; undefined at the end of the source. */
async function readPart(source: RandomSource, heap: Heap, position: number, length: number): Promise<Bytes | undefined> {
  const target = BytesMut.withCapacity(length, heap);
  try {
    target.advanceMut(await source.read(target.spareBuffer().subarray(0, length), position));
  } catch (error) {
    target.release();
    throw error;
  }
  if (target.length > 0) return target.freeze();
  target.release();
  return undefined;
}

/** Exactly `[position, position + length)` of the source, copied out of the heap; shorter only when the source is. */
async function readWhole(source: RandomSource, heap: Heap, position: number, length: number): Promise<Uint8Array> {
  const whole = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const part = await readPart(source, heap, position + filled, length - filled);
    if (part === undefined) break;
    part.copyTo(whole, filled);
    filled += part.length;
    part.release();
  }
  return whole.subarray(0, filled);
}

async function readIndex(source: RandomSource, heap: Heap): Promise<S2Index> {
  const tail = await readWhole(source, heap, Math.max(0, source.length - INDEX_TAIL), INDEX_TAIL);
  const length = indexLengthFromTail(tail);
  if (length === 0 || length > source.length) throw new CodecError('ERR_UNSUPPORTED', 'the stream has no index at its end', { offset: source.length });
  return S2Index.load(await readWhole(source, heap, source.length - length, length));
}
