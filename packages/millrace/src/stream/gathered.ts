import { BytesMut, type Bytes } from '../bytes/bytes.js';
import type { Heap } from '../memory/heap.js';

/** First capacity of the memory that small writes gather in; it doubles up to the block size. */
const LEAST = 16_384;

/** What was written and does not make a block yet. */
export class Gathered {
  readonly #heap: Heap;
  readonly #blockSize: number;
  #block: BytesMut | undefined;

  constructor(heap: Heap, blockSize: number) {
    this.#heap = heap;
    this.#blockSize = blockSize;
  }

  get empty(): boolean {
    return this.#block === undefined;
  }

  get full(): boolean {
    return this.#block?.length === this.#blockSize;
  }

  /**
   * Copies as much of `source` from `at` on as the block has room for.
   * @returns up to where
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  put(source: Uint8Array, at: number): number {
    const left = source.length - at;
    this.#block ??= BytesMut.withCapacity(Math.min(this.#blockSize, Math.max(LEAST, left)), this.#heap);
    const block = this.#block;
    const n = Math.min(left, this.#blockSize - block.length);
    // Doubling, but never beyond a block.
    if (block.spareLength < n) block.reserve(Math.max(n, Math.min(block.length, this.#blockSize - block.length)));
    block.putSlice(n === source.length ? source : source.subarray(at, at + n));
    return at + n;
  }

  /** The block so far, the caller's; undefined when nothing was put in since the last one was taken. */
  take(): Bytes | undefined {
    const block = this.#block;
    this.#block = undefined;
    return block?.freeze();
  }

  release(): void {
    this.#block?.release();
    this.#block = undefined;
  }
}
