// Whole messages to whole frames, for users: to a caller's buffer, to pooled memory, or appended.
import { ArgumentTypeError } from '../../base/arguments.js';
import { CodecError } from '../../base/errors.js';
import { Block } from '../../bytes/block.js';
import { Bytes, type BytesMut } from '../../bytes/bytes.js';
import { copyIn, copyOut } from '../../bytes/copy.js';
import { View } from '../../bytes/view.js';
import type { Heap } from '../../memory/heap.js';
import { ENCODE_SLACK, type ZstdEncodeContext } from './encode-context.js';
import { ZstdContextPool } from './encode-pool.js';
import { ZstdSettings, type ZstdFrameOptions } from './encode-settings.js';

/** What can be encoded: a handle, or any bytes. Bytes outside the heap are copied into it first. */
export type ZstdSource = View | Uint8Array;

/** What every frame of an encoder is made with, unless a call says otherwise. */
export interface ZstdEncoderOptions extends ZstdFrameOptions {
  /** Where contexts come from. @default a pool of the encoder's own, over `heap` */
  pool?: ZstdContextPool;
  /** @default that of the pool, or defaultHeap() */
  heap?: Heap;
}

const SKIPPABLE_MAGIC = 0x184d2a50;

/** Encodes messages as Zstandard frames (RFC 8878), one frame a message. Any number of calls, no state between them. */
export class ZstdEncoder {
  readonly heap: Heap;
  readonly pool: ZstdContextPool;
  /** What calls without options of their own use. */
  readonly settings: ZstdSettings;
  readonly #ownsPool: boolean;

  /**
   * @throws ArgumentRangeError `ERR_OUT_OF_RANGE`
   * @throws ArgumentTypeError `ERR_INVALID_ARG_TYPE`
   */
  constructor(options: ZstdEncoderOptions = {}) {
    this.settings = new ZstdSettings(options);
    this.#ownsPool = options.pool === undefined;
    this.pool = options.pool ?? new ZstdContextPool(options.heap ? { heap: options.heap } : {});
    this.heap = this.pool.heap;
  }

  /** The most bytes that encoding `length` bytes can give, padding included; see {@link ZstdSettings.maxEncodedSize}. */
  maxEncodedSize(length: number, options?: ZstdFrameOptions | ZstdSettings): number {
    return ZstdSettings.of(options, this.settings).maxEncodedSize(length);
  }

  /**
   * Encodes `source` into `target`, whose contents are arbitrary behind the frame and when this throws. Nothing is allocated for a call when both
   * lie in the heap.
   * @returns the frame's size
   * @throws CodecError `ERR_DESTINATION_TOO_SMALL` with the size that would do as `expected`
   * @throws MemoryError `ERR_MEMORY_LIMIT` when there is no room for a context
   */
  encodeInto(source: ZstdSource, target: Uint8Array, options?: ZstdFrameOptions | ZstdSettings): number {
    const settings = ZstdSettings.of(options, this.settings);
    const heap = this.heap;
    const address = addressIn(heap, target);
    if (address >= 0) {
      const size = this.#encode(settings, source, address, target.length);
      if (size > target.length) throw tooSmall(size, target.length);
      return size;
    }
    const bound = settings.maxEncodedSize(source.length);
    const block = Block.allocate(heap, bound + ENCODE_SLACK);
    try {
      const size = this.#encode(settings, source, block.base, bound + ENCODE_SLACK);
      if (size > target.length) throw tooSmall(size, target.length);
      copyOut(block, block.base, block.base + size, target, 0);
      return size;
    } finally {
      block.uncover(block.base, block.end);
    }
  }

  /**
   * Encodes `source` into pooled memory: the bound is allocated, and what the frame does not need goes back at once.
   * @returns a handle, to be released
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  encodeAll(source: ZstdSource, options?: ZstdFrameOptions | ZstdSettings): Bytes {
    const settings = ZstdSettings.of(options, this.settings);
    return this.#encodeToPool(settings, source, undefined);
  }

  /**
   * Appends the frame for `source` to `target`, which grows as needed and must lie in this encoder's heap.
   * @returns the frame's size
   * @throws MemoryError `ERR_MEMORY_LIMIT`; the target is as it was
   */
  appendTo(source: ZstdSource, target: BytesMut, options?: ZstdFrameOptions | ZstdSettings): number {
    const settings = ZstdSettings.of(options, this.settings);
    if (target.block.heap !== this.heap && !target.isReleased) throw new ArgumentTypeError('target', "a BytesMut of this encoder's heap", target);
    const capacity = settings.maxEncodedSize(source.length) + ENCODE_SLACK;
    target.reserve(capacity);
    const size = this.#encode(settings, source, target.spareStart, capacity);
    target.advanceMut(size);
    return size;
  }

  /**
   * {@link encodeAll} that waits for a context when none is free.
   * @param signal gives up waiting
   */
  async encodeWhenFree(source: ZstdSource, options?: ZstdFrameOptions | ZstdSettings, signal?: AbortSignal): Promise<Bytes> {
    const settings = ZstdSettings.of(options, this.settings);
    const context = await this.pool.acquire(settings, source.length, signal);
    try {
      return this.#encodeToPool(settings, source, context);
    } finally {
      this.pool.give(context);
    }
  }

  /** Gives the idle contexts of the encoder's own pool back; a pool that was passed in is left alone. The encoder may be used again. */
  release(): void {
    if (this.#ownsPool) this.pool.trim();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #encodeToPool(settings: ZstdSettings, source: ZstdSource, context: ZstdEncodeContext | undefined): Bytes {
    const capacity = settings.maxEncodedSize(source.length) + ENCODE_SLACK;
    const block = Block.allocate(this.heap, capacity);
    let size = 0;
    try {
      size = context === undefined
        ? this.#encode(settings, source, block.base, capacity)
        : this.#encodeWith(context, settings, source, block.base, capacity);
    } finally {
      block.uncover(block.base + size, block.end);
    }
    return new Bytes(block, block.base, block.base + size);
  }

  // The frame with its padding, to [target, target + capacity); a size over the capacity means that it did not fit.
  #encode(settings: ZstdSettings, source: ZstdSource, target: number, capacity: number): number {
    const context = this.pool.take(settings, source.length);
    try {
      return this.#encodeWith(context, settings, source, target, capacity);
    } finally {
      this.pool.give(context);
    }
  }

  #encodeWith(context: ZstdEncodeContext, settings: ZstdSettings, source: ZstdSource, target: number, capacity: number): number {
    const { length } = source;
    if (length === 0 && !settings.emptyFrame) return 0;
    const size = this.#encodeFrom(context, settings, source, length, target, capacity);
    if (settings.padding === 1) return size;
    const padded = settings.padded(size);
    if (padded > size && padded <= capacity) writeSkippable(this.heap.u8, target + size, padded - size);
    return padded;
  }

  #encodeFrom(context: ZstdEncodeContext, settings: ZstdSettings, source: ZstdSource, length: number, target: number, capacity: number): number {
    const heap = this.heap;
    if (source instanceof View) {
      if (source.isReleased) source.toBuffer(); // throws ERR_RELEASED
      if (source.block.heap === heap) return context.encodeFrame(settings, source.start, length, target, capacity);
    } else {
      if (!(source instanceof Uint8Array)) throw new ArgumentTypeError('source', 'a Bytes, BytesMut or Uint8Array', source);
      const address = addressIn(heap, source);
      if (address >= 0) return context.encodeFrame(settings, address, length, target, capacity);
    }
    if (length === 0) return context.encodeFrame(settings, target, 0, target, capacity);
    const copy = heap.allocate(length);
    try {
      if (source instanceof View) copyOut(source.block, source.start, source.end, heap.u8, copy);
      else copyIn(source, heap.u8, copy);
      return context.encodeFrame(settings, copy, length, target, capacity);
    } finally {
      heap.free(copy, heap.roundUp(length));
    }
  }
}

// Where `u8` lies in the heap's memory, or -1. A view from before a growth counts as foreign: it is then copied, which is right too.
function addressIn(heap: Heap, u8: Uint8Array): number {
  return u8.buffer === heap.u8.buffer ? u8.byteOffset : -1;
}

// RFC 8878 section 3.1.2.
function writeSkippable(u8: Uint8Array, at: number, size: number): void {
  u8.fill(0, at, at + size);
  for (let i = 0; i < 4; i += 1) {
    u8[at + i] = SKIPPABLE_MAGIC >>> (8 * i);
    u8[at + 4 + i] = (size - 8) >>> (8 * i);
  }
}

function tooSmall(expected: number, actual: number): CodecError {
  return new CodecError('ERR_DESTINATION_TOO_SMALL', `the destination has ${actual} bytes, ${expected} are needed`, { expected, actual });
}
