import { checkInteger } from '../base/arguments.js';
import { RELEASED, throwReleased, type Block } from './block.js';
import { copyOut } from './copy.js';

/**
 * A handle's reading side: a range of a block, and whatever looks at it without touching its count.
 *
 * `block`, `start` and `end` are for code that hands the range to a kernel or to Node; they are never to be written.
 */
export abstract class View {
  /** The memory this handle looks into. */
  block: Block;
  /** Position in `block.u8` of the first byte: its address, when `block.heap` is set. */
  start: number;
  /** Position in `block.u8` after the last byte. */
  end: number;

  constructor(block: Block, start: number, end: number) {
    this.block = block;
    this.start = start;
    this.end = end;
  }

  /** Readable bytes. Zero once released. */
  get length(): number {
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

  /** A view, without a copy: valid until this range is released. Shared memory: see docs/bytes.md for the Web APIs that refuse it. */
  toBuffer(): Buffer {
    if (this.block === RELEASED) throwReleased();
    const memory = this.block.u8;
    return Buffer.from(memory.buffer as ArrayBuffer, memory.byteOffset + this.start, this.end - this.start);
  }

  /** A copy in memory of its own, that goes anywhere and stays valid. */
  copyToBuffer(): Buffer {
    if (this.block === RELEASED) throwReleased();
    const copy = Buffer.allocUnsafe(this.end - this.start);
    copyOut(this.block, this.start, this.end, copy, 0);
    return copy;
  }

  /**
   * Copies all bytes into `target` at `offset`.
   * @throws ArgumentRangeError when they do not fit
   */
  copyTo(target: Uint8Array, offset: number = 0): void {
    if (this.block === RELEASED) throwReleased();
    checkInteger('offset', offset, 0, target.length - this.length);
    copyOut(this.block, this.start, this.end, target, offset);
  }
}
