import type { Heap } from '../../memory/heap.js';

/** Bytes that stray stores of the decoder may reach past the end of what it writes. */
const SLACK = 32;

/** The least that is allocated at once. */
const LEAST = 65_536;

/**
 * The output of a frame, as far as the decoder may look back at it. It grows with what is produced, to the frame's window and one block
 * at most, and is a ring from then on:
 *
 *     address            drained    out                      address + size
 *     | handed on ...... | pending  | older output, if wrapped, or room |
 *
 * Once wrapped, the output before the wrap is history: it ends further up in the same memory, and is overwritten only where it lies
 * further back than the window reaches (assembly/zstd/decode-frame.ts, RING_SLACK).
 */
export class OutputWindow {
  readonly #heap: Heap;
  #size = 0;
  #full = 0;
  #wraps = false;
  address = 0;
  /** Where the next output goes. */
  out = 0;
  /** The first byte that was not handed on. */
  drained = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** Bytes of memory held. */
  get size(): number {
    return this.#size;
  }

  /** Bytes produced and not handed on. */
  get pending(): number {
    return this.out - this.drained;
  }

  /** Address that output may not go past. */
  get limit(): number {
    return this.address + this.#size - SLACK;
  }

  /** Address that stray stores may not go past. */
  get writable(): number {
    return this.address + this.#size;
  }

  /** Begins a frame. `content` is its size, where declared. */
  start(window: number, content: number | undefined): void {
    // A ring of 2 GiB or more is never reached: the heap ends before.
    const ring = this.#heap.kernels.zstdRingSize(Math.min(window, 2 ** 31)) >>> 0;
    this.#wraps = content === undefined || content + SLACK > ring;
    this.#full = this.#wraps ? ring : content! + SLACK;
    // What a frame with a large window left behind is not kept for small ones.
    if (this.#size > 2 * Math.max(LEAST, this.#full)) this.release();
    this.out = this.address;
    this.drained = this.address;
  }

  /**
   * Makes room for a block of at most `room` bytes; everything must have been handed on. Where the declared size leaves less room, less is made.
   * @param context of the frame in progress, which is told when output moves or wraps
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  reserve(room: number, context: number): void {
    const used = this.out - this.address;
    const needed = used + room + SLACK;
    if (needed <= this.#size) return;
    if (this.#size < this.#full) {
      this.#grow(Math.min(this.#full, Math.max(LEAST, 2 * this.#size, needed)), used, context);
      if (needed <= this.#size) return;
    }
    if (!this.#wraps) return;
    this.#heap.kernels.zstdStreamWrap(context, this.address, this.out);
    this.out = this.address;
    this.drained = this.address;
  }

  /** Gives the memory back. */
  release(): void {
    if (this.#size > 0) this.#heap.free(this.address, this.#size);
    this.#size = 0;
    this.address = 0;
    this.out = 0;
    this.drained = 0;
  }

  #grow(size: number, used: number, context: number): void {
    const heap = this.#heap;
    if (this.#size > 0) {
      const claimed = heap.tryExtend(this.address + this.#size, size - this.#size);
      if (claimed > 0) {
        this.#size += claimed;
        return;
      }
    }
    const address = heap.allocate(size);
    if (used > 0) heap.u8.copyWithin(address, this.address, this.out);
    if (this.#size > 0) heap.free(this.address, this.#size);
    this.address = address;
    this.#size = heap.roundUp(size);
    this.out = address + used;
    this.drained = this.out;
    heap.kernels.zstdStreamMoved(context, address);
  }
}
