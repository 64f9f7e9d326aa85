import type { Heap } from '../../memory/heap.js';

const TABLES_SIZE = 16 * 1024;

function tables(heap: Heap): number {
  return heap.table('crc32c', TABLES_SIZE, heap.kernels.crc32cTables);
}

/** From here on dividing first is faster than looking up 16 bytes at a time. */
const LONG = 3072;

/** Memory for the division, one for each thread: a kernel has none of its own. */
function scratch(heap: Heap): number {
  return heap.table(`crc32c scratch ${heap.slot}`, heap.kernels.crc32cScratch(), () => {});
}

/**
 * CRC-32C (Castagnoli; RFC 3720 appendix B.4) of `[address, address + length)` in the heap's memory, an unsigned 32-bit integer.
 * @param seed the CRC of the bytes before, to go on from. @default 0, the start
 */
export function crc32c(heap: Heap, address: number, length: number, seed = 0): number {
  if (length < LONG) return heap.kernels.crc32c(address, length, seed, tables(heap)) >>> 0;
  return heap.kernels.crc32cLong(address, length, seed, tables(heap), scratch(heap)) >>> 0;
}

/** The CRC-32C as Snappy's framing stores it: rotated by 15 bits and offset (framing_format.txt section 3). */
export function maskedCrc32c(heap: Heap, address: number, length: number): number {
  const crc = crc32c(heap, address, length);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
