// What a codec takes as input, and how it gets into the heap where it is not there yet.
import { ArgumentTypeError } from '../base/arguments.js';
import { throwReleased } from '../bytes/block.js';
import { copyIn, copyWithin } from '../bytes/copy.js';
import { View } from '../bytes/view.js';
import type { Heap } from '../memory/heap.js';

/**
 * Bytes to encode or decode: a handle (Bytes, BytesMut), or any Uint8Array. Those in the codec's own heap are read in place; others are
 * copied into it for the call. Nothing is kept, and a handle stays its owner's.
 */
export type Source = View | Uint8Array;

/** How many bytes a source has. @throws ArgumentTypeError, OwnershipError `ERR_RELEASED` */
export function sourceLength(source: Source): number {
  if (source instanceof View) {
    if (source.isReleased) throwReleased();
    return source.end - source.start;
  }
  if (!(source instanceof Uint8Array)) throw new ArgumentTypeError('source', 'Bytes or a Uint8Array', source);
  return source.length;
}

/** The address of a view's first byte where it lies in the heap's memory, else -1. */
export function addressIn(heap: Heap, view: Uint8Array): number {
  return heap.addressOf(view);
}

// Kept between calls up to this size: one message's worth, so that small calls allocate nothing.
const KEEP = 128 * 1024;

/**
 * One piece of heap memory for the length of a call. Up to 128 KiB are kept for the next; more is given back by {@link settle}.
 * Every `take` or `place` ends what the one before gave.
 */
export class Scratch {
  readonly #heap: Heap;
  #address = 0;
  #size = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** The address of at least `size` bytes, until the next call. @throws MemoryError `ERR_MEMORY_LIMIT` */
  take(size: number): number {
    if (size <= this.#size) return this.#address;
    this.release();
    const heap = this.#heap;
    // Grown in doubles while it will be kept, so that slowly growing messages do not allocate each time.
    const wanted = size > KEEP ? size : Math.min(KEEP, Math.max(1024, 2 ** (32 - Math.clz32(size - 1))));
    this.#address = heap.allocate(wanted);
    this.#size = heap.roundUp(wanted);
    return this.#address;
  }

  /** The address of the source's bytes: its own where it lies in the heap, else that of a copy here. */
  place(source: Source): number {
    const heap = this.#heap;
    if (source instanceof View) {
      const { block, start, end } = source;
      if (block.heap === heap) return start;
      const address = this.take(end - start);
      copyWithin(block, start, end, heap, address);
      return address;
    }
    const own = addressIn(heap, source);
    if (own >= 0) return own;
    const address = this.take(source.length);
    copyIn(source, heap.u8, address);
    return address;
  }

  /** Gives back what is too large to keep. */
  settle(): void {
    if (this.#size > KEEP) this.release();
  }

  /** Gives everything back; the next call takes new memory. */
  release(): void {
    if (this.#size > 0) this.#heap.free(this.#address, this.#size);
    this.#address = 0;
    this.#size = 0;
  }
}
