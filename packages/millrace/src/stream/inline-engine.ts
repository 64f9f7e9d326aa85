import { RawEncoder, type RawEncoderOptions } from '../codec/snappy/raw.js';
import type { Heap } from '../memory/heap.js';
import { encodeChunk, type BlockEngine, type BlockJob } from './block-job.js';

/** Encodes blocks in the calling thread: every job is done when `submit` returns. */
export class InlineEngine implements BlockEngine {
  readonly #heap: Heap;
  readonly #options: RawEncoderOptions | undefined;
  #encoder: RawEncoder | undefined;

  /** @param options of the encoder; undefined to store every block uncompressed */
  constructor(heap: Heap, options: RawEncoderOptions | undefined) {
    this.#heap = heap;
    this.#options = options;
  }

  submit(job: BlockJob): void {
    if (this.#options !== undefined) this.#encoder ??= new RawEncoder(this.#heap, this.#options);
    const { target, prefix } = job;
    job.encoded = encodeChunk(this.#heap, this.#encoder, job.source, job.length, target.start + prefix, target.capacity - prefix);
    job.done = true;
  }

  release(): void {
    this.#encoder?.release();
    this.#encoder = undefined;
  }
}
