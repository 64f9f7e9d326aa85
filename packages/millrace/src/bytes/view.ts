import { checkInteger } from '../base/arguments.js';
import { RELEASED, throwReleased } from './block.js';
import { Buf, insufficient } from './buf.js';
import { copyOut } from './copy.js';

/** The reading side of a handle: one chunk, and whatever looks at it without touching its count. */
export abstract class View extends Buf {
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
}
