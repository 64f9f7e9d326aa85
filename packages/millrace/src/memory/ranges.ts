import { MemoryError } from '../base/errors.js';
import { EXTENT, OFFSET_TREE, RECORD_SHIFT, RECORD_WORDS, RIGHT, START, first, link, linkAfter, makeHeader, neighbour, unlink } from './avl.js';
import type { FreeRun } from './free-run.js';
import { auditRanges } from './ranges-audit.js';
import { SizeIndex, endOf, roomOf, type SizeIndexKind } from './size-index.js';
import { PAGE, PAGE_SHIFT } from './state.js';
import { TAG_BITS } from './tags.js';

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
  /** The run of its heap, which is open only while its last free was one of these ranges' and nothing has happened since. */
  run: FreeRun;
}

// Own names for imported constants: V8 folds only those.
const SHIFT: number = RECORD_SHIFT;
const S: number = START;
const E: number = EXTENT;
const PAGES: number = PAGE_SHIFT;
const TAG: number = TAG_BITS;
const NEVER = 0x7fff_ffff; // above every address
// A block's header record has its bounds where a range has start and extent, and where a range has its size links those of the list of blocks.
const BLOCK_END = 7;
const NEXT_BLOCK = 4;
const PREVIOUS_BLOCK = 5;
const SIZE_HEADER = 1; // the record that holds the size tree
const FIRST_RECORD = 2;

/**
 * The two-tree allocator: the free ranges of any number of blocks, one record each, ordered twice. An offset tree for each block finds
 * the neighbours of a range; a size index over all blocks finds the smallest range that fits. Any sub-range of what is not free can be
 * freed. Best fit, taken from the front at a multiple of 16.
 *
 * Two ranges are kept open: in their offset tree like all others, but outside the size index, with their bounds in fields, so that moving a
 * bound costs a few nanoseconds; their records are brought up to date before anything looks at the trees. `hole` is the range freed last, `bump` the largest remainder of an allocation. Allocation compares them with
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
  readonly #run: FreeRun;
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
    this.#run = options.run;
    this.#index = new SizeIndex(this.#n, SIZE_HEADER, options.index);
  }

  /** Adds the block `[start, end)`, whole pages, all of it free. */
  addBlock(start: number, end: number): void {
    const header = this.#newRecord();
    const x = this.#newRecord();
    const n = this.#n;
    const hi = header << SHIFT;
    makeHeader(n, OFFSET_TREE, header);
    n[hi + S] = start;
    n[hi + BLOCK_END] = end;
    n[hi + NEXT_BLOCK] = this.#blocks;
    n[hi + PREVIOUS_BLOCK] = 0;
    if (this.#blocks !== 0) n[(this.#blocks << SHIFT) + PREVIOUS_BLOCK] = header;
    this.#blocks = header;
    n[(x << SHIFT) + S] = start;
    n[(x << SHIFT) + E] = end - start;
    link(n, OFFSET_TREE, header, 0, x);
    this.#index.insert(x, end - start);
    this.#pages.fill((header << TAG) | this.#tag, start >>> PAGES, end >>> PAGES);
    this.size += end - start;
  }

  /** Allocates `size` bytes, a positive multiple of 16. Gives the address, a multiple of 16, or -1 when no range is large enough. */
  allocate(size: number): number {
    const bumpRoom = (this.#bumpEnd & -16) - this.#bumpStart;
    const holeRoom = (this.#holeEnd & -16) - ((this.#holeStart + 15) & -16);
    const inHole = holeRoom >= size && (holeRoom < bumpRoom || bumpRoom < size);
    const open = inHole ? holeRoom : bumpRoom;
    if (open !== size && this.#index.count !== 0) {
      const x = this.#index.best(size);
      if (x !== 0) {
        const found = this.#n[(x << SHIFT) + E]! & -16;
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
    else this.#bumpStart = start;
    return address;
  }

  /**
   * Frees `[address, end)`, which must start inside the block of `header`.
   * @returns false, and nothing was done, when it goes on past the end of the block
   * @throws MemoryError `ERR_DOUBLE_FREE`, and nothing was done
   */
  free(header: number, address: number, end: number): boolean {
    if (address === this.#holeEnd && end <= this.#holeHigh) {
      // The second free in a row: what follows may continue it without coming here.
      this.#holeEnd = end;
      this.#run.open(end, this.#holeHigh);
    } else if (end === this.#bumpStart && address >= this.#bumpLow && (address & 15) === 0) this.#bumpStart = address;
    else if (end === this.#holeStart && address >= this.#holeLow) this.#holeStart = address;
    else return this.#merge(header, address, end);
    return true;
  }

  /** What was freed by a run: the hole, from where it ended when the run was opened up to `end`. */
  growHole(end: number): void {
    this.#holeEnd = end;
  }

  /**
   * Claims `[end, end + extra)` when all of it is free; `end + extra` must be a multiple of 16.
   * @returns whether it was claimed
   */
  tryExtend(header: number, end: number, extra: number): boolean {
    this.#sync();
    const n = this.#n;
    let x = n[header << SHIFT]!;
    while (x !== 0 && n[(x << SHIFT) + S] !== end) x = n[(x << SHIFT) + (n[(x << SHIFT) + S]! < end ? RIGHT : 0)]!;
    if (x === 0) return false;
    const xEnd = endOf(n, x << SHIFT);
    const start = end + extra;
    if (start > xEnd) return false;
    if (x === this.#hole) {
      if (start === xEnd) this.#dropHole();
      else this.#holeStart = start;
    } else if (x === this.#bump) {
      if (start === xEnd) this.#dropBump();
      else this.#bumpStart = start;
    } else {
      this.#leave(x);
      if (start === xEnd) {
        unlink(n, OFFSET_TREE, x);
        this.#recycle(x);
      } else {
        this.#setBounds(x, start, xEnd);
        this.#enter(x);
      }
    }
    return true;
  }

  /** Whether no byte of `[address, end)`, which lies inside the block of `header`, is free. */
  isLive(header: number, address: number, end: number): boolean {
    this.#sync();
    const n = this.#n;
    for (let x = n[header << SHIFT]!; x !== 0; ) {
      const xi = x << SHIFT;
      if (n[xi + S]! >= end) x = n[xi]!;
      else if (endOf(n, xi) <= address) x = n[xi + RIGHT]!;
      else return false;
    }
    return true;
  }

  /** Gives back every block that is wholly free, the spare one too. Gives the bytes given back. */
  trim(): number {
    this.#sync();
    const before = this.size;
    for (let header = this.#blocks; header !== 0; ) {
      const next = this.#n[(header << SHIFT) + NEXT_BLOCK]!;
      if (this.#isWhole(header)) {
        const x = this.#n[header << SHIFT]!;
        this.#withdraw(x);
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
    this.#sync();
    const n = this.#n;
    const hi = header << SHIFT;
    for (let side = 0; side <= 1; side += 1) {
      const blockStart = n[hi + S]!;
      const blockEnd = n[hi + BLOCK_END]!;
      let x = n[hi]!;
      if (x === 0) return;
      for (let child = n[(x << SHIFT) + side]!; child !== 0; child = n[(x << SHIFT) + side]!) x = child;
      const start = n[(x << SHIFT) + S]!;
      const end = endOf(n, x << SHIFT);
      const from = side === 0 ? blockStart : ((start + (PAGE - 1)) >>> PAGES) << PAGES;
      const to = side === 0 ? (end >>> PAGES) << PAGES : blockEnd;
      if (from >= to || (side === 0 ? start !== blockStart : end !== blockEnd)) continue;
      // The windows of open ranges may end at the old bounds.
      this.#closeHole();
      this.#closeBump();
      this.#leave(x);
      n[hi + (side === 0 ? S : BLOCK_END)] = side === 0 ? to : from;
      if (side === 0 ? to === end : from === start) {
        unlink(n, OFFSET_TREE, x);
        this.#recycle(x);
      } else {
        this.#setBounds(x, side === 0 ? to : start, side === 0 ? end : from);
        this.#enter(x);
      }
      this.#pages.fill(0, from >>> PAGES, to >>> PAGES);
      this.size -= to - from;
      this.#sink.give(from, to);
    }
  }

  /** The end of the block of `header`. */
  blockEnd(header: number): number {
    return this.#n[(header << SHIFT) + BLOCK_END]!;
  }

  /** Calls `block` for each block and `range` for each free range in it, in order of address within the block. */
  walk(block: (start: number, end: number) => void, range: (start: number, end: number) => void): void {
    this.#sync();
    const n = this.#n;
    for (let header = this.#blocks; header !== 0; header = n[(header << SHIFT) + NEXT_BLOCK]!) {
      block(n[(header << SHIFT) + S]!, n[(header << SHIFT) + BLOCK_END]!);
      for (let x = first(n, OFFSET_TREE, header); x !== 0; x = neighbour(n, OFFSET_TREE, x, 1)) {
        range(n[(x << SHIFT) + S]!, endOf(n, x << SHIFT));
      }
    }
  }

  /**
   * Proves the structure: every block lies on its pages; its free ranges are in order, disjoint, not adjacent and inside it; all trees are
   * balanced and linked; the index holds exactly the ranges it should; the open ranges' windows hold no free range; no record is lost.
   * @returns the free bytes
   * @throws MemoryError `ERR_AUDIT`
   */
  audit(): number {
    this.#sync();
    return auditRanges({
      n: this.#n,
      index: this.#index,
      pages: this.#pages,
      tag: this.#tag,
      blocks: this.#blocks,
      recycled: this.#recycled,
      used: this.#used,
      first: FIRST_RECORD,
      size: this.size,
      mostWhole: this.#keepSpare ? 1 : 0,
      open: [this.#hole, this.#bump],
      windows: [[this.#holeLow, this.#holeStart], [this.#holeEnd, this.#holeHigh], [this.#bumpLow, this.#bumpStart]],
    });
  }

  // `x` is in no index and not open and has room for `size`. The largest remainder stays open; the others go into the index.
  #carve(x: number, size: number): number {
    const n = this.#n;
    const xi = x << SHIFT;
    const start = n[xi + S]!;
    const address = (start + 15) & -16;
    const rest = address + size;
    const left = n[xi + E]! - size;
    let remainder = x;
    if (address === start) {
      if (left === 0) {
        unlink(n, OFFSET_TREE, x);
        this.#recycle(x);
        return address;
      }
      n[xi + S] = rest;
      n[xi + E] = left;
    } else {
      n[xi + E] = 0; // [start, address) stays, too short to be found by size
      if (left === 0) return address;
      remainder = this.#newRecord();
      this.#setBounds(remainder, rest, rest + left);
      linkAfter(this.#n, OFFSET_TREE, x, remainder);
    }
    if ((left & -16) > (this.#bumpEnd & -16) - this.#bumpStart) {
      this.#closeBump();
      this.#bump = remainder;
      this.#bumpStart = rest;
      this.#bumpEnd = rest + left;
      this.#bumpLow = address === start ? this.#lowest(this.#pages[address >>> PAGES]! >> TAG, address, rest + left) : address + 1;
    } else if (left >= 16) this.#index.insert(remainder, left & -16);
    return address;
  }

  #carveHole(size: number): number {
    const address = this.#holeStart;
    if ((address & 15) !== 0) {
      const x = this.#hole;
      this.#setBounds(x, address, this.#holeEnd);
      this.#forgetHole();
      return this.#carve(x, size);
    }
    const start = address + size;
    if (start === this.#holeEnd) this.#dropHole();
    else this.#holeStart = start;
    return address;
  }

  // The lowest address down to which frees may move the start of a bump that ends at `end`, when nothing below `start` is free
  // and adjacent: its own start, unless that would complete a block that has to be given back then.
  #lowest(header: number, start: number, end: number): number {
    const n = this.#n;
    if (start !== n[(header << SHIFT) + S] || end !== n[(header << SHIFT) + BLOCK_END]) return start;
    return this.#keeps(header) ? start : start + 1;
  }

  // Whether `header`, wholly free or about to be, is the spare block; makes it so when there is no other, or a smaller one, which goes back.
  #keeps(header: number): boolean {
    if (!this.#keepSpare) return false;
    if (this.#spare === header) return true;
    if (this.#spare !== 0) {
      this.#sync();
      const spare = this.#spare;
      if (this.#isWhole(spare)) {
        if (this.#sizeOfBlock(spare) >= this.#sizeOfBlock(header)) return false;
        const x = this.#n[spare << SHIFT]!;
        this.#withdraw(x);
        this.#dropBlock(spare, x);
      }
    }
    this.#spare = header;
    if (this.#bump !== 0) {
      // The bump may not complete another block now without anyone looking.
      const other = this.#pages[this.#bumpStart >>> PAGES]! >> TAG;
      if (other !== header && this.#bumpEnd === this.blockEnd(other) && this.#bumpLow === this.#n[(other << SHIFT) + S]) this.#bumpLow = NEVER;
    }
    return true;
  }

  #sizeOfBlock(header: number): number {
    return this.blockEnd(header) - this.#n[(header << SHIFT) + S]!;
  }

  #isWhole(header: number): boolean {
    const n = this.#n;
    const hi = header << SHIFT;
    const root = n[hi]! << SHIFT;
    return root !== 0 && n[root + S] === n[hi + S] && endOf(n, root) === n[hi + BLOCK_END];
  }

  // The full path of a free: one descent finds both neighbours and the place between them.
  #merge(header: number, address: number, end: number): boolean {
    this.#sync();
    let n = this.#n;
    const blockStart = n[(header << SHIFT) + S]!;
    const blockEnd = n[(header << SHIFT) + BLOCK_END]!;
    if (end > blockEnd) return false;
    let left = 0;
    let right = 0;
    let parent = header;
    let side = 0;
    for (let x = n[header << SHIFT]!; x !== 0; ) {
      const xi = x << SHIFT;
      // Arithmetic, not a branch: which way a descent goes cannot be predicted.
      side = (n[xi + S]! - address - 1) >>> 31;
      left = (x & -side) | (left & (side - 1));
      right = (right & -side) | (x & (side - 1));
      parent = x;
      x = n[xi + side]!;
    }
    const leftEnd = left === 0 ? blockStart - 1 : endOf(n, left << SHIFT);
    const rightStart = right === 0 ? blockEnd + 1 : n[(right << SHIFT) + S]!;
    if (leftEnd > address || rightStart < end) {
      throw new MemoryError('ERR_DOUBLE_FREE', `[${address}, ${end}) is free already, in part or whole`, { offset: address });
    }
    const high = (right === 0 ? blockEnd : rightStart) - 1;
    let x: number;
    let start = address;
    let to = end;
    if (leftEnd === address) {
      x = left;
      start = n[(x << SHIFT) + S]!;
      if (rightStart === end) {
        to = endOf(n, right << SHIFT);
        this.#joinBoth(header, left, right, start, to);
        return true;
      }
      const isBump = x === this.#bump;
      const low = isBump ? this.#bumpLow : x === this.#hole ? this.#holeLow : NEVER;
      this.#leave(x);
      if (start === blockStart && to === blockEnd && !this.#keeps(header)) this.#giveBlock(header, x);
      else if (isBump) this.#openBump(header, x, start, to, low);
      else this.#openHole(x, start, to, low, high, right);
      return true;
    }
    const low = (left === 0 ? blockStart : leftEnd) + 1;
    if (rightStart === end) {
      x = right;
      to = endOf(n, x << SHIFT);
      const isBump = x === this.#bump;
      const above = x === this.#hole ? this.#holeHigh : 0;
      this.#leave(x);
      if (start === blockStart && to === blockEnd && !this.#keeps(header)) this.#giveBlock(header, x);
      else if (isBump && (start & 15) === 0) this.#openBump(header, x, start, to, low);
      else this.#openHole(x, start, to, low, above, 0);
      return true;
    }
    x = this.#newRecord();
    n = this.#n;
    this.#setBounds(x, start, to);
    link(n, OFFSET_TREE, parent, side, x);
    if (start === blockStart && to === blockEnd && !this.#keeps(header)) this.#giveBlock(header, x);
    else this.#openHole(x, start, to, low, high, right);
    return true;
  }

  // What was freed closes the gap between two ranges: `left` takes it and all of `right`.
  #joinBoth(header: number, left: number, right: number, start: number, end: number): void {
    const isBump = left === this.#bump || right === this.#bump;
    const low = left === this.#bump ? this.#bumpLow : left === this.#hole ? this.#holeLow : NEVER;
    this.#withdraw(right);
    unlink(this.#n, OFFSET_TREE, right);
    this.#recycle(right);
    this.#leave(left);
    if (start === this.#n[(header << SHIFT) + S] && end === this.blockEnd(header) && !this.#keeps(header)) this.#giveBlock(header, left);
    else if (isBump && (start & 15) === 0) this.#openBump(header, left, start, end, low);
    else this.#openHole(left, start, end, low, 0, 0);
  }

  // `x` has absorbed the bump, or is it and has grown: it is the bump now, and the hole is closed since it may be a neighbour.
  #openBump(header: number, x: number, start: number, end: number, low: number): void {
    if (this.#hole === x) this.#forgetHole();
    else this.#closeHole();
    this.#bump = x;
    this.#bumpStart = start;
    this.#bumpEnd = end;
    this.#bumpLow = low;
    const blockStart = this.#n[(header << SHIFT) + S]!;
    if (start === blockStart || low <= blockStart + 1) this.#bumpLow = this.#lowest(header, blockStart, end);
  }

  // `right` is the free range after `x` where that is known, else 0, and then `high` is 0.
  #openHole(x: number, start: number, end: number, low: number, high: number, right: number): void {
    if (x === this.#bump) this.#forgetBump();
    if (x !== this.#hole) this.#closeHole();
    this.#hole = x;
    this.#holeStart = start;
    this.#holeEnd = end;
    this.#holeLow = low;
    this.#holeHigh = high;
    if (right !== 0 && right === this.#bump) {
      // Between the two, the hole may grow up to where the bump may still grow down to.
      if (end < this.#bumpLow && this.#bumpLow <= this.#bumpStart) this.#holeHigh = this.#bumpLow - 1;
      else this.#bumpLow = NEVER;
    }
  }

  // Writes the bounds of the open ranges into their records.
  #sync(): void {
    if (this.#hole !== 0) this.#setBounds(this.#hole, this.#holeStart, this.#holeEnd);
    if (this.#bump !== 0) this.#setBounds(this.#bump, this.#bumpStart, this.#bumpEnd);
  }

  #setBounds(x: number, start: number, end: number): void {
    const n = this.#n;
    n[(x << SHIFT) + S] = start;
    n[(x << SHIFT) + E] = end - ((start + 15) & -16);
  }

  // Into the index, where there is room enough to be found by.
  #enter(x: number): void {
    const size = roomOf(this.#n, x << SHIFT);
    if (size >= 16) this.#index.insert(x, size);
  }

  // Out of the index, unless it is open or too short and so not in it.
  #leave(x: number): void {
    if (x === this.#hole || x === this.#bump) return;
    const size = roomOf(this.#n, x << SHIFT);
    if (size >= 16) this.#index.remove(x, size);
  }

  // Out of whatever it is in.
  #withdraw(x: number): void {
    if (x === this.#hole) this.#forgetHole();
    else if (x === this.#bump) this.#forgetBump();
    else this.#leave(x);
  }

  #closeHole(): void {
    const x = this.#hole;
    if (x === 0) return;
    this.#setBounds(x, this.#holeStart, this.#holeEnd);
    this.#forgetHole();
    this.#enter(x);
  }

  #forgetHole(): void {
    this.#hole = 0;
    this.#holeStart = 0;
    this.#holeEnd = 0;
    this.#holeLow = NEVER;
    this.#holeHigh = 0;
  }

  #dropHole(): void {
    unlink(this.#n, OFFSET_TREE, this.#hole);
    this.#recycle(this.#hole);
    this.#forgetHole();
  }

  #closeBump(): void {
    const x = this.#bump;
    if (x === 0) return;
    this.#setBounds(x, this.#bumpStart, this.#bumpEnd);
    this.#forgetBump();
    this.#enter(x);
  }

  #forgetBump(): void {
    this.#bump = 0;
    this.#bumpStart = 0;
    this.#bumpEnd = 0;
    this.#bumpLow = NEVER;
  }

  #dropBump(): void {
    unlink(this.#n, OFFSET_TREE, this.#bump);
    this.#recycle(this.#bump);
    this.#forgetBump();
  }

  // `x`, out of the index, has become the whole of a block that is not kept.
  #giveBlock(header: number, x: number): void {
    if (x === this.#hole) this.#forgetHole();
    else if (x === this.#bump) this.#forgetBump();
    this.#dropBlock(header, x);
  }

  // `x` is the one range of the block, in no index and not open.
  #dropBlock(header: number, x: number): void {
    const n = this.#n;
    const hi = header << SHIFT;
    const start = n[hi + S]!;
    const end = n[hi + BLOCK_END]!;
    const next = n[hi + NEXT_BLOCK]!;
    const previous = n[hi + PREVIOUS_BLOCK]!;
    if (next !== 0) n[(next << SHIFT) + PREVIOUS_BLOCK] = previous;
    if (previous !== 0) n[(previous << SHIFT) + NEXT_BLOCK] = next;
    else this.#blocks = next;
    if (this.#spare === header) this.#spare = 0;
    this.#recycle(x);
    this.#recycle(header);
    this.#pages.fill(0, start >>> PAGES, end >>> PAGES);
    this.size -= end - start;
    this.#sink.give(start, end);
  }

  // May replace the array of records: read it again afterwards.
  #newRecord(): number {
    const x = this.#recycled;
    if (x !== 0) {
      this.#recycled = this.#n[x << SHIFT]!;
      return x;
    }
    const fresh = this.#used;
    this.#used = fresh + 1;
    if ((fresh + 1) << SHIFT > this.#n.length) {
      const larger = new Int32Array(this.#n.length * 2);
      larger.set(this.#n);
      this.#n = larger;
      this.#index.moved(larger);
    }
    return fresh;
  }

  #recycle(x: number): void {
    this.#n[x << SHIFT] = this.#recycled;
    this.#recycled = x;
  }
}
