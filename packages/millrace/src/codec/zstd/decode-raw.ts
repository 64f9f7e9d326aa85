// Frames from address to address: what the user's decoder, the stream decoder and upper floors build on.
import { checkInteger } from '../../base/arguments.js';
import { CodecError } from '../../base/errors.js';
import type { Heap } from '../../memory/heap.js';
import { statusError } from '../../wasm/status.js';
import { decoderPool, type DecoderContext, type DecoderPool } from './decode-pool.js';
import type { ZstdDictionary } from './dictionary.js';

/** A destination with so many writable bytes more than its capacity keeps the decoder in its fast loop to the end. */
export const DECODE_SLACK = 32;

/** @default of every limit on windows: what `zstd -d` takes without being told more. */
export const DEFAULT_MAX_WINDOW: number = 128 * 2 ** 20;

// What zstdDecode asks for, and its flags: assembly/zstd/decode-frame.ts.
const NEED_OUTPUT = -100;
const NEED_LITERALS = -101;
const NEED_DICTIONARY = -102;
const VERIFY = 1;
const ONE_FRAME = 2;
const GROWABLE = 4;
const RESUME = 8;
const HAS_DEFAULT = 16;

// Positions in the report area.
const OFFSET = 8;
const EXPECTED = 16;
const ACTUAL = 24;
const SPARE = 32; // 32 bytes that no failure uses

/** What a decoder of any form accepts. */
export interface RawDecoderOptions {
  /** Frames with a larger window are refused; at least 1024. @default 128 MiB */
  maxWindow?: number;
  /** Whether content checksums are checked, where frames have them. @default true */
  checksum?: boolean;
  /** @default none */
  dictionaries?: readonly ZstdDictionary[];
  /** Where contexts come from. @default the heap's own pool */
  pool?: DecoderPool;
}

/** What the block headers of some frames say. */
export interface Measure {
  /** The sum of the sizes that the frames declare; -1 when one declares none. */
  declared: number;
  /** The most bytes that the blocks can decode to. */
  bound: number;
  /** Bytes of input that the frames take. */
  consumed: number;
  frames: number;
}

/** Decodes whole frames between addresses of one heap. Takes a context from the pool for each call. */
export class RawDecoder {
  readonly heap: Heap;
  readonly pool: DecoderPool;
  readonly maxWindow: number;
  /** Bytes that the last call consumed. */
  consumed = 0;
  /** What {@link measure} found last. */
  readonly measured: Measure = { declared: 0, bound: 0, consumed: 0, frames: 0 };
  /** Bytes at the destination when {@link start} or {@link resume} last returned. */
  produced = 0;
  readonly #dictionaries: readonly ZstdDictionary[];
  readonly #flags: number;
  readonly #report: DataView;
  #context: DecoderContext | undefined;
  #oneFrame = 0;

  constructor(heap: Heap, options: RawDecoderOptions = {}) {
    this.heap = heap;
    this.pool = options.pool ?? decoderPool(heap);
    this.maxWindow = checkInteger('maxWindow', options.maxWindow ?? DEFAULT_MAX_WINDOW, 1024, Number.MAX_SAFE_INTEGER);
    this.#dictionaries = options.dictionaries ?? [];
    const hasDefault = this.#dictionaries.some((dictionary) => dictionary.id === 0);
    this.#flags = (options.checksum === false ? 0 : VERIFY) | (hasDefault ? HAS_DEFAULT : 0);
    this.#report = new DataView(heap.u8.buffer, heap.report, 64);
  }

  /**
   * Decodes all frames of `[src, src + srcLength)`, skippable ones skipped, to `dst`; the ranges must not overlap. Output takes at most
   * `capacity` bytes; `[dst, dst + writable)` may be overwritten, nothing outside it. Nothing is allocated but, rarely, a context.
   * @param writable at least `capacity`; best {@link DECODE_SLACK} more
   * @returns bytes produced
   * @throws CodecError; `ERR_DESTINATION_TOO_SMALL` with the size that would do as `expected`. The destination's contents are arbitrary then
   */
  decode(src: number, srcLength: number, dst: number, capacity: number, writable: number, oneFrame: boolean = false): number {
    const context = this.pool.acquire();
    try {
      const produced = this.#run(context, src, srcLength, dst, capacity, writable, this.#flags | (oneFrame ? ONE_FRAME : 0));
      if (produced >= 0) return produced;
      throw this.#failure(produced, src, srcLength, oneFrame);
    } finally {
      this.pool.release(context);
    }
  }

  /**
   * The same for a destination that can be made larger: stops before a block for which there may be no room.
   * @returns 0 when all is done, else the room that the next block may take; {@link produced} is how far it came. {@link resume} then, or {@link abandon}
   */
  start(src: number, srcLength: number, dst: number, capacity: number, writable: number, oneFrame: boolean): number {
    this.#context = this.pool.acquire();
    this.#oneFrame = oneFrame ? ONE_FRAME : 0;
    return this.#step(src, srcLength, dst, capacity, writable, GROWABLE);
  }

  /** Goes on, with `dst` now where the first byte of output lies. `last`: the destination does not get larger any more. */
  resume(src: number, srcLength: number, dst: number, capacity: number, writable: number, last: boolean): number {
    return this.#step(src, srcLength, dst, capacity, writable, RESUME | (last ? 0 : GROWABLE));
  }

  /** Ends a decoding that {@link start} began and that is not to be finished. */
  abandon(): void {
    if (this.#context !== undefined) this.pool.release(this.#context);
    this.#context = undefined;
  }

  /**
   * Walks over the frames by their headers. Nothing is decoded, nothing allocated: it gives {@link measured}, which the next call overwrites.
   * @throws CodecError `ERR_TRUNCATED` and what else headers can have wrong
   */
  measure(src: number, srcLength: number, oneFrame: boolean): Measure {
    const { heap } = this;
    const { report } = heap;
    const status = heap.kernels.zstdMeasure(src, srcLength, oneFrame ? 1 : 0, report + SPARE, report, report);
    if (status < 0) throw statusError(heap.u8, report, status);
    const view = this.#report;
    const { measured } = this;
    measured.declared = view.getFloat64(0, true);
    measured.bound = view.getFloat64(8, true);
    measured.consumed = view.getFloat64(16, true);
    measured.frames = view.getUint32(28, true);
    return measured;
  }

  #step(src: number, srcLength: number, dst: number, capacity: number, writable: number, flags: number): number {
    let status: number;
    try {
      status = this.#run(this.#context!, src, srcLength, dst, capacity, writable, this.#flags | this.#oneFrame | flags);
      if (status < 0 && status !== NEED_OUTPUT) throw this.#failure(status, src, srcLength, this.#oneFrame !== 0);
    } catch (error) {
      this.abandon();
      throw error;
    }
    if (status === NEED_OUTPUT) {
      this.produced = this.#report.getFloat64(ACTUAL, true);
      return this.#report.getFloat64(EXPECTED, true);
    }
    this.produced = status;
    this.abandon();
    return 0;
  }

  // Calls the kernel until it has what it asks for.
  #run(context: DecoderContext, src: number, srcLength: number, dst: number, capacity: number, writable: number, flags: number): number {
    const { heap } = this;
    const { kernels, report } = heap;
    const dictionaries = this.#dictionaries;
    if ((flags & RESUME) === 0) this.pool.useDictionary(context, dictionaries.length === 0 ? 0 : dictionaries[0]!.address);
    for (;;) {
      const status = kernels.zstdDecode(context.address, src, srcLength, dst, capacity, writable, flags, this.maxWindow, report);
      if (status >= 0) {
        this.consumed = this.#report.getFloat64(EXPECTED, true);
        return status;
      }
      if (status === NEED_LITERALS) this.pool.growLiterals(context, this.#report.getFloat64(EXPECTED, true));
      else if (status === NEED_DICTIONARY) this.pool.useDictionary(context, this.dictionary(this.#report.getFloat64(EXPECTED, true), this.#report.getFloat64(OFFSET, true)));
      else return status;
      flags |= RESUME;
    }
  }

  /**
   * The address of the dictionary that a frame names; 0 for a frame that names none, unless one has the ID 0.
   * @throws CodecError `ERR_DICTIONARY`
   */
  dictionary(id: number, offset: number): number {
    for (const dictionary of this.#dictionaries) if (dictionary.id === id) return dictionary.address;
    if (id === 0) return 0;
    throw new CodecError('ERR_DICTIONARY', `the frame at offset ${offset} was written with dictionary ${id}, which is not here`, { offset, expected: id });
  }

  // The error for a status. When the destination is too small it says what would do.
  #failure(status: number, src: number, srcLength: number, oneFrame: boolean): CodecError {
    const error = statusError(this.heap.u8, this.heap.report, status);
    if (error.code !== 'ERR_DESTINATION_TOO_SMALL') return error;
    const { declared, bound } = this.measure(src, srcLength, oneFrame);
    const expected = declared >= 0 ? declared : bound;
    const actual = error.actual ?? 0;
    return new CodecError('ERR_DESTINATION_TOO_SMALL', `the destination has ${actual} bytes, ${expected} are needed`, { expected, actual });
  }
}
