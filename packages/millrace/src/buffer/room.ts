import type { Heap } from '../memory/heap.js';
import { Block } from '../bytes/block.js';

/** Reads in a row that leave three quarters of their room empty before the next booking is half as large. */
const SMALL_READS = 8;

/**
 * Memory booked ahead of reads whose size is not known: `[at, limit)` of a block, ours alone. How much is booked follows the reads:
 * double when one fills its room, half after a run of small ones.
 *
 *     base             at               limit
 *     | read, given on | room           |
 */
export class Room {
  readonly heap: Heap;
  readonly min: number;
  readonly max: number;
  /** Bytes of the next booking. */
  size: number;
  block: Block | undefined;
  /** Address of the room. */
  at = 0;
  limit = 0;
  #small = 0;

  constructor(heap: Heap, min: number, max: number) {
    this.heap = heap;
    this.min = min;
    this.max = max;
    this.size = min;
  }

  get length(): number {
    return this.limit - this.at;
  }

  /** Books `size` bytes anew. What was left of the old room goes back. */
  book(size: number): void {
    this.release();
    const block = Block.allocate(this.heap, size);
    this.block = block;
    this.at = block.base;
    this.limit = block.end;
  }

  /** A read put `n` bytes into the room. */
  fill(n: number): void {
    const { length } = this;
    if (n === length) {
      this.size = Math.min(this.max, this.size * 2);
      this.#small = 0;
    } else if (n * 4 > this.size) this.#small = 0;
    else if (this.size > this.min) {
      this.#small += 1;
      if (this.#small === SMALL_READS) this.shrink();
    }
    this.at += n;
  }

  /** The next booking is half as large. */
  shrink(): void {
    this.size = Math.max(this.min, this.size >> 1);
    this.#small = 0;
  }

  /** Gives the room back. */
  release(): void {
    const { block } = this;
    if (block === undefined) return;
    const { at, limit } = this;
    this.block = undefined;
    this.at = 0;
    this.limit = 0;
    block.uncover(at, limit);
  }
}
