import { ReadableStream, WritableStream, type ReadableStreamDefaultController } from 'node:stream/web';
import type { BytePair } from '../web-transform.js';
import { ZstdReader, type ZstdReaderOptions } from './zstd-reader.js';

/**
 * A web transform from Zstandard frames, one or several in a row, to their data, for `pipeThrough`. A block is decoded when it is asked for and not before.
 * Its output is copied: web streams do not tell when a chunk has been used.
 */
export function zstdDecompressionStream(options: ZstdReaderOptions = {}): BytePair {
  const reader = new ZstdReader(options);
  let output!: ReadableStreamDefaultController<Uint8Array>;
  let cancelled: Error | undefined;
  /** Settles the write in progress. */
  let written: { resolve(): void; reject(error: unknown): void } | undefined;

  const fail = (error: unknown): void => {
    reader.release();
    output.error(error);
  };
  // One block at a time, as long as there is room for output; the write in progress is over when a read gives nothing.
  const pump = (): void => {
    if (written === undefined) return;
    const { resolve, reject } = written;
    try {
      while ((output.desiredSize ?? 0) > 0) {
        const piece = reader.readBuffer();
        if (piece === undefined) {
          written = undefined;
          resolve();
          return;
        }
        output.enqueue(piece);
      }
    } catch (error) {
      written = undefined;
      fail(error);
      reject(error);
    }
  };
  // Not a TransformStream, which on Node 20 does not say when its readable side is cancelled: the memory would never be given back.
  const readable = new ReadableStream<Uint8Array>({
    start: (controller) => void (output = controller),
    pull: pump,
    cancel: (reason) => {
      cancelled = reason instanceof Error ? reason : new Error(`the reader has gone: ${String(reason)}`);
      reader.release();
      written?.reject(cancelled);
      written = undefined;
    },
  });
  const writable = new WritableStream<Uint8Array>({
    write(chunk) {
      if (cancelled !== undefined) throw cancelled;
      return new Promise<void>((resolve, reject) => {
        try {
          reader.feed(chunk);
        } catch (error) {
          fail(error);
          reject(error as Error);
          return;
        }
        written = { resolve, reject };
        pump();
      });
    },
    close() {
      if (cancelled !== undefined) throw cancelled;
      try {
        reader.end();
        output.close();
      } catch (error) {
        fail(error);
        throw error;
      }
    },
    abort(reason) {
      reader.release();
      if (cancelled === undefined) output.error(reason);
    },
  });
  return { readable, writable };
}
