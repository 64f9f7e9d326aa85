import { Block } from '../bytes/block.js';
import type { Heap } from '../memory/heap.js';

/** Bytes of the memory that small pieces share. */
const CHUNK = 8192;
/** Pieces like the one asked for that new memory has room for, up to MOST bytes. */
const PIECES = 8;
const MOST = 65_536;

function sizeFor(n: number): number {
  return Math.max(n, Math.min(MOST, Math.max(CHUNK, n * PIECES)));
}

/**
 * Memory that small pieces are cut from, front to back: `[at, limit)` of a block is free, and what lies before belongs to handles on it.
 * One block then serves many, and each gives its bytes back when it likes.
 */
export class Chunk {
  block: Block;
  /** Where the piece under way begins; for the owner's use. */
  start: number;
  at: number;
  limit: number;

  /** @throws MemoryError `ERR_MEMORY_LIMIT` */
  constructor(heap: Heap, least: number) {
    const block = Block.allocate(heap, sizeFor(least));
    this.block = block;
    this.start = block.base;
    this.at = block.base;
    this.limit = block.end;
  }

  /** Makes room for `n` bytes at {@link at}: in new memory when what is left is too little. @throws MemoryError `ERR_MEMORY_LIMIT`, nothing has changed */
  reserve(heap: Heap, n: number): void {
    if (this.limit - this.at >= n) return;
    const block = Block.allocate(heap, sizeFor(n));
    this.release();
    this.block = block;
    this.start = block.base;
    this.at = block.base;
    this.limit = block.end;
  }

  /** Gives what is left back. */
  release(): void {
    const { at, limit } = this;
    this.limit = at;
    this.block.uncover(at, limit);
  }
}
