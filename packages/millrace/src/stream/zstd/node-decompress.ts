import { Duplex } from 'node:stream';
import { ZstdReader, type ZstdReaderOptions } from './zstd-reader.js';

type Callback = (error?: Error | null) => void;

/**
 * A Node stream from Zstandard frames, one or several in a row, to their data. A block is decoded when it is asked for and not before, so what a few bytes
 * of input blow up to waits in the frame until the reader of the stream is ready for it. Each piece of output is a Buffer of its own.
 */
export class ZstdDecompressStream extends Duplex {
  readonly #reader: ZstdReader;
  #written: Callback | undefined;
  #wanted = false;

  constructor(options: ZstdReaderOptions = {}) {
    super();
    this.#reader = new ZstdReader(options);
  }

  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, callback: Callback): void {
    this.#written = callback;
    try {
      this.#reader.feed(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
    } catch (error) {
      this.#answer(error as Error);
      return;
    }
    this.#pump();
  }

  override _read(): void {
    this.#wanted = true;
    this.#pump();
  }

  override _final(callback: Callback): void {
    try {
      this.#reader.end();
      this.push(null);
    } catch (error) {
      callback(error as Error);
      return;
    }
    callback();
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#reader.release();
    callback(error);
  }

  // Decodes while output is wanted; the chunk that was written last is answered when all of it has been used.
  #pump(): void {
    if (this.#written === undefined) return;
    try {
      while (this.#wanted) {
        const piece = this.#reader.readBuffer();
        if (piece === undefined) {
          this.#answer(null);
          return;
        }
        this.#wanted = this.push(piece);
      }
    } catch (error) {
      this.#answer(error as Error);
    }
  }

  #answer(error: Error | null): void {
    const written = this.#written;
    this.#written = undefined;
    written?.(error);
  }
}
