import type { Dialect, Level } from '../codec/snappy/format.js';
import { encodeOperation } from '../worker/operations.js';
import type { PoolJob, WorkerPool } from '../worker/pool.js';
import { DATA_HEADER, type BlockEngine, type BlockJob } from './block-job.js';
import type { InlineEngine } from './inline-engine.js';
import { blocksAhead } from './thread-options.js';

/** Blocks below this many bytes are encoded faster than another thread hears of them. */
const INLINE_BELOW = 65_536;

/** Encodes blocks in the threads of a pool, and in the calling thread those that are small or find the queue full. */
export class PoolEngine implements BlockEngine {
  readonly immediate = false;
  readonly most: number;
  readonly #pool: WorkerPool;
  readonly #inline: InlineEngine;
  readonly #operation: number;
  readonly #done: () => void;
  #outstanding = 0;
  #waiting: (() => void)[] = [];

  /**
   * @param concurrency threads that are to have work
   * @param blockSize of most jobs
   * @param done told when a job that `submit` left undone is done
   */
  constructor(pool: WorkerPool, inline: InlineEngine, dialect: Dialect, level: Level, concurrency: number, blockSize: number, done: () => void) {
    this.#pool = pool;
    this.#inline = inline;
    this.#operation = encodeOperation(dialect, level);
    this.most = blocksAhead(concurrency, blockSize);
    this.#done = done;
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  submit(job: BlockJob): void {
    if (job.length >= INLINE_BELOW && this.#outstanding < this.most) {
      if (this.#pool.submit(this.#poolJob(job))) {
        this.#outstanding += 1;
        return;
      }
    }
    this.#inline.submit(job);
  }

  progress(): Promise<void> {
    if (this.#outstanding === 0) return Promise.resolve();
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  release(): void {
    this.#inline.release();
  }

  #poolJob(job: BlockJob): PoolJob {
    const before = job.prefix + DATA_HEADER;
    return {
      operation: this.#operation,
      source: job.source,
      sourceLength: job.length,
      target: job.target.start + before,
      targetCapacity: job.target.capacity - before,
      complete: (encoded, checksum) => {
        job.encoded = encoded;
        job.checksum = checksum;
        this.#finish(job);
      },
      fail: () => {
        if (!job.abandoned) {
          try {
            this.#inline.submit(job);
          } catch (error) {
            job.error = error as Error;
          }
        }
        this.#finish(job);
      },
    };
  }

  #finish(job: BlockJob): void {
    job.done = true;
    this.#outstanding -= 1;
    if (job.abandoned) job.release();
    this.#done();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
