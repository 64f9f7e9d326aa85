import { checkInteger } from '../base/arguments.js';
import { Bytes, BytesMut } from '../bytes/bytes.js';
import { DECODE_SLACK, DEFAULT_MAX_WINDOW, RawDecoder } from '../codec/zstd/decode-raw.js';
import { ZstdDecoder, type ZstdDecoderOptions } from '../codec/zstd/decoder.js';
import { zstdDecodeOperation } from './operations.js';
import { sharedPool, type WorkerPool } from './pool.js';

/** Output below this many bytes is decoded faster than another thread hears of it. */
const INLINE_BELOW = 65_536;

/** Output that the blocks can reach is allocated for a thread up to this many times the input; more is decoded where it can grow. */
const PLAUSIBLE_RATIO = 64;

/** What a ConcurrentZstdDecoder accepts. */
export interface ConcurrentZstdDecoderOptions extends ZstdDecoderOptions {
  /** Threads over the decoder's heap. @default the pool that streams over the heap share */
  workers?: WorkerPool;
  /** How many threads the shared pool is to have at least, 1 to 32. @default 2 */
  threads?: number;
}

/**
 * Decodes whole Zstandard frames in other threads, into the same memory: what comes out is where it was decoded to. Small frames, those that need a
 * dictionary, and those that find the threads' queue full are decoded in the calling thread, so that it waits when they are behind.
 */
export class ConcurrentZstdDecoder {
  readonly #inline: ZstdDecoder;
  readonly #raw: RawDecoder;
  readonly #workers: WorkerPool;
  readonly #operation: number;
  readonly #threaded: boolean;

  /** @throws ArgumentRangeError `ERR_OUT_OF_RANGE` */
  constructor(options: ConcurrentZstdDecoderOptions = {}) {
    this.#inline = new ZstdDecoder(options);
    this.#raw = new RawDecoder(this.#inline.heap, options);
    this.#workers = options.workers ?? sharedPool(this.#inline.heap, checkInteger('threads', options.threads ?? 2, 1, 32));
    this.#operation = zstdDecodeOperation(options.checksum !== false);
    // Threads know the default limit only: they refuse what is above it, and the calling thread decides then.
    this.#threaded = this.#raw.maxWindow >= DEFAULT_MAX_WINDOW;
  }

  /**
   * Decodes `source`, all frames of it, into pooled memory. A `Bytes` stays its owner's and may be released at once; a `Uint8Array` is copied and may be reused at once.
   * @param signal gives up waiting; what a thread has begun it finishes, unnoticed
   * @throws as {@link ZstdDecoder.decode}; the signal's reason
   */
  async decode(source: Uint8Array | Bytes, signal?: AbortSignal): Promise<Bytes> {
    signal?.throwIfAborted();
    const { heap } = this.#inline;
    const input = source instanceof Bytes && source.block.heap === heap ? source.clone() : copyOf(source, heap);
    let output: BytesMut;
    try {
      const { declared, bound } = this.#raw.measure(input.start, input.length, false);
      const small = bound < INLINE_BELOW || bound > this.#inline.maxOutput || declared > this.#inline.maxOutput;
      if (!this.#threaded || small || bound > Math.max(INLINE_BELOW, input.length * PLAUSIBLE_RATIO)) return this.#here(input);
      output = BytesMut.withCapacity(bound + DECODE_SLACK, heap);
    } catch (error) {
      if (!input.isReleased) input.release();
      throw error;
    }
    return this.#there(input, output, signal);
  }

  /** Gives back what is kept between calls. The threads are the pool's. */
  release(): void {
    this.#inline.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  // In the calling thread. Takes the input over.
  #here(input: Bytes): Bytes {
    try {
      return this.#inline.decode(input);
    } finally {
      input.release();
    }
  }

  // In another thread, to `output`. Takes both over; they are let go only when no thread touches them any more.
  #there(input: Bytes, output: BytesMut, signal: AbortSignal | undefined): Promise<Bytes> {
    return new Promise((resolve, reject) => {
      let abandoned = false;
      const onAbort = (): void => {
        abandoned = true;
        reject(signal!.reason as Error);
      };
      const again = (): void => {
        output.release();
        try {
          const bytes = this.#here(input);
          if (abandoned) bytes.release();
          else resolve(bytes);
        } catch (error) {
          reject(error as Error);
        }
      };
      const submitted = this.#workers.submit({
        operation: this.#operation,
        source: input.start,
        sourceLength: input.length,
        target: output.spareStart,
        targetCapacity: output.spareLength,
        complete: (produced) => {
          signal?.removeEventListener('abort', onAbort);
          input.release();
          output.advanceMut(produced);
          if (abandoned) output.release();
          else resolve(output.freeze());
        },
        fail: () => {
          signal?.removeEventListener('abort', onAbort);
          if (!abandoned) {
            again();
            return;
          }
          input.release();
          output.release();
        },
      });
      if (submitted) signal?.addEventListener('abort', onAbort, { once: true });
      else again();
    });
  }
}

function copyOf(source: Uint8Array | Bytes, heap: ZstdDecoder['heap']): Bytes {
  if (!(source instanceof Bytes)) return Bytes.copyOf(source, heap);
  const copy = BytesMut.withCapacity(source.length, heap);
  copy.putRange(source.block, source.start, source.end);
  return copy.freeze();
}
