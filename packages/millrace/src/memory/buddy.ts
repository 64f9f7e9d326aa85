import { checkInteger } from '../base/arguments.js';
import { MemoryError } from '../base/errors.js';
import type { Kernels } from '../wasm/kernels.js';
import type { LinearMemory } from './linear-memory.js';
import { SharedLock } from './lock.js';
import { auditPages } from './free-pages.js';
import { BITMAPS, COMMITTED, MAX_PAGES, OWNED, OWNERS, PAGE, PAGE_SHIFT, SYSTEM } from './state.js';

// Own names for imported constants: V8 folds only those.
const PAGES: number = PAGE_SHIFT;
const MOST_PAGES: number = MAX_PAGES;
const BUSY = -1;

/**
 * The buddy allocator: pages of the linear memory for all threads, in blocks of 2^0 to 2^10 pages, 64 KiB to 64 MiB, each at a multiple of its
 * size. A request that is not a power of two gets the front of the next larger one, and the rest stays free; one above 64 MiB gets a run of
 * any alignment. Any run of pages may be given back that its owner has. All state is in the memory itself, under one lock; each thread has
 * an object of this class over it. The work under the lock is a kernel's, so that a call takes and leaves the lock with two
 * instructions where JavaScript has to call for each.
 */
export class Buddy {
  readonly #memory: LinearMemory;
  readonly #words: Int32Array;
  readonly #owners: Uint8Array;
  /** The number of this thread. */
  readonly slot: number;
  readonly #lock: SharedLock;
  readonly #kernels: Kernels;

  /** @param slot the number of this thread, from 0 */
  constructor(memory: LinearMemory, kernels: Kernels, slot: number) {
    this.#memory = memory;
    this.#words = new Int32Array(memory.memory.buffer, 0, PAGE / 4);
    this.#owners = new Uint8Array(memory.memory.buffer, OWNERS, MAX_PAGES);
    this.slot = slot;
    this.#lock = new SharedLock(this.#words, slot);
    this.#kernels = kernels;
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
   * @throws ArgumentRangeError unless 1 <= pages <= 32,768
   */
  take(pages: number): number {
    if ((pages | 0) !== pages || (pages - 1) >>> 0 >= MOST_PAGES) checkInteger('pages', pages, 1, MAX_PAGES);
    let page = this.#kernels.pagesTake(pages, this.slot + 1, this.#lock.turn());
    if (page <= 0) page = this.#takeSlowly(pages);
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
    // What is not a run of whole pages of the memory is nobody's.
    const pages = from < to && to <= MOST_PAGES && ((start | end) & (PAGE - 1)) === 0;
    let done = pages ? this.#kernels.pagesGive(from, to, slot + 1, this.#lock.turn()) : 0;
    if (done === BUSY) done = this.locked(() => this.#kernels.pagesGive(from, to, slot + 1, 0));
    if (done === 0) throw new MemoryError('ERR_FOREIGN_FREE', `[${start}, ${end}) is not thread ${slot}'s to give back`, { offset: start });
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
      const wrong = auditPages(this.#words, (page) => page < committed && this.#owners[page] === 0);
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

  // The lock is busy, or no block is large enough: then a run across blocks, the lowest, or else new memory.
  #takeSlowly(pages: number): number {
    const owner = this.slot + 1;
    return this.locked(() => {
      for (let grown = false; ; grown = true) {
        const page = this.#kernels.pagesTake(pages, owner, 0);
        if (page !== 0) return page;
        const run = this.#findRun(pages);
        if (run !== 0) {
          this.#kernels.pagesClaim(run, pages, owner);
          return run;
        }
        if (grown || !this.#grow(pages)) return 0;
      }
    });
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
    this.#kernels.pagesFree(committed - 1, now - 1);
    return true;
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
    words.fill(0, BITMAPS, OWNERS / 4);
    let owned = 0;
    for (let page = 1; page < committed - 1; page += 1) {
      if (this.#owners[page] === 0) this.#kernels.pagesFree(page, page + 1);
      else owned += 1;
    }
    words[OWNED] = owned;
  }
}
