import type { Bytes } from '../bytes/bytes.js';

/**
 * What sinks, Node streams, web streams and iterables need of a writer: {@link S2Writer}, {@link ZstdWriter}, or one of your own. It does no input or output;
 * after an error every call throws the same error.
 */
export interface StreamWriter {
  /** Bytes of output that wait to be taken. */
  readonly pendingOutput: number;
  /** Blocks under way in other threads, whose output comes later. */
  readonly outstanding: number;
  /** True when the stream is closed and all of it has come to the output. */
  readonly finished: boolean;
  /** Adds data; the source can be reused on return. */
  write(source: Bytes | Uint8Array): void;
  /** Adds a buffer: a `Bytes` becomes the writer's whatever happens, a `Uint8Array` is lent until the writer gives it back. */
  encodeBuffer(buffer: Bytes | Uint8Array): void;
  /** Makes blocks of all data so far. */
  flush(): void;
  /** Ends the stream, whose output is still to be taken. */
  close(): void;
  /** The next piece of output, the caller's to release; undefined when none is ready. */
  read(): Bytes | undefined;
  /** All pieces of output that are ready, in order, the caller's to release. */
  take(): Bytes[];
  /** Resolves when a further block need not be encoded by the caller because threads are busy. */
  ready(): Promise<void>;
  /** Resolves when the next block under way in another thread is done; at once when there is none. */
  progress(): Promise<void>;
  /** Drops what is pending and fails the writer with `error`. */
  abort(error?: Error): void;
  /** Gives back all memory; what was not taken is dropped. Safe to call again. */
  [Symbol.dispose](): void;
}
