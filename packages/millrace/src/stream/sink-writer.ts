import { checkInteger } from '../base/arguments.js';
import { StreamError } from '../base/errors.js';
import type { ByteIterable } from '../buffer/reader/source.js';
import type { Bytes } from '../bytes/bytes.js';
import type { ByteSink } from './sink.js';
import type { StreamWriter } from './stream-writer.js';

/** How a SinkWriter writes. */
export interface SinkWriterOptions {
  /** Bytes of output that may wait for the sink before calls wait too, at least 1. @default 1 MiB */
  highWaterMark?: number;
}

const HIGH_WATER_MARK = 1_048_576;
const WELCOME: Promise<void> = Promise.resolve();

/**
 * Writes what a writer makes, of whatever format, to a sink. Every method resolves when the next call is welcome: at once while the sink keeps up, later when
 * output piles up (backpressure). Calls need not be awaited one by one; their order is kept.
 *
 * When the sink fails, the writer fails with its error, which every later call throws, and lent buffers are given back.
 */
export class SinkWriter<W extends StreamWriter = StreamWriter> {
  /** The writer inside, for its counters and what only it can do; call {@link ready} after what makes output. */
  readonly writer: W;
  readonly #sink: ByteSink;
  readonly #mark: number;
  /** The run of writes under way; never rejects. */
  #pump: Promise<void> | undefined;
  #failure: Error | undefined;

  /** @param writer used up: its memory is given back when the stream is closed or aborted */
  constructor(sink: ByteSink, writer: W, options: SinkWriterOptions = {}) {
    this.#mark = checkInteger('highWaterMark', options.highWaterMark ?? HIGH_WATER_MARK, 1, Number.MAX_SAFE_INTEGER);
    this.writer = writer;
    this.#sink = sink;
  }

  /** See {@link StreamWriter.write}: the source can be reused when this returns, before the promise resolves. */
  write(source: Bytes | Uint8Array): Promise<void> {
    try {
      this.writer.write(source);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.ready();
  }

  /** See {@link StreamWriter.encodeBuffer}: a buffer that is lent comes back through the writer's `onBufferDone`. */
  encodeBuffer(buffer: Bytes | Uint8Array): Promise<void> {
    try {
      this.writer.encodeBuffer(buffer);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.ready();
  }

  /**
   * Writes all that `source` gives: a `Bytes` is used up as by {@link encodeBuffer}, a `Uint8Array` copied as by {@link write}.
   * @returns how many bytes that were
   * @throws what the source throws; the stream can be gone on with then
   */
  async writeFrom(source: ByteIterable): Promise<number> {
    let total = 0;
    for await (const piece of source) {
      total += piece.length;
      await (piece instanceof Uint8Array ? this.write(piece) : this.encodeBuffer(piece));
    }
    return total;
  }

  /** Starts writing if there is anything to write, and resolves when the next call is welcome. */
  ready(): Promise<void> {
    const { writer } = this;
    // By far the most calls of those who write little at a time.
    if (this.#failure === undefined && writer.pendingOutput === 0 && writer.outstanding === 0) return WELCOME;
    return this.#wait();
  }

  /** Makes blocks of all data so far and resolves when they have reached the sink. */
  async flush(): Promise<void> {
    this.writer.flush();
    await this.#drained();
  }

  /** Ends the stream and the sink; resolves when both are done. */
  async close(): Promise<void> {
    this.writer.close();
    await this.#drained();
    try {
      await this.#sink.close();
    } catch (error) {
      this.abort(error as Error);
      throw error;
    }
    this.writer[Symbol.dispose]();
  }

  /** Gives up writer and sink. */
  abort(error: Error = new StreamError('ERR_STREAM_ABORTED', 'the stream was aborted')): void {
    this.#fail(error);
    this.#sink.abort(error);
  }

  async #wait(): Promise<void> {
    this.#start();
    const { writer } = this;
    for (;;) {
      if (this.#failure !== undefined) return; // the next call reports it
      if (writer.pendingOutput >= this.#mark) await this.#pump;
      else break;
      this.#start();
    }
    await writer.ready();
  }

  async #drained(): Promise<void> {
    this.#start();
    await this.#pump;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #start(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#pump === undefined && (this.writer.pendingOutput > 0 || this.writer.outstanding > 0)) this.#pump = this.#run();
  }

  /** Writes what there is, and what is under way when it comes. */
  async #run(): Promise<void> {
    try {
      while (this.#failure === undefined && (this.writer.pendingOutput > 0 || this.writer.outstanding > 0)) {
        if (this.writer.pendingOutput === 0) {
          await this.writer.progress();
          continue;
        }
        const pieces = this.writer.take();
        try {
          await this.#sink.write(pieces);
        } finally {
          for (const piece of pieces) piece.release();
        }
      }
    } catch (error) {
      this.#fail(error as Error);
    }
    this.#pump = undefined;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.writer.abort(this.#failure);
    this.writer[Symbol.dispose]();
  }
}
