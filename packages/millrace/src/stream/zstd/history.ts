import type { Bytes } from '../../bytes/bytes.js';
import { copyIn, copyWithin } from '../../bytes/copy.js';
import type { Heap } from '../../memory/heap.js';

/** First capacity; it doubles with need. */
const FIRST = 16_384;

/** Least room for new content behind a small window, so that the match tables are not gone through for every little. */
const SLIDE = 65_536;

/** Told when what is kept has moved: the byte that was at address `from` is now at `to`, and is the first. */
export type Moved = (from: number, to: number) => void;

/**
 * The content of a stream that is still of use: as much as matches may reach back to, and what is not encoded yet.
 *
 *     start            encodedEnd        end        start + capacity
 *     | encoded, kept  | pending         | room     |
 *
 * It grows with the content to the window and a half; from then on what lies behind the window gives way to new content.
 */
export class History {
  readonly #heap: Heap;
  readonly #window: number;
  readonly #most: number;
  readonly #moved: Moved;
  /** Address of the first byte kept. */
  start = 0;
  /** Address after the last byte encoded. */
  encodedEnd = 0;
  /** Address after the last byte. */
  end = 0;
  #size = 0;

  /** @param window most bytes that matches reach back; @param block most bytes that are pending */
  constructor(heap: Heap, window: number, block: number, moved: Moved) {
    this.#heap = heap;
    this.#window = window;
    this.#most = heap.roundUp(window + Math.max(window >> 1, 2 * block, SLIDE));
    this.#moved = moved;
  }

  /** Bytes not encoded yet. */
  get pending(): number {
    return this.end - this.encodedEnd;
  }

  /** Whether nothing was ever appended. */
  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** Begins with the end of a dictionary's content, `length` bytes at `address`, as if it had been encoded: no more than the window. */
  seed(address: number, length: number, window: number): void {
    const kept = Math.min(length, window);
    this.#makeRoom(Math.max(kept, 1));
    this.#heap.kernels.copyBytes(this.end, address + length - kept, kept);
    this.end += kept;
    this.encodedEnd = this.end;
  }

  /** Appends `[begin, end)` of `source`. @throws MemoryError `ERR_MEMORY_LIMIT`; the history is as it was then */
  append(source: Bytes | Uint8Array, begin: number, end: number): void {
    const length = end - begin;
    if (this.end + length > this.start + this.#size) this.#makeRoom(length);
    if (source instanceof Uint8Array) copyIn(begin === 0 && end === source.length ? source : source.subarray(begin, end), this.#heap.u8, this.end);
    else copyWithin(source.block, source.start + begin, source.start + end, this.#heap, this.end);
    this.end += length;
  }

  /** Gives the memory back. */
  release(): void {
    if (this.#size > 0) this.#heap.free(this.start, this.#size);
    this.start = 0;
    this.encodedEnd = 0;
    this.end = 0;
    this.#size = 0;
  }

  // Grows while it may, else lets go of what is behind the window.
  #makeRoom(length: number): void {
    const heap = this.#heap;
    const used = this.end - this.start;
    if (this.#size < this.#most) {
      const size = Math.min(this.#most, Math.max(FIRST, 2 * this.#size, heap.roundUp(used + length)));
      const to = heap.allocate(size);
      const from = this.start;
      heap.kernels.copyBytes(to, from, used);
      if (this.#size > 0) heap.free(from, this.#size);
      this.#size = heap.roundUp(size);
      this.#place(from, to);
      if (used + length <= this.#size) return;
    }
    const from = Math.max(this.start, this.encodedEnd - this.#window);
    const to = this.start;
    heap.kernels.copyBytes(to, from, this.end - from);
    this.#place(from, to);
  }

  #place(from: number, to: number): void {
    this.encodedEnd += to - from;
    this.end += to - from;
    this.start = to;
    if (from !== to) this.#moved(from, to);
  }
}
