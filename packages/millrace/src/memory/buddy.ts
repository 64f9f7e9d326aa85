import { MemoryError } from '../base/errors.js';
import type { LinearMemory } from './linear-memory.js';
import { SharedLock } from './lock.js';
import { FreePages } from './free-pages.js';
import { COMMITTED, MAX_PAGES, OWNED, OWNED_HIGH, OWNERS, PAGE, PAGE_SHIFT, SYSTEM } from './state.js';

// Own names for imported constants: V8 folds only those.
const PAGES: number = PAGE_SHIFT;
const ALL: number = OWNED;
const MOST: number = OWNED_HIGH;

/**
 * The buddy allocator: pages of the linear memory for all threads, in blocks of 2^0 to 2^10 pages, 64 KiB to 64 MiB, each at a multiple of its
 * size. A request that is not a power of two gets the front of the next larger one, and the rest stays free; one above 64 MiB gets a run of
 * any alignment. Any run of pages may be given back that its owner has. All state is in the memory itself, under one lock; each thread has
 * an object of this class over it.
 */
export class Buddy {
  readonly #memory: LinearMemory;
  readonly #words: Int32Array;
  readonly #owners: Uint8Array;
  /** The number of this thread. */
  readonly slot: number;
  readonly #lock: SharedLock;
  readonly #free: FreePages;

  /** @param slot the number of this thread, from 0 */
  constructor(memory: LinearMemory, slot: number) {
    this.#memory = memory;
    this.#words = new Int32Array(memory.memory.buffer, 0, PAGE / 4);
    this.#owners = new Uint8Array(memory.memory.buffer, OWNERS, MAX_PAGES);
    this.slot = slot;
    this.#lock = new SharedLock(this.#words, slot);
    this.#free = new FreePages(this.#words);
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
    let page = this.#free.take(pages);
    if (page === 0) page = this.#takeAnywhere(pages);
    if (page !== 0) {
      const owner = this.slot + 1;
      for (let at = page; at < page + pages; at += 1) this.#owners[at] = owner;
      this.#count(pages);
    }
    this.#lock.release();
    return page << PAGES;
  }

  /**
   * Gives back `[start, end)`, whole pages that belong to `slot`.
   * @param slot whose they are. @default this thread
   * @throws MemoryError `ERR_FOREIGN_FREE` when any of them is not its
   */
  give(start: number, end: number, slot: number = this.slot): void {
    const from = start >>> PAGES;
    const to = end >>> PAGES;
    const owner = slot + 1;
    this.#acquire();
    for (let page = from; page < to; page += 1) {
      if (this.#owners[page] !== owner) {
        this.#lock.release();
        throw new MemoryError('ERR_FOREIGN_FREE', `page ${page} is not thread ${slot}'s to give back`, { offset: page << PAGES });
      }
    }
    for (let page = from; page < to; page += 1) this.#owners[page] = 0;
    this.#free.add(from, to);
    this.#count(from - to);
    this.#lock.release();
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
   * Proves that the free pages are exactly those without an owner and that the counts are right.
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
      const wrong = this.#free.audit((page) => page < committed && this.#owners[page] === 0);
      if (wrong !== undefined) fail(wrong);
      let owned = 0;
      let free = 0;
      for (let page = 1; page < committed - 1; page += 1) {
        if (this.#owners[page] === 0) free += 1;
        else owned += 1;
      }
      if (owned !== this.#words[OWNED]) fail(`${owned} pages have an owner, not ${this.#words[OWNED]}`);
      return free * PAGE;
    });
  }

  #acquire(): void {
    if (this.#lock.acquire()) this.#rebuild();
  }

  // No block is large enough: a run across blocks, the lowest, or else new memory. Nothing here throws: the lock is held.
  #takeAnywhere(pages: number): number {
    const page = this.#findRun(pages);
    if (page !== 0) {
      this.#free.remove(page, page + pages);
      return page;
    }
    if (!this.#grow(pages)) return 0;
    const block = this.#free.take(pages);
    if (block !== 0) return block;
    const run = this.#findRun(pages);
    if (run !== 0) this.#free.remove(run, run + pages);
    return run;
  }

  #findRun(pages: number): number {
    const committed = this.#words[COMMITTED]!;
    let from = 1;
    for (let page = 1; page < committed; page += 1) {
      if (this.#owners[page] !== 0) from = page + 1;
      else if (page + 1 - from === pages) return from;
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
    this.#free.add(committed - 1, now - 1);
    return true;
  }

  #count(pages: number): void {
    const words = this.#words;
    const owned = words[ALL]! + pages;
    words[ALL] = owned;
    if (owned > words[MOST]!) words[MOST] = owned;
  }

  // From the owner map, which is changed a page at a time and so is true at any moment.
  #rebuild(): void {
    const words = this.#words;
    this.#memory.sync();
    const committed = this.#memory.size / PAGE;
    if (words[COMMITTED]! < committed) {
      // The holder died between growing and saying so.
      this.#owners[committed - 1] = SYSTEM;
      this.#owners[words[COMMITTED]! - 1] = 0;
      words[COMMITTED] = committed;
    }
    this.#free.clear();
    let owned = 0;
    for (let page = 1; page < committed - 1; page += 1) {
      if (this.#owners[page] === 0) this.#free.add(page, page + 1);
      else owned += 1;
    }
    words[OWNED] = owned;
  }
}
