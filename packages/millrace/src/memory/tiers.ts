import { ArgumentTypeError, checkInteger } from '../base/arguments.js';
import { MemoryError } from '../base/errors.js';
import type { Buddy } from './buddy.js';
import { NO_RUN, type FreeRun } from './free-run.js';
import { FreeRanges } from './ranges.js';
import type { MappedBlock, TierStats } from './report.js';
import type { SizeIndexKind } from './size-index.js';
import { PAGE, PAGE_SHIFT } from './state.js';
import { TAG_BITS } from './tags.js';

/** What serves a tier: free ranges of kept blocks, found by size in one of two ways, or 'pages': blocks made to fit, given back as soon as they are free. */
export type TierAllocator = SizeIndexKind | 'pages';

/** How allocations are divided by size, and what serves each tier. */
export interface TierOptions {
  /** Allocations of fewer bytes are small: they live in blocks of their own, so that those that last do not cut up the larger. @default 1024 */
  smallBelow?: number;
  /** Allocations of more bytes are large. @default 8 MiB */
  largeAbove?: number;
  /** @default 'bins', which is 2 to 3 times as fast as 'tree' */
  small?: TierAllocator;
  /** @default 'bins' */
  middle?: TierAllocator;
  /** @default 'pages' */
  large?: TierAllocator;
}

/** The names of the tiers, in order of size. */
export type TierName = 'small' | 'middle' | 'large';

const SMALL = 1;
const MIDDLE = 2;
const LARGE = 3; // also the mask of the tag in an entry of the page map
// Own names for imported constants: V8 folds only those.
const PAGES: number = PAGE_SHIFT;
const TAG: number = TAG_BITS;
// Pages of a block. Small blocks are wholly free more often, and their trees are shallower: both faster and less fragmented (docs/performance.md).
const SMALL_BLOCK = 1;
const MIDDLE_BLOCK = 4;

/** The options with their defaults. @throws ArgumentRangeError, ArgumentTypeError */
export function tierOptions(given: TierOptions = {}): Required<TierOptions> {
  const options = { smallBelow: 1024, largeAbove: 8 * 2 ** 20, small: 'bins', middle: 'bins', large: 'pages', ...given } as const;
  checkInteger('tiers.largeAbove', options.largeAbove, 0, 2 ** 31 - 1);
  checkInteger('tiers.smallBelow', options.smallBelow, 0, options.largeAbove);
  for (const tier of ['small', 'middle', 'large'] as const) {
    if (!['bins', 'tree', 'pages'].includes(options[tier])) throw new ArgumentTypeError(`tiers.${tier}`, "'bins', 'tree' or 'pages'", options[tier]);
  }
  return options;
}

/** What {@link Tiers.free} found. */
export const FREED = 0;
/** The range does not start on a page of this thread's. */
export const ELSEWHERE = 1;

/**
 * The blocks of one thread, in three tiers by the size of what is allocated from them, each with its own free ranges. A map over the
 * pages of the memory says which block an address lies in, so that a free need not know the tier.
 */
export class Tiers {
  readonly #buddy: Buddy;
  readonly #pages: Int32Array;
  readonly #smallBelow: number;
  readonly #largeAbove: number;
  readonly #small: FreeRanges;
  readonly #middle: FreeRanges;
  readonly #large: FreeRanges;
  readonly #fitted: readonly boolean[];
  #smallAllocations = 0;
  #middleAllocations = 0;
  #largeAllocations = 0;
  readonly #misses: [number, number, number] = [0, 0, 0];

  constructor(options: Required<TierOptions>, limit: number, buddy: Buddy, run: FreeRun) {
    this.#buddy = buddy;
    this.#pages = new Int32Array(limit / PAGE);
    this.#smallBelow = options.smallBelow;
    this.#largeAbove = options.largeAbove;
    const fitted = [options.small, options.middle, options.large].map((allocator) => allocator === 'pages');
    this.#fitted = fitted;
    const make = (tag: number, allocator: TierAllocator): FreeRanges =>
      allocator === 'pages'
        ? // No runs: what is freed may complete a page, which goes back then.
          new FreeRanges({ pages: this.#pages, sink: buddy, run: NO_RUN, tag, index: 'tree', keepSpare: false })
        : new FreeRanges({ pages: this.#pages, sink: buddy, run, tag, index: allocator, keepSpare: true });
    this.#small = make(SMALL, options.small);
    this.#middle = make(MIDDLE, options.middle);
    this.#large = make(LARGE, options.large);
  }

  /** Bytes of all blocks. */
  get size(): number {
    return this.#small.size + this.#middle.size + this.#large.size;
  }

  /** Allocates `size` bytes, a positive multiple of 16, from the blocks there are. Gives the address, or -1. */
  allocate(size: number): number {
    if (size < this.#smallBelow) {
      this.#smallAllocations = (this.#smallAllocations + 1) | 0;
      return this.#small.allocate(size);
    }
    if (size <= this.#largeAbove) {
      this.#middleAllocations = (this.#middleAllocations + 1) | 0;
      return this.#middle.allocate(size);
    }
    this.#largeAllocations = (this.#largeAllocations + 1) | 0;
    return this.#large.allocate(size);
  }

  /** The same in the small tier, whatever the size: for what is to be divided further. */
  allocateSmall(size: number): number {
    this.#smallAllocations = (this.#smallAllocations + 1) | 0;
    return this.#small.allocate(size);
  }

  /**
   * The same from a new block, or when there can be none from whatever has room in any tier. Gives the address, or -1.
   * @param small in the small tier, whatever the size
   */
  allocateMore(size: number, small: boolean): number {
    const tag = small || size < this.#smallBelow ? SMALL : size > this.#largeAbove ? LARGE : MIDDLE;
    const own = this.#ranges(tag);
    this.#misses[tag - 1] = (this.#misses[tag - 1]! + 1) | 0;
    const least = Math.ceil(size / PAGE);
    const usual = this.#fitted[tag - 1] ? 0 : tag === SMALL ? SMALL_BLOCK : MIDDLE_BLOCK;
    for (let tries = 0; tries < 2; tries += 1) {
      if (this.#addBlock(own, Math.max(usual, least)) || this.#addBlock(own, least)) return own.allocate(size);
      for (const other of [this.#middle, this.#large, this.#small]) {
        const address = other.allocate(size);
        if (address >= 0) return address;
      }
      if (this.trim() === 0) break;
    }
    return -1;
  }

  /**
   * Frees `[start, end)`.
   * @returns FREED, or ELSEWHERE when nothing was done
   * @throws MemoryError `ERR_DOUBLE_FREE`, `ERR_FOREIGN_FREE`, and nothing was done
   */
  free(start: number, end: number): number {
    const entry = this.#pages[start >>> PAGES]!;
    if (entry === 0) return ELSEWHERE;
    const tag = entry & LARGE;
    if (tag === MIDDLE) {
      if (!this.#middle.free(entry >> TAG, start, end)) this.#freeAcross(start, end);
    } else if (tag === SMALL) {
      if (!this.#small.free(entry >> TAG, start, end)) this.#freeAcross(start, end);
    } else if (!this.#large.free(entry >> TAG, start, end)) this.#freeAcross(start, end);
    else if (this.#pages[start >>> PAGES] === entry) this.#large.shrink(entry >> TAG);
    return FREED;
  }

  /** Closes the heap's run: what it freed, which ends at `end`, is free in the tier it belongs to. */
  growHole(end: number): void {
    this.#ranges(this.#pages[(end - 1) >>> PAGES]! & LARGE).growHole(end);
  }

  /** Claims `[end, end + extra)` when it is free; `end + extra` must be a multiple of 16. */
  tryExtend(end: number, extra: number): boolean {
    // The byte before `end` is the caller's, so its block is the one to grow in.
    const entry = this.#pages[(end - 1) >>> PAGES] ?? 0;
    return entry !== 0 && this.#ranges(entry & LARGE).tryExtend(entry >> TAG, end, extra);
  }

  /** Gives back every block that is wholly free. Gives the bytes given back. */
  trim(): number {
    return this.#small.trim() + this.#middle.trim() + this.#large.trim();
  }

  /** Proves the structures of all tiers. Gives the free bytes. @throws MemoryError `ERR_AUDIT` */
  audit(): number {
    return this.#small.audit() + this.#middle.audit() + this.#large.audit();
  }

  /** Numbers of one tier. */
  stats(tier: TierName): TierStats {
    let free = 0;
    let blocks = 0;
    let count = 0;
    let largest = 0;
    const ranges = tier === 'small' ? this.#small : tier === 'middle' ? this.#middle : this.#large;
    ranges.walk(
      () => (blocks += 1),
      (start, end) => {
        free += end - start;
        count += 1;
        largest = Math.max(largest, end - start);
      },
    );
    const allocations = (tier === 'small' ? this.#smallAllocations : tier === 'middle' ? this.#middleAllocations : this.#largeAllocations) >>> 0;
    const misses = this.#misses[tier === 'small' ? 0 : tier === 'middle' ? 1 : 2] >>> 0;
    return { size: ranges.size, free, blocks, ranges: count, largest, allocations, misses, hitRate: allocations === 0 ? 1 : 1 - misses / allocations };
  }

  /** All blocks with their free ranges, in order of address. */
  map(): MappedBlock[] {
    const blocks: MappedBlock[] = [];
    for (const [tier, ranges] of [['small', this.#small], ['middle', this.#middle], ['large', this.#large]] as const) {
      let free: [number, number][] = [];
      ranges.walk(
        (start, end) => blocks.push({ tier, start, end, free: (free = []) }),
        (start, end) => free.push([start, end]),
      );
    }
    return blocks.sort((a, b) => a.start - b.start);
  }

  #ranges(tag: number): FreeRanges {
    return tag === MIDDLE ? this.#middle : tag === SMALL ? this.#small : this.#large;
  }

  #addBlock(ranges: FreeRanges, pages: number): boolean {
    const start = this.#buddy.take(pages);
    if (start === 0) return false;
    ranges.addBlock(start, start + pages * PAGE);
    return true;
  }

  // A range over several blocks that lie side by side: all of it, or nothing.
  #freeAcross(start: number, end: number): void {
    for (let pass = 0; pass < 2; pass += 1) {
      for (let at = start; at < end; ) {
        const entry = this.#pages[at >>> PAGES] ?? 0;
        if (entry === 0) throw foreign(start, end);
        const ranges = this.#ranges(entry & LARGE);
        const header = entry >> TAG;
        const to = Math.min(end, ranges.blockEnd(header));
        if (pass === 1) ranges.free(header, at, to);
        else if (!ranges.isLive(header, at, to)) {
          throw new MemoryError('ERR_DOUBLE_FREE', `[${start}, ${end}) is free already, in part or whole`, { offset: at });
        }
        at = to;
      }
    }
  }
}

/** The error for a range that nobody has allocated. */
export function foreign(start: number, end: number): MemoryError {
  return new MemoryError('ERR_FOREIGN_FREE', `[${start}, ${end}) was never allocated here`, { offset: start });
}
