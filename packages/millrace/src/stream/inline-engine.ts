import { checkInteger } from '../base/arguments.js';
import { StreamError } from '../base/errors.js';
import { maskedCrc32c } from '../codec/checksum/crc32c.js';
import { writeHeader } from '../codec/snappy/format.js';
import { RawEncoder, type RawEncoderOptions } from '../codec/snappy/raw.js';
import type { Heap } from '../memory/heap.js';
import { DATA_HEADER, type BlockEngine, type BlockJob } from './block-job.js';
import type { BlockEncoder } from './writer-options.js';

/** Encodes blocks in the calling thread: every job is done when `submit` returns. */
export class InlineEngine implements BlockEngine {
  readonly immediate = true;
  readonly outstanding = 0;
  readonly most = 1;
  readonly #heap: Heap;
  readonly #options: RawEncoderOptions | undefined;
  readonly #custom: BlockEncoder | undefined;
  #encoder: RawEncoder | undefined;

  /**
   * @param options of the encoder; undefined to store every block uncompressed
   * @param custom the user's encoder, asked first
   */
  constructor(heap: Heap, options: RawEncoderOptions | undefined, custom?: BlockEncoder) {
    this.#heap = heap;
    this.#options = options;
    this.#custom = custom;
  }

  /** @throws MemoryError `ERR_MEMORY_LIMIT`; StreamError `ERR_STREAM_CALLBACK`; the job is not done then */
  submit(job: BlockJob): void {
    const encoded = this.#custom === undefined || this.#options === undefined ? -1 : this.#encodeCustom(this.#custom, job);
    job.encoded = encoded < 0 ? this.#encode(job) : encoded;
    job.checksum = maskedCrc32c(this.#heap, job.source, job.length);
    job.done = true;
  }

  #encode(job: BlockJob): number {
    if (this.#options === undefined) return 0;
    this.#encoder ??= new RawEncoder(this.#heap, this.#options);
    const before = job.prefix + DATA_HEADER;
    return this.#encoder.tryEncode(job.source, job.length, job.target.start + before, job.target.capacity - before);
  }

  #encodeCustom(encode: BlockEncoder, { source, length, target, prefix }: BlockJob): number {
    const { u8 } = target.block;
    const at = target.start + prefix + DATA_HEADER;
    const body = writeHeader(u8, at, length);
    const room = u8.subarray(body, target.start + target.capacity);
    try {
      const written = checkInteger('what encodeBlock gives', encode(this.#heap.u8.subarray(source, source + length), room), -1, room.length);
      return written > 0 ? body - at + written : written;
    } catch (cause) {
      throw new StreamError('ERR_STREAM_CALLBACK', 'encodeBlock threw, or gave no length', { cause });
    }
  }

  async progress(): Promise<void> {}

  release(): void {
    this.#encoder?.release();
    this.#encoder = undefined;
  }
}
