import { ArgumentRangeError, ArgumentTypeError, checkInteger } from '../base/arguments.js';
import { RELEASED as RELEASED_BLOCK, throwReleased, type Block } from './block.js';
import type { Buf } from './buf.js';
import { copyAcross, copyIn, copyToHeap } from './copy.js';
import { writeText, type TextEncoding } from './text.js';
import { MAX_VARINT, toZigzag, writeVarint, writeVarintBig } from './varint.js';
import { View } from './view.js';

// An own name for the imported constant: V8 folds those into the code, and loads and checks imported ones at every use.
const RELEASED: Block = RELEASED_BLOCK;

/**
 * A sink of bytes that is written at the back, and the view of what was written.
 *
 *     start            end            limit
 *     | written bytes  | spare room   |
 *
 * Every `put` makes room first and then writes, so that one that throws has written nothing. Numbers are big-endian unless `littleEndian` is true,
 * as in DataView; values that do not fit their type are refused with ArgumentRangeError.
 */
export abstract class BufMut extends View {
  /** Position in `block.u8` after the last byte of room that lies together. */
  declare limit: number;
  /** The block's view, at hand since numbers are written by it: a tenth to a fifth faster than by way of the block. Set wherever `block` is. */
  protected declare view: DataView;

  constructor(block: Block, start: number, end: number, limit: number) {
    super(block, start, end);
    this.limit = limit;
    this.view = block.view;
  }

  /** How many bytes can still be written; Infinity where only memory is the limit. */
  abstract get remainingMut(): number;

  /**
   * Makes room for `additional` bytes together after the written ones.
   * @throws BufferError `ERR_NO_ROOM` where the room has an end, MemoryError `ERR_MEMORY_LIMIT`; nothing has changed then
   */
  abstract reserve(additional: number): void;

  /** Bytes of room that lie together now. */
  get spareLength(): number {
    return this.limit - this.end;
  }

  /** Position of the spare room: its address. It may hold anything. Read it again after whatever may grow the buffer. */
  get spareStart(): number {
    return this.end;
  }

  /** A view of the spare room, valid until the buffer grows, is split, frozen or released. */
  spareBuffer(): Buffer {
    if (this.block === RELEASED) throwReleased();
    const memory = this.block.u8;
    return Buffer.from(memory.buffer as ArrayBuffer, memory.byteOffset + this.end, this.limit - this.end);
  }

  /** A view of room to write to, some being made when there is none; {@link advanceMut} counts what was written. Empty when there can be none. */
  chunkMut(): Buffer {
    if (this.limit === this.end && this.remainingMut > 0) this.reserve(1);
    return this.spareBuffer();
  }

  /**
   * Counts `n` bytes of the spare room, which the caller has filled, as written.
   * @throws ArgumentRangeError unless 0 <= n <= spareLength
   */
  advanceMut(n: number): void {
    if (this.block === RELEASED) throwReleased();
    checkInteger('n', n, 0, this.limit - this.end);
    this.commitTo(this.end + n);
  }

  /** Counts what lies in the spare room up to `position` as written. */
  protected commitTo(position: number): void {
    this.end = position;
  }

  /** Appends all that remains in `source`, consuming it. */
  put(source: Buf): void {
    if (source === this) throw new ArgumentTypeError('source', 'another buffer', source);
    this.reserve(source.remaining);
    for (;;) {
      const n = source.end - source.start;
      if (n === 0) return;
      this.putRange(source.block, source.start, source.end);
      source.advance(n);
    }
  }

  /** Appends a copy of `source`. */
  putSlice(source: Uint8Array): void {
    if (!(source instanceof Uint8Array)) throw new ArgumentTypeError('source', 'a Uint8Array', source);
    const { length } = source;
    if (length > this.limit - this.end || length === 0) this.reserve(length);
    const { block } = this;
    if (block.heap !== undefined) copyToHeap(source, block.heap, this.end);
    else copyIn(source, block.u8, this.end);
    this.commitTo(this.end + length);
  }

  /** Appends `count` bytes of `value`, 0 to 255. */
  putBytes(value: number, count: number): void {
    checkInteger('value', value, 0, 255);
    checkInteger('count', count, 0, 2 ** 31 - 1);
    this.reserve(count);
    this.block.u8.fill(value, this.end, this.end + count);
    this.commitTo(this.end + count);
  }

  /** Appends a copy of `[start, end)` of `block`: what a handle's `block`, `start` and `end` say. */
  putRange(block: Block, start: number, end: number): void {
    this.reserve(end - start);
    copyAcross(block, start, end, this.block, this.end);
    this.commitTo(this.end + end - start);
  }

  /** Appends `text` and gives the number of bytes that made. */
  putText(text: string, encoding: TextEncoding = 'utf8'): number {
    if (typeof text !== 'string') throw new ArgumentTypeError('text', 'a string', text);
    // A UTF-16 code unit makes at most three bytes; only where that bound does not fit is the text measured.
    if (text.length * 3 > this.limit - this.end || text.length === 0) this.reserve(Buffer.byteLength(text, encoding));
    const n = writeText(text, encoding, this.block, this.end, this.limit);
    this.commitTo(this.end + n);
    return n;
  }

  putU8(value: number): void {
    if ((value & 0xff) !== value) refuse('a byte', value);
    const at = this.end;
    if (at + 1 > this.limit) {
      this.reserve(1);
      return this.putU8(value);
    }
    this.block.u8[at] = value;
    this.commitTo(at + 1);
  }

  putI8(value: number): void {
    if ((value << 24) >> 24 !== value) refuse('a signed byte', value);
    this.putU8(value & 0xff);
  }

  putU16(value: number, littleEndian: boolean = false): void {
    if ((value & 0xffff) !== value) refuse('an unsigned 16-bit integer', value);
    const at = this.end;
    if (at + 2 > this.limit) {
      this.reserve(2);
      return this.putU16(value, littleEndian);
    }
    this.view.setUint16(at, value, littleEndian);
    this.commitTo(at + 2);
  }

  putI16(value: number, littleEndian: boolean = false): void {
    if ((value << 16) >> 16 !== value) refuse('a signed 16-bit integer', value);
    this.putU16(value & 0xffff, littleEndian);
  }

  putU32(value: number, littleEndian: boolean = false): void {
    if (value >>> 0 !== value) refuse('an unsigned 32-bit integer', value);
    const at = this.end;
    if (at + 4 > this.limit) {
      this.reserve(4);
      return this.putU32(value, littleEndian);
    }
    this.view.setUint32(at, value, littleEndian);
    this.commitTo(at + 4);
  }

  putI32(value: number, littleEndian: boolean = false): void {
    if ((value | 0) !== value) refuse('a signed 32-bit integer', value);
    this.putU32(value >>> 0, littleEndian);
  }

  /** @param value a bigint, or a safe integer as a number */
  putU64(value: bigint | number, littleEndian: boolean = false): void {
    const big = typeof value === 'bigint' ? value : fromNumber(value);
    if (BigInt.asUintN(64, big) !== big) refuse('an unsigned 64-bit integer', value);
    const at = this.end;
    if (at + 8 > this.limit) {
      this.reserve(8);
      return this.putU64(value, littleEndian);
    }
    this.view.setBigUint64(at, big, littleEndian);
    this.commitTo(at + 8);
  }

  /** @param value a bigint, or a safe integer as a number */
  putI64(value: bigint | number, littleEndian: boolean = false): void {
    const big = typeof value === 'bigint' ? value : fromNumber(value);
    if (BigInt.asIntN(64, big) !== big) refuse('a signed 64-bit integer', value);
    const at = this.end;
    if (at + 8 > this.limit) {
      this.reserve(8);
      return this.putI64(value, littleEndian);
    }
    this.view.setBigInt64(at, big, littleEndian);
    this.commitTo(at + 8);
  }

  putF32(value: number, littleEndian: boolean = false): void {
    const at = this.end;
    if (at + 4 > this.limit) {
      this.reserve(4);
      return this.putF32(value, littleEndian);
    }
    this.view.setFloat32(at, value, littleEndian);
    this.commitTo(at + 4);
  }

  putF64(value: number, littleEndian: boolean = false): void {
    const at = this.end;
    if (at + 8 > this.limit) {
      this.reserve(8);
      return this.putF64(value, littleEndian);
    }
    this.view.setFloat64(at, value, littleEndian);
    this.commitTo(at + 8);
  }

  /** An unsigned safe integer in `n` bytes, 1 to 8. */
  putUint(value: number, n: number, littleEndian: boolean = false): void {
    checkInteger('n', n, 1, 8);
    if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** (8 * n)) refuse(`an unsigned integer of ${n} bytes`, value);
    this.putInteger(value, n, littleEndian);
  }

  /** A signed safe integer (two's complement) in `n` bytes, 1 to 8. */
  putInt(value: number, n: number, littleEndian: boolean = false): void {
    checkInteger('n', n, 1, 8);
    const half = 2 ** (8 * n - 1);
    if (!Number.isSafeInteger(value) || value < -half || value >= half) refuse(`a signed integer of ${n} bytes`, value);
    this.putInteger(value, n, littleEndian);
  }

  /** An unsigned varint: base 128, low group first. @param value 0 to 2^53 - 1 as a number, to 2^64 - 1 as a bigint */
  putVarint(value: number | bigint): void {
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value) || value < 0) refuse('an unsigned safe integer', value);
      if (this.limit - this.end < MAX_VARINT) this.reserve(varintLength(value));
      this.commitTo(this.end + writeVarint(this.block.u8, this.end, value));
      return;
    }
    if (BigInt.asUintN(64, value) !== value) refuse('an unsigned 64-bit integer', value);
    if (this.limit - this.end < MAX_VARINT) this.reserve(varintLength(Number(value)));
    this.commitTo(this.end + writeVarintBig(this.block.u8, this.end, value));
  }

  /** A signed varint in zigzag form. @param value a safe integer as a number, 64 bits as a bigint */
  putZigzag(value: number | bigint): void {
    if (typeof value === 'number' && (value | 0) === value && value < 0x4000_0000 && value > -0x4000_0000) {
      this.putVarint(((value << 1) ^ (value >> 31)) >>> 0);
      return;
    }
    const big = typeof value === 'bigint' ? value : fromNumber(value);
    if (BigInt.asIntN(64, big) !== big) refuse('a signed 64-bit integer', value);
    this.putVarint(toZigzag(big));
  }

  private putInteger(value: number, n: number, littleEndian: boolean): void {
    this.reserve(n);
    const memory = this.block.u8;
    // Two halves that are exact; the high one carries the sign.
    let low = value >>> 0;
    let high = Math.floor(value / 2 ** 32);
    for (let i = 0; i < n; i += 1) {
      memory[littleEndian ? this.end + i : this.end + n - 1 - i] = low & 0xff;
      low = (low >>> 8) | ((high & 0xff) << 24);
      high >>= 8;
    }
    this.commitTo(this.end + n);
  }
}

/** Bytes that a varint of `value` takes; one too many at most, where a bigint was rounded up. */
function varintLength(value: number): number {
  let length = 1;
  for (let bound = 128; value >= bound && length < MAX_VARINT; bound *= 128) length += 1;
  return length;
}

function fromNumber(value: number): bigint {
  if (!Number.isSafeInteger(value)) refuse('a bigint or a safe integer', value);
  return BigInt(value);
}

function refuse(requirement: string, value: unknown): never {
  throw new ArgumentRangeError('value', requirement, value);
}
