import type { Bytes, BytesMut } from '../bytes/bytes.js';
import type { Heap } from '../memory/heap.js';
import { decodeOperation } from '../worker/operations.js';
import type { PoolJob, WorkerPool } from '../worker/pool.js';
import { compareChecksums, dataTarget, decodeDataBlock, type DataBlock } from './data-block.js';

/** A block on its way through another thread. */
export class PendingBlock {
  /** The block's data, the caller's to release; rejects as `decodeDataBlock` throws. */
  readonly data: Promise<Bytes>;
  #resolve!: (data: Bytes) => void;
  #reject!: (error: unknown) => void;
  readonly #heap: Heap;
  readonly #block: DataBlock;
  readonly #body: Bytes;
  readonly #skip: number;

  /**
   * @param body covers the block, and is released when it is decoded
   * @param skip bytes of the data that are not wanted, fewer than it has
   */
  constructor(heap: Heap, block: DataBlock, body: Bytes, skip: number) {
    this.#heap = heap;
    this.#block = block;
    this.#body = body;
    this.#skip = skip;
    this.data = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.data.catch(() => {}); // reported to whoever takes the data, also when that is later
  }

  /** Bytes that the block decodes to. */
  get length(): number {
    return this.#block.size;
  }

  /** Decodes it in a thread of the pool, or here when the pool has no room. */
  start(pool: WorkerPool): void {
    let target: BytesMut;
    try {
      target = dataTarget(this.#heap, this.#block);
    } catch (error) {
      this.#body.release();
      this.#reject(error);
      return;
    }
    if (!pool.submit(this.#job(target))) this.#decodeHere(target);
  }

  #job(target: BytesMut): PoolJob {
    const { at, length, dialect, checksum, start } = this.#block;
    return {
      operation: decodeOperation(dialect),
      source: at,
      sourceLength: length,
      target: target.spareStart,
      targetCapacity: target.spareLength,
      complete: (size, actual) => {
        this.#body.release();
        try {
          if (checksum !== undefined) compareChecksums(checksum, actual, start);
        } catch (error) {
          target.release();
          this.#reject(error);
          return;
        }
        target.advanceMut(size);
        this.#finish(target);
      },
      fail: () => this.#decodeHere(target),
    };
  }

  #decodeHere(target: BytesMut): void {
    try {
      decodeDataBlock(this.#heap, this.#block, target);
    } catch (error) {
      this.#body.release();
      this.#reject(error);
      return;
    }
    this.#body.release();
    this.#finish(target);
  }

  #finish(target: BytesMut): void {
    const data = target.freeze();
    data.advance(this.#skip);
    this.#resolve(data);
  }
}
