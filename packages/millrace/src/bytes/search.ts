import { ArgumentTypeError } from '../base/arguments.js';
import { Block } from './block.js';
import { bufferOf } from './memory-views.js';

// Below this a loop in JavaScript is faster than any call.
const KERNEL_FROM = 64;
// From here on Node's own search and comparison, which have wider registers, make up for what they cost to call.
const NODE_FROM = 8192;
// What is sought is mostly near, a delimiter for one: so much is searched by kernel even then.
const NEAR = 256;
// The kernel takes patterns of 2 to 16 bytes, in registers.
const KERNEL_PATTERN = 16;

/** Position of the first `byte` in `[start, end)` of a block, or -1. */
export function indexOfByte(block: Block, start: number, end: number, byte: number): number {
  const memory = block.u8;
  if (end - start < KERNEL_FROM) {
    for (let i = start; i < end; i += 1) if (memory[i] === byte) return i;
    return -1;
  }
  if (block.heap === undefined) return nodeIndexOf(block, start, end, byte);
  const { kernels } = block.heap;
  if (end - start < NODE_FROM || !isNodeReady(block, end)) return kernels.indexOfByte(start, end, byte);
  const near = kernels.indexOfByte(start, start + NEAR, byte);
  return near >= 0 ? near : nodeIndexOf(block, start + NEAR, end, byte);
}

/** Position of the last `byte` in `[start, end)` of a block, or -1. */
export function lastIndexOfByte(block: Block, start: number, end: number, byte: number): number {
  const memory = block.u8;
  if (end - start < KERNEL_FROM) {
    for (let i = end - 1; i >= start; i -= 1) if (memory[i] === byte) return i;
    return -1;
  }
  if (block.heap !== undefined) return block.heap.kernels.lastIndexOfByte(start, end, byte);
  return from(memory.subarray(start, end).lastIndexOf(byte), start);
}

/** Position of the first place in `[start, end)` of a block where `pattern` stands, or -1. An empty pattern stands at `start`. */
export function indexOfPattern(block: Block, start: number, end: number, pattern: Uint8Array): number {
  const { length } = pattern;
  if (length === 0) return start;
  if (length === 1) return indexOfByte(block, start, end, pattern[0]!);
  if (end - start < length) return -1;
  if (block.heap !== undefined && length <= KERNEL_PATTERN) {
    const { kernels } = block.heap;
    const all = end - start < NODE_FROM || !isNodeReady(block, end);
    const nearEnd = all ? end : start + NEAR + length - 1;
    const near = kernels.indexOfPattern(start, nearEnd, word(pattern, 0), word(pattern, 4), word(pattern, 8), word(pattern, 12), length);
    return near >= 0 || all ? near : nodeIndexOf(block, start + NEAR, end, pattern);
  }
  return nodeIndexOf(block, start, end, pattern);
}

/** Position of the last place in `[start, end)` of a block where `pattern` stands, or -1. An empty pattern stands at `end`. */
export function lastIndexOfPattern(block: Block, start: number, end: number, pattern: Uint8Array): number {
  const { length } = pattern;
  if (length === 0) return end;
  if (length === 1) return lastIndexOfByte(block, start, end, pattern[0]!);
  const memory = block.u8;
  return from(Buffer.from(memory.buffer as ArrayBuffer, memory.byteOffset + start, end - start).lastIndexOf(pattern), start);
}

/** Compares two ranges byte by byte: below, at or above zero; a prefix comes first. */
export function compareRanges(a: Block, aStart: number, aEnd: number, b: Block, bStart: number, bEnd: number): number {
  const shorter = Math.min(aEnd - aStart, bEnd - bStart);
  const i = mismatch(a, aStart, b, bStart, shorter);
  if (i < shorter) return a.u8[aStart + i]! - b.u8[bStart + i]!;
  return aEnd - aStart - (bEnd - bStart);
}

/** Index of the first byte in which `length` bytes at two positions differ, or `length`. */
export function mismatch(a: Block, aStart: number, b: Block, bStart: number, length: number): number {
  if (length >= KERNEL_FROM) {
    if (a.heap !== undefined && a.heap === b.heap && length < NODE_FROM) return a.heap.kernels.mismatch(aStart, bStart, length);
    if (bufferOf(a).compare(bufferOf(b), bStart, bStart + length, aStart, aStart + length) === 0) return length;
    if (a.heap !== undefined && a.heap === b.heap) return a.heap.kernels.mismatch(aStart, bStart, length);
  }
  const left = a.u8;
  const right = b.u8;
  let i = 0;
  while (i < length && left[aStart + i] === right[bStart + i]) i += 1;
  return i;
}

// Newer versions of Node search up to a given end; older ones to the end of the Buffer.
interface BoundedSearch {
  indexOf(value: number | Uint8Array, from: number, end?: number): number;
}
const HAS_END: boolean = (Buffer.from('ab') as BoundedSearch).indexOf(98, 0, 1) === -1;

// Without that, a Buffer that ends where the search does: kept, since parsers search one chunk again and again from ever later places, and made
// when an end is asked for the second time, as one search alone is cheaper by kernel.
let endingMemory: Uint8Array = new Uint8Array(0);
let endingAt = -1;
let ending: Buffer | undefined;

// Whether Node's search needs no new view now.
function isNodeReady(block: Block, end: number): boolean {
  if (HAS_END || (endingAt === end && endingMemory === block.u8)) return true;
  endingMemory = block.u8;
  endingAt = end;
  ending = undefined;
  return false;
}

function nodeIndexOf(block: Block, start: number, end: number, needle: number | Uint8Array): number {
  const { u8 } = block;
  if (HAS_END) return (bufferOf(block) as BoundedSearch).indexOf(needle, start, end);
  if (endingAt !== end || endingMemory !== u8) return Buffer.from(u8.buffer as ArrayBuffer, u8.byteOffset, end).indexOf(needle, start);
  ending ??= Buffer.from(u8.buffer as ArrayBuffer, u8.byteOffset, end);
  return ending.indexOf(needle, start);
}

/** What can be searched for: a byte, bytes, or text in UTF-8. */
export type Needle = number | string | Uint8Array;

/** The bytes to search for. */
export function needleBytes(needle: string | Uint8Array): Uint8Array {
  if (typeof needle === 'string') return Buffer.from(needle);
  if (!(needle instanceof Uint8Array)) throw new ArgumentTypeError('needle', 'a byte, a string or a Uint8Array', needle);
  return needle;
}

/** A block over `memory`, to compare with. */
export function blockOver(memory: Uint8Array): Block {
  return new Block(undefined, memory, 0, memory.length);
}

function from(index: number, start: number): number {
  return index < 0 ? -1 : start + index;
}

// Four bytes of the pattern, little-endian; zeros after its end.
function word(pattern: Uint8Array, at: number): number {
  const { length } = pattern;
  let value = at < length ? pattern[at]! : 0;
  if (at + 1 < length) value |= pattern[at + 1]! << 8;
  if (at + 2 < length) value |= pattern[at + 2]! << 16;
  if (at + 3 < length) value |= pattern[at + 3]! << 24;
  return value;
}
