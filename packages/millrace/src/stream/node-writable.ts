import { Writable } from 'node:stream';
import { SinkWriter, type SinkWriterOptions } from './sink-writer.js';
import type { ByteSink } from './sink.js';
import type { StreamWriter } from './stream-writer.js';

/**
 * A Node writable that compresses to a sink: what is piped into it is gathered in our memory, and the sink writes from there, so that output is not
 * copied. Destroying it aborts the sink.
 */
export class SinkStream extends Writable {
  readonly #out: SinkWriter;

  /** @param writer makes the stream that the sink gets; used up */
  constructor(sink: ByteSink, writer: StreamWriter, options: SinkWriterOptions = {}) {
    super();
    this.#out = new SinkWriter(sink, writer, options);
  }

  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
    this.#out.write(bytes).then(() => callback(), callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#out.close().then(() => callback(), callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.writableFinished) this.#out.abort(error ?? undefined);
    callback(error);
  }
}
