// Which kernel encodes at which level, and what tables it wants for a source of a given length: small ones are cleared sooner.
import type { Kernels } from '../../wasm/kernels.js';
import type { Dialect, Level } from './format.js';

/** One level of one dialect. */
export interface EncodeKernel {
  /** The tables' size in bits for a source of `length` bytes. */
  tableBits(length: number): number;
  /** The bytes that tables of that many bits take. */
  tableSize(bits: number): number;
  /** See assembly/snappy/encode.ts. */
  encode(src: number, length: number, dst: number, dEnd: number, table: number, bits: number): number;
}

function fastBits(length: number): number {
  return length < 512 ? 8 : length < 4096 ? 10 : length < 16_384 ? 12 : length < 32_768 ? 13 : 14;
}

function fastSize(bits: number): number {
  return 4 << bits;
}

function betterBits(length: number): number {
  return length < 512 ? 10 : length < 4096 ? 12 : length < 16_384 ? 14 : 17;
}

// The short table has two bits less than the long one, three less than the largest.
function betterSize(bits: number): number {
  return (4 << bits) + (4 << (bits === 17 ? 14 : bits - 2));
}

function bestBits(length: number): number {
  return Math.min(19, Math.max(10, 33 - Math.clz32(length)));
}

const BEST_SHORT_BITS = 16;
const BEST_HEAD = 64;

function bestSize(bits: number): number {
  return BEST_HEAD + (8 << bits) + (8 << Math.min(bits, BEST_SHORT_BITS));
}

/** The kernel for `level` of `dialect`. */
export function encodeKernel(kernels: Kernels, dialect: Dialect, level: Level): EncodeKernel {
  const s2 = dialect === 's2';
  if (level === 'fast') return { tableBits: fastBits, tableSize: fastSize, encode: s2 ? kernels.s2EncodeFast : kernels.snappyEncodeFast };
  if (level === 'better') return { tableBits: betterBits, tableSize: betterSize, encode: s2 ? kernels.s2EncodeBetter : kernels.snappyEncodeBetter };
  return {
    tableBits: bestBits,
    tableSize: bestSize,
    encode: (src, length, dst, dEnd, work, bits) => kernels.snappyEncodeBest(s2 ? 1 : 0, src, length, dst, dEnd, work, bits, Math.min(bits, BEST_SHORT_BITS)),
  };
}
