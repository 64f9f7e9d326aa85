import { Worker } from 'node:worker_threads';
import { checkInteger } from '../base/arguments.js';
import { WorkerError } from '../base/errors.js';
import type { Heap } from '../memory/heap.js';
import * as queue from './queue.js';
import type { ThreadData } from './thread.js';
import { waitAsync } from './wait-async.js';

/** Work over addresses that a pool does in another thread. */
export interface PoolJob {
  /** See operations.ts. */
  readonly operation: number;
  readonly source: number;
  readonly sourceLength: number;
  readonly target: number;
  readonly targetCapacity: number;
  /** Bytes before the source that the operation may refer to. @default 0 */
  readonly before?: number;
  /** Called once, in the submitting thread, when nothing touches source and target any more. */
  complete(result: number, checksum: number): void;
  /** Called instead when the job failed, or the thread that had it died: the target holds anything, and the job can be done here, for its error or its result. */
  fail(): void;
}

/** How a pool is made. */
export interface WorkerPoolOptions {
  readonly heap: Heap;
  /** Most threads, 1 to 32. They are started by the first job. */
  readonly threads: number;
  /** Most jobs in the queue or under way, 1 to 4096, rounded up to a power of two. @default 64 */
  readonly capacity?: number;
  /** The module that threads run, for those who bundle the library. @default the file beside this one */
  readonly entry?: URL;
  /** Told when a thread has died; its job is done again elsewhere, and a new thread takes its place. */
  readonly onDeath?: (death: WorkerError) => void;
}

/** Deaths in a row, with no job finished by any thread, after which the pool starts no more threads. */
const MOST_DEATHS = 4;

/** Threads over one shared memory, and a bounded queue of jobs for them. An idle pool does not keep the process alive. */
export class WorkerPool {
  readonly heap: Heap;
  readonly capacity: number;
  #threads: number;
  readonly #entry: URL;
  readonly #onDeath: ((death: WorkerError) => void) | undefined;
  /** The queue, shared with the threads. @internal */
  readonly words: Int32Array;
  readonly #workers: (Worker | undefined)[] = [];
  /** Jobs under way, by number modulo capacity. */
  readonly #jobs: (PoolJob | undefined)[];
  /** Numbers of the next job, and of the oldest that is not finished. */
  #next = 0;
  #oldest = 0;
  #outstanding = 0;
  #waiting = false;
  #closing: Promise<void> | undefined;
  #deathsInARow = 0;
  #deaths = 0;
  #finished = 0;
  #idle: (() => void)[] = [];

  /** @throws ArgumentRangeError `ERR_OUT_OF_RANGE` */
  constructor(options: WorkerPoolOptions) {
    this.heap = options.heap;
    this.#threads = checkInteger('threads', options.threads, 1, queue.MAX_WORKERS);
    this.capacity = powerOfTwo(checkInteger('capacity', options.capacity ?? 64, 1, 4096));
    this.#entry = options.entry ?? new URL('./thread.js', import.meta.url);
    this.#onDeath = options.onDeath;
    this.words = queue.createQueue(this.capacity);
    this.#jobs = Array.from({ length: this.capacity });
  }

  /** Most threads it has; see {@link grow}. */
  get threads(): number {
    return this.#threads;
  }

  /** Allows the pool `threads` threads if it has fewer. @throws ArgumentRangeError `ERR_OUT_OF_RANGE` */
  grow(threads: number): void {
    this.#threads = Math.max(this.#threads, checkInteger('threads', threads, 1, queue.MAX_WORKERS));
  }

  /** Jobs submitted and not completed. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** Jobs that threads have finished, and threads that have died, since the start. */
  get stats(): { readonly finished: number; readonly deaths: number } {
    return { finished: this.#finished, deaths: this.#deaths };
  }

  /** Hands a job to the threads; it is never completed before this returns. False when there is no room in the queue, or no thread: do it yourself, or wait. */
  submit(job: PoolJob): boolean {
    if (this.#closing !== undefined || this.#next - this.#oldest >= this.capacity || !this.#start()) return false;
    const words = this.words;
    const record = queue.recordOf(this.#next, this.capacity);
    words[record + queue.OPERATION] = job.operation;
    words[record + queue.SOURCE] = job.source;
    words[record + queue.SOURCE_LENGTH] = job.sourceLength;
    words[record + queue.TARGET] = job.target;
    words[record + queue.TARGET_CAPACITY] = job.targetCapacity;
    words[record + queue.BEFORE] = job.before ?? 0;
    this.#jobs[this.#next % this.capacity] = job;
    this.#next += 1;
    this.#outstanding += 1;
    if (this.#outstanding === 1) for (const worker of this.#workers) worker?.ref();
    Atomics.store(words, record + queue.STATE, queue.QUEUED);
    Atomics.store(words, queue.TAIL, this.#next | 0);
    Atomics.add(words, queue.SIGNAL, 1);
    Atomics.notify(words, queue.SIGNAL, 1);
    if (!this.#waiting) void this.#watch();
    return true;
  }

  /** Resolves when no job is outstanding. */
  async idle(): Promise<void> {
    if (this.#outstanding > 0) await new Promise<void>((resolve) => void this.#idle.push(resolve));
  }

  /** Lets the jobs finish and ends the threads. Nothing can be submitted any more. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    await this.idle();
    const exits = this.#workers.map((worker) => (worker === undefined ? undefined : new Promise<void>((resolve) => void worker.once('exit', () => resolve()))));
    Atomics.store(this.words, queue.STOP, 1);
    Atomics.add(this.words, queue.SIGNAL, 1);
    Atomics.notify(this.words, queue.SIGNAL);
    for (const worker of this.#workers) worker?.ref();
    await Promise.all(exits);
  }

  /** Sees to it that there are threads. False when they keep dying. */
  #start(): boolean {
    for (let i = 0; i < this.#threads; i += 1) {
      if (this.#workers[i] === undefined && this.#deathsInARow < MOST_DEATHS) this.#startWorker(i);
    }
    Atomics.store(this.words, queue.THREADS, this.#threads);
    return this.#workers.some((worker) => worker !== undefined);
  }

  #startWorker(i: number): void {
    const workerData: ThreadData = { heap: this.heap.share(), words: this.words, capacity: this.capacity, worker: i };
    const worker = new Worker(this.#entry, { workerData, execArgv: [] });
    let reason: unknown;
    worker.on('error', (error) => {
      reason = error;
    });
    worker.on('exit', (code) => this.#exited(i, code, reason));
    if (this.#outstanding === 0) worker.unref();
    this.#workers[i] = worker;
  }

  #exited(i: number, code: number, reason: unknown): void {
    this.#workers[i] = undefined;
    this.#giveBackMemory(i);
    if (this.#closing !== undefined && this.#outstanding === 0) return;
    this.#deaths += 1;
    this.#deathsInARow += 1;
    this.#giveUp(queue.RUNNING + i); // before another thread takes its number
    if (!this.#start()) this.#giveUp(queue.QUEUED); // no thread is left that could
    this.#collect();
    this.#onDeath?.(new WorkerError('ERR_WORKER_DIED', `a worker thread ended with code ${code}`, { actual: code, cause: reason }));
  }

  /** Fails the jobs in a state that no thread will take them out of. */
  #giveUp(state: number): void {
    for (let n = this.#oldest; n < this.#next; n += 1) {
      const word = queue.recordOf(n, this.capacity) + queue.STATE;
      Atomics.compareExchange(this.words, word, state, queue.FAILED);
    }
  }

  /** What the thread had allocated for itself, its scratch, is nobody's any more. */
  #giveBackMemory(i: number): void {
    const word = queue.slotWord(i, this.capacity);
    const slot = Atomics.exchange(this.words, word, 0) - 1;
    if (slot >= 0) this.heap.reclaim(slot);
  }

  /** Waits for completions as long as there are jobs: one wait for all of them. */
  async #watch(): Promise<void> {
    this.#waiting = true;
    // Never complete a job inside `submit`, whose caller is in the middle of something.
    await undefined;
    while (this.#outstanding > 0) {
      const seen = Atomics.load(this.words, queue.DONE);
      if (this.#collect() > 0) continue;
      const { async, value } = waitAsync(this.words, queue.DONE, seen);
      if (async) await value;
    }
    this.#waiting = false;
  }

  /** Completes what is finished. Gives how many. */
  #collect(): number {
    let count = 0;
    for (let n = this.#oldest; n < this.#next; n += 1) {
      const record = queue.recordOf(n, this.capacity);
      const state = Atomics.load(this.words, record + queue.STATE);
      if (state !== queue.FINISHED && state !== queue.FAILED) continue;
      Atomics.store(this.words, record + queue.STATE, queue.FREE);
      count += 1;
      this.#complete(n, state === queue.FINISHED, this.words[record + queue.RESULT]!, this.words[record + queue.CHECKSUM]!);
    }
    return count;
  }

  #complete(n: number, finished: boolean, result: number, checksum: number): void {
    const job = this.#jobs[n % this.capacity]!;
    this.#jobs[n % this.capacity] = undefined;
    while (this.#oldest < this.#next && this.#jobs[this.#oldest % this.capacity] === undefined) this.#oldest += 1;
    this.#outstanding -= 1;
    if (finished) {
      this.#finished += 1;
      this.#deathsInARow = 0;
      job.complete(result, checksum >>> 0);
    } else job.fail();
    if (this.#outstanding > 0) return;
    for (const worker of this.#workers) worker?.unref();
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

const pools = new WeakMap<Heap, WorkerPool>();

/** The pool that streams over `heap` share when they are given none: made on first use, grown when more threads are wanted. */
export function sharedPool(heap: Heap, threads: number): WorkerPool {
  let pool = pools.get(heap);
  if (pool === undefined) {
    pool = new WorkerPool({ heap, threads });
    pools.set(heap, pool);
  } else pool.grow(threads);
  return pool;
}

function powerOfTwo(n: number): number {
  return 2 ** Math.ceil(Math.log2(n));
}
