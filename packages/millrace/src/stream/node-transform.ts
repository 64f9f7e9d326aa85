import { Transform, type TransformCallback } from 'node:stream';
import { S2Reader, type S2ReaderOptions } from './s2-reader.js';
import { S2Writer } from './s2-writer.js';
import type { StreamWriter } from './stream-writer.js';
import type { S2WriterOptions } from './writer-options.js';

/**
 * A Node transform from data to what a writer makes of it. Nobody tells a transform when its output has been used, so each piece is put out as a
 * copy that the garbage collector owns; {@link SinkWriter} with `nodeSink` writes without that copy.
 */
export class CompressStream extends Transform {
  readonly #writer: StreamWriter;

  /** @param writer used up: its memory is given back when the stream ends or is destroyed */
  constructor(writer: StreamWriter) {
    super();
    this.#writer = writer;
  }

  override _transform(chunk: Uint8Array | string, encoding: BufferEncoding, callback: TransformCallback): void {
    attempt(callback, () => {
      this.#writer.write(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
      this.#push();
      return this.#writer.outstanding === 0 ? undefined : this.#writer.ready();
    });
  }

  override _flush(callback: TransformCallback): void {
    attempt(callback, () => {
      this.#writer.close();
      this.#push();
      return this.#writer.finished ? undefined : this.#finish();
    });
  }

  /** Makes blocks of all data so far and puts out those that are done. */
  flush(): void {
    this.#writer.flush();
    this.#push();
  }

  async #finish(): Promise<void> {
    while (!this.#writer.finished) {
      await this.#writer.progress();
      this.#push();
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#writer[Symbol.dispose]();
    callback(error);
  }

  #push(): void {
    for (const piece of this.#writer.take()) {
      this.push(piece.copyToBuffer());
      piece.release();
    }
  }
}

/** A Node transform from data to an S2 or Snappy stream; see {@link CompressStream}. */
export class S2CompressStream extends CompressStream {
  constructor(options: S2WriterOptions = {}) {
    super(new S2Writer(options));
  }
}

/** A Node transform from S2 or Snappy streams, one or several in a row, to their data; its output is copied like {@link CompressStream}'s. */
export class S2DecompressStream extends Transform {
  readonly #reader: S2Reader;

  constructor(options: S2ReaderOptions = {}) {
    super();
    this.#reader = new S2Reader(options);
  }

  override _transform(chunk: Uint8Array | string, encoding: BufferEncoding, callback: TransformCallback): void {
    attempt(callback, () => {
      this.#reader.feed(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
      for (let piece = this.#reader.read(); piece !== undefined; piece = this.#reader.read()) {
        this.push(piece.copyToBuffer());
        piece.release();
      }
    });
  }

  override _flush(callback: TransformCallback): void {
    attempt(callback, () => this.#reader.end());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#reader.release();
    callback(error);
  }
}

/** Reports by the callback, once, that `run` is through or what it threw; what the callback throws is not ours. */
function attempt(callback: TransformCallback, run: () => Promise<void> | void): void {
  let pending: Promise<void> | void;
  try {
    pending = run();
  } catch (error) {
    callback(error as Error);
    return;
  }
  if (pending === undefined) callback();
  else pending.then(() => callback(), callback);
}
