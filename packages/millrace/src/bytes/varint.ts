import { CodecError } from '../base/errors.js';

/** Most bytes of a 64-bit varint. */
export const MAX_VARINT = 10;

const MAX_SAFE_HIGH = 2 ** 25; // 2 ** 53 / 2 ** 28

/**
 * The last varint parsed, in three pieces that are exact as small integers: 28 + 28 + 8 bits. Base-128, low group first, as in Protocol
 * Buffers ("Encoding", Base 128 Varints).
 */
let low = 0;
let middle = 0;
let high = 0;

/**
 * Parses the varint at `position` and gives its length, or 0 when `end` comes first.
 * @throws CodecError `ERR_CORRUPT` for more than 64 bits
 */
export function parseVarint(memory: Uint8Array, position: number, end: number): number {
  low = 0;
  middle = 0;
  high = 0;
  const limit = Math.min(end, position + MAX_VARINT);
  for (let p = position, shift = 0; p < limit; p += 1, shift += 7) {
    const byte = memory[p]!;
    const bits = byte & 0x7f;
    if (shift < 28) low |= bits << shift;
    else if (shift < 56) middle |= bits << (shift - 28);
    else high |= bits << (shift - 56);
    if (byte < 0x80) {
      if (high > 0xff) throw tooLong();
      return p + 1 - position;
    }
  }
  if (end - position >= MAX_VARINT) throw tooLong();
  return 0;
}

/** The parsed value. @throws CodecError `ERR_TOO_LARGE` from 2^53 on */
export function varintNumber(): number {
  if (high !== 0 || middle >= MAX_SAFE_HIGH) throw tooLarge();
  return middle * 0x1000_0000 + low;
}

/** The parsed value, all 64 bits of it. */
export function varintBig(): bigint {
  return (BigInt(high) << 56n) | (BigInt(middle) << 28n) | BigInt(low);
}

/** The parsed value as zigzag: 0, -1, 1, -2, ... @throws CodecError `ERR_TOO_LARGE` outside the safe integers */
export function zigzagNumber(): number {
  const half = middle * 0x800_0000 + (low >>> 1);
  if (high !== 0 || half > Number.MAX_SAFE_INTEGER - (low & 1)) throw tooLarge();
  return (low & 1) === 0 ? half : -half - 1;
}

/** The parsed value as zigzag, all 64 bits of it. */
export function zigzagBig(): bigint {
  const value = varintBig();
  return (value >> 1n) ^ -(value & 1n);
}

/** The unsigned value that stands for `value` in zigzag. */
export function toZigzag(value: bigint): bigint {
  return BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
}

/** Writes `value`, 0 to 2^53 - 1, and gives its length. The caller has {@link MAX_VARINT} bytes of room. */
export function writeVarint(memory: Uint8Array, position: number, value: number): number {
  let p = position;
  let rest = value;
  while (rest >= 0x1000_0000) {
    memory[p] = (rest % 128) | 0x80;
    p += 1;
    rest = Math.floor(rest / 128);
  }
  while (rest >= 0x80) {
    memory[p] = (rest & 0x7f) | 0x80;
    p += 1;
    rest >>>= 7;
  }
  memory[p] = rest;
  return p + 1 - position;
}

/** Writes `value`, 0 to 2^64 - 1, and gives its length. */
export function writeVarintBig(memory: Uint8Array, position: number, value: bigint): number {
  let p = position;
  let rest = value;
  while (rest >= 0x80n) {
    memory[p] = Number(rest & 0x7fn) | 0x80;
    p += 1;
    rest >>= 7n;
  }
  memory[p] = Number(rest);
  return p + 1 - position;
}

function tooLong(): CodecError {
  return new CodecError('ERR_CORRUPT', 'a varint is longer than 64 bits', { expected: 64 });
}

function tooLarge(): CodecError {
  return new CodecError('ERR_TOO_LARGE', 'a varint is no safe integer: read it as a bigint', { expected: Number.MAX_SAFE_INTEGER });
}
