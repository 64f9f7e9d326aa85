import { BITMAPS, MAX_PAGES } from './state.js';

const WORDS: number = MAX_PAGES >> 5;
const GROUPS: number = WORDS >> 5;
const BITS: number = BITMAPS; // a bit for each page, set when it is free
const EXACT: number = BITS + WORDS; // for each order 0 to 5 a bit for each word of BITS: its largest free block is of that order
const SUMMARY: number = EXACT + 6 * GROUPS; // for each order a bit for each word of its part of EXACT that is not zero
const END: number = SUMMARY + 6;
const NONE = -1;

/**
 * Which pages are free, in the memory itself, for whoever holds the lock. A block of order k is 2^k pages at a multiple of 2^k, and it
 * is free when its bits are set: buddies merge by lying side by side. A word of 32 pages knows the order of its largest free block through six
 * bitmaps over the words, so a request of up to 32 pages finds a word whose largest block fits best in a few steps; larger ones look for
 * words that are free as a whole, which the sixth bitmap shows.
 */
export class FreePages {
  readonly #w: Int32Array;

  /** @param words the first page */
  constructor(words: Int32Array) {
    this.#w = words;
  }

  /** No page is free any more. */
  clear(): void {
    this.#w.fill(0, BITS, END);
  }

  /** Takes `pages` pages from the front of a block of the next power of two. Gives the first page, 0 when there is no such block. */
  take(pages: number): number {
    const order = 32 - Math.clz32(pages - 1);
    if (order > 5) return order > 10 ? 0 : this.#takeWords(pages, order - 5);
    const w = this.#w;
    for (let k = order; k <= 5; k += 1) {
      const groups = w[SUMMARY + k]!;
      if (groups === 0) continue;
      const group = lowest(groups);
      const word = (group << 5) + lowest(w[EXACT + k * GROUPS + group]!);
      const bits = w[BITS + word]!;
      // Starts of free blocks of the order, without those that are half of a larger one where there are others.
      const starts = blocks(bits, order);
      const halves = order === 5 ? 0 : blocks(bits, order + 1);
      const alone = starts & ~(halves | (halves << (1 << order)));
      const at = lowest(alone === 0 ? starts : alone);
      this.#put(word, bits & ~mask(at, at + pages), k);
      return (word << 5) + at;
    }
    return 0;
  }

  /** Makes `[from, to)` free. */
  add(from: number, to: number): void {
    for (let at = from; at < to; ) {
      const word = at >> 5;
      const bits = this.#w[BITS + word]!;
      const end = Math.min(to, (word + 1) << 5);
      this.#put(word, bits | mask(at & 31, end - (word << 5)), largest(bits));
      at = end;
    }
  }

  /** Takes `[from, to)`, all of which is free. */
  remove(from: number, to: number): void {
    for (let at = from; at < to; ) {
      const word = at >> 5;
      const bits = this.#w[BITS + word]!;
      const end = Math.min(to, (word + 1) << 5);
      this.#put(word, bits & ~mask(at & 31, end - (word << 5)), largest(bits));
      at = end;
    }
  }

  /** Checks that exactly the pages are free that `isFree` says, and that the bitmaps over them are true. Gives what is wrong. */
  audit(isFree: (page: number) => boolean): string | undefined {
    const w = this.#w;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      if (((w[BITS + (page >> 5)]! >>> (page & 31)) & 1) !== (isFree(page) ? 1 : 0)) return `page ${page} is ${isFree(page) ? 'lost' : 'free and owned'}`;
    }
    for (let k = 0; k <= 5; k += 1) {
      for (let word = 0; word < WORDS; word += 1) {
        const said = (w[EXACT + k * GROUPS + (word >> 5)]! >>> (word & 31)) & 1;
        if (said !== (largest(w[BITS + word]!) === k ? 1 : 0)) return `the bitmap of order ${k} is wrong about word ${word}`;
      }
      for (let group = 0; group < GROUPS; group += 1) {
        if (((w[SUMMARY + k]! >>> group) & 1) !== (w[EXACT + k * GROUPS + group] === 0 ? 0 : 1)) return `the summary of order ${k} is wrong about group ${group}`;
      }
    }
    return undefined;
  }

  // 2^order words in a row that are free as a whole, at a multiple of that.
  #takeWords(pages: number, order: number): number {
    const w = this.#w;
    for (let group = 0; group < GROUPS; group += 1) {
      const starts = blocks(w[EXACT + 5 * GROUPS + group]!, order);
      if (starts === 0) continue;
      const page = ((group << 5) + lowest(starts)) << 5;
      this.remove(page, page + pages);
      return page;
    }
    return 0;
  }

  // Changes a word of 32 pages, whose largest free block is of order `before`.
  #put(word: number, bits: number, before: number): void {
    const w = this.#w;
    w[BITS + word] = bits;
    const now = largest(bits);
    if (now === before) return;
    const group = word >> 5;
    const bit = 1 << (word & 31);
    if (before !== NONE) {
      const at = EXACT + before * GROUPS + group;
      const left = w[at]! & ~bit;
      w[at] = left;
      if (left === 0) w[SUMMARY + before] = w[SUMMARY + before]! & ~(1 << group);
    }
    if (now !== NONE) {
      const at = EXACT + now * GROUPS + group;
      w[at] = w[at]! | bit;
      w[SUMMARY + now] = w[SUMMARY + now]! | (1 << group);
    }
  }
}

function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** Bits `from` to `to` - 1, of 32. */
function mask(from: number, to: number): number {
  return to - from === 32 ? -1 : ((1 << (to - from)) - 1) << from;
}

// The starts of aligned runs of 2^order ones.
function blocks(bits: number, order: number): number {
  let b = bits;
  if (order > 0) b &= (b >>> 1) & 0x5555_5555;
  if (order > 1) b &= (b >>> 2) & 0x1111_1111;
  if (order > 2) b &= (b >>> 4) & 0x0101_0101;
  if (order > 3) b &= (b >>> 8) & 0x0001_0001;
  if (order > 4) b &= (b >>> 16) & 1;
  return b;
}

// The order of the largest aligned run of ones.
function largest(bits: number): number {
  if (bits === 0) return NONE;
  const b1 = bits & (bits >>> 1) & 0x5555_5555;
  if (b1 === 0) return 0;
  const b2 = b1 & (b1 >>> 2) & 0x1111_1111;
  if (b2 === 0) return 1;
  const b3 = b2 & (b2 >>> 4) & 0x0101_0101;
  if (b3 === 0) return 2;
  const b4 = b3 & (b3 >>> 8) & 0x0001_0001;
  if (b4 === 0) return 3;
  return (b4 & (b4 >>> 16) & 1) === 0 ? 4 : 5;
}
