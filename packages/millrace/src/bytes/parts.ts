import type { Block } from './block.js';
import { Overlay } from './overlay.js';

/** Places stay below this, so that they and their sums are small integers. */
export const MOST_PLACES: number = 2 ** 30;

/** Takes one part after the other: a range of a block. */
export interface PartSink {
  part(block: Block, start: number, end: number): void;
}

/**
 * The parts that one or more ropes look into, laid end to end on a line of places.
 *
 *     place     low                                          high
 *               | part      | part   | (gone) | part         |
 *     starts[]  ^           ^        ^        ^                   place of a part's first byte
 *     shifts[]                                                    position in the part's block, minus its place
 *
 * It is to ropes what a block is to handles: a rope is a range of places, splitting one leaves the counts as they are, a slice adds one over its range,
 * and a place that no rope covers any more gives its byte back to the part's block. So slicing costs a binary search, however
 * many parts the slice has. Bytes of the blocks are covered once for all ropes of the line.
 *
 * Invariants: starts[] ascends strictly from `head`; the first part holds `low`, the last ends at `high`; places stay small integers.
 */
export class Parts implements PartSink {
  low: number = 0;
  high: number = 0;
  #head = 0;
  #blocks: (Block | undefined)[] = [];
  #starts: number[] = [];
  #shifts: number[] = [];
  #overlay: Overlay | undefined = undefined;

  /** Parts in use, those given back in between included. */
  get count(): number {
    return this.#blocks.length - this.#head;
  }

  /** Adds a part after the last, taking over one count of it. One that continues the last part makes it longer. */
  part(block: Block, start: number, end: number): void {
    const place = this.high;
    const last = this.#blocks.length - 1;
    if (last < this.#head || this.#blocks[last] !== block || this.#shifts[last] !== start - place) {
      this.#blocks.push(block);
      this.#starts.push(place);
      this.#shifts.push(start - place);
    }
    this.high = place + end - start;
  }

  /** Adds a part before the first, taking over one count of it. */
  unshift(block: Block, start: number, end: number): void {
    const place = this.low - (end - start);
    const head = this.#head;
    if (head < this.#blocks.length && this.#blocks[head] === block && this.#shifts[head] === start - place) this.#starts[head] = place;
    else {
      // The first part may have been given back in part: its bytes before `low` are not its own any more.
      if (head < this.#blocks.length) this.#starts[head] = this.low;
      if (head === 0) {
        this.#blocks.unshift(block);
        this.#starts.unshift(place);
        this.#shifts.unshift(start - place);
      } else {
        this.#head = head - 1;
        this.#blocks[head - 1] = block;
        this.#starts[head - 1] = place;
        this.#shifts[head - 1] = start - place;
      }
    }
    this.low = place;
  }

  /** Whether the line has places for `additional` bytes more; a rope moves to a new line where it has not. */
  hasRoom(additional: number): boolean {
    return this.high - this.low + additional <= MOST_PLACES && this.high <= MOST_PLACES && this.low >= -MOST_PLACES;
  }

  /** Index of the part that holds `place`, which is one of this line's. */
  indexOf(place: number): number {
    const starts = this.#starts;
    let low = this.#head;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  blockOf(index: number): Block {
    return this.#blocks[index]!;
  }

  /** Position in its block minus place, for a part. */
  shiftOf(index: number): number {
    return this.#shifts[index]!;
  }

  /** Place of the first byte of a part; the first part may begin before `low`. */
  startOf(index: number): number {
    return this.#starts[index]!;
  }

  /** Place after the last byte of a part. */
  endOf(index: number): number {
    return index + 1 < this.#starts.length ? this.#starts[index + 1]! : this.high;
  }

  /** Passes on what `[from, to)` is made of. */
  each(from: number, to: number, sink: PartSink): void {
    if (from === to) return;
    for (let i = this.indexOf(from), place = from; place < to; i += 1) {
      const end = Math.min(to, this.endOf(i));
      sink.part(this.#blocks[i]!, place + this.#shifts[i]!, end + this.#shifts[i]!);
      place = end;
    }
  }

  /** One more rope covers `[from, to)`. */
  cover(from: number, to: number): void {
    if (from === to) return;
    this.#overlay ??= new Overlay();
    this.#overlay.add(from, to);
  }

  /** One rope less covers `[from, to)`. */
  uncover(from: number, to: number): void {
    if (from === to) return;
    if (this.#overlay === undefined || this.#overlay.isEmpty) {
      this.#drop(from, to);
      return;
    }
    // The line is consistent before a block hears of it: an owner's callback may throw, or use a rope of this line.
    const gone: number[] = [];
    this.#overlay.subtract(from, to, { giveBack: (start, end) => gone.push(start, end) });
    const ranges: PartRange[] = [];
    for (let i = 0; i < gone.length; i += 2) {
      this.each(gone[i]!, gone[i + 1]!, { part: (block, start, end) => ranges.push({ block, start, end }) });
      this.#trim(gone[i]!, gone[i + 1]!);
    }
    releaseAll(ranges);
  }

  /** Whether only one rope covers `[from, to)`, and nothing else its bytes. */
  isUnique(from: number, to: number): boolean {
    if (this.#overlay !== undefined && !this.#overlay.isZero(from, to)) return false;
    let unique = true;
    this.each(from, to, { part: (block, start, end) => (unique &&= block.isUnique(start, end)) });
    return unique;
  }

  /** Hands the parts of `[from, to)`, with a count of their bytes each, to `sink`: the rope that covered them does no more. */
  moveOut(from: number, to: number, sink: PartSink): void {
    if (from === to) return;
    if (this.#overlay !== undefined && !this.#overlay.isZero(from, to)) {
      this.each(from, to, { part: (block, start, end) => block.cover(start, end) });
      this.each(from, to, sink);
      this.uncover(from, to);
      return;
    }
    this.each(from, to, sink);
    this.#trim(from, to);
  }

  // Gives places back that no rope covers.
  #drop(from: number, to: number): void {
    const index = this.indexOf(from);
    if (this.endOf(index) >= to) {
      const block = this.#blocks[index]!;
      const shift = this.#shifts[index]!;
      this.#trim(from, to);
      block.uncover(from + shift, to + shift);
      return;
    }
    const ranges: PartRange[] = [];
    this.each(from, to, { part: (block, start, end) => ranges.push({ block, start, end }) });
    this.#trim(from, to);
    releaseAll(ranges);
  }

  // Forgets parts at the ends of the line that are gone; a gap in between stays until an end reaches it.
  #trim(from: number, to: number): void {
    if (from === this.low) {
      this.low = to;
      if (to === this.high) {
        this.#blocks = [];
        this.#starts = [];
        this.#shifts = [];
        this.#head = 0;
        return;
      }
      while (this.endOf(this.#head) <= to) {
        this.#blocks[this.#head] = undefined;
        this.#head += 1;
      }
      if (this.#head >= 32 && this.#head * 2 > this.#blocks.length) {
        this.#blocks.splice(0, this.#head);
        this.#starts.splice(0, this.#head);
        this.#shifts.splice(0, this.#head);
        this.#head = 0;
      }
    } else if (to === this.high) {
      this.high = from;
      while (this.#starts[this.#starts.length - 1]! >= from) {
        this.#blocks.pop();
        this.#starts.pop();
        this.#shifts.pop();
      }
    }
  }
}

interface PartRange {
  readonly block: Block;
  readonly start: number;
  readonly end: number;
}

// Gives every range back, also when an owner's callback throws; the first fault is thrown at the end.
function releaseAll(ranges: readonly PartRange[]): void {
  let fault: unknown;
  let failed = false;
  for (const { block, start, end } of ranges) {
    try {
      block.uncover(start, end);
    } catch (error) {
      if (!failed) fault = error;
      failed = true;
    }
  }
  if (failed) throw fault;
}
