import { ArgumentRangeError, ArgumentTypeError, checkInteger } from '../base/arguments.js';
import type { Heap } from '../memory/heap.js';
import { Bytes } from '../bytes/bytes.js';
import type { Rope } from '../bytes/rope.js';
import { copyToHeap, copyWithin } from '../bytes/copy.js';
import { Chunk } from './chunk.js';
import { LinkReader } from './link-reader.js';
import { Segments } from './segments.js';
import { BufferSettings } from './settings.js';

/** How a LinkBuffer books memory and takes writes. */
export interface LinkBufferOptions {
  /** Where the bytes live. @default defaultHeap() */
  heap?: Heap;
  /** Bytes of the smallest booking for a read, 64 to 1 GiB. @default 8 KiB */
  minBook?: number;
  /** Bytes of the largest booking that reads can grow to. @default 8 MiB */
  maxBook?: number;
  /** Writes of at least this many bytes are taken by reference, smaller ones copied. @default 4,096 */
  copyBelow?: number;
}

/**
 * A queue of bytes with a reading end and two writing ends: one for input, which a socket reads into ({@link book}, {@link commit}), and one
 * for output, where nothing is visible before {@link flush}. Bytes go in and out as handles on memory that stays where it is.
 *
 *     | readable                              | booked room |     input:  book, commit
 *     | next, peek, skip, until, slice        |
 *     | readable                | not flushed |                   output: malloc, write..., flush
 *
 * A handle that a reading method gives is the caller's, who releases it; the bytes stay valid until then, whatever happens to this buffer. A Buffer that
 * `peek` or `views` gives is borrowed: valid until the bytes it shows are consumed. A reading method that asks for more than there is
 * throws BufferError `ERR_INSUFFICIENT_DATA` and consumes nothing; with n <= 0 it gives nothing and never throws.
 */
export class LinkBuffer extends LinkReader {
  // What was written and not flushed: the bytes of #unflushed, then `[start, at)` of #chunk, which small writes have filled. Both are made when they
  // are needed, so that a buffer for input goes without.
  #unflushed: Segments | undefined = undefined;
  #chunk: Chunk | undefined = undefined;

  /** @throws ArgumentRangeError for options out of range */
  constructor(options: LinkBufferOptions | BufferSettings = {}) {
    super(options instanceof BufferSettings ? options : new BufferSettings(options));
  }

  /** A reader of the next `n` bytes: over the same memory, with a life of its own. Close it. */
  slice(n: number): LinkBuffer {
    const slice = new LinkBuffer(this.settings);
    if (this.has(n)) this.readable.moveTo(slice.readable, n);
    return slice;
  }

  /** Gives back memory that holds nothing, booked or kept for small writes: for a buffer that is idle. The next booking is as small as the first. */
  releaseRoom(): void {
    this.room?.release();
    this.room = undefined;
    this.seal();
    this.#chunk?.release();
    this.#chunk = undefined;
  }

  // ---- output ------------------------------------------------------------------------------------------------------

  /** Bytes written and not flushed. */
  get mallocLength(): number {
    return (this.#unflushed === undefined ? 0 : this.#unflushed.length) + (this.#chunk === undefined ? 0 : this.#chunk.at - this.#chunk.start);
  }

  /** Writes `n` bytes whose contents the caller fills in, through the view, before {@link flush}. @param n 0 or more */
  malloc(n: number): Buffer {
    const address = this.mallocAddress(n);
    return n === 0 ? Buffer.alloc(0) : Buffer.from(this.heap.u8.buffer as ArrayBuffer, address, n);
  }

  /** The same without a view: the address of the `n` bytes in the heap's memory. */
  mallocAddress(n: number): number {
    const chunk = this.#chunk;
    // Small integers that fit pass without a call.
    if (chunk === undefined || (n | 0) !== n || n < 0 || n > chunk.limit - chunk.at) return this.mallocAnew(n);
    const address = chunk.at;
    chunk.at = address + n;
    return address;
  }

  /**
   * Keeps the first `n` of the bytes written since the last flush, and drops the rest.
   * @throws ArgumentRangeError unless 0 <= n <= mallocLength
   */
  mallocAck(n: number): void {
    checkInteger('n', n, 0, this.mallocLength);
    const sealed = this.#unflushed?.length ?? 0;
    const chunk = this.#chunk;
    if (chunk !== undefined) chunk.at = chunk.start + Math.max(0, n - sealed);
    if (n < sealed) this.#unflushed!.truncate(n);
  }

  /** Writes bytes: by reference from `copyBelow` on, and then they must not change until they are written out; a copy below. */
  writeBinary(source: Uint8Array): void {
    if (!(source instanceof Uint8Array)) throw new ArgumentTypeError('source', 'a Uint8Array', source);
    if (source.length >= this.settings.copyBelow && source.length > 0) {
      this.written().push(Bytes.adopt(source));
      return;
    }
    const address = this.mallocAddress(source.length);
    copyToHeap(source, this.heap, address);
    this.copied += source.length;
  }

  /** Writes the bytes of a handle or a rope: it is this buffer's from now on. No copy, but for handles on fewer than 256 bytes. */
  writeBytes(bytes: Bytes | Rope): void {
    if (!(bytes instanceof Bytes)) {
      const written = this.written();
      for (const part of bytes.intoParts()) written.push(part);
      return;
    }
    if (bytes.length >= Math.min(256, this.settings.copyBelow)) {
      this.written().push(bytes);
      return;
    }
    const address = this.mallocAddress(bytes.length);
    copyWithin(bytes.block, bytes.start, bytes.end, this.heap, address);
    this.copied += bytes.length;
    bytes.release();
  }

  /** Writes text, encoded into place. */
  writeString(text: string, encoding: BufferEncoding = 'utf8'): void {
    if (typeof text !== 'string') throw new ArgumentTypeError('text', 'a string', text);
    const length = Buffer.byteLength(text, encoding);
    if (length > 0) this.malloc(length).write(text, encoding);
  }

  /** Writes one byte, 0 to 255. */
  writeByte(byte: number): void {
    checkInteger('byte', byte, 0, 255);
    const address = this.mallocAddress(1);
    this.heap.u8[address] = byte;
  }

  /**
   * Puts `bytes`, by reference, before the last `remaining` of the bytes written since the last flush: a body into the middle of a frame whose
   * header and trailer were allocated together. A handle is this buffer's from now on; an array must not change until it is written out.
   * @throws ArgumentRangeError unless 0 <= remaining <= mallocLength
   */
  writeDirect(bytes: Bytes | Uint8Array, remaining: number): void {
    checkInteger('remaining', remaining, 0, this.mallocLength);
    const source = new Segments();
    source.push(bytes instanceof Uint8Array ? Bytes.adopt(bytes) : bytes);
    this.written().insert(source, remaining);
  }

  /** Writes all bytes of `other`, flushed or not, which ends up empty: no copy. Like any write they are readable after {@link flush}. */
  append(other: LinkBuffer): void {
    if (other === this) throw new ArgumentRangeError('other', 'another buffer', 'this one');
    other.flush();
    other.readable.moveTo(this.written(), other.readable.length);
  }

  /** Makes what was written readable, in order. Gives the number of bytes. */
  flush(): number {
    const unflushed = this.#unflushed;
    const sealed = unflushed === undefined ? 0 : unflushed.length;
    if (sealed > 0) unflushed!.moveTo(this.readable, sealed);
    const chunk = this.#chunk;
    if (chunk === undefined) return sealed;
    const { start, at } = chunk;
    if (at === start) return sealed;
    chunk.start = at;
    this.readable.push(Bytes.over(chunk.block, start, at));
    return sealed + at - start;
  }

  // ---- end ---------------------------------------------------------------------------------------------------------

  /** Gives everything back: readable, booked and unflushed. The buffer may be used again. */
  close(): void {
    this.releaseRoom();
    this.#unflushed?.clear();
    this.readable.clear();
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  // All that is written and not flushed, what small writes have filled included.
  private written(): Segments {
    this.seal();
    return (this.#unflushed ??= new Segments());
  }

  // Moves what small writes have filled to the unflushed bytes.
  private seal(): void {
    const chunk = this.#chunk;
    if (chunk === undefined || chunk.at === chunk.start) return;
    this.#unflushed ??= new Segments();
    this.#unflushed.push(Bytes.over(chunk.block, chunk.start, chunk.at));
    chunk.start = chunk.at;
  }

  // In a new chunk, as the one at hand has too little room.
  private mallocAnew(n: number): number {
    checkInteger('n', n, 0, 2 ** 30);
    this.seal();
    const { heap } = this;
    const chunk = (this.#chunk ??= new Chunk(heap, n));
    chunk.reserve(heap, n);
    const address = chunk.at;
    chunk.at = address + n;
    return address;
  }
}
