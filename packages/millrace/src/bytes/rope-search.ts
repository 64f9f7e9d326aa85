import type { Block } from './block.js';
import { copyOut } from './copy.js';
import { Parts } from './parts.js';
import { blockOver, indexOfByte, indexOfPattern, mismatch } from './search.js';
import { View } from './view.js';

/** Where the first `needle` in `[from, to)` of a line is, counted from `from`, or -1: places themselves may be negative. */
export function findInParts(parts: Parts, from: number, to: number, needle: number | Uint8Array): number {
  if (typeof needle === 'number') return findByte(parts, from, to, needle);
  if (needle.length === 0) return 0;
  if (needle.length === 1) return findByte(parts, from, to, needle[0]!);
  return findPattern(parts, from, to, needle);
}

function findByte(parts: Parts, from: number, to: number, byte: number): number {
  if (from === to) return -1;
  for (let i = parts.indexOf(from), place = from; place < to; i += 1) {
    const shift = parts.shiftOf(i);
    const end = Math.min(to, parts.endOf(i));
    const found = indexOfByte(parts.blockOf(i), place + shift, end + shift, byte);
    if (found >= 0) return found - shift - from;
    place = end;
  }
  return -1;
}

// Inside each part as if it were alone; then the places at its end from which the pattern would reach into the next, put together.
function findPattern(parts: Parts, from: number, to: number, pattern: Uint8Array): number {
  const reach = pattern.length - 1;
  if (to - from <= reach) return -1;
  const seam = new Uint8Array(2 * reach);
  const seamBlock = blockOver(seam);
  for (let i = parts.indexOf(from), place = from; place < to; i += 1) {
    const shift = parts.shiftOf(i);
    const end = Math.min(to, parts.endOf(i));
    const found = indexOfPattern(parts.blockOf(i), place + shift, end + shift, pattern);
    if (found >= 0) return found - shift - from;
    const seamFrom = Math.max(place, end - reach);
    const seamTo = Math.min(to, end + reach);
    if (end < to && seamTo - seamFrom > reach) {
      let filled = 0;
      parts.each(seamFrom, seamTo, {
        part: (block, start, stop) => {
          copyOut(block, start, stop, seam, filled);
          filled += stop - start;
        },
      });
      const at = indexOfPattern(seamBlock, 0, filled, pattern);
      if (at >= 0) return seamFrom + at - from;
    }
    place = end;
  }
  return -1;
}

/** Goes over the parts of a rope, or the one of a view, to compare them with another's. */
export class PartWalker {
  #parts: Parts | undefined;
  #index = 0;
  #place: number;
  readonly #to: number;
  block: Block;
  start = 0;
  end = 0;

  constructor(parts: Parts, from: number, to: number) {
    this.#parts = parts;
    this.#place = from;
    this.#to = to;
    this.block = NONE;
    if (from < to) this.#index = parts.indexOf(from);
    this.#next();
  }

  /** Over bytes that lie together. */
  static over(bytes: View | Uint8Array): PartWalker {
    const walker = new PartWalker(new Parts(), 0, 0);
    const length = bytes instanceof View ? bytes.remaining : bytes.length;
    walker.block = bytes instanceof View ? bytes.block : blockOver(bytes);
    walker.start = bytes instanceof View ? bytes.start : 0;
    walker.end = walker.start + length;
    return walker;
  }

  /** Below, at or above zero; consumes both. */
  compare(other: PartWalker): number {
    for (;;) {
      const n = Math.min(this.end - this.start, other.end - other.start);
      if (n === 0) return this.end - this.start - (other.end - other.start);
      const same = mismatch(this.block, this.start, other.block, other.start, n);
      if (same < n) return this.block.u8[this.start + same]! - other.block.u8[other.start + same]!;
      this.#advance(n);
      other.#advance(n);
    }
  }

  #advance(n: number): void {
    this.start += n;
    if (this.start === this.end) this.#next();
  }

  #next(): void {
    const parts = this.#parts!;
    if (this.#place >= this.#to) return;
    const end = Math.min(this.#to, parts.endOf(this.#index));
    const shift = parts.shiftOf(this.#index);
    this.block = parts.blockOf(this.#index);
    this.start = this.#place + shift;
    this.end = end + shift;
    this.#place = end;
    this.#index += 1;
  }
}

const NONE = blockOver(new Uint8Array(0));
