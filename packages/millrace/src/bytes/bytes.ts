import { ArgumentTypeError, checkInteger } from '../base/arguments.js';
import { OwnershipError } from '../base/errors.js';
import { defaultHeap, type Heap } from '../memory/heap.js';
import { NURSERY_BELOW } from '../memory/nursery.js';
import { Block, EMPTY, RELEASED as RELEASED_BLOCK, Share, throwReleased, type OnRelease } from './block.js';
import { insufficient, type Buf } from './buf.js';
import { copyToHeap } from './copy.js';
import { View } from './view.js';
import type { TextEncoding } from './text.js';
import { watched } from './watch.js';
import { Writable } from './writable.js';

// An own name for the imported constant: V8 folds those into the code, and loads and checks imported ones at every use.
const RELEASED: Block = RELEASED_BLOCK;

/**
 * A read-only handle on a range of bytes that may be shared.
 *
 * A handle owns one count of every byte it covers until it is {@link release released}, exactly once; a byte that no handle covers any more
 * goes back to its heap at once, whatever else of its block is still in use. Splitting and merging cost O(1) and touch no count.
 * Every method of a released handle throws OwnershipError `ERR_RELEASED`.
 */
export class Bytes extends View {
  private declare share: Share | undefined;

  /** The same as {@link over}, at a higher price. */
  constructor(block: Block, start: number, end: number) {
    super(block, start, end);
    return makeBytes(block, start, end, undefined);
  }

  /** A handle that takes over one count of `[start, end)`: for code that manages blocks itself; users get handles from {@link copyOf}, {@link adopt} and BytesMut. */
  static over(block: Block, start: number, end: number): Bytes {
    return makeBytes(block, start, end, undefined);
  }

  /** A handle on no bytes and no memory. */
  static empty(): Bytes {
    return new Handle(EMPTY, 0, 0, undefined);
  }

  /**
   * A copy of `source` in a heap.
   * @param heap @default defaultHeap()
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  static copyOf(source: Uint8Array, heap: Heap = defaultHeap()): Bytes {
    if (!(source instanceof Uint8Array)) throw new ArgumentTypeError('source', 'a Uint8Array', source);
    const length = source.length;
    if (length === 0) return new Handle(EMPTY, 0, 0, undefined);
    const small = Block.small(heap, length);
    const block = small ?? Block.allocate(heap, length);
    const start = small === undefined ? block.base : heap.nursery.at - length;
    const end = start + length;
    copyToHeap(source, heap, start);
    if (block.ledger !== undefined) block.mark(start, end, true);
    if (small === undefined) block.uncover(end, block.end);
    return makeBytes(block, start, end, undefined);
  }

  /**
   * The bytes of `text` in a heap.
   * @param encoding @default 'utf8'
   * @param heap @default defaultHeap()
   */
  static fromText(text: string, encoding: TextEncoding = 'utf8', heap: Heap = defaultHeap()): Bytes {
    if (typeof text !== 'string') throw new ArgumentTypeError('text', 'a string', text);
    // A UTF-16 code unit makes at most three bytes in any encoding. What is not needed goes back, which costs nothing where it is small; else the text is measured.
    const most = text.length * 3;
    const bytes = BytesMut.withCapacity(most < NURSERY_BELOW ? most : Buffer.byteLength(text, encoding), heap);
    bytes.putText(text, encoding);
    return bytes.freeze();
  }

  /**
   * A handle on memory that is not the heap's, without a copy: at most 2 GiB - 1. The memory must stay as it is until its owner is told.
   * @param onRelease called exactly once, synchronously, when no handle covers any byte of it any more; at once when it is empty. What it throws
   *   reaches the caller of the method that gave the last byte back, which has done its work by then.
   */
  static adopt(memory: Uint8Array, onRelease?: OnRelease): Bytes {
    if (!(memory instanceof Uint8Array)) throw new ArgumentTypeError('memory', 'a Uint8Array', memory);
    checkInteger('memory.length', memory.length, 0, 2 ** 31 - 1);
    const bytes = makeBytes(new Block(undefined, memory, 0, memory.length, onRelease), 0, memory.length, undefined);
    if (memory.length === 0) onRelease?.(memory);
    return bytes;
  }

  /** Whether no other handle covers any of this range. An empty range is unique. */
  isUnique(): boolean {
    if (this.block === RELEASED) throwReleased();
    return (this.share === undefined || this.share.count === 1) && this.block.isUnique(this.start, this.end);
  }

  /** Another handle on the same range. Costs the same however many there are. */
  clone(): Bytes {
    const block = this.block;
    if (block === RELEASED) throwReleased();
    let share = this.share;
    if (share !== undefined) share.count += 1;
    else if (this.start !== this.end) {
      share = new Share();
      this.share = share;
    }
    return makeBytes(block, this.start, this.end, share);
  }

  /**
   * Another handle, on `[begin, end)` of this one: no copy.
   * @throws ArgumentRangeError outside 0 <= begin <= end <= length
   */
  slice(begin: number, end: number = this.end - this.start): Bytes {
    const block = this.block;
    if (block === RELEASED) throwReleased();
    const length = this.end - this.start;
    checkOffset(end, length, 'end');
    checkOffset(begin, end, 'begin');
    if (end - begin === length) return this.clone();
    const start = this.start + begin;
    block.cover(start, this.start + end);
    return makeBytes(block, start, this.start + end, undefined);
  }

  /**
   * Another handle on the range of `part`, a view of this handle's own memory: `bytes.toBuffer()` or a part of one.
   * @throws OwnershipError `ERR_FOREIGN_RANGE` when it looks elsewhere
   */
  sliceRef(part: Uint8Array): Bytes {
    if (this.block === RELEASED) throwReleased();
    if (part.length === 0) return makeBytes(this.block, this.start, this.start, undefined);
    const begin = part.byteOffset - this.block.u8.byteOffset - this.start;
    if (part.buffer !== this.block.u8.buffer || begin < 0 || begin + part.length > this.length) {
      throwForeign('the part does not lie inside this handle');
    }
    return this.slice(begin, begin + part.length);
  }

  /**
   * Takes the first `n` bytes off into a handle of their own; this one keeps the rest. O(1).
   * @throws ArgumentRangeError unless 0 <= n <= length
   */
  splitTo(n: number): Bytes {
    const block = this.block;
    if (block === RELEASED) throwReleased();
    const start = this.start;
    checkOffset(n, this.end - start);
    if (this.share !== undefined) this.leave();
    this.start = start + n;
    this.track();
    return makeBytes(block, start, start + n, undefined);
  }

  /**
   * Takes the bytes from `n` on off into a handle of their own; this one keeps the first `n`. O(1).
   * @throws ArgumentRangeError unless 0 <= n <= length
   */
  splitOff(n: number): Bytes {
    const block = this.block;
    if (block === RELEASED) throwReleased();
    const end = this.end;
    checkOffset(n, end - this.start);
    if (this.share !== undefined) this.leave();
    this.end = this.start + n;
    this.track();
    return makeBytes(block, this.end, end, undefined);
  }

  /** Gives all but the first `n` bytes back; nothing happens when there are no more than `n`. */
  truncate(n: number): void {
    if (this.block === RELEASED) throwReleased();
    checkInteger('n', n, 0, Number.MAX_SAFE_INTEGER);
    if (n < this.end - this.start) this.shrink(this.start, this.start + n);
  }

  /** Gives all bytes back; the handle stays, empty. */
  clear(): void {
    if (this.block === RELEASED) throwReleased();
    this.shrink(this.start, this.start);
  }

  /**
   * Gives the first `n` bytes back.
   * @throws ArgumentRangeError unless 0 <= n <= length
   */
  advance(n: number): void {
    if (this.block === RELEASED) throwReleased();
    checkOffset(n, this.end - this.start);
    this.shrink(this.start + n, this.end);
  }

  copyToBytes(n: number): Bytes {
    if (n > this.remaining) throw insufficient(n, this.remaining);
    return this.splitTo(n);
  }

  /**
   * Takes `next`, which must begin where this one ends in the same block, into this handle: no copy, O(1). Gives false and changes
   * nothing when it does not. An empty handle merges with any.
   * @returns whether `next` was merged; it counts as released then
   */
  tryMerge(next: Bytes): boolean {
    if (this.block === RELEASED || next.block === RELEASED) throwReleased();
    if (next === this) return false;
    if (next.start === next.end) {
      next.forget();
      return true;
    }
    if (this.start === this.end) {
      this.block = next.block;
      this.start = next.start;
      this.end = next.end;
      this.share = next.share;
      next.forget();
      if (this.block.ledger !== undefined) watched(this);
      return true;
    }
    if (this.block !== next.block || this.end !== next.start) return false;
    if (this.share !== undefined) this.leave();
    if (next.share !== undefined) next.leave();
    this.end = next.end;
    next.forget();
    this.track();
    return true;
  }

  /**
   * Takes the range back for writing, when nothing else covers it and it lies in a heap; the handle counts as released then.
   * @returns undefined, and this handle as it was, when the range is shared or adopted
   */
  tryIntoMut(): BytesMut | undefined {
    const block = this.block;
    if (block.heap === undefined || !this.isUnique()) {
      if (block === RELEASED) throwReleased();
      return undefined;
    }
    const { start, end } = this;
    this.forget();
    block.mark(start, end, false);
    return makeMut(block, start, end, end);
  }

  /** The bytes for writing: the same memory when nothing else covers it, else a copy. The handle counts as released. */
  intoMut(heap: Heap = this.block.heap ?? defaultHeap()): BytesMut {
    const own = this.tryIntoMut();
    if (own !== undefined) return own;
    const copy = BytesMut.withCapacity(this.length, heap);
    copy.putRange(this.block, this.start, this.end);
    this.release();
    return copy;
  }

  /**
   * Hands the count of the range over to the caller, who has read `block`, `start` and `end` and calls `block.uncover` in the end: for code that
   * keeps ranges of its own. The handle counts as released.
   */
  disown(): void {
    if (this.block === RELEASED) throwReleased();
    if (this.share !== undefined) this.leave();
    this.forget();
  }

  /** Like {@link disown}, but a whole-range clone hands over its place in the group of clones, if it is in one. */
  disownShare(): Share | undefined {
    if (this.block === RELEASED) throwReleased();
    const { share } = this;
    this.forget();
    return share;
  }

  /**
   * Gives the range back. Exactly once: a second time throws.
   * @throws OwnershipError `ERR_RELEASED`
   */
  release(): void {
    const { block, start, end, share } = this;
    this.untrack();
    this.block = RELEASED;
    this.start = 0;
    this.end = 0;
    if (share !== undefined) {
      this.share = undefined;
      if (share.count > 1) {
        share.count -= 1;
        return;
      }
    }
    block.uncover(start, end);
  }

  /** {@link release}, for `using`; nothing when that was done before. */
  [Symbol.dispose](): void {
    if (this.block !== RELEASED) this.release();
  }

  // Leaves the group of clones: from here on this handle's count is the overlay's, or the block's own when it was alone.
  private leave(): void {
    const share = this.share!;
    this.share = undefined;
    if (share.count === 1) return;
    share.count -= 1;
    this.block.cover(this.start, this.end);
  }

  // Keeps [start, end) of the range and gives the rest, at one end, back.
  private shrink(start: number, end: number): void {
    const { block, start: oldStart, end: oldEnd } = this;
    const share = this.share;
    this.start = start;
    this.end = end;
    this.track();
    if (share !== undefined) {
      this.share = undefined;
      if (share.count > 1) {
        share.count -= 1;
        block.cover(start, end);
        return;
      }
    }
    if (oldStart < start) block.uncover(oldStart, start);
    else block.uncover(end, oldEnd);
  }

  private forget(): void {
    this.untrack();
    this.block = RELEASED;
    this.start = 0;
    this.end = 0;
    this.share = undefined;
  }
}

/**
 * A handle on a range of a heap that nothing else covers, for writing: `[start, end)` is written and readable, `[end, limit)` is spare.
 *
 *     start            end            limit
 *     | length bytes   | spareLength  |
 *     | capacity bytes                |
 *
 * Writing past the capacity moves the bytes to a larger place. Splitting costs O(1) and gives handles that are each on their own. Every method
 * of a released or frozen handle throws OwnershipError `ERR_RELEASED`.
 */
export class BytesMut extends Writable {
  /** The same as {@link over}, at a higher price. */
  constructor(block: Block, start: number, end: number, limit: number) {
    super(block, start, end, limit);
    return makeMut(block, start, end, limit);
  }

  /** A buffer that takes over `[start, limit)`, which nothing else covers: for code that manages blocks itself. */
  static over(block: Block, start: number, end: number, limit: number): BytesMut {
    return makeMut(block, start, end, limit);
  }

  /**
   * An empty buffer with room for at least `capacity` bytes.
   * @param heap @default defaultHeap()
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  static withCapacity(capacity: number, heap: Heap = defaultHeap()): BytesMut {
    checkInteger('capacity', capacity, 0, 2 ** 31 - 1);
    const small = Block.small(heap, capacity);
    if (small !== undefined) {
      const limit = heap.nursery.at;
      return makeMut(small, limit - capacity, limit - capacity, limit);
    }
    const block = Block.allocate(heap, capacity);
    return makeMut(block, block.base, block.base, block.end);
  }

  /** A buffer of `length` zero bytes. */
  static zeroed(length: number, heap: Heap = defaultHeap()): BytesMut {
    const bytes = BytesMut.withCapacity(length, heap);
    bytes.putBytes(0, length);
    return bytes;
  }

  /** A buffer that begins with a copy of `source`. */
  static copyOf(source: Uint8Array, heap: Heap = defaultHeap()): BytesMut {
    if (!(source instanceof Uint8Array)) throw new ArgumentTypeError('source', 'a Uint8Array', source);
    const bytes = BytesMut.withCapacity(source.length, heap);
    bytes.putSlice(source);
    return bytes;
  }

  /** Makes the written part read-only and gives the spare part back. This handle counts as released then. O(1). */
  freeze(): Bytes {
    const { block, start, end, limit } = this;
    if (block === RELEASED) throwReleased();
    this.forget();
    if (block.ledger !== undefined) block.mark(start, end, true);
    block.uncover(end, limit);
    return makeBytes(block, start, end, undefined);
  }

  /**
   * Takes the first `n` written bytes off into a buffer of their own, without spare room; this one keeps the rest. O(1).
   * @throws ArgumentRangeError unless 0 <= n <= length
   */
  splitTo(n: number): BytesMut {
    const { block, start } = this;
    if (block === RELEASED) throwReleased();
    checkOffset(n, this.end - start);
    this.start = start + n;
    this.track();
    return makeMut(block, start, start + n, start + n);
  }

  /**
   * Takes everything from `n` on, spare room included, off into a buffer of its own; this one keeps `n` bytes of capacity. O(1).
   * @throws ArgumentRangeError unless 0 <= n <= capacity
   */
  splitOff(n: number): BytesMut {
    const { block, end, limit } = this;
    if (block === RELEASED) throwReleased();
    checkOffset(n, limit - this.start);
    const at = this.start + n;
    this.limit = at;
    if (at < end) this.end = at;
    this.track();
    return makeMut(block, at, Math.max(at, end), limit);
  }

  copyToBytes(n: number): Bytes {
    if (n > this.remaining) throw insufficient(n, this.remaining);
    return this.splitTo(n).freeze();
  }

  /** Appends all that remains in `source`, consuming it. An empty buffer that would have to grow takes a unique Bytes over without a copy. */
  override put(source: Buf): void {
    const { block } = this;
    if (source instanceof Bytes && this.end === this.start && source.length > this.limit - this.start && source.block.heap === block.heap && source.isUnique()) {
      this.tryUnsplit(source.splitTo(source.length).tryIntoMut()!);
      return;
    }
    super.put(source);
  }

  /** Takes the written bytes off into a buffer of their own; this one keeps the spare room. O(1). */
  split(): BytesMut {
    return this.splitTo(this.end - this.start);
  }

  /**
   * Takes `next` into this buffer without a copy, when this one is full and `next` begins where it ends, or when either is empty.
   * @returns whether `next` was merged; it counts as released then
   */
  tryUnsplit(next: BytesMut): boolean {
    if (this.block === RELEASED || next.block === RELEASED) throwReleased();
    if (next === this) return false;
    if (this.block === next.block && this.limit === next.start && this.end === this.limit) {
      this.end = next.end;
      this.limit = next.limit;
      next.forget();
      this.track();
      return true;
    }
    if (next.start === next.end) {
      next.release();
      return true;
    }
    if (this.start !== this.end) return false;
    const { block, start, limit } = this;
    this.block = next.block;
    this.view = next.block.view;
    this.start = next.start;
    this.end = next.end;
    this.limit = next.limit;
    next.forget();
    if (this.block.ledger !== undefined) watched(this);
    block.uncover(start, limit);
    return true;
  }

  /** Takes `next` into this buffer: without a copy where {@link tryUnsplit} can, else by appending its bytes. `next` counts as released. */
  unsplit(next: BytesMut): void {
    if (next === this) return;
    if (this.tryUnsplit(next)) return;
    this.putRange(next.block, next.start, next.end);
    next.release();
  }
}

// What makes the handles. A derived class's constructor may return another object, so V8 never removes what it makes, not even a handle that does not
// leave its function, and lets it cost more where it stays: 700 young collections for ten million handles, against none. Plain functions with the
// classes' prototypes make the same objects without that.
type HandleConstructor = new (block: Block, start: number, end: number, share: Share | undefined) => Bytes;
const Handle: HandleConstructor = function (this: Fields, block: Block, start: number, end: number, share: Share | undefined): void {
  this.block = block;
  this.start = start;
  this.end = end;
  this.share = share;
} as unknown as HandleConstructor;
(Handle as { prototype: Bytes }).prototype = Bytes.prototype;

type MutHandleConstructor = new (block: Block, start: number, end: number, limit: number) => BytesMut;
const MutHandle: MutHandleConstructor = function (this: Fields, block: Block, start: number, end: number, limit: number): void {
  this.block = block;
  this.start = start;
  this.end = end;
  this.limit = limit;
  this.view = block.view;
} as unknown as MutHandleConstructor;
(MutHandle as { prototype: BytesMut }).prototype = BytesMut.prototype;

// Debug mode's handles are told apart here and by a prototype of their own, so that others have nothing to do with it: a call that a handle goes into
// keeps V8 from removing it, even one that never happens.
function makeBytes(block: Block, start: number, end: number, share: Share | undefined): Bytes {
  return block.ledger === undefined ? new Handle(block, start, end, share) : watched(new Handle(block, start, end, share));
}

function makeMut(block: Block, start: number, end: number, limit: number): BytesMut {
  return block.ledger === undefined ? new MutHandle(block, start, end, limit) : watched(new MutHandle(block, start, end, limit));
}

interface Fields {
  block: Block;
  start: number;
  end: number;
  share: Share | undefined;
  limit: number;
  view: DataView;
}

function checkOffset(n: number, length: number, name: string = 'n'): void {
  // Small integers pass without a call.
  if ((n | 0) !== n || n < 0 || n > length) checkInteger(name, n, 0, length);
}

function throwForeign(message: string): never {
  throw new OwnershipError('ERR_FOREIGN_RANGE', message);
}
