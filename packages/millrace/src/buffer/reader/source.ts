import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { ArgumentTypeError } from '../../base/arguments.js';
import { Bytes } from '../../bytes/bytes.js';
import { copyToHeap } from '../../bytes/copy.js';
import type { LinkBuffer } from '../link-buffer.js';

/** Where a BufReader gets its bytes: one that needs no copy implements this itself. */
export interface ByteSource {
  /** Adds at least one byte to `into`, by booking and committing or by pushing a handle. Resolves to false at the end. Called again only after it has settled. */
  pull(into: LinkBuffer): Promise<boolean>;
  /** No more will be asked for. */
  cancel(reason?: unknown): void | Promise<void>;
}

/** Anything that gives bytes, piece by piece: arrays, generators, Node readables, web streams. Handles become the taker's. */
export type ByteIterable = AsyncIterable<Uint8Array | Bytes> | Iterable<Uint8Array | Bytes>;

/** A web stream of bytes. */
export interface WebByteStream {
  getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>; cancel(reason?: unknown): Promise<void>; releaseLock(): void };
}

/** What BufReader reads from: a source of one's own, a Node stream (sockets too), a file, a web stream, any iterable of bytes. */
export type Readables = ByteSource | Readable | FileHandle | WebByteStream | ByteIterable;

/** @throws ArgumentTypeError for what gives no bytes */
export function toSource(from: Readables): ByteSource {
  if (typeof from === 'object' && from !== null) {
    if ('pull' in from && typeof from.pull === 'function') return from as ByteSource;
    if (from instanceof Readable) return new StreamSource(from);
    if ('getReader' in from) return new WebSource(from);
    if ('fd' in from && 'read' in from) return new FileSource(from as FileHandle);
    if (Symbol.asyncIterator in from) return new IteratorSource((from as AsyncIterable<Uint8Array | Bytes>)[Symbol.asyncIterator]());
    if (Symbol.iterator in from) return new IteratorSource((from as Iterable<Uint8Array | Bytes>)[Symbol.iterator]());
  }
  throw new ArgumentTypeError('source', 'a stream, a file handle, an iterable of bytes or a ByteSource', from);
}

function add(into: LinkBuffer, value: Uint8Array | Bytes): boolean {
  if (value instanceof Bytes) {
    const some = value.length > 0;
    into.push(value);
    return some;
  }
  if (!(value instanceof Uint8Array)) throw new ArgumentTypeError('a chunk', 'a Uint8Array or Bytes', value);
  const { length } = value;
  if (length === 0) return false;
  into.book(length);
  copyToHeap(value, into.heap, into.roomAddress);
  into.commit(length);
  into.countCopied(length);
  return true;
}

/** A file is read into the heap directly. */
class FileSource implements ByteSource {
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async pull(into: LinkBuffer): Promise<boolean> {
    into.bookRead();
    const { bytesRead } = await this.#file.read(into.roomBuffer());
    into.commit(bytesRead);
    return bytesRead > 0;
  }

  cancel(): void {}
}

class IteratorSource implements ByteSource {
  readonly #iterator: AsyncIterator<Uint8Array | Bytes> | Iterator<Uint8Array | Bytes>;

  constructor(iterator: AsyncIterator<Uint8Array | Bytes> | Iterator<Uint8Array | Bytes>) {
    this.#iterator = iterator;
  }

  async pull(into: LinkBuffer): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.#iterator.next();
      if (done === true) return false;
      if (add(into, value)) return true;
    }
  }

  async cancel(): Promise<void> {
    await this.#iterator.return?.();
  }
}

/** A Node stream is read chunk by chunk; it is destroyed when the reader is closed before its end. */
class StreamSource extends IteratorSource {
  readonly #stream: Readable;

  constructor(stream: Readable) {
    super(stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>);
    this.#stream = stream;
  }

  override async cancel(): Promise<void> {
    this.#stream.destroy();
  }
}

class WebSource implements ByteSource {
  readonly #reader: ReturnType<WebByteStream['getReader']>;

  constructor(stream: WebByteStream) {
    this.#reader = stream.getReader();
  }

  async pull(into: LinkBuffer): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return false;
      if (value !== undefined && add(into, value)) return true;
    }
  }

  async cancel(reason?: unknown): Promise<void> {
    await this.#reader.cancel(reason);
    this.#reader.releaseLock();
  }
}
