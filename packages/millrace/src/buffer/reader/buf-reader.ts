import { checkInteger } from '../../base/arguments.js';
import { BufferError } from '../../base/errors.js';
import { defaultHeap, type Heap } from '../../memory/heap.js';
import type { Bytes } from '../../bytes/bytes.js';
import { LinkBuffer } from '../link-buffer.js';
import { toSource, type ByteSource, type Readables } from './source.js';

/** How a BufReader reads. */
export interface BufReaderOptions {
  /** Where the bytes live. @default defaultHeap() */
  heap?: Heap;
  /** Bytes asked of a source at first, 64 to 1 GiB; reads that are filled double it up to 8 MiB. @default 16 KiB */
  chunk?: number;
  /** Most bytes that {@link BufReader.readLine} and {@link BufReader.readUntil} look through. @default 8 MiB */
  maxLine?: number;
}

const LF = 0x0a;
const CR = 0x0d;

/**
 * Reads from anything, in the pieces one asks for: each method waits until there is enough, and consumed memory goes back at once while the rest is
 * in use. Call one method at a time. When the source ends first a method rejects with BufferError `ERR_INSUFFICIENT_DATA` and consumes nothing; when the
 * source fails, with its error.
 */
export class BufReader {
  /** What has been read and not consumed: for code that wants to look without waiting. */
  readonly buffer: LinkBuffer;
  readonly #source: ByteSource;
  readonly #maxLine: number;
  #ended = false;
  #pulling = false;
  #closed = false;

  /** @throws ArgumentTypeError, ArgumentRangeError */
  constructor(source: Readables, options: BufReaderOptions = {}) {
    const { heap = defaultHeap(), chunk = 16_384, maxLine = 8 * 2 ** 20 } = options;
    this.#source = toSource(source);
    this.#maxLine = checkInteger('maxLine', maxLine, 1, 2 ** 30);
    this.buffer = new LinkBuffer({ heap, minBook: chunk });
  }

  /** Waits until `n` bytes are there. @throws BufferError `ERR_INSUFFICIENT_DATA`, `ERR_CLOSED` */
  async fill(n: number): Promise<void> {
    checkInteger('n', n, 0, 2 ** 30);
    while (this.buffer.length < n) if (!(await this.#pull())) this.#tooFew(n);
  }

  /** Whether all has been read and consumed; waits for a byte to know. */
  async isAtEnd(): Promise<boolean> {
    return this.buffer.length === 0 && !(await this.#pull());
  }

  /** The next `n` bytes, side by side; copied when they came in several parts. The caller releases them. */
  async read(n: number): Promise<Bytes> {
    await this.fill(n);
    return this.buffer.next(n);
  }

  /** A view of the next `n` bytes, which stay unread: borrowed until the next call. */
  async peek(n: number): Promise<Buffer> {
    await this.fill(n);
    return this.buffer.peek(n);
  }

  /** Drops the next `n` bytes, which need not be in memory together. At the end of the source what there was is dropped. */
  async skip(n: number): Promise<void> {
    checkInteger('n', n, 0, Number.MAX_SAFE_INTEGER);
    for (let left = n; left > 0; ) {
      if (this.buffer.length === 0 && !(await this.#pull())) this.#tooFew(left);
      const some = Math.min(left, this.buffer.length);
      this.buffer.skip(some);
      left -= some;
    }
  }

  /**
   * The next `n` bytes as they lie, without a copy: views that are each borrowed until the next one is asked for, when their memory goes back.
   * Leaving the loop early leaves what was not yielded unread.
   */
  async *readRange(n: number): AsyncGenerator<Buffer, void, void> {
    checkInteger('n', n, 0, Number.MAX_SAFE_INTEGER);
    for (let left = n; left > 0; ) {
      if (this.buffer.length === 0 && !(await this.#pull())) this.#tooFew(left);
      const bytes = this.buffer.next(Math.min(left, this.buffer.contiguousLength));
      left -= bytes.length;
      try {
        yield bytes.toBuffer();
      } finally {
        bytes.release();
      }
    }
  }

  /** The next byte. */
  async readByte(): Promise<number> {
    await this.fill(1);
    return this.buffer.readByte();
  }

  /** A big-endian unsigned number of 1 to 6 bytes. */
  async readBE(width: number): Promise<number> {
    return this.#number(width, (bytes) => bytes.readUIntBE(0, width));
  }

  /** A little-endian unsigned number of 1 to 6 bytes. */
  async readLE(width: number): Promise<number> {
    return this.#number(width, (bytes) => bytes.readUIntLE(0, width));
  }

  /** A big-endian unsigned number of 1 to 8 bytes, as a bigint. */
  async readBigBE(width: number = 8): Promise<bigint> {
    return this.#bigNumber(width, true);
  }

  /** A little-endian unsigned number of 1 to 8 bytes, as a bigint. */
  async readBigLE(width: number = 8): Promise<bigint> {
    return this.#bigNumber(width, false);
  }

  /**
   * A base-128 varint, at most 2^53 - 1.
   * @throws BufferError `ERR_FRAMING` when it is longer than ten bytes or larger; nothing is consumed
   */
  async readVarint(): Promise<number> {
    let value = 0;
    for (let i = 0; i < 10; i += 1) {
      const byte = (await this.peek(i + 1))[i]!;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw new BufferError('ERR_FRAMING', `the varint ${value} is over 2^53 - 1`, { actual: value });
        this.buffer.skip(i + 1);
        return value;
      }
    }
    throw new BufferError('ERR_FRAMING', 'a varint has more than ten bytes');
  }

  /** The next `n` bytes as text. */
  async readString(n: number, encoding: BufferEncoding = 'utf8'): Promise<string> {
    await this.fill(n);
    return this.buffer.readString(n, encoding);
  }

  /**
   * The bytes up to the first `delimiter`, which is included. The caller releases them.
   * @throws BufferError `ERR_MESSAGE_TOO_LARGE` when it is not among the first `maxLine`; nothing is consumed
   */
  async readUntil(delimiter: number): Promise<Bytes> {
    const end = await this.#find(delimiter);
    if (end === 0) this.#tooFew(this.buffer.length + 1);
    return this.buffer.next(end);
  }

  /** The next line without its end, LF or CRLF, as text; undefined at the end of the source. A last line needs no end. @throws as {@link readUntil} */
  async readLine(encoding: BufferEncoding = 'utf8'): Promise<string | undefined> {
    const end = (await this.#find(LF)) || this.buffer.length;
    if (end === 0) return undefined;
    const line = this.buffer.peek(end);
    let length = end;
    if (line[length - 1] === LF) {
      length -= 1;
      if (length > 0 && line[length - 1] === CR) length -= 1;
    }
    const text = line.toString(encoding, 0, length);
    this.buffer.skip(end);
    return text;
  }

  /** Gives everything back and cancels the source. What was read and not consumed is lost. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // What a source is just reading into goes back when it has read.
    if (this.#pulling) this.buffer.skip(this.buffer.length);
    else this.buffer.close();
    if (!this.#ended) await this.#source.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #number(width: number, get: (bytes: Buffer) => number): Promise<number> {
    checkInteger('width', width, 1, 6);
    const value = get(await this.peek(width));
    this.buffer.skip(width);
    return value;
  }

  async #bigNumber(width: number, bigEndian: boolean): Promise<bigint> {
    checkInteger('width', width, 1, 8);
    const bytes = await this.peek(width);
    let value = 0n;
    for (let i = 0; i < width; i += 1) value = (value << 8n) | BigInt(bytes[bigEndian ? i : width - 1 - i]!);
    this.buffer.skip(width);
    return value;
  }

  // Offset after the first `delimiter`; 0 when the source ends without one.
  async #find(delimiter: number): Promise<number> {
    const { buffer } = this;
    for (let seen = 0; ; ) {
      const end = buffer.indexAfter(delimiter, seen);
      if (end > this.#maxLine || (end === 0 && buffer.length > this.#maxLine)) {
        throw new BufferError('ERR_MESSAGE_TOO_LARGE', `no delimiter in ${this.#maxLine} bytes`, { actual: end || buffer.length, expected: this.#maxLine });
      }
      if (end > 0) return end;
      seen = buffer.length;
      if (!(await this.#pull())) return 0;
    }
  }

  // Gets more from the source; false at its end. What a read left of its room goes back at once.
  async #pull(): Promise<boolean> {
    if (this.#closed) throw new BufferError('ERR_CLOSED', 'the reader is closed');
    if (this.#ended) return false;
    this.#pulling = true;
    let more: boolean;
    try {
      more = await this.#source.pull(this.buffer);
    } finally {
      this.#pulling = false;
      if (this.#closed) this.buffer.close(); // while it waited: nothing may stay behind
    }
    if (!more) this.#ended = true;
    if (this.#closed) throw new BufferError('ERR_CLOSED', 'the reader is closed');
    this.buffer.releaseBooking();
    return more;
  }

  #tooFew(wanted: number): never {
    throw new BufferError('ERR_INSUFFICIENT_DATA', `the source ended: ${wanted} bytes were asked for and ${this.buffer.length} are there`, {
      expected: wanted,
      actual: this.buffer.length,
    });
  }
}
