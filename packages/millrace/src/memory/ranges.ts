import { MemoryError } from '../base/errors.js';
import { END, OFFSET_TREE, RECORD_SHIFT, RECORD_WORDS, RIGHT, START, first, link, linkAfter, makeHeader, neighbour, unlink } from './avl.js';
import { SizeIndex, auditTree, room, type SizeIndexKind } from './size-index.js';
import { PAGE, PAGE_SHIFT } from './state.js';

/** Where free blocks go when they are not kept. */
export interface BlockSink {
  /** Takes `[start, end)`, which is a whole block. */
  give(start: number, end: number): void;
}

export interface FreeRangesOptions {
  /** For each page of the memory `header << TAG_BITS | tag` of the block that covers it, or 0. Shared by all that work on one memory. */
  pages: Int32Array;
  /** What this one writes into the low bits of `pages`, 1 to 3. */
  tag: number;
  index: SizeIndexKind;
  /** Keep one block that has become free, so that allocating and freeing at its boundary does not thrash. */
  keepSpare: boolean;
  sink: BlockSink;
}

/** Low bits of a page map entry, which say whose block it is. */
export const TAG_BITS = 2;

const NEVER = 0x7fff_ffff; // above every address
const NEXT_BLOCK = 4; // words 4 and 5 of a block's header record
const PREVIOUS_BLOCK = 5;
const SIZE_HEADER = 1; // the record that holds the size tree
const FIRST_RECORD = 2;

/**
 * The two-tree allocator: the free ranges of any number of blocks, one record each, ordered twice. An offset tree for each block finds
 * the neighbours of a range; a size index over all blocks finds the smallest range that fits. Any sub-range of what is not free can be
 * freed. Best fit, taken from the front at a multiple of 16.
 *
 * Two ranges are kept open: in their offset tree like all others, but outside the size index, so that moving a bound of theirs costs
 * a few nanoseconds. `hole` is the range freed last, `bump` the largest remainder of an allocation. Allocation compares them with
 * the best of the index, so the fit stays best. A free that touches an open range may move its bound without looking at the
 * offset tree when it stays inside a window that was free of other free ranges when the tree was last looked at:
 *
 *       ... free |  live   | hole .... |  live    | free ...        [holeLow, holeStart) and [holeEnd, holeHigh) are live
 *              holeLow  holeStart   holeEnd    holeHigh             [bumpLow, bumpStart) likewise
 *
 * Windows end one byte short of the next free range or block end, so what must coalesce, or completes a block, takes the full
 * path. Allocation only shrinks free ranges, so windows stay true; a free outside of them makes its range the new hole, with new
 * windows. The windows of hole and bump never overlap. Ranges with less than 16 bytes of room are not in the index.
 */
export class FreeRanges {
  /** Bytes of all blocks. */
  size = 0;
  #n: Int32Array = new Int32Array(64 * RECORD_WORDS);
  readonly #index: SizeIndex;
  readonly #pages: Int32Array;
  readonly #tag: number;
  readonly #sink: BlockSink;
  readonly #keepSpare: boolean;
  #used = FIRST_RECORD;
  #recycled = 0; // list of unused records, through word 0
  #blocks = 0; // list of block headers
  #spare = 0; // a block that was wholly free when last seen
  #hole = 0;
  #holeStart = 0;
  #holeEnd = 0;
  #holeLow = NEVER;
  #holeHigh = 0;
  #bump = 0;
  #bumpStart = 0; // a multiple of 16
  #bumpEnd = 0;
  #bumpLow = NEVER;

  constructor(options: FreeRangesOptions) {
    this.#pages = options.pages;
    this.#tag = options.tag;
    this.#sink = options.sink;
    this.#keepSpare = options.keepSpare;
    this.#index = new SizeIndex(this.#n, SIZE_HEADER, options.index);
  }

  /** Adds the block `[start, end)`, whole pages, all of it free. */
  addBlock(start: number, end: number): void {
    const header = this.#newRecord(start, end);
    const x = this.#newRecord(start, end);
    const n = this.#n;
    makeHeader(n, OFFSET_TREE, header);
    link(n, OFFSET_TREE, header, 0, x);
    const hi = header << RECORD_SHIFT;
    n[hi + NEXT_BLOCK] = this.#blocks;
    n[hi + PREVIOUS_BLOCK] = 0;
    if (this.#blocks !== 0) n[(this.#blocks << RECORD_SHIFT) + PREVIOUS_BLOCK] = header;
    this.#blocks = header;
    this.#index.insert(x, room(start, end));
    this.#pages.fill((header << TAG_BITS) | this.#tag, start >>> PAGE_SHIFT, end >>> PAGE_SHIFT);
    this.size += end - start;
  }

  /** Allocates `size` bytes, a positive multiple of 16. Gives the address, a multiple of 16, or -1 when no range is large enough. */
  allocate(size: number): number {
    const bumpRoom = (this.#bumpEnd & -16) - this.#bumpStart;
    const holeRoom = room(this.#holeStart, this.#holeEnd);
    const inHole = holeRoom >= size && (holeRoom < bumpRoom || bumpRoom < size);
    const open = inHole ? holeRoom : bumpRoom;
    if (open !== size && this.#index.count !== 0) {
      const x = this.#index.best(size);
      if (x !== 0) {
        const xi = x << RECORD_SHIFT;
        const found = room(this.#n[xi + START]!, this.#n[xi + END]!);
        if (open < size || found < open) {
          this.#index.remove(x, found);
          return this.#carve(x, size);
        }
      }
    }
    if (open < size) return -1;
    if (inHole) return this.#carveHole(size);
    const address = this.#bumpStart;
    const start = address + size;
    if (start === this.#bumpEnd) this.#dropBump();
    else {
      this.#bumpStart = start;
      this.#n[(this.#bump << RECORD_SHIFT) + START] = start;
    }
    return address;
  }

  /**
   * Frees `[address, end)`, which must start inside the block of `header`.
   * @returns false, and nothing was done, when it goes on past the end of the block
   * @throws MemoryError `ERR_DOUBLE_FREE`, and nothing was done
   */
  free(header: number, address: number, end: number): boolean {
    if (address === this.#holeEnd && end <= this.#holeHigh) {
      this.#holeEnd = end;
      this.#n[(this.#hole << RECORD_SHIFT) + END] = end;
      return true;
    }
    if (end === this.#bumpStart && address >= this.#bumpLow && (address & 15) === 0) {
      this.#bumpStart = address;
      this.#n[(this.#bump << RECORD_SHIFT) + START] = address;
      return true;
    }
    if (end === this.#holeStart && address >= this.#holeLow) {
      this.#holeStart = address;
      this.#n[(this.#hole << RECORD_SHIFT) + START] = address;
      return true;
    }
    return this.#merge(header, address, end);
  }

  /**
   * Claims `[end, end + extra)` when all of it is free; `end + extra` must be a multiple of 16.
   * @returns whether it was claimed
   */
  tryExtend(header: number, end: number, extra: number): boolean {
    const x = this.#startingAt(header, end);
    if (x === 0) return false;
    const n = this.#n;
    const xi = x << RECORD_SHIFT;
    const xEnd = n[xi + END]!;
    const start = end + extra;
    if (start > xEnd) return false;
    if (x === this.#hole) {
      if (start === xEnd) this.#dropHole();
      else {
        this.#holeStart = start;
        n[xi + START] = start;
      }
    } else if (x === this.#bump) {
      if (start === xEnd) this.#dropBump();
      else {
        this.#bumpStart = start;
        n[xi + START] = start;
      }
    } else {
      const before = room(end, xEnd);
      if (before >= 16) this.#index.remove(x, before);
      if (start === xEnd) {
        unlink(n, OFFSET_TREE, x);
        this.#recycle(x);
      } else {
        n[xi + START] = start;
        this.#enter(x);
      }
    }
    return true;
  }

  /** Whether no byte of `[address, end)`, which lies inside the block of `header`, is free. */
  isLive(header: number, address: number, end: number): boolean {
    const n = this.#n;
    for (let x = n[header << RECORD_SHIFT]!; x !== 0; ) {
      const xi = x << RECORD_SHIFT;
      if (n[xi + START]! >= end) x = n[xi]!;
      else if (n[xi + END]! <= address) x = n[xi + RIGHT]!;
      else return false;
    }
    return true;
  }

  /** Gives back every block that is wholly free, the spare one too. Gives the bytes given back. */
  trim(): number {
    const before = this.size;
    for (let header = this.#blocks; header !== 0; ) {
      const next = this.#n[(header << RECORD_SHIFT) + NEXT_BLOCK]!;
      if (this.#isWhole(header)) {
        const x = this.#n[header << RECORD_SHIFT]!;
        if (x === this.#hole) this.#closeHole();
        else if (x === this.#bump) this.#closeBump();
        this.#index.remove(x, this.#sizeOf(x));
        this.#dropBlock(header, x);
      }
      header = next;
    }
    return before - this.size;
  }

  /**
   * Gives back whole pages that are free at either end of the block of `header`, which must have something live.
   * For blocks that one allocation has to itself: what is freed from its front is of use to others at once.
   */
  shrink(header: number): void {
    const n = this.#n;
    const hi = header << RECORD_SHIFT;
    for (let side = 0; side <= 1; side += 1) {
      const blockStart = n[hi + START]!;
      const blockEnd = n[hi + END]!;
      let x = n[hi]!;
      if (x === 0) return;
      for (let child = n[(x << RECORD_SHIFT) + side]!; child !== 0; child = n[(x << RECORD_SHIFT) + side]!) x = child;
      const xi = x << RECORD_SHIFT;
      const from = side === 0 ? blockStart : ((n[xi + START]! + (PAGE - 1)) >>> PAGE_SHIFT) << PAGE_SHIFT;
      const to = side === 0 ? (n[xi + END]! >>> PAGE_SHIFT) << PAGE_SHIFT : blockEnd;
      if (from >= to || (side === 0 ? n[xi + START] !== blockStart : n[xi + END] !== blockEnd)) continue;
      if (x === this.#hole) this.#forgetHole();
      else if (x === this.#bump) this.#forgetBump();
      else this.#leave(x);
      n[hi + (side === 0 ? START : END)] = side === 0 ? to : from;
      if (side === 0 ? to === n[xi + END] : from === n[xi + START]) {
        unlink(n, OFFSET_TREE, x);
        this.#recycle(x);
      } else {
        n[xi + (side === 0 ? START : END)] = side === 0 ? to : from;
        this.#enter(x);
      }
      // The windows of open ranges may have ended at the old bounds.
      this.#closeHole();
      this.#closeBump();
      this.#pages.fill(0, from >>> PAGE_SHIFT, to >>> PAGE_SHIFT);
      this.size -= to - from;
      this.#sink.give(from, to);
    }
  }

  /** The end of the block of `header`. */
  blockEnd(header: number): number {
    return this.#n[(header << RECORD_SHIFT) + END]!;
  }

  /** Calls `block` for each block and `range` for each free range in it, in order of address within the block. */
  walk(block: (start: number, end: number) => void, range: (start: number, end: number) => void): void {
    const n = this.#n;
    for (let header = this.#blocks; header !== 0; header = n[(header << RECORD_SHIFT) + NEXT_BLOCK]!) {
      block(n[(header << RECORD_SHIFT) + START]!, n[(header << RECORD_SHIFT) + END]!);
      for (let x = first(n, OFFSET_TREE, header); x !== 0; x = neighbour(n, OFFSET_TREE, x, 1)) {
        range(n[(x << RECORD_SHIFT) + START]!, n[(x << RECORD_SHIFT) + END]!);
      }
    }
  }

  // The largest remainder stays open; the others go into the index. `x` is in neither and has room for `size`.
  #carve(x: number, size: number): number {
    const n = this.#n;
    const xi = x << RECORD_SHIFT;
    const start = n[xi + START]!;
    const end = n[xi + END]!;
    const address = (start + 15) & -16;
    const rest = address + size;
    let remainder = x;
    if (address === start) {
      if (rest === end) {
        unlink(n, OFFSET_TREE, x);
        this.#recycle(x);
        return address;
      }
      n[xi + START] = rest;
    } else {
      n[xi + END] = address;
      if (rest === end) return address;
      remainder = this.#newRecord(rest, end);
      linkAfter(this.#n, OFFSET_TREE, x, remainder);
    }
    const left = room(rest, end);
    if (left > (this.#bumpEnd & -16) - this.#bumpStart) {
      this.#closeBump();
      this.#bump = remainder;
      this.#bumpStart = rest;
      this.#bumpEnd = end;
      this.#bumpLow = address === start ? this.#lowest(this.#pages[address >>> PAGE_SHIFT]! >> TAG_BITS, address, end) : address + 1;
    } else if (left >= 16) this.#index.insert(remainder, left);
    return address;
  }

  #carveHole(size: number): number {
    const address = this.#holeStart;
    if ((address & 15) !== 0) {
      const x = this.#hole;
      this.#hole = 0;
      this.#holeStart = this.#holeEnd = this.#holeHigh = 0;
      this.#holeLow = NEVER;
      return this.#carve(x, size);
    }
    const start = address + size;
    if (start === this.#holeEnd) this.#dropHole();
    else {
      this.#holeStart = start;
      this.#n[(this.#hole << RECORD_SHIFT) + START] = start;
    }
    return address;
  }

  // The lowest address down to which frees may move the start of a bump that ends at `end`, when nothing below `start` is free
  // and adjacent: its own start, unless that would complete a block that has to be given back then.
  #lowest(header: number, start: number, end: number): number {
    const n = this.#n;
    if (start !== n[(header << RECORD_SHIFT) + START] || end !== n[(header << RECORD_SHIFT) + END]) return start;
    return this.#keeps(header) ? start : start + 1;
  }

  // Whether `header`, wholly free or about to be, is the spare block; makes it so when there is no other.
  #keeps(header: number): boolean {
    if (!this.#keepSpare) return false;
    if (this.#spare === header) return true;
    if (this.#spare !== 0 && this.#isWhole(this.#spare)) return false;
    this.#spare = header;
    if (this.#bump !== 0) {
      // The bump may not complete another block now without anyone looking.
      const other = (this.#pages[this.#bumpStart >>> PAGE_SHIFT]! >> TAG_BITS) << RECORD_SHIFT;
      if (other !== header << RECORD_SHIFT && this.#bumpEnd === this.#n[other + END] && this.#bumpLow === this.#n[other + START]) this.#bumpLow = NEVER;
    }
    return true;
  }

  #isWhole(header: number): boolean {
    const n = this.#n;
    const hi = header << RECORD_SHIFT;
    const root = n[hi]!;
    return root !== 0 && n[(root << RECORD_SHIFT) + START] === n[hi + START] && n[(root << RECORD_SHIFT) + END] === n[hi + END];
  }

  // The full path of a free: one descent finds both neighbours and the place between them.
  #merge(header: number, address: number, end: number): boolean {
    let n = this.#n;
    const blockStart = n[(header << RECORD_SHIFT) + START]!;
    const blockEnd = n[(header << RECORD_SHIFT) + END]!;
    if (end > blockEnd) return false;
    let left = 0;
    let right = 0;
    let parent = header;
    let side = 0;
    for (let x = n[header << RECORD_SHIFT]!; x !== 0; ) {
      const xi = x << RECORD_SHIFT;
      // Arithmetic, not a branch: which way a descent goes cannot be predicted.
      side = (n[xi + START]! - address - 1) >>> 31;
      left = (x & -side) | (left & (side - 1));
      right = (right & -side) | (x & (side - 1));
      parent = x;
      x = n[xi + side]!;
    }
    const li = left << RECORD_SHIFT;
    const ri = right << RECORD_SHIFT;
    if ((left !== 0 && n[li + END]! > address) || (right !== 0 && n[ri + START]! < end)) {
      throw new MemoryError('ERR_DOUBLE_FREE', `[${address}, ${end}) is free already, in part or whole`, { offset: address });
    }
    const joinsRight = right !== 0 && n[ri + START] === end;
    let low = NEVER;
    let high = 0;
    let x: number;
    let isBump: boolean;
    if (left !== 0 && n[li + END] === address) {
      x = left;
      isBump = x === this.#bump;
      if (x === this.#hole) low = this.#holeLow;
      this.#leave(x);
      if (joinsRight) {
        const to = n[ri + END]!;
        if (right === this.#bump) {
          isBump = true;
          this.#forgetBump();
        } else if (right === this.#hole) this.#forgetHole();
        else this.#leave(right);
        unlink(n, OFFSET_TREE, right);
        this.#recycle(right);
        n[li + END] = to;
      } else {
        n[li + END] = end;
        high = (right === 0 ? blockEnd : n[ri + START]!) - 1;
      }
    } else {
      low = (left === 0 ? blockStart : n[li + END]!) + 1;
      if (joinsRight) {
        x = right;
        isBump = x === this.#bump;
        if (x === this.#hole) high = this.#holeHigh;
        this.#leave(x);
        n[ri + START] = address;
      } else {
        high = (right === 0 ? blockEnd : n[ri + START]!) - 1;
        x = this.#newRecord(address, end);
        n = this.#n;
        link(n, OFFSET_TREE, parent, side, x);
        isBump = false;
      }
    }
    const xi = x << RECORD_SHIFT;
    const start = n[xi + START]!;
    const to = n[xi + END]!;
    if (start === blockStart && to === blockEnd && !this.#keeps(header)) {
      if (x === this.#hole) this.#forgetHole();
      else if (x === this.#bump) this.#forgetBump();
      this.#dropBlock(header, x);
    } else if (isBump && (start & 15) === 0) this.#reopenBump(header, x, x === this.#bump && x === left ? this.#bumpLow : low);
    else this.#openHole(x, low, high, joinsRight ? 0 : right);
    return true;
  }

  // `x` has absorbed the bump, or is it and has grown: it is the bump now, and the hole is closed since it may be a neighbour.
  #reopenBump(header: number, x: number, low: number): void {
    const n = this.#n;
    const xi = x << RECORD_SHIFT;
    const start = n[xi + START]!;
    const end = n[xi + END]!;
    const blockStart = n[(header << RECORD_SHIFT) + START]!;
    if (this.#hole === x) this.#forgetHole();
    else this.#closeHole();
    this.#bump = x;
    this.#bumpStart = start;
    this.#bumpEnd = end;
    this.#bumpLow = low;
    if (start === blockStart || low <= blockStart + 1) this.#bumpLow = this.#lowest(header, blockStart, end);
  }

  #openHole(x: number, low: number, high: number, right: number): void {
    const n = this.#n;
    const xi = x << RECORD_SHIFT;
    if (x === this.#bump) this.#forgetBump();
    if (x !== this.#hole) this.#closeHole();
    this.#hole = x;
    this.#holeStart = n[xi + START]!;
    this.#holeEnd = n[xi + END]!;
    this.#holeLow = low;
    this.#holeHigh = high;
    if (right !== 0 && right === this.#bump) {
      // Between the two, the hole may grow up to where the bump may still grow down to.
      if (this.#holeEnd < this.#bumpLow && this.#bumpLow <= this.#bumpStart) this.#holeHigh = this.#bumpLow - 1;
      else this.#bumpLow = NEVER;
    }
  }

  #startingAt(header: number, address: number): number {
    const n = this.#n;
    for (let x = n[header << RECORD_SHIFT]!; x !== 0; ) {
      const start = n[(x << RECORD_SHIFT) + START]!;
      if (start === address) return x;
      x = n[(x << RECORD_SHIFT) + (start < address ? RIGHT : 0)]!;
    }
    return 0;
  }

  #sizeOf(x: number): number {
    return room(this.#n[(x << RECORD_SHIFT) + START]!, this.#n[(x << RECORD_SHIFT) + END]!);
  }

  // Into the index, where there is room enough to be found by.
  #enter(x: number): void {
    const size = this.#sizeOf(x);
    if (size >= 16) this.#index.insert(x, size);
  }

  // Out of the index, unless it is open or too short and so not in it.
  #leave(x: number): void {
    if (x === this.#hole || x === this.#bump) return;
    const size = this.#sizeOf(x);
    if (size >= 16) this.#index.remove(x, size);
  }

  #closeHole(): void {
    if (this.#hole === 0) return;
    this.#enter(this.#hole);
    this.#forgetHole();
  }

  #forgetHole(): void {
    this.#hole = 0;
    this.#holeStart = this.#holeEnd = this.#holeHigh = 0;
    this.#holeLow = NEVER;
  }

  #dropHole(): void {
    unlink(this.#n, OFFSET_TREE, this.#hole);
    this.#recycle(this.#hole);
    this.#forgetHole();
  }

  #closeBump(): void {
    if (this.#bump === 0) return;
    this.#enter(this.#bump);
    this.#forgetBump();
  }

  #forgetBump(): void {
    this.#bump = 0;
    this.#bumpStart = this.#bumpEnd = 0;
    this.#bumpLow = NEVER;
  }

  #dropBump(): void {
    unlink(this.#n, OFFSET_TREE, this.#bump);
    this.#recycle(this.#bump);
    this.#forgetBump();
  }

  // `x` is the one range of the block, in no index and not open.
  #dropBlock(header: number, x: number): void {
    const n = this.#n;
    const hi = header << RECORD_SHIFT;
    const start = n[hi + START]!;
    const end = n[hi + END]!;
    const next = n[hi + NEXT_BLOCK]!;
    const previous = n[hi + PREVIOUS_BLOCK]!;
    if (next !== 0) n[(next << RECORD_SHIFT) + PREVIOUS_BLOCK] = previous;
    if (previous !== 0) n[(previous << RECORD_SHIFT) + NEXT_BLOCK] = next;
    else this.#blocks = next;
    if (this.#spare === header) this.#spare = 0;
    this.#recycle(x);
    this.#recycle(header);
    this.#pages.fill(0, start >>> PAGE_SHIFT, end >>> PAGE_SHIFT);
    this.size -= end - start;
    this.#sink.give(start, end);
  }

  // May replace the array of records: read it again afterwards.
  #newRecord(start: number, end: number): number {
    let x = this.#recycled;
    if (x !== 0) this.#recycled = this.#n[x << RECORD_SHIFT]!;
    else {
      x = this.#used;
      this.#used += 1;
      if (this.#used << RECORD_SHIFT > this.#n.length) {
        const larger = new Int32Array(this.#n.length * 2);
        larger.set(this.#n);
        this.#n = larger;
        this.#index.moved(larger);
      }
    }
    this.#n[(x << RECORD_SHIFT) + START] = start;
    this.#n[(x << RECORD_SHIFT) + END] = end;
    return x;
  }

  #recycle(x: number): void {
    this.#n[x << RECORD_SHIFT] = this.#recycled;
    this.#recycled = x;
  }

  /**
   * Proves the structure: every block lies on its pages; its free ranges are in order, disjoint, not adjacent and inside it; all trees are
   * balanced and linked; the index holds exactly the ranges it should; the open ranges' windows hold no free range; no record is lost.
   * @returns the free bytes
   * @throws MemoryError `ERR_AUDIT`
   */
  audit(): number {
    const n = this.#n;
    const fail = (what: string): never => {
      throw new MemoryError('ERR_AUDIT', what);
    };
    const indexed = new Set<number>();
    const wrongIndex = this.#index.audit((x) => indexed.add(x));
    if (wrongIndex !== undefined) fail(wrongIndex);
    let records = FIRST_RECORD;
    let size = 0;
    let free = 0;
    let whole = 0;
    for (let header = this.#blocks; header !== 0; header = n[(header << RECORD_SHIFT) + NEXT_BLOCK]!) {
      const start = n[(header << RECORD_SHIFT) + START]!;
      const end = n[(header << RECORD_SHIFT) + END]!;
      for (let page = start >>> PAGE_SHIFT; page < end >>> PAGE_SHIFT; page += 1) {
        if (this.#pages[page] !== ((header << TAG_BITS) | this.#tag)) fail(`page ${page} is not marked as part of block ${start}`);
      }
      records += 1;
      size += end - start;
      if (this.#isWhole(header)) whole += 1;
      let last = start - 1;
      const wrong = auditTree(n, OFFSET_TREE, header, (x) => {
        const from = n[(x << RECORD_SHIFT) + START]!;
        const to = n[(x << RECORD_SHIFT) + END]!;
        const inIndex = indexed.delete(x);
        const open = x === this.#hole || x === this.#bump;
        if (inIndex !== (!open && room(from, to) >= 16)) fail(`[${from}, ${to}) is ${inIndex ? '' : 'not '}in the size index`);
        for (const [low, high] of [[this.#holeLow, this.#holeStart], [this.#holeEnd, this.#holeHigh], [this.#bumpLow, this.#bumpStart]] as const) {
          if (from < high && to > low) fail(`[${from}, ${to}) is free inside the window [${low}, ${high})`);
        }
        records += 1;
        free += to - from;
        const good = from > last && to > from && to <= end;
        last = to;
        return good;
      });
      if (wrong !== undefined) fail(`block ${start}: ${wrong}`);
    }
    if (this.#bumpLow < this.#holeHigh && this.#holeEnd < this.#bumpStart) fail('the windows of hole and bump overlap');
    if (indexed.size > 0) fail(`${indexed.size} ranges of the size index are in no block`);
    if (size !== this.size) fail(`the blocks have ${size} bytes, not ${this.size}`);
    if (whole > 1 || (whole > 0 && !this.#keepSpare)) fail(`${whole} blocks are wholly free`);
    for (let x = this.#recycled; x !== 0; x = n[x << RECORD_SHIFT]!) records += 1;
    if (records !== this.#used) fail(`${this.#used - records} records are lost`);
    if (this.#holeStart !== n[(this.#hole << RECORD_SHIFT) + START] || this.#holeEnd !== n[(this.#hole << RECORD_SHIFT) + END]) fail('the hole is not its record');
    if (this.#bumpStart !== n[(this.#bump << RECORD_SHIFT) + START] || this.#bumpEnd !== n[(this.#bump << RECORD_SHIFT) + END]) fail('the bump is not its record');
    return free;
  }
}
