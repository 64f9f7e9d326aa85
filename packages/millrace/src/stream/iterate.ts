import type { Bytes } from '../bytes/bytes.js';
import { S2Reader, type S2ReaderOptions } from './s2-reader.js';
import { S2Index } from './s2-index.js';
import { S2Writer } from './s2-writer.js';
import type { ByteSink } from './sink.js';
import type { S2WriterOptions } from './writer-options.js';

/** Pieces of data from anywhere: arrays, generators, Node readables, web streams. */
export type ByteSource = AsyncIterable<Bytes | Uint8Array> | Iterable<Bytes | Uint8Array>;

/**
 * An S2 or Snappy stream of the data in `source`. A `Bytes` it gives is used up like by {@link S2Writer.encodeBuffer}; a `Uint8Array` is copied.
 * The pieces are the consumer's to release; leaving the loop early releases all others.
 */
export async function* compress(source: ByteSource, options: S2WriterOptions = {}): AsyncGenerator<Bytes, void, undefined> {
  const writer = new S2Writer(options);
  try {
    for await (const piece of source) {
      if (piece instanceof Uint8Array) writer.write(piece);
      else writer.encodeBuffer(piece);
      for (let out = writer.read(); out !== undefined; out = writer.read()) yield out;
    }
    writer.close();
    for (let out = writer.read(); out !== undefined; out = writer.read()) yield out;
  } finally {
    writer[Symbol.dispose]();
  }
}

/**
 * The data of the S2 or Snappy streams in `source`, block by block. A `Bytes` it gives is used up; a `Uint8Array` must stay as it is until the next
 * piece is asked for. The blocks are the consumer's to release; leaving the loop early releases all others.
 * @throws as {@link S2Reader.read} and {@link S2Reader.end}
 */
export async function* decompress(source: ByteSource, options: S2ReaderOptions = {}): AsyncGenerator<Bytes, void, undefined> {
  const reader = new S2Reader(options);
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
export async function indexStream(source: ByteSource, options: Omit<S2ReaderOptions, 'index'> = {}): Promise<S2Index> {
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
