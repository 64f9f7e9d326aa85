// What a worker thread runs: it joins the memory, does jobs as long as there are any, and sleeps on the queue's signal otherwise. It takes no
// messages: everything it needs to know is in the shared words.
import { workerData } from 'node:worker_threads';
import { Heap } from '../memory/heap.js';
import type { HeapDescriptor } from '../memory/heap-options.js';
import { Operations } from './operations.js';
import * as queue from './queue.js';

/** What the pool gives a thread. */
export interface ThreadData {
  readonly heap: HeapDescriptor;
  readonly words: Int32Array;
  readonly capacity: number;
  /** The worker's number, 0 to MAX_WORKERS - 1. */
  readonly worker: number;
}

function work({ heap: descriptor, words, capacity, worker }: ThreadData): void {
  const heap = Heap.attach(descriptor);
  Atomics.store(words, queue.slotWord(worker, capacity), heap.slot + 1);
  const operations = new Operations(heap);
  let told = 0;
  for (;;) {
    const signal = Atomics.load(words, queue.SIGNAL);
    for (let record = queue.claim(words, capacity, worker); record >= 0; record = queue.claim(words, capacity, worker)) {
      run(operations, words, record);
      told = tell(words, told);
    }
    if (Atomics.load(words, queue.STOP) !== 0) break;
    // Nothing was queued after `signal` was read, or it has changed since and this returns at once.
    Atomics.wait(words, queue.SIGNAL, signal);
  }
  operations.release();
}

/** How long the submitter may not hear of finished jobs while there are enough others queued. */
const QUIET_MS = 0.5;

/**
 * Wakes the submitter, which costs both sides ten microseconds and more, and so is not done for every job. What is queued now will be finished later, so that
 * nothing is left untold.
 * @param told when this thread last did it
 * @returns the same, now
 */
function tell(words: Int32Array, told: number): number {
  const now = performance.now();
  if (now - told < QUIET_MS && queue.plenty(words)) return told;
  Atomics.notify(words, queue.DONE);
  return now;
}

function run(operations: Operations, words: Int32Array, record: number): void {
  let state = queue.FINISHED;
  try {
    words[record + queue.RESULT] = operations.run(
      words[record + queue.OPERATION]!,
      words[record + queue.SOURCE]!,
      words[record + queue.SOURCE_LENGTH]!,
      words[record + queue.TARGET]!,
      words[record + queue.TARGET_CAPACITY]!,
      words[record + queue.BEFORE]!,
    );
    words[record + queue.CHECKSUM] = operations.checksum;
  } catch {
    state = queue.FAILED; // the submitter does it again, and gets the error
  }
  Atomics.store(words, record + queue.STATE, state);
  Atomics.add(words, queue.DONE, 1);
}

work(workerData as ThreadData);
