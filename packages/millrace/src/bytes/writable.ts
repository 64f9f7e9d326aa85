import { checkInteger } from '../base/arguments.js';
import { MemoryError } from '../base/errors.js';
import type { Heap } from '../memory/heap.js';
import { Block, RELEASED as RELEASED_BLOCK, throwReleased } from './block.js';
import { copyAcross } from './copy.js';
import { BufMut } from './buf-mut.js';

// An own name for the imported constant: V8 folds those into the code, and loads and checks imported ones at every use.
const RELEASED: Block = RELEASED_BLOCK;

/** Tokio's rule: a buffer that was split to nothing comes back at the size its block had, up to this. */
const REMEMBERED_CAPACITY = 65_536;

/** Room in a heap that nothing else covers: how BytesMut grows and gives back. */
export abstract class Writable extends BufMut {
  /** Bytes from the first written one to the end of the room. */
  get capacity(): number {
    return this.limit - this.start;
  }

  get remainingMut(): number {
    return Number.POSITIVE_INFINITY;
  }

  /**
   * Makes room for `additional` bytes after the written ones; doubles when it must move, so that appending costs O(1) a byte.
   * @throws MemoryError `ERR_MEMORY_LIMIT`, the buffer as it was
   */
  reserve(additional: number): void {
    if (this.block === RELEASED) throwReleased();
    if (additional > this.limit - this.end || additional < 0) this.grow(additional);
  }

  /** Whether there is room for `additional` bytes without moving. */
  tryReclaim(additional: number): boolean {
    if (this.block === RELEASED) throwReleased();
    checkInteger('additional', additional, 0, Number.MAX_SAFE_INTEGER);
    return additional <= this.limit - this.end;
  }

  /**
   * Appends a copy of the written bytes `[begin, end)`.
   * @throws ArgumentRangeError outside 0 <= begin <= end <= length
   */
  putFromWithin(begin: number, end: number): void {
    if (this.block === RELEASED) throwReleased();
    checkInteger('end', end, 0, this.end - this.start);
    checkInteger('begin', begin, 0, end);
    this.reserve(end - begin);
    this.putRange(this.block, this.start + begin, this.start + end);
  }

  /** Forgets all but the first `n` written bytes; the capacity stays. */
  truncate(n: number): void {
    if (this.block === RELEASED) throwReleased();
    checkInteger('n', n, 0, Number.MAX_SAFE_INTEGER);
    if (n < this.end - this.start) this.end = this.start + n;
  }

  /** Forgets what was written; the capacity stays. */
  clear(): void {
    this.truncate(0);
  }

  /** Makes the written part `length` long: cut, or filled up with `value`. */
  resize(length: number, value: number): void {
    checkInteger('length', length, 0, 2 ** 31 - 1);
    const more = length - (this.end - this.start);
    if (more > 0) this.putBytes(value, more);
    else this.truncate(length);
  }

  /**
   * Gives the first `n` written bytes back at once: the capacity falls by as much.
   * @throws ArgumentRangeError unless 0 <= n <= length
   */
  advance(n: number): void {
    const { block, start } = this;
    if (block === RELEASED) throwReleased();
    checkInteger('n', n, 0, this.end - start);
    this.start = start + n;
    this.track();
    block.uncover(start, start + n);
  }

  /**
   * Gives the whole capacity back. Exactly once: a second time throws.
   * @throws OwnershipError `ERR_RELEASED`
   */
  release(): void {
    const { block, start, limit } = this;
    if (block === RELEASED) throwReleased();
    this.forget();
    block.uncover(start, limit);
  }

  /** {@link release}, for `using`; nothing when that was done before. */
  [Symbol.dispose](): void {
    if (this.block !== RELEASED) this.release();
  }

  /** Makes this handle a released one: its range has a new owner. */
  protected forget(): void {
    this.untrack();
    this.block = RELEASED;
    this.view = RELEASED.view;
    this.start = 0;
    this.end = 0;
    this.limit = 0;
  }

  private grow(additional: number): void {
    checkInteger('additional', additional, 0, 2 ** 31 - 1);
    const { block, start, end, limit } = this;
    const heap = block.heap!;
    // In place first: what lies behind may be free. As much as moving would give is asked for, then what is needed.
    const remembered = block.isNursed ? 0 : Math.min(block.end - block.base, REMEMBERED_CAPACITY);
    const missing = additional - (limit - end);
    const claimed = block.tryExtend(limit, Math.max(missing, limit - start, remembered - (limit - start))) || block.tryExtend(limit, missing);
    if (claimed > 0) {
      this.limit = limit + claimed;
      this.track();
      return;
    }
    const needed = end - start + additional;
    const wanted = Math.max(needed, Math.min((limit - start) * 2, 2 ** 30), remembered);
    const small = Block.small(heap, wanted);
    const larger = small ?? allocateEither(heap, wanted, needed);
    const newLimit = small === undefined ? larger.end : heap.nursery.at;
    const newStart = small === undefined ? larger.base : newLimit - wanted;
    copyAcross(block, start, end, larger, newStart);
    this.block = larger;
    this.view = larger.view;
    this.start = newStart;
    this.end = newStart + end - start;
    this.limit = newLimit;
    this.track();
    block.uncover(start, limit);
  }
}

// Near the heap's limit room for growth is given up before the bytes themselves are.
function allocateEither(heap: Heap, wanted: number, needed: number): Block {
  try {
    return Block.allocate(heap, wanted);
  } catch (error) {
    if (wanted === needed || !(error instanceof MemoryError)) throw error;
    return Block.allocate(heap, needed);
  }
}
