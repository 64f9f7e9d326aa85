import { BOUNCE, type Heap } from '../memory/heap.js';
import type { Block } from './block.js';

// Measured on Node 20 to 26: a loop wins for a few bytes, `set` up to half a KiB, or a whole one where both are aligned alike.
const LOOP_LIMIT = 16;
const SET_LIMIT = 512;
// V8 copies to and from shared memory byte by byte where source and target are not aligned alike: four times as long for 256 bytes, twelve for more. Up to
// here that is still less than a detour costs, and up to BOUNCE a detour costs less than a call of Node.
const UNALIGNED_LIMIT = 64;
const DETOUR_LIMIT: number = BOUNCE;
const WORD_MASK = 7;

const [MAJOR] = process.versions.node.split('.').map(Number) as [number];
// Node's own copy does without V8's: from shared memory since Node 22, also into it since Node 26.
const READS_UNALIGNED: boolean = MAJOR >= 22;
const WRITES_UNALIGNED: boolean = MAJOR >= 26;

/** Copies all of `source` to `target` at `position`. The caller has checked that it fits. */
export function copyIn(source: Uint8Array, target: Uint8Array, position: number): void {
  const length = source.length;
  if (length <= LOOP_LIMIT) for (let i = 0; i < length; i += 1) target[position + i] = source[i]!;
  else if (length <= SET_LIMIT || (length <= 2 * SET_LIMIT && ((source.byteOffset ^ (target.byteOffset + position)) & WORD_MASK) === 0)) target.set(source, position);
  else copyMany(source, target, position);
}

// `fill` with as many bytes as there are to fill is a memcpy on every version: so not where the ranges may overlap.
function copyMany(source: Uint8Array, target: Uint8Array, position: number): void {
  const { length } = source;
  if (WRITES_UNALIGNED || source.buffer === target.buffer) Buffer.prototype.copy.call(source, target, position, 0, length);
  else Buffer.prototype.fill.call(target, source, position, position + length);
}

/** Copies all of `source` into a heap, at `address`. The caller has checked that it fits. */
export function copyToHeap(source: Uint8Array, heap: Heap, address: number): void {
  const length = source.length;
  if (length <= UNALIGNED_LIMIT || ((source.byteOffset ^ address) & WORD_MASK) === 0) copyIn(source, heap.u8, address);
  else copyUnaligned(source, heap, address);
}

// Copied first to where it is aligned like its source, then moved by a kernel, which does not mind.
function copyUnaligned(source: Uint8Array, heap: Heap, address: number): void {
  const { bounce, u8, kernels } = heap;
  const { length, byteOffset } = source;
  if (length <= DETOUR_LIMIT && bounce >= 0) {
    const place = bounce + (byteOffset & WORD_MASK);
    u8.set(source, place);
    kernels.copyBytes(address, place, length);
  } else copyMany(source, u8, address);
}

/** Copies `[start, end)` of a block to `target` at `position`. The caller has checked that it fits. */
export function copyOut(block: Block, start: number, end: number, target: Uint8Array, position: number): void {
  const memory = block.u8;
  const length = end - start;
  if (length <= LOOP_LIMIT) for (let i = 0; i < length; i += 1) target[position + i] = memory[start + i]!;
  else if (length <= UNALIGNED_LIMIT || (((memory.byteOffset + start) ^ (target.byteOffset + position)) & WORD_MASK) === 0) {
    if (length <= SET_LIMIT) target.set(memory.subarray(start, end), position);
    else Buffer.prototype.copy.call(memory, target, position, start, end);
  } else if (READS_UNALIGNED || block.heap === undefined) Buffer.prototype.copy.call(memory, target, position, start, end);
  else copyOutUnaligned(block.heap, start, end, target, position);
}

// Moved first to where it is aligned like its target.
function copyOutUnaligned(heap: Heap, start: number, end: number, target: Uint8Array, position: number): void {
  const { bounce, u8, kernels } = heap;
  const length = end - start;
  if (length <= DETOUR_LIMIT && bounce >= 0) {
    const place = bounce + ((target.byteOffset + position) & WORD_MASK);
    kernels.copyBytes(place, start, length);
    Buffer.prototype.copy.call(u8, target, position, place, place + length);
  } else copyMany(u8.subarray(start, end), target, position);
}

/** Copies `[start, end)` of a block into a heap, at `address`. Without a view where both are in that heap; ranges may overlap. */
export function copyWithin(block: Block, start: number, end: number, heap: Heap, address: number): void {
  // memory.copy: on Node 20 and 22 what JavaScript copies within shared memory takes eight times as long where source and target are not
  // aligned alike, 21 against 1.5 us for 64 KiB.
  if (block.heap === heap) heap.kernels.copyBytes(address, start, end - start);
  else copyToHeap(block.u8.subarray(start, end), heap, address);
}

/** Copies `[start, end)` of a block to a position of another. Ranges may overlap. The caller has checked that it fits. */
export function copyAcross(block: Block, start: number, end: number, target: Block, position: number): void {
  if (target.heap !== undefined) copyWithin(block, start, end, target.heap, position);
  else copyOut(block, start, end, target.u8, position);
}
