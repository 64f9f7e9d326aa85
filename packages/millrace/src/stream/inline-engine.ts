import { maskedCrc32c } from '../codec/checksum/crc32c.js';
import { RawEncoder, type RawEncoderOptions } from '../codec/snappy/raw.js';
import type { Heap } from '../memory/heap.js';
import { DATA_HEADER, type BlockEngine, type BlockJob } from './block-job.js';

/** Encodes blocks in the calling thread: every job is done when `submit` returns. */
export class InlineEngine implements BlockEngine {
  readonly outstanding = 0;
  readonly busy = false;
  readonly #heap: Heap;
  readonly #options: RawEncoderOptions | undefined;
  #encoder: RawEncoder | undefined;

  /** @param options of the encoder; undefined to store every block uncompressed */
  constructor(heap: Heap, options: RawEncoderOptions | undefined) {
    this.#heap = heap;
    this.#options = options;
  }

  /** @throws MemoryError `ERR_MEMORY_LIMIT`; the job is not done then */
  submit(job: BlockJob): void {
    if (this.#options !== undefined) {
      this.#encoder ??= new RawEncoder(this.#heap, this.#options);
      const before = job.prefix + DATA_HEADER;
      job.encoded = this.#encoder.tryEncode(job.source, job.length, job.target.start + before, job.target.capacity - before);
    }
    job.checksum = maskedCrc32c(this.#heap, job.source, job.length);
    job.done = true;
  }

  async progress(): Promise<void> {}

  release(): void {
    this.#encoder?.release();
    this.#encoder = undefined;
  }
}
