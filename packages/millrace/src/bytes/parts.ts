import type { Block, Share } from './block.js';
import { Overlay } from './overlay.js';

/** Places stay below this, so that they and their sums are small integers. */
export const MOST_PLACES: number = 2 ** 30;

/** Takes one part after the other: a range of a block. */
export interface PartSink {
  part(block: Block, start: number, end: number): unknown;
}

/** A part of the line: bytes of one block, from a place on. */
class Part {
  readonly block: Block;
  /** Place of its first byte. */
  place: number;
  /** Position in the block, minus place. */
  readonly shift: number;
  /** The group of clones that this part is one of, as long as nothing of it was given back: what is handed to many ropes costs no overlay. */
  share: Share | undefined;

  constructor(block: Block, place: number, shift: number, share: Share | undefined) {
    this.block = block;
    this.place = place;
    this.shift = shift;
    this.share = share;
  }

  /** Leaves the group of clones: from here on the block counts this part, which ends before `end`. */
  leave(end: number): void {
    const { share } = this;
    if (share === undefined) return;
    this.share = undefined;
    if (share.count === 1) return;
    share.count -= 1;
    this.block.cover(this.place + this.shift, end + this.shift);
  }
}

/**
 * The parts that one or more ropes look into, laid end to end on a line of places.
 *
 *     place     low                                          high
 *               | part      | part   | (gone) | part         |
 *               ^           ^        ^        ^                   Part.place
 *
 * It is to ropes what a block is to handles: a rope is a range of places, splitting one leaves the counts as they are, a slice adds one over its range,
 * and a place that no rope covers any more gives its byte back to the part's block. So slicing costs a binary search, however
 * many parts the slice has. Bytes of the blocks are covered once for all ropes of the line.
 *
 * Invariants: places ascend strictly from `head` on; the first part holds `low`, the last ends at `high`; places stay small integers.
 */
export class Parts implements PartSink {
  low: number = 0;
  high: number = 0;
  #head = 0;
  #parts: (Part | undefined)[] = [];
  #overlay: Overlay | undefined = undefined;

  /**
   * Adds a part after the last, taking over one count of it. One that continues the last part makes it longer.
   * @returns whether it did
   */
  part(block: Block, start: number, end: number, share?: Share): boolean {
    const place = this.high;
    const parts = this.#parts;
    const { length } = parts;
    const last = length > 0 ? parts[length - 1] : undefined;
    this.high = place + end - start;
    if (last !== undefined && last.block === block && last.shift === start - place) {
      // Longer than the group's range now.
      if (last.share !== undefined) last.leave(place);
      if (share !== undefined) leaveGroup(block, start, end, share);
      return true;
    }
    const part = new Part(block, place, start - place, share);
    // A literal has room for one; a push onto an empty array would make room for seventeen.
    if (length === 0) this.#parts = [part];
    else parts.push(part);
    return false;
  }

  /** Adds a part before the first, taking over one count of it. */
  unshift(block: Block, start: number, end: number): void {
    const place = this.low - (end - start);
    const parts = this.#parts;
    const first = this.#head < parts.length ? parts[this.#head] : undefined;
    if (first !== undefined && first.block === block && first.shift === start - place) {
      first.leave(this.endOf(this.#head));
      first.place = place;
    } else {
      // The first part may have been given back in part: its bytes before `low` are not its own any more.
      if (first !== undefined) first.place = this.low;
      const part = new Part(block, place, start - place, undefined);
      if (this.#head === 0) parts.unshift(part);
      else {
        this.#head -= 1;
        parts[this.#head] = part;
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
    const parts = this.#parts;
    let low = this.#head;
    let high = parts.length - 1;
    // Most look for what is in front, or comes next.
    if (low < high) {
      if (parts[low + 1]!.place > place) return low;
      low += 1;
      if (low < high && parts[low + 1]!.place > place) return low;
    }
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (parts[middle]!.place <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  blockOf(index: number): Block {
    return this.#parts[index]!.block;
  }

  /** Position in its block minus place, for a part. */
  shiftOf(index: number): number {
    return this.#parts[index]!.shift;
  }

  /** Place of the first byte of a part; the first part may begin before `low`. */
  startOf(index: number): number {
    return this.#parts[index]!.place;
  }

  /** Place after the last byte of a part. */
  endOf(index: number): number {
    return index + 1 < this.#parts.length ? this.#parts[index + 1]!.place : this.high;
  }

  /** Passes on what `[from, to)` is made of. */
  each(from: number, to: number, sink: PartSink): void {
    if (from === to) return;
    for (let i = this.indexOf(from), place = from; place < to; i += 1) {
      const { block, shift } = this.#parts[i]!;
      const end = Math.min(to, this.endOf(i));
      sink.part(block, place + shift, end + shift);
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
    if (this.#overlay !== undefined && !this.#overlay.isEmpty) {
      this.uncoverShared(from, to, this.#overlay);
      return;
    }
    if (from === this.low && to === this.high) {
      this.releaseAll();
      return;
    }
    const index = this.indexOf(from);
    const end = this.endOf(index);
    if (end >= to) this.releaseWithin(index, from, to, end);
    else if (from === this.low) this.releaseFront(from, to);
    else {
      const given = new Given();
      this.take(from, to, given);
      this.trim(from, to);
      given.release();
    }
  }

  /** Whether only one rope covers `[from, to)`, and nothing else its bytes. */
  isUnique(from: number, to: number): boolean {
    if (this.#overlay !== undefined && !this.#overlay.isZero(from, to)) return false;
    if (from === to) return true;
    for (let i = this.indexOf(from), place = from; place < to; i += 1) {
      const { block, shift, share } = this.#parts[i]!;
      const end = Math.min(to, this.endOf(i));
      if ((share !== undefined && share.count > 1) || !block.isUnique(place + shift, end + shift)) return false;
      place = end;
    }
    return true;
  }

  /** Hands the parts of `[from, to)`, with a count of their bytes each, to `sink`: the rope that covered them does no more. */
  moveOut(from: number, to: number, sink: PartSink): void {
    if (from === to) return;
    for (let i = this.indexOf(from); i < this.#parts.length && this.#parts[i]!.place < to; i += 1) this.#parts[i]!.leave(this.endOf(i));
    if (this.#overlay !== undefined && !this.#overlay.isZero(from, to)) {
      this.each(from, to, { part: (block, start, end) => block.cover(start, end) });
      this.each(from, to, sink);
      this.uncover(from, to);
      return;
    }
    this.each(from, to, sink);
    this.trim(from, to);
  }

  // Goes back: `[from, to)` of a part that ends at `end`.
  private releaseWithin(index: number, from: number, to: number, end: number): void {
    const parts = this.#parts;
    const part = parts[index]!;
    if (part.share !== undefined && (from !== part.place || to !== end)) part.leave(end);
    const { block, shift, share } = part;
    if (from !== this.low || to === this.high) this.trim(from, to);
    else {
      this.low = to;
      if (to === end) {
        parts[index] = undefined;
        this.dropHead(index + 1);
      }
    }
    giveBack(block, from + shift, to + shift, share);
  }

  // Goes back: several parts from the front, one by one, each forgotten before its block hears of it; a fault is thrown at the end.
  private releaseFront(from: number, to: number): void {
    let fault: unknown;
    let failed = false;
    for (let place = from; place < to; ) {
      const end = this.endOf(this.#head);
      const stop = Math.min(to, end);
      try {
        this.releaseWithin(this.#head, place, stop, end);
      } catch (error) {
        if (!failed) fault = error;
        failed = true;
      }
      place = stop;
    }
    if (failed) throw fault;
  }

  // Everything goes back: the parts leave the line as they are, and the line is empty before a block hears of it.
  private releaseAll(): void {
    const parts = this.#parts;
    const head = this.#head;
    const { low, high } = this;
    this.#parts = [];
    this.#head = 0;
    this.low = high;
    // The first part may have been given back in front.
    const first = parts[head]!;
    if (first.place !== low) {
      first.leave(head + 1 < parts.length ? parts[head + 1]!.place : high);
      first.place = low;
    }
    let fault: unknown;
    let failed = false;
    for (let i = head; i < parts.length; i += 1) {
      const { block, place, shift, share } = parts[i]!;
      const end = i + 1 < parts.length ? parts[i + 1]!.place : high;
      try {
        giveBack(block, place + shift, end + shift, share);
      } catch (error) {
        if (!failed) fault = error;
        failed = true;
      }
    }
    if (failed) throw fault;
  }

  // The line is consistent before a block hears of it: an owner's callback may throw, or use a rope of this line.
  private uncoverShared(from: number, to: number, overlay: Overlay): void {
    const gone: number[] = [];
    overlay.subtract(from, to, { giveBack: (start, end) => gone.push(start, end) });
    const given = new Given();
    for (let i = 0; i < gone.length; i += 2) {
      this.take(gone[i]!, gone[i + 1]!, given);
      this.trim(gone[i]!, gone[i + 1]!);
    }
    given.release();
  }

  // What goes back of each part of `[from, to)`: a part that goes whole may be one of a group of clones.
  private take(from: number, to: number, given: Given): void {
    for (let i = this.indexOf(from), place = from; place < to; i += 1) {
      const part = this.#parts[i]!;
      const partEnd = this.endOf(i);
      const end = Math.min(to, partEnd);
      if (part.share !== undefined && (place !== part.place || end !== partEnd)) part.leave(partEnd);
      given.add(part.block, place + part.shift, end + part.shift, part.share);
      place = end;
    }
  }

  // Parts before `head` are gone; now and then the array forgets them.
  private dropHead(head: number): void {
    this.#head = head;
    if (head >= 32 && head * 2 > this.#parts.length) {
      this.#parts.splice(0, head);
      this.#head = 0;
    }
  }

  // Forgets parts at the ends of the line that are gone; a gap in between stays until an end reaches it.
  private trim(from: number, to: number): void {
    const parts = this.#parts;
    if (from === this.low) {
      this.low = to;
      if (to === this.high) {
        // Setting the length of the old one would be a call.
        this.#parts = [];
        this.#head = 0;
        return;
      }
      let head = this.#head;
      while (parts[head + 1] !== undefined && parts[head + 1]!.place <= to) {
        parts[head] = undefined;
        head += 1;
      }
      this.dropHead(head);
    } else if (to === this.high) {
      this.high = from;
      while (parts[parts.length - 1]!.place >= from) parts.pop();
    }
  }
}

/** Ranges that go back to their blocks once the line has forgotten them. */
class Given {
  readonly #blocks: Block[] = [];
  readonly #bounds: number[] = [];
  readonly #shares: (Share | undefined)[] = [];

  add(block: Block, start: number, end: number, share: Share | undefined): void {
    this.#blocks.push(block);
    this.#bounds.push(start, end);
    this.#shares.push(share);
  }

  /** Gives every range back, also when an owner's callback throws; the first fault is thrown at the end. */
  release(): void {
    let fault: unknown;
    let failed = false;
    for (let i = 0; i < this.#blocks.length; i += 1) {
      try {
        giveBack(this.#blocks[i]!, this.#bounds[2 * i]!, this.#bounds[2 * i + 1]!, this.#shares[i]);
      } catch (error) {
        if (!failed) fault = error;
        failed = true;
      }
    }
    if (failed) throw fault;
  }
}

function giveBack(block: Block, start: number, end: number, share: Share | undefined): void {
  if (share !== undefined && share.count > 1) share.count -= 1;
  else block.uncover(start, end);
}

function leaveGroup(block: Block, start: number, end: number, share: Share | undefined): void {
  if (share === undefined || share.count === 1) return;
  share.count -= 1;
  block.cover(start, end);
}
