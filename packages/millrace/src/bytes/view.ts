import { checkInteger } from '../base/arguments.js';
import { RELEASED as RELEASED_BLOCK, throwReleased, type Block } from './block.js';
import { Buf, insufficient } from './buf.js';
import { copyOut } from './copy.js';
import { inspectBytes, showAs } from './inspect.js';
import { bufferOf } from './memory-views.js';
import { blockOver, compareRanges, indexOfByte, indexOfPattern, lastIndexOfByte, lastIndexOfPattern, needleBytes, type Needle } from './search.js';
import type { TextEncoding } from './text.js';

// An own name for the imported constant: V8 folds those into the code, and loads and checks imported ones at every use.
const RELEASED: Block = RELEASED_BLOCK;

/** The reading side of a handle: one chunk, and whatever looks at it without touching its count. */
export abstract class View extends Buf {
  static {
    showAs(this.prototype, (view) => inspectBytes(view.constructor.name, view.block, view.start, view.end));
  }

  /** Readable bytes. Zero once released. */
  get length(): number {
    return this.end - this.start;
  }

  /** The same as {@link length}, as Buf has it. @throws OwnershipError `ERR_RELEASED` */
  get remaining(): number {
    if (this.block === RELEASED) throwReleased();
    return this.end - this.start;
  }

  get isEmpty(): boolean {
    return this.start === this.end;
  }

  /** Whether this handle was released, taken or merged into another. */
  get isReleased(): boolean {
    return this.block === RELEASED;
  }

  /**
   * The byte at `index`; undefined outside.
   * @throws OwnershipError `ERR_RELEASED`
   */
  at(index: number): number | undefined {
    const position = this.start + index;
    if (index >= 0 && position < this.end) return this.block.u8[position];
    if (this.block === RELEASED) throwReleased();
    return undefined;
  }

  /**
   * Debug mode: which parts of this range are read-only, as indexes in order: a Bytes was made of them and they were not taken back for writing.
   * Undefined where the heap is not in debug mode, or the memory is adopted: then nobody keeps books of it.
   */
  frozenRanges(): [begin: number, end: number][] | undefined {
    if (this.block === RELEASED) throwReleased();
    return this.block.frozenRanges(this.start, this.end)?.map(([begin, end]) => [begin - this.start, end - this.start]);
  }

  /** A view, without a copy: valid until this range is released. Shared memory: see docs/bytes.md for the Web APIs that refuse it. */
  toBuffer(): Buffer {
    if (this.block === RELEASED) throwReleased();
    return this.chunk();
  }

  /** A copy in memory of its own, that goes anywhere and stays valid. */
  copyToBuffer(): Buffer {
    if (this.block === RELEASED) throwReleased();
    const copy = Buffer.allocUnsafe(this.end - this.start);
    copyOut(this.block, this.start, this.end, copy, 0);
    return copy;
  }

  /** A copy as an ArrayBuffer of its own. */
  toArrayBuffer(): ArrayBuffer {
    if (this.block === RELEASED) throwReleased();
    const copy = new ArrayBuffer(this.end - this.start);
    copyOut(this.block, this.start, this.end, new Uint8Array(copy), 0);
    return copy;
  }

  /**
   * Copies all bytes into `target` at `offset`; consumes nothing.
   * @throws ArgumentRangeError when they do not fit
   */
  copyTo(target: Uint8Array, offset: number = 0): void {
    if (this.block === RELEASED) throwReleased();
    checkInteger('offset', offset, 0, target.length - this.length);
    copyOut(this.block, this.start, this.end, target, offset);
  }

  peekTo(target: Uint8Array, n: number): void {
    if (this.block === RELEASED) throwReleased();
    if (n > this.end - this.start) throw insufficient(n, this.end - this.start);
    copyOut(this.block, this.start, this.start + n, target, 0);
  }

  /**
   * The bytes as text; what is no valid UTF-8 becomes U+FFFD.
   * @param encoding @default 'utf8'
   */
  override toString(encoding: TextEncoding = 'utf8'): string {
    if (this.block === RELEASED) throwReleased();
    return bufferOf(this.block).toString(encoding, this.start, this.end);
  }

  /** Index of the first `needle` (a byte, bytes, or text in UTF-8) at or after `from`, or -1. */
  indexOf(needle: Needle, from: number = 0): number {
    const { block, start, end } = this;
    if (block === RELEASED) throwReleased();
    if (from !== 0) checkInteger('from', from, 0, end - start);
    let found: number;
    if (typeof needle === 'number') {
      if ((needle & 0xff) !== needle) checkInteger('needle', needle, 0, 255);
      found = indexOfByte(block, start + from, end, needle);
    } else found = indexOfPattern(block, start + from, end, needleBytes(needle));
    return found < 0 ? -1 : found - start;
  }

  /** Index of the last `needle`, or -1. */
  lastIndexOf(needle: Needle): number {
    if (this.block === RELEASED) throwReleased();
    const { block, start, end } = this;
    const found = typeof needle === 'number' ? lastIndexOfByte(block, start, end, checkInteger('needle', needle, 0, 255)) : lastIndexOfPattern(block, start, end, needleBytes(needle));
    return found < 0 ? -1 : found - start;
  }

  /** Whether `needle` occurs. */
  includes(needle: Needle): boolean {
    return this.indexOf(needle) >= 0;
  }

  /** Whether the contents are the same. */
  equals(other: View | Uint8Array): boolean {
    return this.length === other.length && this.compare(other) === 0;
  }

  /** Compares the contents byte by byte: below, at or above zero. A prefix comes first. */
  compare(other: View | Uint8Array): number {
    if (this.block === RELEASED) throwReleased();
    if (!(other instanceof View)) return compareRanges(this.block, this.start, this.end, blockOver(other), 0, other.length);
    if (other.block === RELEASED) throwReleased();
    return compareRanges(this.block, this.start, this.end, other.block, other.start, other.end);
  }

  /** Whether the contents begin with `prefix`: bytes, or text in UTF-8. */
  startsWith(prefix: View | Uint8Array | string): boolean {
    return this.matches(prefix, true);
  }

  /** Whether the contents end with `suffix`: bytes, or text in UTF-8. */
  endsWith(suffix: View | Uint8Array | string): boolean {
    return this.matches(suffix, false);
  }

  /** A 32-bit hash of the contents (FNV-1a), for tables; the same for equal bytes, wherever they lie. Not for hostile keys. */
  hash(): number {
    if (this.block === RELEASED) throwReleased();
    const memory = this.block.u8;
    let hash = 0x811c_9dc5;
    for (let i = this.start; i < this.end; i += 1) hash = Math.imul(hash ^ memory[i]!, 0x0100_0193);
    return hash >>> 0;
  }

  /** The bytes, one by one. */
  *[Symbol.iterator](): IterableIterator<number> {
    for (let i = 0; i < this.length; i += 1) yield this.at(i)!;
  }

  /** The bytes as one chunk: a view, valid until the range is released. So a handle goes where an async iterable of Buffers does. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<Buffer> {
    if (this.remaining > 0) yield this.toBuffer();
  }

  /** As Buffer's. */
  toJSON(): { type: 'Buffer'; data: number[] } {
    return { type: 'Buffer', data: [...this] };
  }

  /** Enters the handle's range, as it is now, in the books of debug mode. For handles in no books, which is all but debug mode's, nothing; see watch.ts. */
  protected track(): void {}

  /** Strikes the handle from them. */
  protected untrack(): void {}

  private matches(part: View | Uint8Array | string, atStart: boolean): boolean {
    if (this.block === RELEASED) throwReleased();
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    const n = bytes.length;
    if (n > this.end - this.start) return false;
    const position = atStart ? this.start : this.end - n;
    if (!(bytes instanceof View)) return compareRanges(this.block, position, position + n, blockOver(bytes), 0, n) === 0;
    if (bytes.block === RELEASED) throwReleased();
    return compareRanges(this.block, position, position + n, bytes.block, bytes.start, bytes.end) === 0;
  }
}
