import type { WritableStream } from 'node:stream/web';
import type { Bytes } from '../bytes/bytes.js';
import type { ByteSink } from './sink.js';

/** What writing to a web WritableStream is told. */
export interface WebSinkOptions {
  /** Close the stream at the end. @default true */
  close?: boolean;
  /**
   * Give the stream copies instead of views of shared memory, which not every web API takes: `fetch` bodies on Node 24 and 26 send text in
   * their place. @default true
   */
  copy?: boolean;
}

/** A sink that writes to a web stream; pieces are pinned until the stream's own sink has taken them. */
export function webSink(stream: WritableStream<Uint8Array>, options: WebSinkOptions = {}): ByteSink {
  const { close = true, copy = true } = options;
  const writer = stream.getWriter();
  writer.closed.catch(() => {}); // reported by the write that fails
  return {
    async write(pieces: readonly Bytes[]) {
      for (const piece of pieces) {
        await writer.ready;
        await writer.write(copy ? piece.copyToBuffer() : piece.toBuffer());
      }
    },
    async close() {
      if (close) await writer.close();
      else writer.releaseLock();
    },
    abort(error) {
      writer.abort(error).catch(() => {});
    },
  };
}
