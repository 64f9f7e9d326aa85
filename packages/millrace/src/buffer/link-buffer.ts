import { ArgumentRangeError, ArgumentTypeError, checkInteger } from '../base/arguments.js';
import { defaultHeap, type Heap } from '../memory/heap.js';
import { Block } from '../bytes/block.js';
import { Bytes } from '../bytes/bytes.js';
import type { Rope } from '../bytes/rope.js';
import { copyIn, copyWithin } from '../bytes/copy.js';
import { LinkReader } from './link-reader.js';
import { Segments } from './segments.js';

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

/** Bytes of the memory that small writes share. */
const WRITE_CHUNK = 8192;

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
  readonly #copyBelow: number;
  // Made with the first write, so that a buffer for input goes without.
  #unflushed: Segments | undefined;
  // Memory for small writes: `[#chunkStart, #chunkAt)` is written and not yet in #unflushed, `[#chunkAt, #chunkLimit)` is free.
  #chunk: Block | undefined;
  #chunkStart = 0;
  #chunkAt = 0;
  #chunkLimit = 0;

  /** @throws ArgumentRangeError for options out of range */
  constructor(options: LinkBufferOptions = {}) {
    const { heap = defaultHeap(), minBook = 8192, maxBook = Math.max(minBook, 8 * 2 ** 20), copyBelow = 4096 } = options;
    super(heap, checkInteger('minBook', minBook, 64, 2 ** 30), checkInteger('maxBook', maxBook, minBook, 2 ** 30));
    this.#copyBelow = checkInteger('copyBelow', copyBelow, 0, Number.MAX_SAFE_INTEGER);
  }

  /** A reader of the next `n` bytes: over the same memory, with a life of its own. Close it. */
  slice(n: number): LinkBuffer {
    const slice = new LinkBuffer({ heap: this.heap, minBook: this.room.min, maxBook: this.room.max, copyBelow: this.#copyBelow });
    if (this.has(n)) this.readable.moveTo(slice.readable, n);
    return slice;
  }

  /** Gives back memory that holds nothing, booked or kept for small writes: for a buffer that is idle. The next booking is smaller. */
  releaseRoom(): void {
    this.releaseBooking();
    this.room.shrink();
    this.#seal();
    this.#releaseChunk();
  }

  // ---- output ------------------------------------------------------------------------------------------------------

  /** Bytes written and not flushed. */
  get mallocLength(): number {
    return (this.#unflushed === undefined ? 0 : this.#unflushed.length) + this.#chunkAt - this.#chunkStart;
  }

  /** Writes `n` bytes whose contents the caller fills in, through the view, before {@link flush}. @param n 0 or more */
  malloc(n: number): Buffer {
    const address = this.mallocAddress(n);
    return n === 0 ? Buffer.alloc(0) : Buffer.from(this.heap.u8.buffer as ArrayBuffer, address, n);
  }

  /** The same without a view: the address of the `n` bytes in the heap's memory. */
  mallocAddress(n: number): number {
    checkInteger('n', n, 0, 2 ** 30);
    if (this.#chunkLimit - this.#chunkAt < n || this.#chunk === undefined) this.#newChunk(n);
    const address = this.#chunkAt;
    this.#chunkAt += n;
    return address;
  }

  /**
   * Keeps the first `n` of the bytes written since the last flush, and drops the rest.
   * @throws ArgumentRangeError unless 0 <= n <= mallocLength
   */
  mallocAck(n: number): void {
    checkInteger('n', n, 0, this.mallocLength);
    const sealed = this.#unflushed?.length ?? 0;
    if (n >= sealed) this.#chunkAt = this.#chunkStart + n - sealed;
    else {
      this.#chunkAt = this.#chunkStart;
      this.#unflushed!.truncate(n);
    }
  }

  /** Writes bytes: by reference from `copyBelow` on, and then they must not change until they are written out; a copy below. */
  writeBinary(source: Uint8Array): void {
    if (!(source instanceof Uint8Array)) throw new ArgumentTypeError('source', 'a Uint8Array', source);
    if (source.length >= this.#copyBelow && source.length > 0) {
      this.#written().push(Bytes.adopt(source));
      return;
    }
    const address = this.mallocAddress(source.length);
    copyIn(source, this.heap.u8, address);
    this.copied += source.length;
  }

  /** Writes the bytes of a handle or a rope: it is this buffer's from now on. No copy, but for handles on fewer than 256 bytes. */
  writeBytes(bytes: Bytes | Rope): void {
    if (!(bytes instanceof Bytes)) {
      const written = this.#written();
      for (const part of bytes.intoParts()) written.push(part);
      return;
    }
    if (bytes.length >= Math.min(256, this.#copyBelow)) {
      this.#written().push(bytes);
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
    this.#written().insert(source, remaining);
  }

  /** Writes all bytes of `other`, flushed or not, which ends up empty: no copy. Like any write they are readable after {@link flush}. */
  append(other: LinkBuffer): void {
    if (other === this) throw new ArgumentRangeError('other', 'another buffer', 'this one');
    other.flush();
    other.readable.moveTo(this.#written(), other.readable.length);
  }

  /** Makes what was written readable, in order. Gives the number of bytes. */
  flush(): number {
    const small = this.#chunkAt - this.#chunkStart;
    const unflushed = this.#unflushed;
    const earlier = unflushed === undefined ? 0 : unflushed.length;
    if (earlier > 0) unflushed!.moveTo(this.readable, earlier);
    if (small > 0) {
      this.readable.push(new Bytes(this.#chunk!, this.#chunkStart, this.#chunkAt));
      this.#chunkStart = this.#chunkAt;
    }
    const flushed = earlier + small;
    return flushed;
  }

  // ---- end ---------------------------------------------------------------------------------------------------------

  /** Gives everything back: readable, booked and unflushed. The buffer may be used again. */
  close(): void {
    this.booked = 0;
    this.room.release();
    this.#releaseChunk();
    this.#unflushed?.clear();
    this.readable.clear();
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  // All that is written and not flushed, what small writes have filled included.
  #written(): Segments {
    this.#unflushed ??= new Segments();
    this.#seal();
    return this.#unflushed;
  }

  // Moves what small writes have filled to the unflushed bytes.
  #seal(): void {
    if (this.#chunkAt === this.#chunkStart) return;
    this.#unflushed ??= new Segments();
    this.#unflushed.push(new Bytes(this.#chunk!, this.#chunkStart, this.#chunkAt));
    this.#chunkStart = this.#chunkAt;
  }

  #newChunk(n: number): void {
    this.#seal();
    const chunk = Block.allocate(this.heap, Math.max(n, WRITE_CHUNK));
    this.#releaseChunk();
    this.#chunk = chunk;
    this.#chunkStart = chunk.base;
    this.#chunkAt = chunk.base;
    this.#chunkLimit = chunk.end;
  }

  #releaseChunk(): void {
    const chunk = this.#chunk;
    if (chunk === undefined) return;
    const start = this.#chunkStart;
    const limit = this.#chunkLimit;
    this.#chunk = undefined;
    this.#chunkStart = 0;
    this.#chunkAt = 0;
    this.#chunkLimit = 0;
    chunk.uncover(start, limit);
  }
}
