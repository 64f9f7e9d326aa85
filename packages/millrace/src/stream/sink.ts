import type { Bytes } from '../bytes/bytes.js';

/** Where a stream's bytes go. One call at a time; after an error only `abort` is called. */
export interface ByteSink {
  /**
   * Writes all pieces, in order. Resolves when they are out of the way: their memory is pinned until then, and is the caller's again afterwards.
   */
  write(pieces: readonly Bytes[]): Promise<void>;
  /** Ends the output, if it is the sink's to end. */
  close(): Promise<void>;
  /** Gives the output up. */
  abort(error: Error): void;
}

/** Takes a piece of a stream. The view is valid until it returns, or until the promise it returns settles; `copyToBuffer` keeps it longer. */
export type SinkFunction = (view: Buffer) => void | Promise<void>;

/** A sink that calls `take` with every piece, one at a time. */
export function functionSink(take: SinkFunction): ByteSink {
  return {
    async write(pieces) {
      for (const piece of pieces) await take(piece.toBuffer());
    },
    async close() {},
    abort() {},
  };
}
