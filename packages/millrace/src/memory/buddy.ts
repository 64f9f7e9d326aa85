import { MemoryError } from '../base/errors.js';
import type { LinearMemory } from './linear-memory.js';
import { SharedLock } from './lock.js';
import { BITMAPS, COMMITTED, MAX_PAGES, OWNED, OWNED_HIGH, OWNERS, PAGE, PAGE_SHIFT, SLOT_PAGES, SLOT_TABLE, SLOT_WORDS, SYSTEM } from './state.js';

/** Blocks are of 2^0 to 2^10 pages: 64 KiB to 64 MiB. */
export const MAX_ORDER = 10;

// Where the bitmaps of each order are. Bit i of an order: the block of 2^order pages at page i << order is free, as a whole, and not part of a larger free one.
// low has a bit for each block, middle one for each word of low, high one for each word of middle.
const LOW: Int32Array = new Int32Array(MAX_ORDER + 1);
const MIDDLE: Int32Array = new Int32Array(MAX_ORDER + 1);
const HIGH: number = layOut();
const BITMAPS_END = HIGH + MAX_ORDER + 1;

function layOut(): number {
  let at = BITMAPS;
  for (let order = 0; order <= MAX_ORDER; order += 1) {
    LOW[order] = at;
    at += Math.max(1, MAX_PAGES >> (order + 5));
  }
  for (let order = 0; order <= MAX_ORDER; order += 1) {
    MIDDLE[order] = at;
    at += Math.max(1, MAX_PAGES >> (order + 10));
  }
  return at;
}

/**
 * The buddy allocator: pages of the linear memory for all threads. Blocks are powers of two that merge with their buddies;
 * a request that is not a power of two gets the front of the next larger one, and the rest stays free. Any run of pages may be given back
 * that its owner has. All state is in the memory itself, under one lock; each thread has an object of this class over it.
 */
export class Buddy {
  readonly #memory: LinearMemory;
  readonly #words: Int32Array;
  readonly #owners: Uint8Array;
  /** The number of this thread. */
  readonly slot: number;
  readonly #lock: SharedLock;

  /** @param slot the number of this thread, from 0 */
  constructor(memory: LinearMemory, slot: number) {
    this.#memory = memory;
    this.#words = new Int32Array(memory.memory.buffer, 0, PAGE / 4);
    this.#owners = new Uint8Array(memory.memory.buffer, OWNERS, MAX_PAGES);
    this.slot = slot;
    this.#lock = new SharedLock(this.#words, slot);
  }

  /** Makes the state over a new memory: every page free but the first, which holds the state, and the last, which is the guard. */
  initialize(): void {
    const committed = this.#memory.size / PAGE;
    this.#words[COMMITTED] = committed;
    this.#owners[0] = SYSTEM;
    this.#owners[committed - 1] = SYSTEM;
    this.#rebuild();
  }

  /** Runs `section` with the lock held. */
  locked<T>(section: () => T): T {
    this.#acquire();
    try {
      return section();
    } finally {
      this.#lock.release();
    }
  }

  /**
   * Takes `pages` pages in a row for this thread, growing the memory when it must.
   * @returns the address, 0 when there are none and the limit allows no more
   */
  take(pages: number): number {
    this.#acquire();
    try {
      let page = this.#find(pages);
      if (page === 0 && this.#grow(pages)) page = this.#find(pages);
      if (page !== 0) {
        this.#owners.fill(this.slot + 1, page, page + pages);
        this.#count(this.slot, pages);
      }
      return page << PAGE_SHIFT;
    } finally {
      this.#lock.release();
    }
  }

  /**
   * Gives back `[start, end)`, whole pages that belong to `slot`.
   * @param slot whose they are. @default this thread
   * @throws MemoryError `ERR_FOREIGN_FREE` when any of them is not its
   */
  give(start: number, end: number, slot: number = this.slot): void {
    const from = start >>> PAGE_SHIFT;
    const to = end >>> PAGE_SHIFT;
    this.#acquire();
    try {
      for (let page = from; page < to; page += 1) {
        if (this.#owners[page] !== slot + 1) {
          throw new MemoryError('ERR_FOREIGN_FREE', `page ${page} is not thread ${slot}'s to give back`, { offset: page << PAGE_SHIFT });
        }
      }
      this.#owners.fill(0, from, to);
      this.#release(from, to);
      this.#count(slot, from - to);
    } finally {
      this.#lock.release();
    }
  }

  /** Whose page the address is on: a slot, -1 for nobody's or the system's. */
  ownerOf(address: number): number {
    const owner = this.#owners[address >>> PAGE_SHIFT] ?? 0;
    return owner === SYSTEM ? -1 : owner - 1;
  }

  /** Every run of pages with one owner, and whose it is: a slot, or -1 for nobody's. The system's pages are left out. */
  runs(): { start: number; end: number; slot: number }[] {
    const runs: { start: number; end: number; slot: number }[] = [];
    const committed = this.#words[COMMITTED]!;
    for (let page = 1; page < committed - 1; ) {
      const owner = this.#owners[page]!;
      const from = page;
      while (page < committed - 1 && this.#owners[page] === owner) page += 1;
      runs.push({ start: from << PAGE_SHIFT, end: page << PAGE_SHIFT, slot: owner - 1 });
    }
    return runs;
  }

  /** The runs of pages that belong to `slot`. */
  runsOf(slot: number): { start: number; end: number; slot: number }[] {
    return this.runs().filter((run) => run.slot === slot);
  }

  /**
   * Proves that the bitmaps say exactly what the owner map says, that no two free buddies stand unmerged and that the counts are right.
   * @returns the free bytes
   * @throws MemoryError `ERR_AUDIT`
   */
  audit(): number {
    return this.locked(() => {
      const fail = (what: string): never => {
        throw new MemoryError('ERR_AUDIT', `buddy: ${what}`);
      };
      const committed = this.#words[COMMITTED]!;
      if (committed * PAGE > this.#memory.size) this.#memory.sync();
      if (committed * PAGE !== this.#memory.size) fail(`${committed} pages are committed, the memory has ${this.#memory.size} bytes`);
      if (this.#owners[0] !== SYSTEM || this.#owners[committed - 1] !== SYSTEM) fail('the guards are not guarded');
      const seen = new Uint8Array(MAX_PAGES);
      for (let order = 0; order <= MAX_ORDER; order += 1) {
        for (let block = 0; block << order < MAX_PAGES; block += 1) {
          const word = this.#words[LOW[order]! + (block >> 5)]!;
          const summary = this.#words[MIDDLE[order]! + (block >> 10)]!;
          if (((summary >>> ((block >> 5) & 31)) & 1) !== (word === 0 ? 0 : 1)) fail(`order ${order}: the bitmap is wrong about word ${block >> 5}`);
          if (((this.#words[HIGH + order]! >>> (block >> 10)) & 1) !== (summary === 0 ? 0 : 1)) fail(`order ${order}: the bitmap is wrong about group ${block >> 10}`);
          if (((word >>> (block & 31)) & 1) === 0) continue;
          if (order < MAX_ORDER && (block & 1) === 0 && ((word >>> ((block & 31) + 1)) & 1) === 1) fail(`order ${order}: blocks ${block} and ${block + 1} are free and not merged`);
          for (let page = block << order; page < (block + 1) << order; page += 1) {
            if (seen[page] === 1 || this.#owners[page] !== 0 || page >= committed) fail(`page ${page} is free twice, or owned, or not there`);
            seen[page] = 1;
          }
        }
      }
      let owned = 0;
      let free = 0;
      for (let page = 1; page < committed - 1; page += 1) {
        if (this.#owners[page] === 0) {
          free += 1;
          if (seen[page] !== 1) fail(`page ${page} is lost`);
        } else owned += 1;
      }
      if (owned !== this.#words[OWNED]) fail(`${owned} pages have an owner, not ${this.#words[OWNED]}`);
      return free << PAGE_SHIFT;
    });
  }

  #acquire(): void {
    if (this.#lock.acquire()) this.#rebuild();
  }

  // The lowest block of the smallest order that will do; 0 when there is none. The pages are no longer free then, nor owned yet.
  #find(pages: number): number {
    const words = this.#words;
    const least = 32 - Math.clz32(pages - 1);
    for (let order = least; order <= MAX_ORDER; order += 1) {
      const groups = words[HIGH + order]!;
      if (groups === 0) continue;
      const group = 31 - Math.clz32(groups & -groups);
      const middle = words[MIDDLE[order]! + group]!;
      const word = (group << 5) + 31 - Math.clz32(middle & -middle);
      const low = words[LOW[order]! + word]!;
      const block = (word << 5) + 31 - Math.clz32(low & -low);
      this.#clear(order, block);
      // What is over goes back as the buddies that halving leaves; none of them can merge.
      const page = block << order;
      let at = page + pages;
      const end = page + (1 << order);
      while (at < end) {
        const rest = 31 - Math.clz32(at & -at);
        this.#set(rest, at >> rest);
        at += 1 << rest;
      }
      return page;
    }
    return this.#findRun(pages);
  }

  // A run that no single block holds: one larger than the largest block, or across blocks. The lowest that will do.
  #findRun(pages: number): number {
    const committed = this.#words[COMMITTED]!;
    let from = 1;
    for (let page = 1; page < committed; page += 1) {
      if (this.#owners[page] !== 0) from = page + 1;
      else if (page + 1 - from === pages) {
        // Withdraw the blocks that the run touches, and give back what of them lies outside.
        for (let at = from; at < from + pages; ) {
          let order = 0;
          while (order <= MAX_ORDER && ((this.#words[LOW[order]! + (at >> order >> 5)]! >>> ((at >> order) & 31)) & 1) === 0) order += 1;
          if (order > MAX_ORDER) throw new MemoryError('ERR_AUDIT', `buddy: page ${at} is free and in no block`);
          const start = (at >> order) << order;
          this.#clear(order, at >> order);
          if (start < from) this.#release(start, from);
          at = start + (1 << order);
          if (at > from + pages) this.#release(from + pages, at);
        }
        return from;
      }
    }
    return 0;
  }

  #grow(pages: number): boolean {
    const committed = this.#words[COMMITTED]!;
    let tail = 0;
    while (this.#owners[committed - 2 - tail] === 0) tail += 1;
    const least = committed + Math.max(1, pages - tail);
    if (!this.#memory.grow(least * PAGE)) return false;
    const now = this.#memory.size / PAGE;
    this.#owners[now - 1] = SYSTEM;
    this.#owners[committed - 1] = 0;
    Atomics.store(this.#words, COMMITTED, now);
    this.#release(committed - 1, now - 1);
    return true;
  }

  // Makes `[from, to)` free, cut into aligned powers of two that merge with their free buddies.
  #release(from: number, to: number): void {
    for (let at = from; at < to; ) {
      let order = Math.min(MAX_ORDER, 31 - Math.clz32(at & -at));
      while (at + (1 << order) > to) order -= 1;
      let block = at >> order;
      at += 1 << order;
      while (order < MAX_ORDER && ((this.#words[LOW[order]! + (block >> 5)]! >>> ((block & 31) ^ 1)) & 1) === 1) {
        this.#clear(order, block ^ 1);
        block >>= 1;
        order += 1;
      }
      this.#set(order, block);
    }
  }

  #set(order: number, block: number): void {
    const words = this.#words;
    const low = LOW[order]! + (block >> 5);
    words[low] = words[low]! | (1 << (block & 31));
    const middle = MIDDLE[order]! + (block >> 10);
    words[middle] = words[middle]! | (1 << ((block >> 5) & 31));
    words[HIGH + order] = words[HIGH + order]! | (1 << (block >> 10));
  }

  #clear(order: number, block: number): void {
    const words = this.#words;
    const low = LOW[order]! + (block >> 5);
    const bits = words[low]! & ~(1 << (block & 31));
    words[low] = bits;
    if (bits !== 0) return;
    const middle = MIDDLE[order]! + (block >> 10);
    const summary = words[middle]! & ~(1 << ((block >> 5) & 31));
    words[middle] = summary;
    if (summary === 0) words[HIGH + order] = words[HIGH + order]! & ~(1 << (block >> 10));
  }

  #count(slot: number, pages: number): void {
    const words = this.#words;
    const owned = words[OWNED]! + pages;
    words[OWNED] = owned;
    if (owned > words[OWNED_HIGH]!) words[OWNED_HIGH] = owned;
    const mine = SLOT_TABLE + slot * SLOT_WORDS + SLOT_PAGES;
    words[mine] = words[mine]! + pages;
  }

  // From the owner map, which is changed a page at a time and so is true at any moment.
  #rebuild(): void {
    const words = this.#words;
    words.fill(0, BITMAPS, BITMAPS_END);
    this.#memory.sync();
    if (words[COMMITTED]! * PAGE < this.#memory.size) {
      // The holder died between growing and saying so.
      const now = this.#memory.size / PAGE;
      this.#owners[now - 1] = SYSTEM;
      this.#owners[words[COMMITTED]! - 1] = 0;
      words[COMMITTED] = now;
    }
    const counts = new Int32Array(SYSTEM + 1);
    const committed = words[COMMITTED]!;
    for (let page = 0; page < committed; page += 1) counts[this.#owners[page]!] = counts[this.#owners[page]!]! + 1;
    for (let slot = 0; slot < SYSTEM - 1 && slot < (BITMAPS - SLOT_TABLE) / SLOT_WORDS; slot += 1) {
      words[SLOT_TABLE + slot * SLOT_WORDS + SLOT_PAGES] = counts[slot + 1]!;
    }
    words[OWNED] = committed - counts[0]! - counts[SYSTEM]!;
    for (const run of this.runsOf(-1)) this.#release(run.start >>> PAGE_SHIFT, run.end >>> PAGE_SHIFT);
  }
}
