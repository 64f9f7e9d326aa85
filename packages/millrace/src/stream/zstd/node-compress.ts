import { Transform, type TransformCallback } from 'node:stream';
import { ZstdWriter, type ZstdWriterOptions } from './zstd-writer.js';

/**
 * A Node transform from data to a Zstandard frame. Nobody tells a transform when its output has been used, so each piece is put out as a copy that the
 * garbage collector owns; `writeTo` a `nodeSink` what {@link zstdCompress} gives to write without that copy.
 */
export class ZstdCompressStream extends Transform {
  readonly #writer: ZstdWriter;

  constructor(options: ZstdWriterOptions = {}) {
    super();
    this.#writer = new ZstdWriter(options);
  }

  override _transform(chunk: Uint8Array | string, encoding: BufferEncoding, callback: TransformCallback): void {
    this.#run(callback, () => this.#writer.write(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk));
  }

  override _flush(callback: TransformCallback): void {
    this.#run(callback, () => this.#writer.close());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#writer[Symbol.dispose]();
    callback(error);
  }

  /** Makes blocks of all data so far and puts them out. */
  flush(): void {
    this.#writer.flush();
    this.#push();
  }

  #push(): void {
    for (const piece of this.#writer.take()) {
      this.push(piece.copyToBuffer());
      piece.release();
    }
  }

  // Reports by the callback what `step` throws, once; what the callback throws is not ours.
  #run(callback: TransformCallback, step: () => void): void {
    let failure: Error | null = null;
    try {
      step();
      this.#push();
    } catch (error) {
      failure = error as Error;
    }
    callback(failure);
  }
}
