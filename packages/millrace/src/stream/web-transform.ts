import { ReadableStream, WritableStream, type ReadableStreamDefaultController, type ReadableWritablePair } from 'node:stream/web';
import type { Bytes } from '../bytes/bytes.js';
import { S2Reader, type S2ReaderOptions } from './s2-reader.js';
import { S2Writer } from './s2-writer.js';
import type { StreamWriter } from './stream-writer.js';
import type { S2WriterOptions } from './writer-options.js';

/** A pair for `pipeThrough`. */
export type BytePair = ReadableWritablePair<Uint8Array, Uint8Array>;

/**
 * A web transform from data to what a writer makes of it. Its output is copied: web streams do not tell when a chunk has been used.
 * @param writer used up: its memory is given back when the stream ends, fails or is cancelled
 */
export function compressionStream(writer: StreamWriter): BytePair {
  return pair({
    take: (chunk) => writer.write(chunk),
    ready: () => writer.ready(),
    end: () => writer.close(),
    more: async () => {
      if (writer.finished) return false;
      await writer.progress();
      return true;
    },
    next: () => writer.read(),
    release: () => writer[Symbol.dispose](),
  });
}

/** A web transform from data to an S2 or Snappy stream; see {@link compressionStream}. */
export function s2CompressionStream(options: S2WriterOptions = {}): BytePair {
  return compressionStream(new S2Writer(options));
}

/** A web transform from S2 or Snappy streams to their data, copied. */
export function s2DecompressionStream(options: S2ReaderOptions = {}): BytePair {
  const reader = new S2Reader(options);
  let ended = false;
  return pair({
    take: (chunk) => reader.feed(chunk),
    ready: async () => {},
    more: async () => false,
    end: () => {
      reader.end();
      ended = true;
    },
    next: () => (ended ? undefined : reader.read()),
    release: () => reader.release(),
  });
}

/** What a pair does with chunks. */
interface Steps {
  take(chunk: Uint8Array): void;
  /** Resolves when the next chunk is welcome. */
  ready(): Promise<void>;
  end(): void;
  /** After the end: resolves when there is more to put out, to false when there will be nothing more. */
  more(): Promise<boolean>;
  next(): Bytes | undefined;
  /** Gives the memory back; safe to call again. */
  release(): void;
}

// Not a TransformStream, which on Node 20 does not say when its readable side is cancelled: the memory would never be given back.
function pair(steps: Steps): BytePair {
  let output!: ReadableStreamDefaultController<Uint8Array>;
  let wanted: (() => void) | undefined;
  let cancelled: Error | undefined;

  /** Puts out what there is, copied; resolves when more is wanted. */
  const enqueue = (): void => {
    for (let piece = steps.next(); piece !== undefined; piece = steps.next()) {
      output.enqueue(piece.copyToBuffer());
      piece.release();
    }
  };
  const put = async (): Promise<void> => {
    enqueue();
    await steps.ready();
    if ((output.desiredSize ?? 0) > 0 || cancelled !== undefined) return;
    await new Promise<void>((resolve) => {
      wanted = resolve;
    });
  };
  const fail = (error: unknown): never => {
    steps.release();
    output.error(error);
    throw error;
  };
  const readable = new ReadableStream<Uint8Array>({
    start: (controller) => void (output = controller),
    pull: () => wanted?.(),
    cancel: (reason) => {
      cancelled = reason instanceof Error ? reason : new Error(`the reader has gone: ${String(reason)}`);
      steps.release();
      wanted?.();
    },
  });
  const writable = new WritableStream<Uint8Array>({
    async write(chunk) {
      if (cancelled !== undefined) throw cancelled;
      try {
        steps.take(chunk);
        await put();
      } catch (error) {
        fail(error);
      }
    },
    async close() {
      if (cancelled !== undefined) throw cancelled;
      try {
        steps.end();
        do enqueue();
        while (await steps.more());
        steps.release();
        output.close();
      } catch (error) {
        fail(error);
      }
    },
    abort(reason) {
      if (cancelled !== undefined) return;
      steps.release();
      output.error(reason);
    },
  });
  return { readable, writable };
}
