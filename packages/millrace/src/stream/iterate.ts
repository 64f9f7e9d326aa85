import type { ByteIterable } from '../buffer/reader/source.js';
import type { Bytes } from '../bytes/bytes.js';
import { sharedPool, type WorkerPool } from '../worker/pool.js';
import { PendingBlock } from './pending-block.js';
import { S2Reader, type S2ReaderOptions } from './s2-reader.js';
import { S2Index } from './s2-index.js';
import { S2Writer } from './s2-writer.js';
import type { ByteSink } from './sink.js';
import type { StreamWriter } from './stream-writer.js';
import { blocksAhead, checkThreads, type ThreadOptions } from './thread-options.js';
import type { S2WriterOptions } from './writer-options.js';

/**
 * What `writer` makes of the data in `source`. A `Bytes` it gives is used up as by {@link StreamWriter.encodeBuffer}; a `Uint8Array` is copied.
 * The pieces are the consumer's to release; leaving the loop early releases all others. The writer is used up.
 */
export async function* compressWith(writer: StreamWriter, source: ByteIterable): AsyncGenerator<Bytes, void, undefined> {
  try {
    for await (const piece of source) {
      if (piece instanceof Uint8Array) writer.write(piece);
      else writer.encodeBuffer(piece);
      for (let out = writer.read(); out !== undefined; out = writer.read()) yield out;
      if (writer.outstanding > 0) await writer.ready();
    }
    writer.close();
    for (;;) {
      for (let out = writer.read(); out !== undefined; out = writer.read()) yield out;
      if (writer.finished) break;
      await writer.progress();
    }
  } finally {
    writer[Symbol.dispose]();
  }
}

/** An S2 or Snappy stream of the data in `source`; see {@link compressWith}. */
export function compress(source: ByteIterable, options: S2WriterOptions = {}): AsyncGenerator<Bytes, void, undefined> {
  return compressWith(new S2Writer(options), source);
}

/** How {@link decompress} reads. With concurrency, skippable chunks are seen before the data in front of them comes out. */
export interface DecompressOptions extends S2ReaderOptions, ThreadOptions {}

/**
 * The data of the S2 or Snappy streams in `source`, block by block, in order. A `Bytes` it gives is used up; a `Uint8Array` must stay as it is until the next
 * piece is asked for. The blocks are the consumer's to release; leaving the loop early releases all others.
 * @throws as {@link S2Reader.read} and {@link S2Reader.end}
 */
export async function* decompress(source: ByteIterable, options: DecompressOptions = {}): AsyncGenerator<Bytes, void, undefined> {
  const { heap, concurrency } = checkThreads(options);
  const reader = new S2Reader({ ...options, heap });
  if (concurrency > 1) {
    yield* decompressAhead(source, reader, options.pool ?? sharedPool(heap, concurrency), concurrency);
    return;
  }
  try {
    for await (const piece of source) {
      reader.feed(piece);
      for (let out = reader.read(); out !== undefined; out = reader.read()) yield out;
    }
    reader.end();
  } finally {
    reader.release();
  }
}

/** The same with blocks on their way through threads. */
async function* decompressAhead(source: ByteIterable, reader: S2Reader, pool: WorkerPool, concurrency: number): AsyncGenerator<Bytes, void, undefined> {
  const queue: (Bytes | PendingBlock)[] = [];
  const take = (): Bytes | Promise<Bytes> => {
    const first = queue.shift()!;
    return first instanceof PendingBlock ? first.data : first;
  };
  let failure: unknown;
  try {
    for await (const piece of source) {
      reader.feed(piece);
      for (;;) {
        let block: Bytes | PendingBlock | undefined;
        try {
          block = reader.readOrDefer();
        } catch (error) {
          failure = error;
        }
        if (block === undefined) break;
        if (block instanceof PendingBlock) block.start(pool);
        queue.push(block);
        if (queue.length >= blocksAhead(concurrency, block.length)) yield await take();
      }
      if (failure !== undefined) break;
    }
    // What came before the fault is right, and comes out first.
    while (queue.length > 0) yield await take();
    if (failure !== undefined) throw failure;
    reader.end();
  } finally {
    reader.release();
    for (const block of queue) {
      if (block instanceof PendingBlock) block.data.then((data) => data.release(), () => {});
      else block.release();
    }
  }
}

/**
 * Writes every piece to a sink and closes it; each piece is released when the sink is through with it.
 * @throws what the source or the sink throws; the sink is aborted then
 */
export async function writeTo(sink: ByteSink, pieces: AsyncIterable<Bytes>): Promise<void> {
  try {
    for await (const piece of pieces) {
      try {
        await sink.write([piece]);
      } finally {
        piece.release();
      }
    }
    await sink.close();
  } catch (error) {
    sink.abort(error as Error);
    throw error;
  }
}

/**
 * The index of streams that have none, or are to get another: their structure is checked, their blocks are not decoded. What is in `source` is used as
 * by {@link decompress}.
 * @throws as {@link S2Reader.read} and {@link S2Reader.end}
 */
export async function indexStream(source: ByteIterable, options: Omit<S2ReaderOptions, 'index'> = {}): Promise<S2Index> {
  const index = new S2Index();
  const reader = new S2Reader({ ...options, index });
  reader.skipAll();
  try {
    for await (const piece of source) {
      reader.feed(piece);
      reader.read()?.release();
    }
    reader.end();
  } finally {
    reader.release();
  }
  return index;
}
