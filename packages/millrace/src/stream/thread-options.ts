import { ArgumentRangeError, checkInteger } from '../base/arguments.js';
import { defaultHeap, type Heap } from '../memory/heap.js';
import type { WorkerPool } from '../worker/pool.js';
import { MAX_WORKERS } from '../worker/queue.js';

/** Which threads a stream may use. */
export interface ThreadOptions {
  /**
   * Blocks to work on at a time, 1 to 32. With more than 1, blocks from 64 KiB (to decode, from 256 KiB) are done by that many threads, and their output appears
   * when they are done, in order; smaller blocks, and those that find all threads busy, are done by the caller. @default 1, which starts no thread
   */
  concurrency?: number;
  /** The threads to use; must be of the same heap. @default those that all streams over the heap share */
  pool?: WorkerPool;
}

/**
 * The heap and the concurrency to use.
 * @throws ArgumentRangeError `ERR_OUT_OF_RANGE`
 */
export function checkThreads(options: ThreadOptions & { readonly heap?: Heap }): { readonly heap: Heap; readonly concurrency: number } {
  const heap = options.heap ?? options.pool?.heap ?? defaultHeap();
  if (options.pool !== undefined && options.pool.heap !== heap) throw new ArgumentRangeError('pool', 'a pool over the same heap', 'another one');
  return { heap, concurrency: checkInteger('concurrency', options.concurrency ?? 1, 1, MAX_WORKERS) };
}

const AHEAD = 2 ** 21;

/**
 * Blocks of about `size` bytes to have under way for that many threads: one to do and one to come for each, and of smaller ones up to eight, 2 MiB together,
 * so that threads rarely have to wait until the caller hears that they are done.
 */
export function blocksAhead(concurrency: number, size: number): number {
  return concurrency * Math.max(2, Math.min(8, Math.floor(AHEAD / size)));
}
