import { checkInteger } from '../base/arguments.js';
import { MemoryError } from '../base/errors.js';
import type { Kernels } from '../wasm/kernels.js';
import { instantiateKernels, kernelModule } from '../wasm/module.js';
import type { CompiledModule, SharedMemory } from '../wasm/webassembly.js';
import { Buddy } from './buddy.js';
import { LinearMemory } from './linear-memory.js';
import { FreeRanges, TAG_BITS } from './ranges.js';
import { ReturnLists, SELF_CARRYING } from './returns.js';
import type { SizeIndexKind } from './size-index.js';
import { attachSlot, detachSlot } from './slots.js';
import { COMMITTED, OWNED, PAGE, PAGE_SHIFT, REPORTS, REPORT_SIZE } from './state.js';

/** How allocations are divided by size. */
export interface TierOptions {
  /** Allocations of fewer bytes than this live in blocks of their own, so that small ones that last do not cut up the larger. @default 1024 */
  small?: number;
  /** Allocations of more bytes than this take whole pages from the shared level and give them back when freed. @default 8 MiB */
  large?: number;
  /** How the small and the middle tier find free ranges by size. @default 'bins', which is 2 to 3 times as fast as 'tree' */
  index?: SizeIndexKind;
}

export interface HeapOptions {
  /** Most bytes of linear memory. @default 1 GiB; 256 KiB to 2 GiB */
  limit?: number;
  /** Bytes of linear memory at the start. @default 1 MiB */
  initial?: number;
  tiers?: TierOptions;
}

/** What another thread needs to work on the same memory: give it to `Heap.attach` there. Survives structured clone. */
export interface HeapDescriptor {
  readonly memory: SharedMemory;
  readonly module: CompiledModule;
  readonly limit: number;
  readonly tiers: Required<TierOptions>;
  /** Constant tables that exist already. */
  readonly tables: readonly (readonly [name: string, address: number])[];
}

/** Every allocation starts at a multiple of this and covers a multiple of it. */
export const ALIGNMENT = 16;

const SMALL = 1;
const MIDDLE = 2;
const LARGE = 3;
const SMALL_BLOCK = PAGE;
const SMALL_BLOCK_MOST = 4 * PAGE;
const MIDDLE_BLOCK = 4 * PAGE;
const MIDDLE_BLOCK_MOST = 64 * PAGE;
const MAX_SIZE = 2 ** 31 - 1;
const MAX_ROUNDED = 2 ** 31 - ALIGNMENT; // what can be rounded up and stay a small integer

/**
 * The place where all bytes live: a shared linear memory, and this thread's allocator over it.
 *
 * Two levels: blocks of whole pages come from a buddy allocator that all threads share, and each thread hands out ranges of its blocks
 * without a lock. Any part of what was allocated may be freed, in any order, by any thread; a range freed by a thread that did not
 * allocate it goes home by a lock-free list. Three tiers, each with its own blocks: small, middle, and large, which takes whole pages.
 */
export class Heap {
  readonly memory: LinearMemory;
  readonly kernels: Kernels;
  /** The number of this thread's place in the memory. */
  readonly slot: number;
  /** Address of 64 bytes into which a kernel called by this thread writes the numbers of its failure; see wasm/status.ts. */
  readonly report: number;
  readonly #module: CompiledModule;
  readonly #buddy: Buddy;
  readonly #returns: ReturnLists;
  readonly #words: Int32Array;
  readonly #pages: Int32Array;
  readonly #tiers: Required<TierOptions>;
  readonly #smallBelow: number;
  readonly #largeAbove: number;
  readonly #small: FreeRanges;
  readonly #middle: FreeRanges;
  readonly #large: FreeRanges;
  readonly #tables = new Map<string, number>();
  #tableBytes = 0;
  #live = 0;
  #high = 0;

  /** @throws ArgumentRangeError for sizes out of range */
  constructor(options?: HeapOptions);
  /** @internal */
  constructor(options: HeapOptions | undefined, attached: HeapDescriptor);
  constructor(options: HeapOptions = {}, attached?: HeapDescriptor) {
    const tiers = attached?.tiers ?? { small: options.tiers?.small ?? 1024, large: options.tiers?.large ?? 8 * 2 ** 20, index: options.tiers?.index ?? 'bins' };
    checkInteger('tiers.large', tiers.large, 0, MAX_SIZE);
    checkInteger('tiers.small', tiers.small, 0, tiers.large);
    const limit = attached?.limit ?? options.limit ?? 2 ** 30;
    this.memory = new LinearMemory(limit, attached ? 0 : (options.initial ?? Math.min(limit, 2 ** 20)), attached?.memory);
    this.#words = new Int32Array(this.memory.memory.buffer, 0, PAGE / 4);
    this.#module = attached?.module ?? kernelModule();
    this.#tiers = tiers;
    this.#smallBelow = tiers.small;
    this.#largeAbove = tiers.large;
    this.slot = attachSlot(this.#words, attached === undefined);
    this.#buddy = new Buddy(this.memory, this.slot);
    if (attached === undefined) this.#buddy.initialize();
    else for (const [name, address] of attached.tables) this.#tables.set(name, address);
    this.kernels = instantiateKernels(this.memory.memory, this.#module);
    this.report = REPORTS + this.slot * REPORT_SIZE;
    this.#returns = new ReturnLists(this.memory);
    this.#pages = new Int32Array(this.memory.limit / PAGE);
    const shared = { pages: this.#pages, sink: this.#buddy, index: tiers.index };
    this.#small = new FreeRanges({ ...shared, tag: SMALL, keepSpare: true });
    this.#middle = new FreeRanges({ ...shared, tag: MIDDLE, keepSpare: true });
    this.#large = new FreeRanges({ ...shared, tag: LARGE, index: 'tree', keepSpare: false });
  }

  /** Joins the memory of a heap of another thread, which gave the descriptor with {@link share}. @throws MemoryError `ERR_THREADS` when 64 threads have */
  static attach(descriptor: HeapDescriptor): Heap {
    return new Heap(undefined, descriptor);
  }

  /** What another thread needs to attach to this memory. */
  share(): HeapDescriptor {
    return { memory: this.memory.memory, module: this.#module, limit: this.memory.limit, tiers: this.#tiers, tables: [...this.#tables] };
  }

  /** The whole memory. A growth, also by another thread, replaces it: read it again after anything that may allocate. */
  get u8(): Uint8Array {
    if (this.#words[COMMITTED]! * PAGE !== this.memory.u8.length) this.memory.sync();
    return this.memory.u8;
  }

  /** Bytes that this thread has allocated and that have not been freed. */
  get live(): number {
    this.collect();
    return this.#live;
  }

  /** What `allocate(size)` really covers: `size` rounded up to a multiple of {@link ALIGNMENT}. */
  roundUp(size: number): number {
    return (size + (ALIGNMENT - 1)) & -ALIGNMENT;
  }

  /**
   * Allocates `size` bytes, 1 to 2^31 - 1, and gives their address, a multiple of {@link ALIGNMENT}. The range covered is
   * `roundUp(size)` long; the contents are arbitrary.
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  allocate(size: number): number {
    if ((size | 0) !== size || (size - 1) >>> 0 >= MAX_ROUNDED) throw this.#unusable(size);
    const rounded = (size + (ALIGNMENT - 1)) & -ALIGNMENT;
    let address = -1;
    if (rounded < this.#smallBelow) address = this.#small.allocate(rounded);
    else if (rounded <= this.#largeAbove) address = this.#middle.allocate(rounded);
    if (address < 0) {
      address = this.#refill(rounded);
      if (address < 0) throw this.#limitReached(size);
    }
    const live = this.#live + rounded;
    this.#live = live;
    if (live > this.#high) this.#high = live;
    return address;
  }

  /**
   * Frees any part of what was allocated: `[address, address + size)`, to the byte, in any order, by any thread.
   * What another thread allocated is checked when that thread takes it back.
   * @throws MemoryError `ERR_DOUBLE_FREE`, `ERR_FOREIGN_FREE`; nothing is freed then
   */
  free(address: number, size: number): void {
    const end = address + size;
    if ((address | 0) !== address || (size | 0) !== size || size <= 0 || address < 0 || end > this.memory.limit) throw foreign(address, end);
    const entry = this.#pages[address >>> PAGE_SHIFT]!;
    if (entry === 0) {
      this.#freeElsewhere(address, end);
      return;
    }
    const tag = entry & LARGE;
    const ranges = tag === MIDDLE ? this.#middle : tag === SMALL ? this.#small : this.#large;
    if (ranges.free(entry >> TAG_BITS, address, end)) this.#live -= size;
    else this.#freeAcross(address, end);
  }

  /**
   * Claims at least `extra` bytes right behind `end`, the end of something this thread allocated, in place, when they are free.
   * @returns how many bytes were claimed, so that the new end is a multiple of {@link ALIGNMENT}; 0 when they are not free
   */
  tryExtend(end: number, extra: number): number {
    checkInteger('extra', extra, 1, MAX_SIZE);
    const claimed = this.roundUp(end + extra) - end;
    // The byte before `end` is the caller's, so its block is the one to grow in.
    const entry = this.#pages[(end - 1) >>> PAGE_SHIFT] ?? 0;
    if (entry === 0 || claimed < extra) return 0;
    const ranges = this.#ranges(entry);
    if (!ranges.tryExtend(entry >> TAG_BITS, end, claimed)) return 0;
    this.#live += claimed;
    if (this.#live > this.#high) this.#high = this.#live;
    return claimed;
  }

  /**
   * The address of a constant table, for kernels that need one: allocated and filled by `build` on first use, then the same for
   * everything over this memory. Tables are never freed and do not count as live.
   */
  table(name: string, size: number, build: (address: number) => void): number {
    let address = this.#tables.get(name);
    if (address === undefined) {
      address = this.allocate(size);
      this.#live -= this.roundUp(size);
      this.#tableBytes += this.roundUp(size);
      build(address);
      this.#tables.set(name, address);
    }
    return address;
  }

  /**
   * Takes back what other threads have freed of this thread's ranges. Happens by itself when memory is needed.
   * @throws MemoryError `ERR_DOUBLE_FREE` for the first range that was free already, when all others have been taken back
   */
  collect(): void {
    if (!this.#returns.pending(this.slot)) return;
    let fault: unknown;
    const whole = this.#returns.drain(this.slot, (start, end) => {
      try {
        this.free(start, end - start);
      } catch (error) {
        fault ??= error;
      }
    });
    if (fault !== undefined) throw fault;
    if (!whole) throw new MemoryError('ERR_DOUBLE_FREE', 'ranges that other threads freed overlap, or were written to after that');
  }

  /** Gives back every block that is wholly free to the level that all threads share. Gives the bytes given back. */
  trim(): number {
    this.collect();
    return this.#small.trim() + this.#middle.trim() + this.#large.trim();
  }

  /**
   * Proves this thread's structures and the shared ones: free ranges are disjoint and never adjacent, and free + live + tables is the size of the blocks.
   * @throws MemoryError `ERR_AUDIT`
   */
  audit(): void {
    this.collect();
    this.#buddy.audit();
    let size = 0;
    let free = 0;
    for (const ranges of [this.#small, this.#middle, this.#large]) {
      free += ranges.audit();
      size += ranges.size;
    }
    const used = this.#live + this.#tableBytes;
    if (free + used !== size) {
      throw new MemoryError('ERR_AUDIT', `${free} bytes are free and ${used} used, of ${size}`, { expected: size, actual: free + used });
    }
    const owned = this.#buddy.runsOf(this.slot).reduce((sum, run) => sum + run.end - run.start, 0);
    if (owned !== size) throw new MemoryError('ERR_AUDIT', `the blocks have ${size} bytes, the pages owned ${owned}`, { expected: size, actual: owned });
  }

  /**
   * Leaves the memory. This thread's blocks go back when nothing of theirs is live; otherwise the place stays taken.
   * @returns whether everything went back
   */
  detach(): boolean {
    this.trim();
    if (this.#small.size + this.#middle.size + this.#large.size > 0) return false;
    detachSlot(this.#words, this.slot);
    return true;
  }

  #ranges(entry: number): FreeRanges {
    const tag = entry & LARGE;
    return tag === MIDDLE ? this.#middle : tag === SMALL ? this.#small : this.#large;
  }

  // No free range of the tier is large enough: what other threads have sent home, a new block, then whatever there is anywhere.
  #refill(size: number): number {
    if (size > this.memory.limit) return -1;
    const small = size < this.#smallBelow;
    const large = size > this.#largeAbove;
    const own = small ? this.#small : large ? this.#large : this.#middle;
    if (this.#returns.pending(this.slot)) {
      this.collect();
      const address = own.allocate(size);
      if (address >= 0) return address;
    } else if (large) {
      const address = own.allocate(size);
      if (address >= 0) return address;
    }
    const least = Math.ceil(size / PAGE);
    const usual = small ? blockSize(own.size, SMALL_BLOCK, SMALL_BLOCK_MOST) : large ? 0 : blockSize(own.size, MIDDLE_BLOCK, MIDDLE_BLOCK_MOST);
    for (let tries = 0; tries < 2; tries += 1) {
      if (this.#addBlock(own, Math.max(usual >>> PAGE_SHIFT, least)) || this.#addBlock(own, least)) return own.allocate(size);
      for (const other of [this.#middle, this.#large, this.#small]) {
        const address = other.allocate(size);
        if (address >= 0) return address;
      }
      if (this.trim() === 0) break;
    }
    return -1;
  }

  #addBlock(ranges: FreeRanges, pages: number): boolean {
    const start = this.#buddy.take(pages);
    if (start === 0) return false;
    ranges.addBlock(start, start + pages * PAGE);
    return true;
  }

  #unusable(size: number): Error {
    checkInteger('size', size, 1, MAX_SIZE);
    return this.#limitReached(size);
  }

  #limitReached(size: number): MemoryError {
    const owned = this.#words[OWNED]! * PAGE;
    const left = Math.max(0, this.memory.limit - 2 * PAGE - owned);
    return new MemoryError('ERR_MEMORY_LIMIT', `cannot allocate ${size} bytes: ${owned} of ${this.memory.limit} are in use`, { expected: size, actual: left });
  }

  // A range that starts on a page that is not this thread's.
  #freeElsewhere(start: number, end: number): void {
    const owner = this.#buddy.ownerOf(start);
    if (owner < 0 || owner === this.slot) throw foreign(start, end);
    for (let at = start; at < end; at = ((at >>> PAGE_SHIFT) + 1) << PAGE_SHIFT) {
      if (this.#buddy.ownerOf(at) !== owner) throw foreign(start, end);
    }
    if (end - start >= SELF_CARRYING) {
      if (end > this.memory.u8.length) this.memory.sync();
      if (!this.#returns.push(owner, start, end)) throw new MemoryError('ERR_DOUBLE_FREE', `[${start}, ${end}) is free already`, { offset: start });
    } else {
      const carrier = this.allocate(16);
      this.#returns.pushCarried(owner, start, end, carrier);
    }
  }

  // A range over several blocks of this thread that lie side by side: all of it, or nothing.
  #freeAcross(start: number, end: number): void {
    for (let at = start; at < end; ) {
      const entry = this.#pages[at >>> PAGE_SHIFT] ?? 0;
      if (entry === 0) throw foreign(start, end);
      const to = Math.min(end, this.#ranges(entry).blockEnd(entry >> TAG_BITS));
      if (!this.#ranges(entry).isLive(entry >> TAG_BITS, at, to)) {
        throw new MemoryError('ERR_DOUBLE_FREE', `[${start}, ${end}) is free already, in part or whole`, { offset: at });
      }
      at = to;
    }
    for (let at = start; at < end; ) {
      const entry = this.#pages[at >>> PAGE_SHIFT]!;
      const to = Math.min(end, this.#ranges(entry).blockEnd(entry >> TAG_BITS));
      this.#ranges(entry).free(entry >> TAG_BITS, at, to);
      this.#live -= to - at;
      at = to;
    }
  }
}

// A tier grows by half, in powers of two between the bounds.
function blockSize(size: number, least: number, most: number): number {
  const half = size >>> 1;
  return half <= least ? least : Math.min(most, 1 << (31 - Math.clz32(half)));
}

function foreign(start: number, end: number): MemoryError {
  return new MemoryError('ERR_FOREIGN_FREE', `[${start}, ${end}) was never allocated here`, { offset: start });
}

let shared: Heap | undefined;

/** The heap used where none is given: made on first use, with the default options. One for each thread. */
export function defaultHeap(): Heap {
  shared ??= new Heap();
  return shared;
}
