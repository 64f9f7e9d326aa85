import { ArgumentRangeError, checkInteger } from '../base/arguments.js';
import { MemoryError } from '../base/errors.js';
import type { Kernels } from '../wasm/kernels.js';
import { instantiateKernels, kernelModule } from '../wasm/module.js';
import type { CompiledModule } from '../wasm/webassembly.js';
import { Buddy } from './buddy.js';
import { reportAtExit } from './exit-report.js';
import { FreeRun, NO_RUN } from './free-run.js';
import type { HeapDescriptor, HeapOptions } from './heap-options.js';
import { Ledger, RED_ZONE, type Leak } from './ledger.js';
import { LinearMemory } from './linear-memory.js';
import { NURSERY_ROOM, Nursery } from './nursery.js';
import { Pressure } from './pressure.js';
import type { HeapMap, HeapStats } from './report.js';
import { ReturnLists } from './returns.js';
import { attachSlot, attachedThreads, detachSlot, markDead } from './slots.js';
import { COMMITTED, LOCK_STEALS, OWNED, OWNED_HIGH, PAGE, REPORTS, REPORT_SIZE, SLOTS } from './state.js';
import { FREED, Tiers, foreign, tierOptions } from './tiers.js';

/** Every allocation starts at a multiple of this and covers a multiple of it. */
export const ALIGNMENT = 16;

/** Bytes of {@link Heap.bounce}. */
export const BOUNCE = 1024;

// Own names for imported and exported constants: V8 folds only those.
const GRAIN: number = ALIGNMENT;
const PAGES_NOW: number = COMMITTED;
const BOUNCE_ROOM: number = BOUNCE + ALIGNMENT;
const MAX_SIZE = 2 ** 31 - 1;
const HERE: number = FREED;
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
  /** The same as words. Shared memory never detaches, so one view lasts. */
  readonly reportWords: Int32Array;
  /** Frees in a row, which need no call; for Block. */
  readonly run: FreeRun = new FreeRun();
  /** Room for small pieces, which need no call; for Block. */
  readonly nursery: Nursery = new Nursery();
  /** The books of debug mode, undefined in normal operation. */
  readonly ledger: Ledger | undefined;
  readonly #tiers: Tiers;
  readonly #pressure: Pressure;
  readonly #returns: ReturnLists;
  readonly #buddy: Buddy;
  readonly #words: Int32Array;
  readonly #module: CompiledModule;
  readonly #options: Pick<HeapDescriptor, 'tiers' | 'idleMs' | 'debug'>;
  readonly #tables = new Map<string, number>();
  #tableBytes = 0;
  #zoneBytes = 0;
  #bounce = -1;
  #live = 0;
  #high = 0;
  #idleTimer: NodeJS.Timeout | undefined;
  readonly #caches: (() => void)[] = [];

  /** @throws ArgumentRangeError for sizes out of range */
  constructor(options?: HeapOptions);
  /** @internal */
  constructor(options: HeapOptions | undefined, attached: HeapDescriptor);
  constructor(options: HeapOptions = {}, attached?: HeapDescriptor) {
    const { tiers, idleMs, debug } = attached ?? {
      tiers: tierOptions(options.tiers),
      idleMs: checkInteger('idleMs', options.idleMs ?? 10_000, 0, MAX_SIZE),
      debug: options.debug ?? process.env['MILLRACE_DEBUG'] === '1',
    };
    this.#options = { tiers, idleMs, debug };
    const limit = attached?.limit ?? options.limit ?? 2 ** 30;
    this.memory = new LinearMemory(limit, attached ? 0 : (options.initial ?? Math.min(limit, 2 ** 20)), attached?.memory);
    this.#words = new Int32Array(this.memory.memory.buffer, 0, PAGE / 4);
    this.slot = attachSlot(this.#words, attached === undefined);
    this.report = REPORTS + this.slot * REPORT_SIZE;
    this.reportWords = new Int32Array(this.memory.memory.buffer, this.report, REPORT_SIZE / 4);
    this.#module = attached?.module ?? kernelModule();
    this.kernels = instantiateKernels(this.memory.memory, this.#module);
    this.#buddy = new Buddy(this.memory, this.kernels, this.slot);
    if (attached === undefined) this.#buddy.initialize();
    else for (const [name, address] of attached.tables) this.#tables.set(name, address);
    this.#returns = new ReturnLists(this.memory, this.#buddy);
    this.#tiers = new Tiers(tiers, this.memory.limit, this.#buddy, debug ? NO_RUN : this.run);
    this.#pressure = new Pressure(this);
    this.ledger = debug ? new Ledger() : undefined;
    if (debug) reportAtExit(this);
  }

  /** The level below, which all threads share: blocks of whole pages, for those who want no ranges. Give back what you take. */
  get blocks(): Buddy {
    return this.#buddy;
  }

  /** Joins the memory of a heap of another thread, which gave the descriptor with {@link share}. @throws MemoryError `ERR_THREADS` when 64 threads have */
  static attach(descriptor: HeapDescriptor): Heap {
    return new Heap(undefined, descriptor);
  }

  /** What another thread needs to attach to this memory. */
  share(): HeapDescriptor {
    return { memory: this.memory.memory, module: this.#module, limit: this.memory.limit, ...this.#options, tables: [...this.#tables] };
  }

  /** The whole memory. A growth, also by another thread, replaces it: read it again after anything that may allocate. */
  get u8(): Uint8Array {
    const { memory } = this;
    if (this.#words[PAGES_NOW] !== memory.pages) memory.sync();
    return memory.u8;
  }

  /** The address of the first byte of a view of this memory, however old; -1 for a view of anything else. */
  addressOf(view: Uint8Array): number {
    return this.memory.has(view.buffer) ? view.byteOffset : -1;
  }

  /** Bytes that this thread has allocated and that have not been freed. */
  get live(): number {
    this.collect();
    return this.#live - (this.nursery.limit - this.nursery.at);
  }

  /** What `allocate(size)` really covers: `size` rounded up to a multiple of {@link ALIGNMENT}. */
  roundUp(size: number): number {
    return (size + (GRAIN - 1)) & -GRAIN;
  }

  /**
   * Allocates `size` bytes, 1 to 2^31 - 1, and gives their address, a multiple of {@link ALIGNMENT}. The range covered is
   * `roundUp(size)` long; the contents are arbitrary.
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  allocate(size: number): number {
    const address = this.tryAllocate(size);
    if (address < 0) throw this.#limitReached(size);
    return address;
  }

  /** Like {@link allocate}, but gives -1 when the limit is reached. */
  tryAllocate(size: number): number {
    if ((size | 0) !== size || (size - 1) >>> 0 >= MAX_ROUNDED) {
      checkInteger('size', size, 1, MAX_SIZE);
      return -1;
    }
    if (this.ledger !== undefined) return this.#allocateInDebug(this.ledger, size);
    if (this.run.end >= 0) this.#closeRun();
    const rounded = (size + (GRAIN - 1)) & -GRAIN;
    let address = this.#tiers.allocate(rounded);
    if (address < 0) {
      address = this.#allocateMore(rounded);
      if (address < 0) return -1;
    }
    this.#rise(rounded);
    return address;
  }

  /**
   * Like {@link allocate}, but waits when the limit is reached, behind all that wait already, until enough has been freed by any thread.
   * @param options.signal gives up waiting, rejecting with its reason
   * @throws MemoryError `ERR_MEMORY_LIMIT` (rejects) for more than the memory may ever have
   */
  async allocateAsync(size: number, options: { signal?: AbortSignal } = {}): Promise<number> {
    checkInteger('size', size, 1, MAX_SIZE);
    if (size > this.memory.limit - 2 * PAGE) throw this.#limitReached(size);
    options.signal?.throwIfAborted();
    const address = this.#pressure.waiting === 0 ? this.tryAllocate(size) : -1;
    return address < 0 ? this.#pressure.wait(size, options.signal) : address;
  }

  /**
   * Gives the nursery fresh room for a piece of `least` bytes, less than NURSERY_BELOW; for Block.
   * @returns false when it has to stay closed, or when there is no memory for it
   */
  openNursery(least: number): boolean {
    this.closeNursery();
    if (!this.nursery.allowed || this.ledger !== undefined) return false;
    if (this.run.end >= 0) this.#closeRun();
    // What is free already is used first, if need be in small pieces; only then is there more memory.
    const rounded = (least + (GRAIN - 1)) & -GRAIN;
    let size: number = NURSERY_ROOM;
    let address = this.#tiers.allocateSmall(size);
    while (address < 0 && size > rounded) {
      size = Math.max(size >> 2, rounded);
      address = this.#tiers.allocateSmall(size);
    }
    if (address < 0) {
      size = NURSERY_ROOM;
      address = this.#allocateMore(size, true);
      if (address < 0) return false;
    }
    this.#rise(size);
    this.nursery.open(address, address + size);
    return true;
  }

  /** Frees what is left of the nursery's room. */
  closeNursery(): void {
    const { at, limit } = this.nursery;
    if (at < 0) return;
    this.nursery.close();
    if (at < limit) this.free(at, limit - at);
  }

  /**
   * Frees any part of what was allocated: `[address, address + size)`, to the byte, in any order, by any thread.
   * What another thread allocated is checked when that thread takes it back.
   * @throws MemoryError `ERR_DOUBLE_FREE`, `ERR_FOREIGN_FREE`; nothing is freed then
   * @throws MemoryError `ERR_RED_ZONE` in debug mode; the range is freed all the same
   */
  free(address: number, size: number): void {
    const end = address + size;
    const { run } = this;
    if (address === run.end && end <= run.limit && (size | 0) === size && size > 0) {
      run.end = end;
      return;
    }
    if (run.end >= 0) this.#closeRun();
    if ((address | 0) !== address || (size | 0) !== size || size <= 0 || address < 0 || end > this.memory.limit) throw foreign(address, end);
    if (this.ledger !== undefined) this.#freeInDebug(this.ledger, address, end);
    else if (this.#tiers.free(address, end) === HERE) this.#fall(size);
    else this.#returns.send(address, end);
  }

  /**
   * Claims at least `extra` bytes right behind `end`, the end of something this thread allocated, in place, when they are free.
   * @returns how many bytes were claimed, so that the new end is a multiple of {@link ALIGNMENT}; 0 when they are not free
   */
  tryExtend(end: number, extra: number): number {
    checkInteger('extra', extra, 1, MAX_SIZE);
    if (this.run.end >= 0) this.#closeRun();
    const claimed = this.roundUp(end + extra) - end;
    // In debug mode a red zone follows; beyond 2^31 the sum has wrapped around.
    if (this.ledger !== undefined || claimed < extra || !this.#tiers.tryExtend(end, claimed)) return 0;
    this.#rise(claimed);
    return claimed;
  }

  /**
   * The address of a constant table, for kernels that need one: allocated and filled by `build` on first use, then the same for
   * everything over this memory. Tables are never freed and do not count as live.
   */
  table(name: string, size: number, build: (address: number) => void): number {
    let address = this.#tables.get(name);
    if (address === undefined) {
      if (this.run.end >= 0) this.#closeRun();
      const rounded = this.roundUp(size);
      address = this.#tiers.allocate(rounded);
      if (address < 0) address = this.#allocateMore(rounded);
      if (address < 0) throw this.#limitReached(size);
      this.#tableBytes += rounded;
      build(address);
      this.#tables.set(name, address);
    }
    return address;
  }

  /**
   * Address of {@link BOUNCE} bytes and 8 more for this thread's own short-lived use, on which bytes change their alignment; -1 when there is no memory for
   * it. It goes back when the heap is trimmed, so read it anew each time.
   */
  get bounce(): number {
    return this.#bounce < 0 ? this.#makeBounce() : this.#bounce;
  }

  /**
   * Calls `listener` with the live bytes when they rise to `bytes`, and again each time that happens after they had fallen by an eighth.
   * It is called inside the allocation that did it.
   * @returns a function that ends this
   */
  onHighWater(bytes: number, listener: (live: number) => void): () => void {
    checkInteger('bytes', bytes, 1, MAX_SIZE);
    return this.#pressure.watch(bytes, listener);
  }

  /**
   * Takes back what other threads have freed of this thread's ranges. Happens by itself when memory is needed.
   * @throws MemoryError `ERR_DOUBLE_FREE` for the first range that was free already, when all others have been taken back
   */
  collect(): void {
    if (this.run.end >= 0) this.#closeRun();
    if (!this.#returns.pending()) return;
    let fault: unknown;
    const whole = this.#returns.drain((start, end) => {
      try {
        this.free(start, end - start);
      } catch (error) {
        fault ??= error;
      }
    });
    if (fault !== undefined) throw fault;
    if (!whole) throw new MemoryError('ERR_DOUBLE_FREE', 'ranges that other threads freed overlap, or were written to after that');
  }

  /**
   * Has `giveBack` called at the start of every {@link trim}, for as long as the heap lives: it frees what is kept only so as to be used again. Trimming also
   * happens by itself when the heap has not been used for a while, before this thread leaves the memory, and before debug mode reports leaks at the end.
   */
  onTrim(giveBack: () => void): void {
    this.#caches.push(giveBack);
  }

  /** Gives back every block that is wholly free to the level that all threads share. Gives the bytes given back. */
  trim(): number {
    for (const giveBack of this.#caches) giveBack();
    this.closeNursery();
    this.collect();
    if (this.#bounce >= 0) {
      this.#tiers.free(this.#bounce, this.#bounce + BOUNCE_ROOM);
      this.#tableBytes -= BOUNCE_ROOM;
      this.#bounce = -1;
    }
    return this.#tiers.trim();
  }

  /**
   * Proves this thread's structures and the shared ones: free ranges are disjoint and never adjacent, and free + live + tables is the size of the blocks.
   * @throws MemoryError `ERR_AUDIT`
   */
  audit(): void {
    this.collect();
    this.#buddy.audit();
    const { size } = this.#tiers;
    const used = this.#tiers.audit() + this.#live + this.#tableBytes + this.#zoneBytes;
    if (used !== size) throw new MemoryError('ERR_AUDIT', `free and live bytes are ${used}, of ${size} in the blocks`, { expected: size, actual: used });
    const owned = this.#buddy.runsOf(this.slot).reduce((sum, run) => sum + run.end - run.start, 0);
    if (owned < size) throw new MemoryError('ERR_AUDIT', `the blocks have ${size} bytes, the pages owned ${owned}`, { expected: size, actual: owned });
  }

  /** Numbers about this heap. Looks at every free range: not for the hot path. */
  stats(): HeapStats {
    this.closeNursery();
    const { live } = this;
    const tiers = { small: this.#tiers.stats('small'), middle: this.#tiers.stats('middle'), large: this.#tiers.stats('large') };
    const free = tiers.small.free + tiers.middle.free + tiers.large.free;
    const largest = Math.max(tiers.small.largest, tiers.middle.largest, tiers.large.largest);
    const committed = this.#words[COMMITTED]! * PAGE;
    const owned = this.#words[OWNED]! * PAGE;
    return {
      live,
      highWater: this.#high,
      free,
      tables: this.#tableBytes,
      fragmentation: free === 0 ? 0 : 1 - largest / free,
      tiers,
      waits: this.#pressure.waits,
      waiting: this.#pressure.waiting,
      shared: {
        committed,
        limit: this.memory.limit,
        owned,
        ownedHighWater: this.#words[OWNED_HIGH]! * PAGE,
        unowned: committed - 2 * PAGE - owned,
        threads: attachedThreads(this.#words),
        lockSteals: this.#words[LOCK_STEALS]!,
      },
    };
  }

  /** What lies where: this thread's blocks with their free ranges, and all threads' pages. */
  map(): HeapMap {
    this.closeNursery();
    this.collect();
    const pages = this.#buddy.runs().map(({ start, end, slot }) => ({ start, end, slot: slot < 0 ? undefined : slot }));
    return { blocks: this.#tiers.map(), pages };
  }

  /** In debug mode, what is live and who allocated it, most bytes first; otherwise nothing is known. */
  leaks(): Leak[] {
    this.collect();
    return this.ledger?.leaks() ?? [];
  }

  /**
   * Leaves the memory. This thread's blocks go back when nothing in them is live; otherwise the place stays taken.
   * @returns whether everything went back
   */
  detach(): boolean {
    this.trim();
    if (this.#tiers.size > 0 || this.#returns.unsent > 0) return false;
    clearInterval(this.#idleTimer);
    detachSlot(this.#words, this.slot);
    return true;
  }

  /**
   * Gives back everything that a thread had which has ended without detaching. Only for when nothing of what it allocated is in use by anybody
   * any more: what was live goes too.
   * @param slot its number
   * @returns the bytes given back
   */
  reclaim(slot: number): number {
    checkInteger('slot', slot, 0, SLOTS - 1);
    if (slot === this.slot) throw new ArgumentRangeError('slot', "another thread's", slot);
    markDead(this.#words, slot); // from here on a lock that it holds can be taken from it
    let bytes = 0;
    for (const run of this.#buddy.runsOf(slot)) {
      this.#buddy.give(run.start, run.end, slot);
      bytes += run.end - run.start;
    }
    this.#returns.discard(slot);
    detachSlot(this.#words, slot);
    return bytes;
  }

  #makeBounce(): number {
    if (this.run.end >= 0) this.#closeRun();
    let address = this.#tiers.allocate(BOUNCE_ROOM);
    if (address < 0) address = this.#allocateMore(BOUNCE_ROOM);
    if (address >= 0) this.#tableBytes += BOUNCE_ROOM;
    this.#bounce = address;
    return address;
  }

  #rise(size: number): void {
    const live = this.#live + size;
    this.#live = live;
    if (live > this.#high) this.#high = live;
    if (live >= this.#pressure.ceiling) this.#pressure.rose(live);
  }

  #fall(size: number): void {
    const live = this.#live - size;
    this.#live = live;
    if (live < this.#pressure.floor) this.#pressure.fell(live);
  }

  // Tells the allocator what the run freed.
  #closeRun(): void {
    const { from, end } = this.run;
    this.run.close();
    if (end === from) return;
    this.#tiers.growHole(end);
    this.#live -= end - from;
  }

  // The blocks there are have no range large enough: first what is held back here or was sent home by other threads, then a new block.
  #allocateMore(rounded: number, small: boolean = false): number {
    if (rounded > this.memory.limit) return -1;
    const held = this.nursery.at >= 0;
    if (held || this.#returns.pending()) {
      if (held) this.closeNursery();
      this.collect();
      const address = small ? this.#tiers.allocateSmall(rounded) : this.#tiers.allocate(rounded);
      if (address >= 0) return address;
    }
    if (this.#idleTimer === undefined && this.#options.idleMs > 0) this.#watchIdle();
    return this.#tiers.allocateMore(rounded, small);
  }

  #limitReached(size: number): MemoryError {
    const owned = this.#words[OWNED]! * PAGE;
    const left = Math.max(0, this.memory.limit - 2 * PAGE - owned);
    return new MemoryError('ERR_MEMORY_LIMIT', `cannot allocate ${size} bytes: ${owned} of ${this.memory.limit} are in use`, { expected: size, actual: left });
  }

  #allocateInDebug(ledger: Ledger, size: number): number {
    const rounded = this.roundUp(size);
    if (rounded > this.memory.limit) return -1;
    let outer = this.#tiers.allocate(rounded + 2 * RED_ZONE);
    if (outer < 0) outer = this.#allocateMore(rounded + 2 * RED_ZONE);
    if (outer < 0) return -1;
    ledger.allocated(this.u8, outer + RED_ZONE, outer + RED_ZONE + rounded);
    this.#zoneBytes += 2 * RED_ZONE;
    this.#rise(rounded);
    return outer + RED_ZONE;
  }

  #freeInDebug(ledger: Ledger, start: number, end: number): void {
    if (this.#buddy.ownerOf(start) >= 0 && this.#buddy.ownerOf(start) !== this.slot) {
      this.#returns.send(start, end);
      return;
    }
    const fault = ledger.zoneFault(this.u8, start, end);
    const whole = ledger.freed(this.u8, start, end);
    this.#tiers.free(start, end);
    this.#fall(end - start);
    if (whole !== undefined) {
      this.#tiers.free(whole.start - RED_ZONE, whole.start);
      this.#tiers.free(whole.end, whole.end + RED_ZONE);
      this.#zoneBytes -= 2 * RED_ZONE;
    }
    if (fault !== undefined) throw fault;
  }

  // A heap nobody uses for a while need not keep its spare blocks. One timer, only while there are blocks, and it keeps no process alive.
  #watchIdle(): void {
    let before = this.#live;
    this.#idleTimer = setInterval(() => {
      if (this.live === before) this.trim();
      before = this.#live;
      if (this.#tiers.size > 0) return;
      clearInterval(this.#idleTimer);
      this.#idleTimer = undefined;
    }, this.#options.idleMs);
    this.#idleTimer.unref();
  }
}

let shared: Heap | undefined;

/** The heap used where none is given: made on first use, with the default options. One for each thread. */
export function defaultHeap(): Heap {
  shared ??= new Heap();
  return shared;
}
