import type { Writable } from 'node:stream';
import type { Bytes } from '../bytes/bytes.js';
import type { ByteSink } from './sink.js';

/** What writing to a Node Writable is told. */
export interface NodeSinkOptions {
  /** End the writable when the stream is closed. @default true */
  end?: boolean;
  /**
   * Give the writable copies instead of views. Needed where it keeps chunks beyond their write callback, as a PassThrough and other
   * transforms that hand chunks on do; files, sockets and HTTP bodies do not. @default false
   */
  copy?: boolean;
}

/** A sink that writes to a Node stream: views of our memory, pinned until the write's callback. */
export function nodeSink(writable: Writable, options: NodeSinkOptions = {}): ByteSink {
  const { end = true, copy = false } = options;
  let failure: Error | undefined;
  // Without a listener an 'error' event would end the process, although the write that failed reports it here.
  writable.on('error', (error: Error) => {
    failure ??= error;
  });
  return {
    write: (pieces) => (failure === undefined ? writePieces(writable, pieces, copy) : Promise.reject(failure)),
    close: () => (end ? endWritable(writable, () => failure) : Promise.resolve()),
    abort: (error) => void writable.destroy(error),
  };
}

function writePieces(writable: Writable, pieces: readonly Bytes[], copy: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = pieces.length;
    let failure: Error | null | undefined;
    // All callbacks are waited for, also after a failure: until the last one the memory is in use.
    const done = (error?: Error | null): void => {
      failure ??= error;
      left -= 1;
      if (left > 0) return;
      if (failure) reject(failure);
      else resolve();
    };
    if (left === 0) resolve();
    writable.cork();
    for (const piece of pieces) writable.write(copy ? piece.copyToBuffer() : piece.toBuffer(), done);
    writable.uncork();
  });
}

function endWritable(writable: Writable, failure: () => Error | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    writable.once('close', () => {
      const error = failure();
      if (error !== undefined) reject(error);
    });
    writable.end((error?: Error | null) => (error ? reject(error) : resolve()));
  });
}
