import { ArgumentTypeError, checkInteger } from '../base/arguments.js';
import { defaultHeap, type Heap } from '../memory/heap.js';
import { EMPTY, RELEASED as RELEASED_BLOCK, throwReleased, type Block } from './block.js';
import { Buf, insufficient } from './buf.js';
import { Bytes, BytesMut } from './bytes.js';
import { copyOut } from './copy.js';
import { inspectBytes, showAs } from './inspect.js';
import { MOST_PLACES, Parts } from './parts.js';
import { findInParts, PartWalker } from './rope-search.js';
import { needleBytes, type Needle } from './search.js';
import type { TextEncoding } from './text.js';
import { View } from './view.js';

// An own name for the imported constant: V8 folds those into the code, and loads and checks imported ones at every use.
const RELEASED: Block = RELEASED_BLOCK;

/**
 * Many Bytes as one sequence, without a copy; also a Buf.
 *
 * A rope owns its parts as a handle owns its range: release it exactly once. Appending costs O(1), `at`, `slice` and splitting a binary search
 * over the parts; a byte goes back to its heap when no rope and no handle covers it any more. Every method of a released rope throws
 * OwnershipError `ERR_RELEASED`. At most 1 GiB.
 */
export class Rope extends Buf {
  static {
    showAs(this.prototype, (rope) => rope.describe());
  }

  private declare parts: Parts;
  /** Places of the line that this rope covers. */
  private declare from: number;
  private declare to: number;

  /** An empty rope. */
  constructor() {
    super(EMPTY, 0, 0);
    // The line is made with the first part: most ropes are windows on another's.
    this.parts = NOTHING;
    this.from = 0;
    this.to = 0;
  }

  /** A rope of `parts`, which it takes over: they count as released. */
  static of(...parts: readonly (Bytes | Rope)[]): Rope {
    const rope = new Rope();
    for (const part of parts) rope.append(part);
    return rope;
  }

  /** Bytes in all parts. */
  get length(): number {
    return this.to - this.from;
  }

  /** The same as {@link length}, as Buf has it. @throws OwnershipError `ERR_RELEASED` */
  get remaining(): number {
    if (this.block === RELEASED) throwReleased();
    return this.to - this.from;
  }

  get isEmpty(): boolean {
    return this.from === this.to;
  }

  get isReleased(): boolean {
    return this.block === RELEASED;
  }

  /** Parts, where neighbours that touch count as one. */
  get partCount(): number {
    if (this.from === this.to) return 0;
    return this.parts.indexOf(this.to - 1) - this.parts.indexOf(this.from) + 1;
  }

  /** Takes `next` over at the end: no copy. O(1) for Bytes and for what was split off this rope's end, else by the number of its parts. */
  append(next: Bytes | Rope): void {
    if (!(next instanceof Bytes)) {
      this.appendRope(next);
      return;
    }
    const { block, start, end } = next;
    if (this.block === RELEASED || block === RELEASED) throwReleased();
    if (start === end) {
      next.release();
      return;
    }
    this.makeRoomAtEnd(end - start);
    const continued = this.parts.part(block, start, end, next.disownShare());
    const { from, to } = this;
    this.to = this.parts.high;
    if (from === to) {
      this.block = block;
      this.start = start;
      this.end = end;
    } else if (continued && to - from === this.end - this.start) this.end = end;
  }

  /** Takes `previous` over at the beginning: no copy. */
  prepend(previous: Bytes | Rope): void {
    if (this.takes(previous, true)) return;
    checkInteger('the length of the rope', this.length + previous.length, 0, MOST_PLACES);
    if (this.parts === NOTHING || this.from !== this.parts.low || !this.parts.hasRoom(previous.length)) this.relocate();
    if (previous instanceof Rope) {
      const ranges: [Block, number, number][] = [];
      previous.moveOut({ part: (block, start, end) => ranges.push([block, start, end]) });
      for (const [block, start, end] of ranges.toReversed()) this.parts.unshift(block, start, end);
    } else {
      const { block, start, end } = previous;
      previous.disown();
      this.parts.unshift(block, start, end);
    }
    this.from = this.parts.low;
    this.look();
  }

  /** The byte at `index`; undefined outside. */
  at(index: number): number | undefined {
    if (this.block === RELEASED) throwReleased();
    if ((index | 0) !== index || index < 0 || index >= this.to - this.from) return undefined;
    if (this.start + index < this.end) return this.block.u8[this.start + index];
    const i = this.parts.indexOf(this.from + index);
    return this.parts.blockOf(i).u8[this.from + index + this.parts.shiftOf(i)];
  }

  /** Another rope on `[begin, end)` of this one: no copy, whatever the number of parts. */
  slice(begin: number, end: number = this.to - this.from): Rope {
    if (this.block === RELEASED) throwReleased();
    checkInteger('end', end, 0, this.to - this.from);
    checkInteger('begin', begin, 0, end);
    this.parts.cover(this.from + begin, this.from + end);
    return this.window(this.from + begin, this.from + end);
  }

  /** Another rope on the same bytes. */
  clone(): Rope {
    return this.slice(0);
  }

  /** Takes the first `n` bytes off into a rope of their own; this one keeps the rest. */
  splitTo(n: number): Rope {
    if (this.block === RELEASED) throwReleased();
    checkInteger('n', n, 0, this.to - this.from);
    const head = this.window(this.from, this.from + n);
    this.from += n;
    this.look();
    return head;
  }

  /** Takes the bytes from `n` on off into a rope of their own; this one keeps the first `n`. */
  splitOff(n: number): Rope {
    if (this.block === RELEASED) throwReleased();
    checkInteger('n', n, 0, this.to - this.from);
    const tail = this.window(this.from + n, this.to);
    this.to = this.from + n;
    this.look();
    return tail;
  }

  /** Gives all but the first `n` bytes back; nothing happens when there are no more than `n`. */
  truncate(n: number): void {
    if (this.block === RELEASED) throwReleased();
    checkInteger('n', n, 0, Number.MAX_SAFE_INTEGER);
    const { to } = this;
    if (n >= to - this.from) return;
    this.to = this.from + n;
    this.look();
    this.parts.uncover(this.to, to);
  }

  /** Gives all bytes back; the rope stays, empty. */
  clear(): void {
    this.truncate(0);
  }

  /** Gives the first `n` bytes back. */
  advance(n: number): void {
    if (this.block === RELEASED) throwReleased();
    const { from } = this;
    if ((n | 0) !== n || n < 0 || n > this.to - from) checkInteger('n', n, 0, this.to - from);
    this.from = from + n;
    if (n < this.end - this.start) this.start += n;
    else this.look();
    this.parts.uncover(from, from + n);
  }

  /** Gives everything back. Exactly once: a second time throws. */
  release(): void {
    if (this.block === RELEASED) throwReleased();
    const { parts, from, to } = this;
    this.forget();
    parts.uncover(from, to);
  }

  /** {@link release}, for `using`; nothing when that was done before. */
  [Symbol.dispose](): void {
    if (this.block !== RELEASED) this.release();
  }

  /** Whether nothing else covers any of these bytes. */
  isUnique(): boolean {
    if (this.block === RELEASED) throwReleased();
    return this.parts.isUnique(this.from, this.to);
  }

  /** The parts as handles of their own; the rope counts as released. */
  intoParts(): Bytes[] {
    const list: Bytes[] = [];
    if (this.block === RELEASED) throwReleased();
    this.moveOut({ part: (block, start, end) => list.push(Bytes.over(block, start, end)) });
    return list;
  }

  /**
   * All bytes in one piece: without a copy when they lie together, else with one. The rope counts as released.
   * @throws MemoryError `ERR_MEMORY_LIMIT`, the rope as it was
   */
  flatten(heap: Heap = this.block.heap ?? defaultHeap()): Bytes {
    if (this.block === RELEASED) throwReleased();
    if (this.partCount <= 1) return this.intoParts()[0] ?? Bytes.empty();
    const copy = BytesMut.withCapacity(this.length, heap);
    this.parts.each(this.from, this.to, { part: (block, start, end) => copy.putRange(block, start, end) });
    this.release();
    return copy.freeze();
  }

  copyToBytes(n: number, heap?: Heap): Bytes {
    if (n > this.remaining) throw insufficient(n, this.remaining);
    checkInteger('n', n, 0, this.remaining);
    const head = this.splitTo(n);
    try {
      return head.flatten(heap);
    } catch (error) {
      this.prepend(head);
      throw error;
    }
  }

  peekTo(target: Uint8Array, n: number): void {
    if (n > this.remaining) throw insufficient(n, this.remaining);
    let at = 0;
    this.parts.each(this.from, this.from + n, {
      part: (block, start, end) => {
        copyOut(block, start, end, target, at);
        at += end - start;
      },
    });
  }

  /** Copies all bytes into `target` at `offset`; consumes nothing. */
  copyTo(target: Uint8Array, offset: number = 0): void {
    checkInteger('offset', offset, 0, target.length - this.remaining);
    this.peekTo(target.subarray(offset), this.length);
  }

  /** A copy of all bytes in memory of its own. */
  copyToBuffer(): Buffer {
    const copy = Buffer.allocUnsafe(this.remaining);
    this.peekTo(copy, copy.length);
    return copy;
  }

  /** Views of the parts, for writev: valid until the rope gives them back. */
  toIovec(): Buffer[] {
    return this.chunksVectored();
  }

  override chunksVectored(most: number = Number.MAX_SAFE_INTEGER): Buffer[] {
    checkInteger('most', most, 0, Number.MAX_SAFE_INTEGER);
    const list: Buffer[] = [];
    if (this.remaining === 0) return list;
    const first = this.parts.indexOf(this.from);
    const last = Math.min(this.parts.indexOf(this.to - 1), first + most - 1);
    for (let i = first; i <= last; i += 1) {
      const { u8 } = this.parts.blockOf(i);
      const shift = this.parts.shiftOf(i);
      const start = Math.max(this.from, this.parts.startOf(i));
      list.push(Buffer.from(u8.buffer as ArrayBuffer, u8.byteOffset + start + shift, Math.min(this.to, this.parts.endOf(i)) - start));
    }
    return list;
  }

  /** Views of the parts, one after the other. */
  *chunks(): IterableIterator<Buffer> {
    for (const chunk of this.chunksVectored()) yield chunk;
  }

  /** The bytes, one by one. */
  *[Symbol.iterator](): IterableIterator<number> {
    for (const chunk of this.chunksVectored()) yield* chunk;
  }

  /** Views of the parts: a rope goes where an async iterable of Buffers does. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<Buffer> {
    for (const chunk of this.chunksVectored()) yield chunk;
  }

  /** Index of the first `needle` (a byte, bytes, or text in UTF-8) at or after `from`, also across parts, or -1. */
  indexOf(needle: Needle, from: number = 0): number {
    checkInteger('from', from, 0, this.remaining);
    const what = typeof needle === 'number' ? checkInteger('needle', needle, 0, 255) : needleBytes(needle);
    const found = findInParts(this.parts, this.from + from, this.to, what);
    return found < 0 ? -1 : found + from;
  }

  includes(needle: Needle): boolean {
    return this.indexOf(needle) >= 0;
  }

  /** Whether the contents are the same. */
  equals(other: Rope | View | Uint8Array): boolean {
    return this.remaining === other.length && this.compare(other) === 0;
  }

  /** Compares the contents byte by byte: below, at or above zero. A prefix comes first. */
  compare(other: Rope | View | Uint8Array): number {
    return this.walk().compare(other instanceof Rope ? other.walk() : PartWalker.over(other));
  }

  /** The bytes as text. */
  override toString(encoding: TextEncoding = 'utf8'): string {
    return this.remaining === this.end - this.start ? this.chunk().toString(encoding) : this.copyToBuffer().toString(encoding);
  }

  /** As Buffer's. */
  toJSON(): { type: 'Buffer'; data: number[] } {
    return { type: 'Buffer', data: [...this] };
  }

  private walk(): PartWalker {
    if (this.block === RELEASED) throwReleased();
    return new PartWalker(this.parts, this.from, this.to);
  }

  // What append and prepend have in common: checks, nothing to take, and what continues this rope on its own line.
  private takes(other: Bytes | Rope, before: boolean): boolean {
    if (this.block === RELEASED || other.block === RELEASED) throwReleased();
    if (other === this) throw new ArgumentTypeError('part', 'another rope', other);
    if (!(other instanceof Rope) && !(other instanceof Bytes)) throw new ArgumentTypeError('part', 'Bytes or a Rope', other);
    if (other.length === 0) {
      other.release();
      return true;
    }
    if (!(other instanceof Rope)) return false;
    if (this.from === this.to) {
      this.parts = other.parts;
      this.from = other.from;
      this.to = other.to;
    } else if (other.parts !== this.parts) return false;
    else if (!before && other.from === this.to) this.to = other.to;
    else if (before && other.to === this.from) this.from = other.from;
    else return false;
    other.forget();
    this.look();
    return true;
  }

  private appendRope(next: Rope): void {
    if (this.takes(next, false)) return;
    this.makeRoomAtEnd(next.length);
    next.moveOut(this.parts);
    this.to = this.parts.high;
    this.look();
  }

  private makeRoomAtEnd(n: number): void {
    const { parts } = this;
    if (parts !== NOTHING && this.to === parts.high && parts.hasRoom(n)) return;
    if (this.from === this.to && n <= MOST_PLACES) {
      this.parts = new Parts();
      this.from = 0;
      this.to = 0;
      return;
    }
    checkInteger('the length of the rope', this.length + n, 0, MOST_PLACES);
    this.relocate();
  }

  private moveOut(sink: { part(block: Block, start: number, end: number): void }): void {
    const { parts, from, to } = this;
    this.forget();
    parts.moveOut(from, to, sink);
  }

  // Moves to a line of its own: something else follows on this one, or its places run out.
  private relocate(): void {
    const fresh = new Parts();
    this.parts.moveOut(this.from, this.to, fresh);
    this.parts = fresh;
    this.from = fresh.low;
    this.to = fresh.high;
  }

  private window(from: number, to: number): Rope {
    const rope = new Window(this.parts, from, to);
    rope.look();
    return rope;
  }

  // Puts the chunk where the rope begins.
  private look(): void {
    if (this.from === this.to) {
      this.block = EMPTY;
      this.start = 0;
      this.end = 0;
      return;
    }
    const i = this.parts.indexOf(this.from);
    const shift = this.parts.shiftOf(i);
    this.block = this.parts.blockOf(i);
    this.start = this.from + shift;
    this.end = Math.min(this.to, this.parts.endOf(i)) + shift;
  }

  private forget(): void {
    this.parts = NOTHING;
    this.from = 0;
    this.to = 0;
    this.block = RELEASED;
    this.start = 0;
    this.end = 0;
  }

  private describe(): string {
    if (this.block === RELEASED) return 'Rope(released)';
    return `${inspectBytes('Rope', this.block, this.start, this.end).replace(/^Rope\(\d+\)/, `Rope(${this.length}) of ${this.partCount} parts,`)}${this.partCount > 1 ? ' ...' : ''}`;
  }
}

/** The line of ropes that never had a part. */
const NOTHING = new Parts();

// Makes ropes on a line that is there, without a derived class's constructor: see Handle in bytes.ts.
type WindowConstructor = new (parts: Parts, from: number, to: number) => Rope;
const Window: WindowConstructor = function (this: Fields, parts: Parts, from: number, to: number): void {
  this.block = EMPTY;
  this.start = 0;
  this.end = 0;
  this.parts = parts;
  this.from = from;
  this.to = to;
} as unknown as WindowConstructor;
(Window as { prototype: Rope }).prototype = Rope.prototype;

interface Fields {
  block: Block;
  start: number;
  end: number;
  parts: Parts;
  from: number;
  to: number;
}

/** The bytes of `parts` one after the other, as one Buf: a Rope, which takes them over. */
export function chain(...parts: readonly (Bytes | Rope)[]): Rope {
  return Rope.of(...parts);
}
