import type { Block } from '../bytes/block.js';
import type { BufferSettings } from './settings.js';

/** Reads in a row that leave three quarters of their room empty before the next booking is half as large. */
const SMALL_READS = 8;

/**
 * Memory booked ahead of reads whose size is not known: `[at, limit)` of a block, ours alone. How much is booked follows the reads:
 * double when one fills its room, half after a run of small ones.
 *
 *     base             at         booked    limit
 *     | read, given on | room to commit     |
 */
export class Room {
  /** Bytes of the next booking. */
  size: number;
  block: Block | undefined;
  /** Address of the room. */
  at = 0;
  limit = 0;
  /** Bytes of the room that may be committed. */
  booked = 0;
  // The view of those that was given out last.
  #view: Buffer | undefined = undefined;
  readonly #settings: BufferSettings;
  #small = 0;

  constructor(settings: BufferSettings) {
    this.#settings = settings;
    this.size = settings.minBook;
  }

  get length(): number {
    return this.limit - this.at;
  }

  /** Takes `block` over as the new room. What was left of the old one goes back. */
  take(block: Block): void {
    this.release();
    this.block = block;
    this.at = block.base;
    this.limit = block.end;
  }

  /** The room that may be committed, for Node to read into. */
  view(): Buffer {
    const { block, at, booked } = this;
    if (block === undefined) return Buffer.alloc(0);
    return (this.#view ??= Buffer.from(block.u8.buffer as ArrayBuffer, block.u8.byteOffset + at, booked));
  }

  /** All of the room may be committed. */
  book(): void {
    const { length } = this;
    if (this.booked === length) return;
    this.booked = length;
    this.#view = undefined;
  }

  /** A read put `n` bytes into the room. */
  fill(n: number): void {
    const { length } = this;
    if (n === length) {
      this.size = Math.min(this.#settings.maxBook, this.size * 2);
      this.#small = 0;
    } else if (n * 4 > this.size) this.#small = 0;
    else if (this.size > this.#settings.minBook) {
      this.#small += 1;
      if (this.#small === SMALL_READS) this.shrink();
    }
    this.at += n;
    this.booked = length - n;
    this.#view = undefined;
  }

  /** The next booking is half as large. */
  shrink(): void {
    this.size = Math.max(this.#settings.minBook, this.size >> 1);
    this.#small = 0;
  }

  /** Gives the room back. */
  release(): void {
    this.booked = 0;
    this.#view = undefined;
    const { block } = this;
    if (block === undefined) return;
    const { at, limit } = this;
    this.block = undefined;
    this.at = 0;
    this.limit = 0;
    block.uncover(at, limit);
  }
}
