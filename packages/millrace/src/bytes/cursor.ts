import { checkInteger } from '../base/arguments.js';
import type { Heap } from '../memory/heap.js';
import { Block } from './block.js';
import { Buf, insufficient } from './buf.js';
import { Bytes } from './bytes.js';
import { copyOut } from './copy.js';
import { View } from './view.js';

/**
 * Reads a handle, or any Uint8Array, from a position that moves, and leaves it as it is: the fastest way to parse. It owns nothing: valid until the
 * handle is released or changed.
 */
export class Cursor extends Buf {
  // Declared, not defined: see Buf.
  private declare readonly source: View | undefined;
  private declare readonly begin: number;
  private declare readonly view: DataView;

  constructor(source: View | Uint8Array) {
    if (source instanceof View) {
      super(source.block, source.start, source.start + source.remaining);
      this.source = source;
    } else {
      super(new Block(undefined, source, 0, source.length), 0, source.length);
      this.source = undefined;
    }
    this.begin = this.start;
    this.view = this.block.view;
  }

  get remaining(): number {
    return this.end - this.start;
  }

  /** Bytes consumed so far; may be set to any place from 0 to the source's length. */
  get position(): number {
    return this.start - this.begin;
  }

  set position(value: number) {
    this.start = this.begin + checkInteger('position', value, 0, this.end - this.begin);
  }

  advance(n: number): void {
    if ((n | 0) !== n || n < 0 || n > this.end - this.start) checkInteger('n', n, 0, this.end - this.start);
    this.start += n;
  }

  protected override consume(n: number): void {
    this.start += n;
  }

  // The commonest numbers without Buf's virtual step, and with the view at hand: an eighth faster than inherited.

  override getU8(): number {
    const position = this.start;
    if (position >= this.end) return super.getU8();
    this.start = position + 1;
    return this.view.getUint8(position);
  }

  override getU16(littleEndian: boolean = false): number {
    const position = this.start;
    if (position + 2 > this.end) return super.getU16(littleEndian);
    this.start = position + 2;
    return this.view.getUint16(position, littleEndian);
  }

  override getU32(littleEndian: boolean = false): number {
    const position = this.start;
    if (position + 4 > this.end) return super.getU32(littleEndian);
    this.start = position + 4;
    return this.view.getUint32(position, littleEndian);
  }

  override getU64(littleEndian: boolean = false): bigint {
    const position = this.start;
    if (position + 8 > this.end) return super.getU64(littleEndian);
    this.start = position + 8;
    return this.view.getBigUint64(position, littleEndian);
  }

  /** Consumes `n` bytes into a handle: a slice of a Bytes, a copy of anything else. */
  copyToBytes(n: number, heap: Heap | undefined = this.block.heap): Bytes {
    if (n > this.remaining) throw insufficient(n, this.remaining);
    const { position } = this;
    const source = this.source;
    const bytes = source instanceof Bytes ? source.slice(position, position + n) : Bytes.copyOf(this.chunk().subarray(0, n), heap);
    this.start += n;
    return bytes;
  }

  peekTo(target: Uint8Array, n: number): void {
    if (n > this.remaining) throw insufficient(n, this.remaining);
    copyOut(this.block, this.start, this.start + n, target, 0);
  }
}
