import type { Bytes, BytesMut } from '../../bytes/bytes.js';
import { encodePart, blockSettings, settingsOfBlocks, type FramePart } from '../../codec/zstd/encode-part.js';
import type { ZstdContextPool } from '../../codec/zstd/encode-pool.js';
import type { ZstdSettings } from '../../codec/zstd/encode-settings.js';
import { zstdEncodeOperation } from '../../worker/operations.js';
import type { PoolJob, WorkerPool } from '../../worker/pool.js';
import type { Loan } from '../hand-back.js';

/** Content below this many bytes is encoded faster than another thread hears of it. */
const INLINE_BELOW = 65_536;

/** A part of a frame on its way through a thread, and the piece of output it becomes. */
export class PartJob {
  /** Undefined for a piece that is ready. */
  readonly part: FramePart | undefined;
  /** What covers the content when the library owns it. */
  readonly owner: Bytes | undefined;
  readonly loan: Loan | undefined;
  /** What stands in it already, a header, then the blocks. */
  readonly target: BytesMut;
  done = false;
  error: Error | undefined = undefined;
  /** Nobody wants the piece any more. */
  abandoned = false;

  constructor(part: FramePart | undefined, owner: Bytes | undefined, loan: Loan | undefined, target: BytesMut) {
    this.part = part;
    this.owner = owner;
    this.loan = loan;
    this.target = target;
  }
}

/**
 * Parts between the frame that cuts them and the output: done by threads, in any order, and put out in the order of the frame. The caller does those that are small or find all
 * threads busy, so that no more wait than there are threads and one.
 */
export class PartQueue {
  readonly #pool: ZstdContextPool;
  readonly #workers: WorkerPool;
  readonly #settings: ZstdSettings;
  readonly #blocks: ZstdSettings;
  readonly #most: number;
  readonly #put: (piece: Bytes) => void;
  readonly #done: () => void;
  readonly #jobs: PartJob[] = [];
  #outstanding = 0;
  #waiting: (() => void)[] = [];

  /** @param done told when a part is done later than `submit` returned, before `progress` resolves */
  constructor(pool: ZstdContextPool, workers: WorkerPool, settings: ZstdSettings, concurrency: number, put: (piece: Bytes) => void, done: () => void) {
    this.#pool = pool;
    this.#workers = workers;
    this.#settings = settings;
    this.#blocks = settingsOfBlocks(blockSettings(settings));
    this.#most = concurrency + 1;
    this.#put = put;
    this.#done = done;
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  /** Parts that are done and wait for one before them count as well: a thread that is held up must not make the others fill the memory. */
  get busy(): boolean {
    return this.#jobs.length >= this.#most;
  }

  /** Puts a job at the end. It is used up, also when this throws. @throws as {@link encodePart} */
  submit(job: PartJob): void {
    this.#jobs.push(job);
    const { part } = job;
    if (part === undefined) job.done = true;
    else if (part.length >= INLINE_BELOW && this.#outstanding < this.#most && this.#workers.submit(this.#poolJob(job, part))) this.#outstanding += 1;
    else {
      this.#encode(job, part);
      this.#finish(job);
    }
    this.collect();
  }

  /** Puts out what is done and has only done jobs before it. @throws what a job failed with */
  collect(): void {
    while (this.#jobs.length > 0 && this.#jobs[0]!.done) {
      const { error, target } = this.#jobs[0]!;
      if (error !== undefined) throw error;
      this.#jobs.shift();
      this.#put(target.freeze());
    }
  }

  progress(): Promise<void> {
    if (this.#outstanding === 0) return Promise.resolve();
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  /** Drops all jobs; what is under way is released when it is done. */
  release(): void {
    for (const job of this.#jobs.splice(0)) {
      if (job.done) job.target.release();
      else job.abandoned = true;
    }
  }

  // In the calling thread.
  #encode(job: PartJob, part: FramePart): void {
    const { target } = job;
    try {
      const context = this.#pool.take(this.#blocks, part.before + part.length);
      try {
        target.advanceMut(encodePart(context, this.#blocks, part, target.spareStart, target.spareLength));
      } finally {
        this.#pool.give(context);
      }
    } catch (error) {
      job.error = error as Error;
    }
  }

  // Content and loan go back at once, whatever the order.
  #finish(job: PartJob): void {
    job.done = true;
    if (job.loan !== undefined) {
      job.loan.outstanding -= 1;
      job.loan.error ??= job.error;
    }
    try {
      job.owner?.release(); // tells the owner of adopted memory, who may throw
    } catch (error) {
      job.error ??= error as Error;
    }
    if (job.abandoned) job.target.release();
  }

  #poolJob(job: PartJob, part: FramePart): PoolJob {
    const { target } = job;
    const finish = (): void => {
      this.#finish(job);
      this.#outstanding -= 1;
      this.#done();
      for (const resolve of this.#waiting.splice(0)) resolve();
    };
    return {
      operation: zstdEncodeOperation(this.#settings, part.first, part.last),
      source: part.source,
      sourceLength: part.length,
      target: target.spareStart,
      targetCapacity: target.spareLength,
      before: part.before,
      complete: (size) => {
        target.advanceMut(size);
        finish();
      },
      fail: () => {
        // A thread died, or had no memory: the part is done here, for its result or its error.
        if (!job.abandoned) this.#encode(job, part);
        finish();
      },
    };
  }
}
