// Whole messages to whole frames, for users: to a caller's buffer, to pooled memory, or appended.
import { ArgumentTypeError } from '../../base/arguments.js';
import { CodecError } from '../../base/errors.js';
import { Block } from '../../bytes/block.js';
import { Bytes, type BytesMut } from '../../bytes/bytes.js';
import type { Heap } from '../../memory/heap.js';
import { addressIn, Scratch, type Source, sourceLength } from '../source.js';
import { type BatchItems, ZstdBatch, batchItems } from './encode-batch.js';
import { ENCODE_SLACK, type ZstdEncodeContext } from './encode-context.js';
import { ZstdContextPool } from './encode-pool.js';
import { writeSkippable, ZstdSettings, type ZstdFrameOptions } from './encode-settings.js';

/** What every frame of an encoder is made with, unless a call says otherwise. */
export interface ZstdEncoderOptions extends ZstdFrameOptions {
  /** Where contexts come from. @default a pool of the encoder's own, over `heap` */
  pool?: ZstdContextPool;
  /** @default that of the pool, or defaultHeap() */
  heap?: Heap;
}

/**
 * Encodes messages as Zstandard frames (RFC 8878), one frame a message. Any number of calls, no state between them.
 *
 * The output goes to new pooled memory ({@link encode}), the caller's buffer ({@link encodeInto}), the end of a BytesMut ({@link encodeAppend}),
 * or a Buffer of its own ({@link encodeToBuffer}). Sources and destinations in the encoder's heap are used in place; memory from elsewhere is copied in and out. A
 * source and a destination must not overlap. Each call may have options of its own: {@link ZstdSettings} made once cost nothing more.
 *
 * An encoder keeps up to 256 KiB of scratch for sources and destinations elsewhere, and its pool idle contexts, until {@link release}.
 */
export class ZstdEncoder {
  readonly heap: Heap;
  readonly pool: ZstdContextPool;
  /** What calls without options of their own use. */
  readonly settings: ZstdSettings;
  readonly #ownsPool: boolean;
  readonly #input: Scratch;
  readonly #output: Scratch;

  /**
   * @throws ArgumentRangeError `ERR_OUT_OF_RANGE`
   * @throws ArgumentTypeError `ERR_INVALID_ARG_TYPE`
   */
  constructor(options: ZstdEncoderOptions = {}) {
    this.settings = new ZstdSettings(options);
    this.#ownsPool = options.pool === undefined;
    this.pool = options.pool ?? new ZstdContextPool(options.heap ? { heap: options.heap } : {});
    this.heap = this.pool.heap;
    this.#input = new Scratch(this.heap);
    this.#output = new Scratch(this.heap);
  }

  /** The most bytes that encoding `length` bytes can give, padding included; see {@link ZstdSettings.maxEncodedSize}. */
  maxEncodedSize(length: number, options?: ZstdFrameOptions | ZstdSettings): number {
    return ZstdSettings.of(options, this.settings).maxEncodedSize(length);
  }

  /**
   * Encodes `source` into pooled memory: the bound is allocated, and what the frame does not need goes back at once.
   * @returns a handle, to be released
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  encode(source: Source, options?: ZstdFrameOptions | ZstdSettings): Bytes {
    return this.#pooled(ZstdSettings.of(options, this.settings), source, undefined);
  }

  /**
   * {@link encode}, once a context is free: waits where the pool's budget or concurrency is used up.
   * @param signal gives up waiting
   */
  async encodeWhenFree(source: Source, options?: ZstdFrameOptions | ZstdSettings, signal?: AbortSignal): Promise<Bytes> {
    const settings = ZstdSettings.of(options, this.settings);
    const context = await this.pool.acquire(settings, sourceLength(source), signal);
    try {
      return this.#pooled(settings, source, context);
    } finally {
      this.pool.give(context);
    }
  }

  /**
   * Encodes `source` into `target`, whose contents are arbitrary behind the frame, and all over when this throws. Nothing is allocated for a call.
   * @returns the frame's size
   * @throws CodecError `ERR_DESTINATION_TOO_SMALL` with the size that would do as `expected`
   * @throws MemoryError `ERR_MEMORY_LIMIT` when there is no room for a context
   */
  encodeInto(source: Source, target: Uint8Array, options?: ZstdFrameOptions | ZstdSettings): number {
    const settings = ZstdSettings.of(options, this.settings);
    if (!(target instanceof Uint8Array)) throw new ArgumentTypeError('target', 'a Uint8Array', target);
    const own = addressIn(this.heap, target);
    try {
      if (own >= 0) {
        const size = this.#encode(settings, source, own, target.length, undefined);
        if (size > target.length) throw tooSmall(size, target.length);
        return size;
      }
      const size = this.#toScratch(settings, source);
      if (size > target.length) throw tooSmall(size, target.length);
      const scratch = this.#output.take(size);
      Buffer.prototype.copy.call(this.heap.u8, target, 0, scratch, scratch + size);
      return size;
    } finally {
      this.#output.settle();
    }
  }

  /**
   * Appends the frame for `source` to `target`, which grows as need be and lies in this encoder's heap.
   * @returns the frame's size
   * @throws MemoryError `ERR_MEMORY_LIMIT`; nothing is appended then
   */
  encodeAppend(source: Source, target: BytesMut, options?: ZstdFrameOptions | ZstdSettings): number {
    const settings = ZstdSettings.of(options, this.settings);
    const capacity = settings.maxEncodedSize(sourceLength(source)) + ENCODE_SLACK;
    target.reserve(capacity);
    if (target.block.heap !== this.heap) throw new ArgumentTypeError('target', "a BytesMut of this encoder's heap", target);
    const size = this.#encode(settings, source, target.spareStart, capacity, undefined);
    target.advanceMut(size);
    return size;
  }

  /** Encodes into a Buffer of its own, outside the heap. */
  encodeToBuffer(source: Source, options?: ZstdFrameOptions | ZstdSettings): Buffer {
    try {
      const size = this.#toScratch(ZstdSettings.of(options, this.settings), source);
      const result = Buffer.allocUnsafe(size);
      const scratch = size === 0 ? 0 : this.#output.take(size);
      Buffer.prototype.copy.call(this.heap.u8, result, 0, scratch, scratch + size);
      return result;
    } finally {
      this.#output.settle();
    }
  }

  /**
   * Encodes many messages in one call, each as a frame of its own, into one piece of pooled memory. Padding comes once, at the end.
   * @returns the frames, to be released
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  encodeBatch(messages: readonly Source[], options?: ZstdFrameOptions | ZstdSettings): ZstdBatch {
    const settings = ZstdSettings.of(options, this.settings);
    const { heap } = this;
    const lengths = messages.map(sourceLength);
    const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
    const capacity = lengths.reduce((sum, length) => sum + settings.frameBound(length), ENCODE_SLACK + 2 * settings.padding + 8);
    const context = this.pool.take(settings, longest);
    const items = batchItems(heap, messages, lengths);
    let block: Block | undefined;
    let size = 0;
    try {
      block = Block.allocate(heap, capacity);
      const frames = settings.dictionary === undefined
        ? heap.kernels.zstdEncodeBatch(context.address, items.table, messages.length, block.base, capacity) >>> 0
        : encodeEachWith(context, settings, messages, items, block.base, capacity);
      const ends = items.ends();
      size = this.#pad(settings, frames, block.base, capacity);
      return new ZstdBatch(Bytes.over(block, block.base, block.base + size), ends);
    } finally {
      items.release();
      block?.uncover(block.base + size, block.end);
      this.pool.give(context);
    }
  }

  /** Gives scratch back, and the idle contexts of the encoder's own pool; a pool that was passed in is left alone. The encoder may be used again. */
  release(): void {
    this.#input.release();
    this.#output.release();
    if (this.#ownsPool) this.pool.trim();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #pooled(settings: ZstdSettings, source: Source, context: ZstdEncodeContext | undefined): Bytes {
    const capacity = settings.maxEncodedSize(sourceLength(source)) + ENCODE_SLACK;
    const block = Block.allocate(this.heap, capacity);
    let size = 0;
    try {
      size = this.#encode(settings, source, block.base, capacity, context);
    } finally {
      block.uncover(block.base + size, block.end);
    }
    return Bytes.over(block, block.base, block.base + size);
  }

  #toScratch(settings: ZstdSettings, source: Source): number {
    const capacity = settings.maxEncodedSize(sourceLength(source)) + ENCODE_SLACK;
    return this.#encode(settings, source, this.#output.take(capacity), capacity, undefined);
  }

  // The frame with its padding, to [target, target + capacity); a size over the capacity means that it did not fit.
  #encode(settings: ZstdSettings, source: Source, target: number, capacity: number, given: ZstdEncodeContext | undefined): number {
    const length = sourceLength(source);
    const context = given ?? this.pool.take(settings, length);
    try {
      const size = settings.dictionary === undefined
        ? context.encodeFrame(settings, length === 0 ? target : this.#input.place(source), length, target, capacity)
        : context.encodeWith(settings, settings.dictionary.stage(source), length, target, capacity);
      return settings.padding === 1 ? size : this.#pad(settings, size, target, capacity);
    } finally {
      this.#input.settle();
      if (given === undefined) this.pool.give(context);
    }
  }

  #pad(settings: ZstdSettings, size: number, target: number, capacity: number): number {
    const padded = settings.padded(size);
    if (padded > size && padded <= capacity) writeSkippable(this.heap.u8, target + size, padded - size);
    return padded;
  }
}

// With a dictionary each message is put behind its content first.
function encodeEachWith(context: ZstdEncodeContext, settings: ZstdSettings, messages: readonly Source[], items: BatchItems, dst: number, capacity: number): number {
  let written = 0;
  for (const [i, message] of messages.entries()) {
    written += context.encodeWith(settings, settings.dictionary!.stage(message), sourceLength(message), dst + written, capacity - written);
    items.setEnd(i, written);
  }
  return written;
}

function tooSmall(expected: number, actual: number): CodecError {
  return new CodecError('ERR_DESTINATION_TOO_SMALL', `the destination has ${actual} bytes, ${expected} are needed`, { expected, actual });
}
