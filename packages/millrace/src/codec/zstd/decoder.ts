import { ArgumentTypeError, checkInteger } from '../../base/arguments.js';
import { CodecError } from '../../base/errors.js';
import { type Bytes, BytesMut } from '../../bytes/bytes.js';
import { defaultHeap, type Heap } from '../../memory/heap.js';
import { addressIn, Scratch, type Source, sourceLength } from '../source.js';
import { DECODE_SLACK, RawDecoder, type RawDecoderOptions } from './decode-raw.js';

/** Output is allocated at once up to this, or this many times the input; beyond that it grows with what is really produced. */
const EAGER_OUTPUT = 65_536;
const EAGER_RATIO = 16;

/** What a ZstdDecoder accepts. */
export interface ZstdDecoderOptions extends RawDecoderOptions {
  /** Where output, contexts and copies of input go. @default defaultHeap() */
  heap?: Heap;
  /** Most bytes that one call may produce where it allocates the output itself. @default 256 MiB */
  maxOutput?: number;
}

/** One frame of several, decoded. */
export interface DecodedFrame {
  readonly bytes: Bytes;
  /** Bytes of input that the frame took, skippable frames before it included. */
  readonly consumed: number;
}

/**
 * Decodes Zstandard data (RFC 8878) that is whole: one frame or several, skippable frames skipped. An empty input decodes to nothing.
 *
 * Decoding comes in four forms, by where the output goes: a new handle on pooled memory ({@link decode}), the caller's buffer
 * ({@link decodeInto}), the end of a BytesMut ({@link decodeAppend}), or a Buffer of its own ({@link decodeToBuffer}). Sources and destinations in the
 * decoder's heap are used in place; memory from elsewhere is copied in and out. A source and a destination must not overlap. What a
 * frame declares is never allocated before there is input for it.
 *
 * A decoder keeps up to 256 KiB of scratch, and its pool a context, until {@link release}.
 */
export class ZstdDecoder {
  readonly heap: Heap;
  readonly maxOutput: number;
  readonly #raw: RawDecoder;
  readonly #input: Scratch;
  readonly #output: Scratch;

  /** @throws ArgumentRangeError `ERR_OUT_OF_RANGE` for limits out of range */
  constructor(options: ZstdDecoderOptions = {}) {
    this.heap = options.heap ?? defaultHeap();
    this.maxOutput = checkInteger('maxOutput', options.maxOutput ?? 256 * 2 ** 20, 0, 2 ** 31 - 1);
    this.#raw = new RawDecoder(this.heap, options);
    this.#input = new Scratch(this.heap);
    this.#output = new Scratch(this.heap);
  }

  /**
   * Decodes into pooled memory: a handle of the caller's, on memory that holds its bytes and no more.
   * @throws CodecError `ERR_CORRUPT`, `ERR_TRUNCATED`, `ERR_CHECKSUM`, `ERR_UNSUPPORTED`, `ERR_DICTIONARY` with the offset of the fault;
   *   `ERR_TOO_LARGE` for a window or an output over the limit
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  decode(source: Source): Bytes {
    return this.#pooled(source, false);
  }

  /**
   * Decodes the first frame only, and says how much of the input it took: what follows may be anything.
   * @throws as {@link decode}
   */
  decodeFrame(source: Source): DecodedFrame {
    return { bytes: this.#pooled(source, true), consumed: this.#raw.consumed };
  }

  /**
   * Decodes into `target` from its start; all of `target` may be overwritten. Where both lie in the decoder's heap nothing is allocated and nothing copied.
   * @returns bytes written
   * @throws CodecError `ERR_DESTINATION_TOO_SMALL` with the size that would do as `expected`; else as {@link decode}
   */
  decodeInto(source: Source, target: Uint8Array): number {
    const length = sourceLength(source);
    if (!(target instanceof Uint8Array)) throw new ArgumentTypeError('target', 'a Uint8Array', target);
    const raw = this.#raw;
    try {
      const src = this.#input.place(source);
      const own = addressIn(this.heap, target);
      if (own >= 0) return raw.decode(src, length, own, target.length, target.length);
      const capacity = Math.min(target.length, raw.measure(src, length, false).bound);
      const dst = this.#output.take(capacity + DECODE_SLACK);
      const produced = raw.decode(src, length, dst, capacity, capacity + DECODE_SLACK);
      Buffer.prototype.copy.call(this.heap.u8, target, 0, dst, dst + produced);
      return produced;
    } finally {
      this.#settle();
    }
  }

  /**
   * Decodes to the end of `target`, which grows as need be.
   * @returns bytes appended
   * @throws as {@link decode}; nothing is appended then
   */
  decodeAppend(source: Source, target: BytesMut): number {
    if (target.block.heap !== this.heap) return this.#appendForeign(source, target);
    const length = sourceLength(source);
    const before = target.length;
    try {
      const src = this.#input.place(source);
      const most = this.#measure(src, length, false);
      target.reserve(eager(most, length) + DECODE_SLACK);
      return this.#fill(src, length, target, most, false);
    } catch (error) {
      target.truncate(before);
      throw error;
    } finally {
      this.#settle();
    }
  }

  /** Decodes into a Buffer of its own, outside the heap. @throws as {@link decode} */
  decodeToBuffer(source: Source): Buffer {
    const length = sourceLength(source);
    try {
      const src = this.#input.place(source);
      const most = this.#measure(src, length, false);
      if (most === eager(most, length) && most === this.#raw.measured.bound) {
        const dst = this.#output.take(most + DECODE_SLACK);
        return this.#copied(dst, this.#raw.decode(src, length, dst, most, most + DECODE_SLACK));
      }
      const out = BytesMut.withCapacity(eager(most, length) + DECODE_SLACK, this.heap);
      try {
        this.#fill(src, length, out, most, false);
        return this.#copied(out.start, out.length);
      } finally {
        out.release();
      }
    } finally {
      this.#settle();
    }
  }

  /**
   * The size that the frames of `source` declare to decode to together; undefined when one declares none. Only headers are looked at.
   * @throws CodecError `ERR_TRUNCATED` and what else headers can have wrong
   */
  decodedSize(source: Source): number | undefined {
    const length = sourceLength(source);
    try {
      const { declared } = this.#raw.measure(this.#input.place(source), length, false);
      return declared < 0 ? undefined : declared;
    } finally {
      this.#settle();
    }
  }

  /** Gives scratch back, and the idle contexts of the pool. The decoder may be used again. */
  release(): void {
    this.#input.release();
    this.#output.release();
    this.#raw.pool.trim();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #pooled(source: Source, oneFrame: boolean): Bytes {
    const length = sourceLength(source);
    try {
      const src = this.#input.place(source);
      const most = this.#measure(src, length, oneFrame);
      const out = BytesMut.withCapacity(eager(most, length) + DECODE_SLACK, this.heap);
      try {
        this.#fill(src, length, out, most, oneFrame);
        return out.freeze();
      } catch (error) {
        out.release();
        throw error;
      }
    } finally {
      this.#settle();
    }
  }

  #appendForeign(source: Source, target: BytesMut): number {
    const result = this.#pooled(source, false);
    try {
      target.putRange(result.block, result.start, result.end);
      return result.length;
    } finally {
      result.release();
    }
  }

  // The most that the output may come to: what the blocks can give, which is raw.measured.bound then, within the limit.
  #measure(src: number, length: number, oneFrame: boolean): number {
    const { declared, bound } = this.#raw.measure(src, length, oneFrame);
    if (declared > this.maxOutput) throw tooLarge(this.maxOutput, declared);
    return Math.min(bound, this.maxOutput);
  }

  // Decodes to the end of `out`, which has room for the first part, and gives the bytes produced; at most `most`.
  #fill(src: number, length: number, out: BytesMut, most: number, oneFrame: boolean): number {
    const raw = this.#raw;
    const before = out.length;
    const limited = most < raw.measured.bound;
    let capacity = eager(most, length);
    try {
      if (capacity === most) {
        const produced = raw.decode(src, length, out.spareStart, capacity, out.spareLength, oneFrame);
        out.advanceMut(produced);
        return produced;
      }
      let room = raw.start(src, length, out.spareStart, capacity, out.spareLength, oneFrame);
      while (room > 0) {
        // What is produced must count as written, or it would stay behind when the buffer moves.
        out.advanceMut(raw.produced - (out.length - before));
        capacity = Math.min(most, Math.max(2 * capacity, raw.produced + room));
        out.reserve(capacity - raw.produced + DECODE_SLACK);
        room = raw.resume(src, length, out.start + before, capacity, out.capacity - before, capacity === most);
      }
    } catch (error) {
      raw.abandon();
      // The bound has room for every block: only the limit can have been too small.
      if (limited && error instanceof CodecError && error.code === 'ERR_DESTINATION_TOO_SMALL') throw tooLarge(this.maxOutput, error.expected ?? Number.NaN);
      throw error;
    }
    out.advanceMut(raw.produced - (out.length - before));
    return raw.produced;
  }

  #copied(address: number, length: number): Buffer {
    const result = Buffer.allocUnsafe(length);
    Buffer.prototype.copy.call(this.heap.u8, result, 0, address, address + length);
    return result;
  }

  #settle(): void {
    this.#input.settle();
    this.#output.settle();
  }
}

// What is allocated before anything is produced, of `most` that may come of `length` bytes of input.
function eager(most: number, length: number): number {
  return Math.min(most, Math.max(EAGER_OUTPUT, length * EAGER_RATIO));
}

function tooLarge(limit: number, actual: number): CodecError {
  return new CodecError('ERR_TOO_LARGE', `the output has ${actual} bytes; the limit is ${limit}`, { expected: limit, actual });
}
