/**
 * The queue between one thread that submits jobs and those that do them: 32-bit words shared by all, apart from the heap so that it
 * works in any memory.
 *
 *     0                  HEADER                                      HEADER + RECORD * capacity
 *     | header words     | record 0 | record 1 | ...                 |
 *
 * Job number n uses record n % capacity, a power of two, so that the numbers may wrap around at 2^32. The submitter never runs more than `capacity` ahead of the oldest job that is not finished, so a
 * record is only used again when its job is.
 *
 * A record's STATE is the truth; HEAD only says where to look first. A worker claims a record by swapping QUEUED for RUNNING + its number, in one
 * step, so that after the death of a thread it is always known which job it had.
 */
export const TAIL = 0; // jobs submitted
export const HEAD = 1; // jobs before this one were claimed
export const SIGNAL = 2; // changes when workers should look again
export const DONE = 3; // jobs finished; changes when the submitter should look
export const STOP = 4; // not 0: workers are to end
export const THREADS = 5; // how many workers there are
export const HEADER = 16; // a cache line of its own

export const STATE = 0;
export const OPERATION = 1;
export const SOURCE = 2;
export const SOURCE_LENGTH = 3;
export const TARGET = 4;
export const TARGET_CAPACITY = 5;
/** Bytes before the source that the operation may refer to. */
export const BEFORE = 8;
/** Results: what the operation gives, and the masked CRC-32C of the uncompressed data. */
export const RESULT = 6;
export const CHECKSUM = 7;
export const RECORD = 16;

export const FREE = 0;
export const QUEUED = 1;
export const FINISHED = 2;
/** The operation failed; the submitter runs it again itself, to have the error. */
export const FAILED = 3;
/** Plus the number of the worker. */
export const RUNNING = 16;

/** Words shared beyond the queue: the heap slot of each worker, plus 1. */
export const MAX_WORKERS = 32;

/** A new queue. @param capacity records, a power of two */
export function createQueue(capacity: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * (HEADER + RECORD * capacity + MAX_WORKERS)));
}

/** Index of the first word of job `n`'s record. */
export function recordOf(n: number, capacity: number): number {
  return HEADER + RECORD * (n % capacity);
}

/** Index of the word that names the heap slot of worker `i`. */
export function slotWord(i: number, capacity: number): number {
  return HEADER + RECORD * capacity + i;
}

/**
 * Claims a queued job for a worker.
 * @returns the index of its record; -1 when none is queued
 */
export function claim(words: Int32Array, capacity: number, worker: number): number {
  for (;;) {
    const head = Atomics.load(words, HEAD);
    if (head === Atomics.load(words, TAIL)) return -1;
    const record = recordOf(head >>> 0, capacity);
    const claimed = Atomics.compareExchange(words, record + STATE, QUEUED, RUNNING + worker) === QUEUED;
    // Whoever sees a claimed record helps HEAD past it. It may have been used again meanwhile, for a later job: that one is as good.
    Atomics.compareExchange(words, HEAD, head, (head + 1) | 0);
    if (claimed) return record;
  }
}

/** Whether more jobs are queued than there are workers: none of them will soon be without work. */
export function plenty(words: Int32Array): boolean {
  return ((Atomics.load(words, TAIL) - Atomics.load(words, HEAD)) | 0) > Atomics.load(words, THREADS);
}
