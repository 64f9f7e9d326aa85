import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import type { WorkerError } from '../../src/base/errors.js';
import { Heap } from '../../src/memory/heap.js';
import { decodeOperation, encodeOperation, Operations } from '../../src/worker/operations.js';
import { sharedPool, WorkerPool, type PoolJob } from '../../src/worker/pool.js';
import { claim, createQueue, FREE, HEAD, plenty, QUEUED, recordOf, RUNNING, STATE, TAIL, THREADS } from '../../src/worker/queue.js';
import { checksum, decodeBlock, expectSame, text } from '../stream/oracle.js';

/** Threads cannot run the sources; they are built before the tests. */
const entry = new URL('../../dist/worker/thread.js', import.meta.url);
const mortal = new URL('./fixtures/mortal-thread.mjs', import.meta.url);

let heap = new Heap();
const pools: WorkerPool[] = [];

function open(options: { threads?: number; capacity?: number; entry?: URL; onDeath?: (death: WorkerError) => void } = {}): WorkerPool {
  const pool = new WorkerPool({ heap, threads: 2, entry, ...options });
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
  const used = heap;
  heap = new Heap(); // one test's leak is not the next one's
  expect(used.live).toBe(0);
  used.audit();
});

/** A block encoded in a thread; resolves to its bytes, or undefined when the job failed. */
class Encode implements PoolJob {
  readonly operation = encodeOperation('s2', 'fast');
  readonly data: Uint8Array;
  readonly source: number;
  readonly sourceLength: number;
  readonly target: number;
  readonly targetCapacity: number;
  calls = 0;
  #resolve!: (block: Uint8Array | undefined) => void;
  readonly result: Promise<Uint8Array | undefined> = new Promise((resolve) => {
    this.#resolve = resolve;
  });

  constructor(data: Uint8Array) {
    this.data = data;
    this.sourceLength = data.length;
    this.targetCapacity = data.length + 16;
    this.source = heap.allocate(data.length);
    this.target = heap.allocate(this.targetCapacity);
    heap.u8.set(data, this.source);
  }

  complete(result: number, sum: number): void {
    expect(sum).toBe(checksum(this.data));
    this.#finish(heap.u8.slice(this.target, this.target + result));
  }

  fail(): void {
    this.#finish(undefined);
  }

  #finish(block: Uint8Array | undefined): void {
    this.calls += 1;
    heap.free(this.source, heap.roundUp(this.sourceLength));
    heap.free(this.target, heap.roundUp(this.targetCapacity));
    this.#resolve(block);
  }
}

describe('WorkerPool', () => {
  it('does jobs in other threads, each once', async () => {
    const pool = open();
    const jobs = Array.from({ length: 20 }, (_, i) => new Encode(text(1000 + 997 * i, i)));
    for (const job of jobs) expect(pool.submit(job)).toBe(true);
    expect(pool.outstanding).toBe(20);
    for (const job of jobs) expectSame(decodeBlock((await job.result)!), job.data);
    await pool.idle();
    expect(pool.outstanding).toBe(0);
    expect(pool.stats).toEqual({ finished: 20, deaths: 0 });
    expect(jobs.every((job) => job.calls === 1)).toBe(true);
  });

  it('takes no more jobs than it has room for, and goes on when there is room again', async () => {
    const pool = open({ threads: 1, capacity: 4 });
    const jobs = Array.from({ length: 4 }, (_, i) => new Encode(text(50_000, i)));
    for (const job of jobs) expect(pool.submit(job)).toBe(true);
    const fifth = new Encode(text(100, 9));
    expect(pool.submit(fifth)).toBe(false);
    await pool.idle();
    for (let round = 0; round < 50; round += 1) {
      const job = new Encode(text(1000 + round, round));
      expect(pool.submit(job)).toBe(true);
      expectSame(decodeBlock((await job.result)!), job.data);
    }
    expect(pool.submit(fifth)).toBe(true);
    await fifth.result;
  });

  it('hears of every job, though it is not woken for each while there are plenty', async () => {
    const pool = open({ threads: 1, capacity: 256 });
    for (let round = 0; round < 5; round += 1) {
      const jobs = Array.from({ length: 200 }, (_, i) => new Encode(text(100 + i, i)));
      for (const job of jobs) expect(pool.submit(job)).toBe(true);
      await Promise.all(jobs.map((job) => job.result));
      expect(jobs.every((job) => job.calls === 1)).toBe(true);
      expect(pool.outstanding).toBe(0);
    }
  });

  it('submits from a completion', async () => {
    const pool = open({ threads: 1, capacity: 1 });
    let rounds = 0;
    await new Promise<void>((resolve) => {
      const again = (): void => {
        const job = new Encode(text(500, rounds));
        const complete = job.complete.bind(job);
        job.complete = (result, sum) => {
          complete(result, sum);
          rounds += 1;
          if (rounds === 30) resolve();
          else again();
        };
        expect(pool.submit(job)).toBe(true);
      };
      again();
    });
    expect(rounds).toBe(30);
  });

  it('rounds its capacity up to a power of two, and refuses settings out of range', () => {
    expect(open({ capacity: 5 }).capacity).toBe(8);
    expect(() => open({ threads: 0 })).toThrow(RangeError);
    expect(() => open({ threads: 33 })).toThrow(RangeError);
    expect(() => open({ capacity: 0 })).toThrow(RangeError);
    const pool = open({ threads: 1 });
    pool.grow(3);
    pool.grow(2);
    expect(pool.threads).toBe(3);
    expect(() => pool.grow(33)).toThrow(RangeError);
  });

  it('finishes its jobs before it closes, and takes none afterwards', async () => {
    const pool = open();
    const job = new Encode(text(200_000));
    expect(pool.submit(job)).toBe(true);
    const closed = pool.close();
    const late = new Encode(text(10));
    expect(pool.submit(late)).toBe(false);
    late.fail();
    await closed;
    expectSame(decodeBlock((await job.result)!), job.data);
  });

  it('hands a job back that cannot be done, so that its error is met here', async () => {
    const pool = open();
    const source = heap.allocate(16);
    heap.u8.fill(0xff, source, source + 16);
    const failed = new Promise<void>((resolve, reject) => {
      const job = { operation: decodeOperation('snappy'), source, sourceLength: 16, target: source, targetCapacity: 16, complete: () => reject(new Error('was done')), fail: resolve };
      expect(pool.submit(job)).toBe(true);
    });
    await failed;
    const operations = new Operations(heap);
    expect(() => operations.run(decodeOperation('snappy'), source, 16, source, 16)).toThrow(expect.objectContaining({ name: 'CodecError' }));
    heap.free(source, 16);
  });

  it('survives the death of threads: their jobs come back, others take their place, and someone is told', async () => {
    const deaths: WorkerError[] = [];
    const pool = open({ entry: mortal, onDeath: (death) => void deaths.push(death) });
    const words = (pool as unknown as { words: Int32Array }).words;
    words[15] = 2;
    const jobs = Array.from({ length: 12 }, (_, i) => new Encode(text(5000, i)));
    for (const job of jobs) expect(pool.submit(job)).toBe(true);
    const results = await Promise.all(jobs.map((job) => job.result));
    expect(results.filter((block) => block === undefined)).toHaveLength(2);
    results.forEach((block, i) => block !== undefined && expectSame(decodeBlock(block), jobs[i]!.data));
    expect(jobs.every((job) => job.calls === 1)).toBe(true);
    expect(pool.stats).toEqual({ finished: 10, deaths: 2 });
    expect(deaths.map((death) => death.code)).toEqual(['ERR_WORKER_DIED', 'ERR_WORKER_DIED']);
    expect(deaths.map((death) => death.actual).toSorted()).toEqual([1, 7]);
    expect(deaths.find((death) => death.actual === 1)!.cause).toEqual(new Error('struck down'));
  });

  it('gives all jobs back when every thread dies, and says so to later ones', async () => {
    const pool = open({ entry: new URL('./fixtures/no-such-thread.mjs', import.meta.url) });
    const jobs = Array.from({ length: 5 }, (_, i) => new Encode(text(500, i)));
    for (const job of jobs) expect(pool.submit(job)).toBe(true);
    expect(await Promise.all(jobs.map((job) => job.result))).toEqual(Array.from({ length: 5 }));
    const late = new Encode(text(10));
    expect(pool.submit(late)).toBe(false);
    late.fail();
  });

  it('gives the places of ended threads in the memory back', async () => {
    expect(heap.stats().shared.threads).toBe(1);
    for (let i = 0; i < 3; i += 1) {
      const pool = open();
      const job = new Encode(text(5000, i));
      pool.submit(job);
      await job.result;
      await pool.close();
    }
    expect(heap.stats().shared.threads).toBe(1);
  });

  it('is shared by heap, and grows with what is asked of it', () => {
    const pool = sharedPool(heap, 1);
    expect(sharedPool(heap, 3)).toBe(pool);
    expect(pool.threads).toBe(3);
    expect(sharedPool(new Heap(), 1)).not.toBe(pool);
  });

  it('does not keep the process alive', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL('./fixtures/idle-process.mjs', import.meta.url))], { timeout: 20_000 });
    expect(stdout).toBe('done\n');
  });
});

describe('the queue', () => {
  it('gives each job to one claimer, in order, also when the numbers wrap around', () => {
    const capacity = 4;
    const words = createQueue(capacity);
    const start = 0x7fff_fffe;
    Atomics.store(words, HEAD, start);
    Atomics.store(words, TAIL, start);
    for (let n = start; n < start + 10; n += 1) {
      const record = recordOf(n, capacity);
      expect(words[record + STATE]).toBe(FREE);
      expect(claim(words, capacity, 3)).toBe(-1);
      Atomics.store(words, record + STATE, QUEUED);
      Atomics.store(words, TAIL, (n + 1) | 0);
      expect(claim(words, capacity, 3)).toBe(record);
      expect(words[record + STATE]).toBe(RUNNING + 3);
      expect(claim(words, capacity, 4)).toBe(-1);
      Atomics.store(words, record + STATE, FREE);
    }
  });

  it('has plenty while more jobs are queued than there are threads, also when the numbers wrap around', () => {
    const words = createQueue(8);
    Atomics.store(words, THREADS, 2);
    for (const head of [0, 5, 0x7fff_fffe, -1]) {
      Atomics.store(words, HEAD, head);
      for (let queued = 0; queued <= 8; queued += 1) {
        Atomics.store(words, TAIL, (head + queued) | 0);
        expect(plenty(words)).toBe(queued > 2);
      }
    }
  });
});
