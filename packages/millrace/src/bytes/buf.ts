import { ArgumentTypeError, checkInteger } from '../base/arguments.js';
import { BufferError, CodecError } from '../base/errors.js';
import type { Heap } from '../memory/heap.js';
import { Block } from './block.js';
import type { Bytes } from './bytes.js';
import { MAX_VARINT, parseVarint, varintBig, varintNumber, zigzagBig, zigzagNumber } from './varint.js';

/**
 * A source of bytes that is consumed from the front.
 *
 * `[start, end)` of `block` is the current chunk: bytes that lie together. A source of many chunks moves these three on as it is consumed.
 * Invariant: the chunk is empty only when nothing remains.
 *
 * Every `get` consumes what it gives and throws BufferError `ERR_INSUFFICIENT_DATA` (`expected` asked for, `actual` there), consuming nothing, when too
 * little remains; every `tryGet` gives undefined then. Numbers are big-endian unless `littleEndian` is true, as in DataView.
 */
export abstract class Buf {
  // Declared, not defined: defining fields in a base class and then in a derived one makes a handle cost 30 ns instead of 18.
  /** The memory of the current chunk. Read these three, never write them. */
  declare block: Block;
  /** Position of the next byte in `block.u8`: its address, when `block.heap` is set. */
  declare start: number;
  /** Position after the chunk's last byte. */
  declare end: number;

  constructor(block: Block, start: number, end: number) {
    this.block = block;
    this.start = start;
    this.end = end;
  }

  /** Bytes that can be consumed, in all chunks. */
  abstract get remaining(): number;

  /**
   * Consumes `n` bytes.
   * @throws ArgumentRangeError unless 0 <= n <= remaining
   */
  abstract advance(n: number): void;

  /**
   * Consumes `n` bytes into a handle: the same memory where they lie in one block, a copy in `heap` where they do not.
   * @param heap @default the heap of the current chunk, or defaultHeap()
   * @throws BufferError `ERR_INSUFFICIENT_DATA`
   */
  abstract copyToBytes(n: number, heap?: Heap): Bytes;

  /** Copies the next `n` bytes to the beginning of `target` and consumes nothing. @throws BufferError `ERR_INSUFFICIENT_DATA` */
  abstract peekTo(target: Uint8Array, n: number): void;

  /** Consumes `n` bytes of the current chunk, which the caller has seen to be there. */
  protected consume(n: number): void {
    this.advance(n);
  }

  get hasRemaining(): boolean {
    return this.remaining > 0;
  }

  /** A view of the current chunk, valid until something is consumed; empty only at the end. */
  chunk(): Buffer {
    const memory = this.block.u8;
    return Buffer.from(memory.buffer as ArrayBuffer, memory.byteOffset + this.start, this.end - this.start);
  }

  /** Views of the chunks that remain, at most `most`, for writev. Valid until something is consumed. */
  chunksVectored(most: number = Number.MAX_SAFE_INTEGER): Buffer[] {
    checkInteger('most', most, 0, Number.MAX_SAFE_INTEGER);
    return this.remaining === 0 || most === 0 ? [] : [this.chunk()];
  }

  /** Consumes as many bytes as `target` holds and copies them there. @throws BufferError `ERR_INSUFFICIENT_DATA` */
  copyToSlice(target: Uint8Array): void {
    if (!(target instanceof Uint8Array)) throw new ArgumentTypeError('target', 'a Uint8Array', target);
    this.peekTo(target, target.length);
    this.advance(target.length);
  }

  /** Like {@link copyToSlice}; false, with nothing consumed, when too little remains. */
  tryCopyToSlice(target: Uint8Array): boolean {
    if (this.remaining < target.length) return false;
    this.copyToSlice(target);
    return true;
  }

  getU8(): number {
    const position = this.start;
    if (this.end - position < 1) return this.straddle(1).getU8();
    const value = (this.block.madeView ?? this.block.view).getUint8(position);
    this.consume(1);
    return value;
  }

  getI8(): number {
    return (this.getU8() << 24) >> 24;
  }

  getU16(littleEndian: boolean = false): number {
    const position = this.start;
    if (this.end - position < 2) return this.straddle(2).getU16(littleEndian);
    const value = (this.block.madeView ?? this.block.view).getUint16(position, littleEndian);
    this.consume(2);
    return value;
  }

  getI16(littleEndian: boolean = false): number {
    return (this.getU16(littleEndian) << 16) >> 16;
  }

  getU32(littleEndian: boolean = false): number {
    const position = this.start;
    if (this.end - position < 4) return this.straddle(4).getU32(littleEndian);
    const value = (this.block.madeView ?? this.block.view).getUint32(position, littleEndian);
    this.consume(4);
    return value;
  }

  getI32(littleEndian: boolean = false): number {
    return this.getU32(littleEndian) | 0;
  }

  getU64(littleEndian: boolean = false): bigint {
    const position = this.start;
    if (this.end - position < 8) return this.straddle(8).getU64(littleEndian);
    const value = (this.block.madeView ?? this.block.view).getBigUint64(position, littleEndian);
    this.consume(8);
    return value;
  }

  getI64(littleEndian: boolean = false): bigint {
    return BigInt.asIntN(64, this.getU64(littleEndian));
  }

  /** An unsigned 64-bit integer as a number. @throws CodecError `ERR_TOO_LARGE`, with nothing consumed, from 2^53 on */
  getU64Number(littleEndian: boolean = false): number {
    return this.getUint(8, littleEndian);
  }

  /** A signed 64-bit integer as a number. @throws CodecError `ERR_TOO_LARGE`, with nothing consumed, outside the safe integers */
  getI64Number(littleEndian: boolean = false): number {
    return this.getInt(8, littleEndian);
  }

  getF32(littleEndian: boolean = false): number {
    const position = this.start;
    if (this.end - position < 4) return this.straddle(4).getF32(littleEndian);
    const value = (this.block.madeView ?? this.block.view).getFloat32(position, littleEndian);
    this.consume(4);
    return value;
  }

  getF64(littleEndian: boolean = false): number {
    const position = this.start;
    if (this.end - position < 8) return this.straddle(8).getF64(littleEndian);
    const value = (this.block.madeView ?? this.block.view).getFloat64(position, littleEndian);
    this.consume(8);
    return value;
  }

  /** An unsigned integer of `n` bytes, 1 to 8. @throws CodecError `ERR_TOO_LARGE`, with nothing consumed, from 2^53 on */
  getUint(n: number, littleEndian: boolean = false): number {
    const value = this.peekInteger(n, littleEndian, false);
    this.advance(n);
    return value;
  }

  /** A signed integer (two's complement) of `n` bytes, 1 to 8. @throws CodecError `ERR_TOO_LARGE`, with nothing consumed, outside the safe integers */
  getInt(n: number, littleEndian: boolean = false): number {
    const value = this.peekInteger(n, littleEndian, true);
    this.advance(n);
    return value;
  }

  /**
   * An unsigned varint: base 128, low group first.
   * @throws CodecError `ERR_CORRUPT` when longer than 64 bits, `ERR_TOO_LARGE` from 2^53 on; nothing is consumed then
   */
  getVarint(): number {
    const length = this.demandVarint();
    const value = varintNumber();
    this.advance(length);
    return value;
  }

  /** An unsigned varint of up to 64 bits. @throws CodecError `ERR_CORRUPT` */
  getVarintBig(): bigint {
    const length = this.demandVarint();
    this.advance(length);
    return varintBig();
  }

  /** A signed varint in zigzag form. @throws CodecError `ERR_CORRUPT`, `ERR_TOO_LARGE` outside the safe integers; nothing is consumed then */
  getZigzag(): number {
    const length = this.demandVarint();
    const value = zigzagNumber();
    this.advance(length);
    return value;
  }

  /** A signed varint of up to 64 bits in zigzag form. @throws CodecError `ERR_CORRUPT` */
  getZigzagBig(): bigint {
    const length = this.demandVarint();
    this.advance(length);
    return zigzagBig();
  }

  tryGetU8(): number | undefined {
    return this.remaining < 1 ? undefined : this.getU8();
  }

  tryGetI8(): number | undefined {
    return this.remaining < 1 ? undefined : this.getI8();
  }

  tryGetU16(littleEndian: boolean = false): number | undefined {
    return this.remaining < 2 ? undefined : this.getU16(littleEndian);
  }

  tryGetI16(littleEndian: boolean = false): number | undefined {
    return this.remaining < 2 ? undefined : this.getI16(littleEndian);
  }

  tryGetU32(littleEndian: boolean = false): number | undefined {
    return this.remaining < 4 ? undefined : this.getU32(littleEndian);
  }

  tryGetI32(littleEndian: boolean = false): number | undefined {
    return this.remaining < 4 ? undefined : this.getI32(littleEndian);
  }

  tryGetU64(littleEndian: boolean = false): bigint | undefined {
    return this.remaining < 8 ? undefined : this.getU64(littleEndian);
  }

  tryGetI64(littleEndian: boolean = false): bigint | undefined {
    return this.remaining < 8 ? undefined : this.getI64(littleEndian);
  }

  tryGetU64Number(littleEndian: boolean = false): number | undefined {
    return this.remaining < 8 ? undefined : this.getUint(8, littleEndian);
  }

  tryGetI64Number(littleEndian: boolean = false): number | undefined {
    return this.remaining < 8 ? undefined : this.getInt(8, littleEndian);
  }

  tryGetF32(littleEndian: boolean = false): number | undefined {
    return this.remaining < 4 ? undefined : this.getF32(littleEndian);
  }

  tryGetF64(littleEndian: boolean = false): number | undefined {
    return this.remaining < 8 ? undefined : this.getF64(littleEndian);
  }

  tryGetUint(n: number, littleEndian: boolean = false): number | undefined {
    return this.remaining < n ? undefined : this.getUint(n, littleEndian);
  }

  tryGetInt(n: number, littleEndian: boolean = false): number | undefined {
    return this.remaining < n ? undefined : this.getInt(n, littleEndian);
  }

  tryGetVarint(): number | undefined {
    return this.peekVarint() === 0 ? undefined : this.getVarint();
  }

  tryGetVarintBig(): bigint | undefined {
    return this.peekVarint() === 0 ? undefined : this.getVarintBig();
  }

  tryGetZigzag(): number | undefined {
    return this.peekVarint() === 0 ? undefined : this.getZigzag();
  }

  tryGetZigzagBig(): bigint | undefined {
    return this.peekVarint() === 0 ? undefined : this.getZigzagBig();
  }

  // The next n bytes are not in one chunk: they are consumed and put together, if they are there at all.
  private straddle(n: number): Buf {
    this.peekTo(SEAM.block.u8, n);
    this.advance(n);
    SEAM.start = 0;
    SEAM.end = n;
    return SEAM;
  }

  private peekInteger(n: number, littleEndian: boolean, signed: boolean): number {
    checkInteger('n', n, 1, 8);
    const inside = this.end - this.start >= n;
    if (!inside) this.peekTo(SEAM.block.u8, n);
    const memory = (inside ? this.block : SEAM.block).u8;
    const position = inside ? this.start : 0;
    // Two halves that are exact: what is above 32 bits, and the 32 bits below.
    const sign = signed && (memory[littleEndian ? position + n - 1 : position]! & 0x80) !== 0;
    let high = sign ? -1 : 0;
    let low = sign ? -1 : 0;
    for (let i = 0; i < n; i += 1) {
      high = (high << 8) | (low >>> 24);
      low = (low << 8) | memory[littleEndian ? position + n - 1 - i : position + i]!;
    }
    const value = (signed ? high : high >>> 0) * 2 ** 32 + (low >>> 0);
    if (!Number.isSafeInteger(value)) throw new CodecError('ERR_TOO_LARGE', `an integer of ${n} bytes is no safe integer: read it as a bigint`);
    return value;
  }

  /** The length of the varint that comes next, parsed; 0 when it is not all there. */
  private peekVarint(): number {
    const { start, end, remaining } = this;
    if (end - start >= MAX_VARINT || end - start >= remaining) return parseVarint(this.block.u8, start, end);
    const n = Math.min(MAX_VARINT, remaining);
    this.peekTo(SEAM.block.u8, n);
    return parseVarint(SEAM.block.u8, 0, n);
  }

  private demandVarint(): number {
    const length = this.peekVarint();
    if (length === 0) throw insufficient(this.remaining + 1, this.remaining);
    return length;
  }
}

/** The error of every `get` that finds too little. */
export function insufficient(expected: number, actual: number): BufferError {
  return new BufferError('ERR_INSUFFICIENT_DATA', `${expected} bytes were asked for, ${actual} are there`, { expected, actual });
}

/** Where a number that lies across two chunks is put together: sixteen bytes, read again and again. */
class Seam extends Buf {
  get remaining(): number {
    return this.end - this.start;
  }

  advance(n: number): void {
    this.start += n;
  }

  copyToBytes(n: number): never {
    throw insufficient(n, 0);
  }

  peekTo(_target: Uint8Array, n: number): never {
    throw insufficient(n, this.remaining);
  }
}

const SEAM = new Seam(new Block(undefined, new Uint8Array(16), 0, 16), 0, 0);
