import { MemoryError, OwnershipError } from '../base/errors.js';
import { ALIGNMENT, type Heap } from '../memory/heap.js';
import { NO_RUN, type FreeRun } from '../memory/free-run.js';
import { NO_NURSERY, NURSERY_BELOW, type Nursery } from '../memory/nursery.js';
import type { Ledger } from '../memory/ledger.js';
import { dataViewOf } from './memory-views.js';
import { Overlay, type RangeSink } from './overlay.js';

// An own name for the imported constant: V8 folds only those.
const BELOW: number = NURSERY_BELOW;

/** Called once, when the last view of adopted memory is released. */
export type OnRelease = (memory: Uint8Array) => void;

/**
 * One stretch of memory that handles share: an allocation of a heap, or memory adopted from elsewhere.
 *
 * For a byte x let c(x) be the number of live handles that cover x (a group of whole-range clones counts once, see {@link Share}). Every byte
 * of the block that has not been given back has c(x) >= 1; the block records c(x) - 1 where it is not zero, and a byte
 * whose c falls to zero goes back at once. Splitting and merging handles leave c unchanged, so they do not come here at all.
 */
export class Block {
  /** The heap the memory came from; undefined when it was adopted. */
  readonly heap: Heap | undefined;
  /**
   * Where the handles' positions index. For a heap's block: the whole memory as of the block's creation, so that a position is an address. For
   * adopted memory: that memory itself. Fixed, as a block never leaves it.
   */
  readonly u8: Uint8Array;
  /** {@link view}, where it is made already: what is adopted is mostly passed on, and to make one takes longer than all the rest. For the hot paths of Buf. */
  madeView: DataView | undefined;
  /** Position of the first byte. */
  readonly base: number;
  /** Position after the last byte; moves on where a buffer grows in place. */
  end: number;
  /** Whether this is the room of many small pieces, so that its size says nothing about any of them. */
  isNursed = false;
  /** The heap's books, in debug mode. */
  readonly ledger: Ledger | undefined;
  // The heap's, for as long as whatever one handle lets go goes back.
  #run: FreeRun;
  // The heap's, for as long as its room is this block's and whatever one handle lets go goes back.
  #nursery: Nursery = NO_NURSERY;
  #overlay: Overlay | undefined = undefined;
  // Debug mode only: what is frozen counts one here.
  #frozen: Overlay | undefined = undefined;
  #owner: Owner | undefined;

  /** Handles are made by {@link Bytes} and {@link BytesMut}; blocks by them too. */
  constructor(heap: Heap | undefined, u8: Uint8Array, base: number, end: number, onRelease?: OnRelease) {
    this.heap = heap;
    this.u8 = u8;
    this.madeView = heap === undefined ? undefined : dataViewOf(u8, false);
    this.base = base;
    this.end = end;
    this.#owner = heap === undefined ? new Owner(end - base, onRelease) : undefined;
    this.ledger = heap?.ledger;
    this.#run = heap === undefined || heap.ledger !== undefined ? NO_RUN : heap.run;
    if (this.ledger !== undefined) {
      // An overlay from the start: what is given back then always comes by giveBack.
      this.#overlay = new Overlay();
      this.#frozen = new Overlay();
    }
  }

  /** The same bytes as {@link u8}, for numbers. */
  get view(): DataView {
    return this.madeView ?? this.makeView();
  }

  /** A new block of at least `size` bytes; `base` to `end` is all that the allocation covers. @throws MemoryError `ERR_MEMORY_LIMIT` */
  static allocate(heap: Heap, size: number): Block {
    if (size === 0) return new Block(heap, heap.u8, 0, 0);
    const address = heap.allocate(size);
    return new Block(heap, heap.u8, address, address + heap.roundUp(size));
  }

  /**
   * A block with room for `size` bytes among others that are small, which the caller owns from here on: they end at `heap.nursery.at`. To make a
   * message costs a few nanoseconds so, and messages made one after the other lie side by side in one block.
   * @returns undefined when that is not to be had: then {@link allocate} is
   */
  static small(heap: Heap, size: number): Block | undefined {
    const { nursery } = heap;
    if (size >= BELOW || size === 0) return undefined;
    if (size > nursery.limit - nursery.at) {
      if (!heap.openNursery(size)) return undefined;
      const fresh = new Block(heap, heap.u8, nursery.at, nursery.limit);
      fresh.#nursery = nursery;
      fresh.isNursed = true;
      nursery.block = fresh;
    }
    nursery.at += size;
    return nursery.block as Block;
  }

  /** For {@link Nursery}. */
  leaveNursery(): void {
    this.#nursery = NO_NURSERY;
  }

  /** One more handle covers `[start, end)`. */
  cover(start: number, end: number): void {
    if (start === end) return;
    this.#overlay ??= new Overlay();
    this.#run = NO_RUN;
    this.#nursery = NO_NURSERY;
    this.#overlay.add(start, end);
  }

  /**
   * One handle less covers `[start, end)`; what nothing covers any more goes back at once.
   * @throws OwnershipError `ERR_RELEASED` for the block that stands in released handles
   */
  uncover(start: number, end: number): void {
    const nursery = this.#nursery;
    const run = this.#run;
    if (end === nursery.at) nursery.at = start;
    else if (start === run.end && end <= run.limit) run.end = end;
    else this.uncoverSlowly(start, end);
  }

  /**
   * Claims at least `extra` bytes behind `limit`, the end of a range that one handle covers alone, if they are free.
   * @returns the bytes claimed, which that handle covers then; 0 when they are not free
   */
  tryExtend(limit: number, extra: number): number {
    if (this.heap === undefined || limit === 0 || extra <= 0 || limit + extra + ALIGNMENT > this.u8.length) return 0;
    const { nursery } = this.heap;
    if (limit === nursery.at && this === nursery.block) {
      if (extra > nursery.limit - limit) return 0;
      nursery.at = limit + extra;
      return extra;
    }
    const claimed = this.heap.tryExtend(limit, extra);
    if (limit + claimed > this.end) this.end = limit + claimed;
    return claimed;
  }

  /** Whether only one handle, or group of clones, covers `[start, end)`. */
  isUnique(start: number, end: number): boolean {
    return this.#overlay === undefined || this.#overlay.isZero(start, end);
  }

  /** How many handles beyond the first cover the byte at `position`, a group of clones counting once. */
  extraAt(position: number): number {
    return this.#overlay === undefined ? 0 : this.#overlay.at(position);
  }

  private makeView(): DataView {
    const view = dataViewOf(this.u8, true);
    this.madeView = view;
    return view;
  }

  private uncoverSlowly(start: number, end: number): void {
    if (start === end) {
      if (this === RELEASED) throwReleased();
      return;
    }
    const overlay = this.#overlay;
    if (overlay === undefined && this.heap !== undefined) {
      this.heap.free(start, end - start);
      return;
    }
    if (overlay === undefined || overlay.isEmpty) this.giveBack(start, end);
    else {
      overlay.subtract(start, end, this);
      if (overlay.isEmpty && this.heap !== undefined && this.ledger === undefined) {
        // From here on one handle's word is enough again.
        this.#run = this.heap.run;
        if (this.heap.nursery.block === this) this.#nursery = this.heap.nursery;
      }
    }
    // Last, so that everything is consistent when the owner's callback throws or makes handles of its own.
    if (this.#owner !== undefined) this.#owner.settle(this.u8);
  }

  /** Debug mode: notes that `[start, end)` is read-only from now on, or (`frozen` false) that it may be written again. */
  mark(start: number, end: number, frozen: boolean): void {
    if (this.#frozen === undefined || start === end) return;
    if (frozen) this.#frozen.add(start, end);
    else this.#frozen.subtract(start, end, IGNORE);
  }

  /**
   * Debug mode: the parts of `[start, end)` that are read-only, because a Bytes was made of them and none has been taken back for writing, as
   * positions in order. Undefined in normal operation, where nobody keeps books of it.
   */
  frozenRanges(start: number, end: number): [start: number, end: number][] | undefined {
    return this.#frozen?.ranges(start, end);
  }

  /** The overlay's way out; not for others. */
  giveBack(start: number, end: number): void {
    this.#frozen?.subtract(start, end, IGNORE);
    if (this.heap === undefined) this.#owner!.covered -= end - start;
    else if (this === this.heap.nursery.block && end === this.heap.nursery.at) this.heap.nursery.at = start;
    else this.heap.free(start, end - start);
  }
}

/** Adopted memory: how much of it is still covered, and whom to tell. */
class Owner {
  covered: number;
  #onRelease: OnRelease | undefined;

  constructor(covered: number, onRelease: OnRelease | undefined) {
    this.covered = covered;
    this.#onRelease = onRelease;
  }

  settle(memory: Uint8Array): void {
    if (this.covered > 0) return;
    if (this.covered < 0) throw new MemoryError('ERR_DOUBLE_FREE', 'more of this memory was released than adopted');
    const tell = this.#onRelease;
    this.#onRelease = undefined;
    tell?.(memory);
  }
}

/** The handles of one range that were made by cloning: they count as one, so any number of clones costs the same. */
export class Share {
  /** Live handles of the group. */
  count = 2;
}

const IGNORE: RangeSink = { giveBack: () => undefined };

/** Stands in the place of a handle's block once the handle is released: its range is empty, so every access finds out. */
export const RELEASED: Block = new Block(undefined, new Uint8Array(0), 0, 0);

/** The block of empty handles that have no memory. */
export const EMPTY: Block = new Block(undefined, new Uint8Array(0), 0, 0);

/** @throws OwnershipError `ERR_RELEASED` */
export function throwReleased(): never {
  throw new OwnershipError('ERR_RELEASED', 'this handle was released, frozen, taken or merged into another');
}
