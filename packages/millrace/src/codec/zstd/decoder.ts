import { ArgumentTypeError, checkInteger } from '../../base/arguments.js';
import { CodecError } from '../../base/errors.js';
import { Bytes, BytesMut } from '../../bytes/bytes.js';
import { copyIn, copyOut } from '../../bytes/copy.js';
import { defaultHeap, type Heap } from '../../memory/heap.js';
import { DECODE_SLACK, RawDecoder, type RawDecoderOptions } from './decode-raw.js';

/** Output is allocated at once up to this, or this many times the input; beyond that it grows with what is really produced. */
const EAGER_OUTPUT = 65_536;
const EAGER_RATIO = 16;

/** Input that is not in the heap is copied to a place that is kept, up to this size; above, to one that is allocated for the call. */
const KEPT_INPUT = 65_536;

export interface ZstdDecoderOptions extends RawDecoderOptions {
  /** Where output, contexts and copies of input go. @default defaultHeap() */
  heap?: Heap;
  /** Most bytes that one call may produce. @default 256 MiB */
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
 * Not safe against reentry, which nothing here can cause: calls do not await. {@link release} gives back what is kept between calls.
 */
export class ZstdDecoder {
  readonly heap: Heap;
  readonly maxOutput: number;
  readonly #raw: RawDecoder;
  #input = 0;
  #inputSize = 0;
  #transient = 0;
  #transientSize = 0;

  constructor(options: ZstdDecoderOptions = {}) {
    this.heap = options.heap ?? defaultHeap();
    this.maxOutput = checkInteger('maxOutput', options.maxOutput ?? 256 * 2 ** 20, 0, 2 ** 31 - 1);
    if (options.maxWindow !== undefined) checkInteger('maxWindow', options.maxWindow, 1024, Number.MAX_SAFE_INTEGER);
    this.#raw = new RawDecoder(this.heap, options);
  }

  /**
   * Decodes into pooled memory: a handle of the caller's, with nothing allocated beyond its bytes.
   * @throws CodecError `ERR_CORRUPT`, `ERR_TRUNCATED`, `ERR_CHECKSUM`, `ERR_UNSUPPORTED`, `ERR_DICTIONARY` with the offset of the fault;
   *   `ERR_TOO_LARGE` for a window or an output over the limit
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  decode(source: Uint8Array | Bytes): Bytes {
    const src = this.#enter(source);
    try {
      return this.#pooled(src, source.length, false);
    } finally {
      this.#leave();
    }
  }

  /**
   * Decodes the first frame only, and says how much of the input it took: the rest may be anything.
   * @throws as {@link decode}
   */
  decodeFrame(source: Uint8Array | Bytes): DecodedFrame {
    const src = this.#enter(source);
    try {
      const bytes = this.#pooled(src, source.length, true);
      return { bytes, consumed: this.#raw.consumed };
    } finally {
      this.#leave();
    }
  }

  /**
   * Decodes into the caller's memory, from its first byte. A part of this heap's memory (`BytesMut.spareBuffer()`) is written directly and nothing is
   * allocated; other memory by a copy. All of `target` may be overwritten.
   * @returns bytes produced
   * @throws CodecError `ERR_DESTINATION_TOO_SMALL` with the size that would do as `expected`; else as {@link decode}
   */
  decodeInto(source: Uint8Array | Bytes, target: Uint8Array): number {
    const src = this.#enter(source);
    const { length } = source;
    try {
      if (target.buffer === this.heap.u8.buffer) return this.#raw.decode(src, length, target.byteOffset, target.length, target.length);
      const { bound } = this.#raw.measure(src, length, false);
      const capacity = Math.min(target.length, bound);
      const size = this.heap.roundUp(capacity + DECODE_SLACK);
      const dst = this.heap.allocate(size);
      try {
        const produced = this.#raw.decode(src, length, dst, capacity, size);
        Buffer.prototype.copy.call(this.heap.u8, target, 0, dst, dst + produced);
        return produced;
      } finally {
        this.heap.free(dst, size);
      }
    } finally {
      this.#leave();
    }
  }

  /**
   * Decodes to the end of `out`, which grows as need be, up to `maxOutput` bytes more. It lies in this decoder's heap.
   * @returns bytes appended. After an error `out` is as it was
   * @throws as {@link decode}
   */
  appendTo(source: Uint8Array | Bytes, out: BytesMut): number {
    if (out.block.heap !== this.heap) throw new ArgumentTypeError('out', 'a BytesMut of this decoder\'s heap', out);
    const src = this.#enter(source);
    const before = out.length;
    try {
      const { bound, most } = this.#measure(src, source.length, false);
      out.reserve(eager(most, source.length) + DECODE_SLACK);
      return this.#fill(src, source.length, out, most, most < bound, false);
    } catch (error) {
      out.truncate(before);
      throw error;
    } finally {
      this.#leave();
    }
  }

  /**
   * The size that the frames of `source` declare to decode to together; undefined when one declares none. Only headers are looked at.
   * @throws CodecError `ERR_TRUNCATED` and what else headers can have wrong
   */
  decodedSize(source: Uint8Array | Bytes): number | undefined {
    const src = this.#enter(source);
    try {
      const { declared } = this.#raw.measure(src, source.length, false);
      return declared < 0 ? undefined : declared;
    } finally {
      this.#leave();
    }
  }

  /** Gives back what is kept between calls, idle contexts of the pool included. The decoder may be used again. */
  release(): void {
    if (this.#inputSize > 0) this.heap.free(this.#input, this.#inputSize);
    this.#inputSize = 0;
    this.#raw.pool.trim();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #pooled(src: number, length: number, oneFrame: boolean): Bytes {
    const { bound, most } = this.#measure(src, length, oneFrame);
    const out = BytesMut.withCapacity(eager(most, length) + DECODE_SLACK, this.heap);
    try {
      this.#fill(src, length, out, most, most < bound, oneFrame);
    } catch (error) {
      out.release();
      throw error;
    }
    return out.freeze();
  }

  // What the output can come to, and how much of that is allowed.
  #measure(src: number, length: number, oneFrame: boolean): { bound: number; most: number } {
    const { declared, bound } = this.#raw.measure(src, length, oneFrame);
    if (declared > this.maxOutput) throw tooLarge(this.maxOutput, declared);
    return { bound, most: Math.min(bound, this.maxOutput) };
  }

  // Decodes to the end of `out`, which has room for the first part, and gives the bytes produced; at most `most`.
  #fill(src: number, length: number, out: BytesMut, most: number, limited: boolean, oneFrame: boolean): number {
    const raw = this.#raw;
    const before = out.length;
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
      if (limited && error instanceof CodecError && error.code === 'ERR_DESTINATION_TOO_SMALL') throw tooLarge(this.maxOutput, error.expected ?? NaN);
      throw error;
    }
    out.advanceMut(raw.produced - (out.length - before));
    return raw.produced;
  }

  // The address of the input: where it is, or where it is copied to.
  #enter(source: Uint8Array | Bytes): number {
    const { heap } = this;
    const { length } = source;
    if (source instanceof Bytes) {
      if (source.block.heap === heap) return source.start;
      const src = this.#place(length);
      copyOut(source.block, source.start, source.end, heap.u8, src);
      return src;
    }
    if (!(source instanceof Uint8Array)) throw new ArgumentTypeError('source', 'a Uint8Array or Bytes', source);
    if (source.buffer === heap.u8.buffer) return source.byteOffset;
    const src = this.#place(length);
    copyIn(source, heap.u8, src);
    return src;
  }

  #place(length: number): number {
    if (length > KEPT_INPUT) {
      this.#transient = this.heap.allocate(length);
      this.#transientSize = this.heap.roundUp(length);
      return this.#transient;
    }
    if (length > this.#inputSize) {
      if (this.#inputSize > 0) this.heap.free(this.#input, this.#inputSize);
      this.#inputSize = 0;
      const size = Math.max(4096, 2 ** Math.ceil(Math.log2(length)));
      this.#input = this.heap.allocate(size);
      this.#inputSize = size;
    }
    return this.#input;
  }

  #leave(): void {
    if (this.#transientSize === 0) return;
    this.heap.free(this.#transient, this.#transientSize);
    this.#transientSize = 0;
  }
}

// What is allocated before anything is produced, of `most` that may come of `length` bytes of input.
function eager(most: number, length: number): number {
  return Math.min(most, Math.max(EAGER_OUTPUT, length * EAGER_RATIO));
}

function tooLarge(limit: number, actual: number): CodecError {
  return new CodecError('ERR_TOO_LARGE', `the output has ${actual} bytes; the limit is ${limit}`, { expected: limit, actual });
}
