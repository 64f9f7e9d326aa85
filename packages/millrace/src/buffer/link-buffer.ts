import { ArgumentRangeError, ArgumentTypeError, checkInteger } from '../base/arguments.js';
import { BufferError } from '../base/errors.js';
import { defaultHeap, type Heap } from '../memory/heap.js';
import { Block } from '../bytes/block.js';
import { Bytes } from '../bytes/bytes.js';
import { copyIn, copyWithin } from '../bytes/copy.js';
import { Room } from './room.js';
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
export class LinkBuffer {
  readonly heap: Heap;
  /** Bytes copied inside this buffer: joins, carried tails and small writes. */
  get copiedBytes(): number {
    return this.#copied + this.#readable.joined;
  }

  readonly #copyBelow: number;
  readonly #readable = new Segments();
  readonly #room: Room;
  // Made with the first write, so that a buffer for input goes without.
  #unflushed: Segments | undefined;
  // Memory for small writes: `[#chunkStart, #chunkAt)` is written and not yet in #unflushed, `[#chunkAt, #chunkLimit)` is free.
  #chunk: Block | undefined;
  #chunkStart = 0;
  #chunkAt = 0;
  #chunkLimit = 0;
  #booked = 0;
  #copied = 0;

  /** @throws ArgumentRangeError for options out of range */
  constructor(options: LinkBufferOptions = {}) {
    const { heap = defaultHeap(), minBook = 8192, maxBook = Math.max(minBook, 8 * 2 ** 20), copyBelow = 4096 } = options;
    this.heap = heap;
    checkInteger('minBook', minBook, 64, 2 ** 30);
    checkInteger('maxBook', maxBook, minBook, 2 ** 30);
    this.#room = new Room(heap, minBook, maxBook);
    this.#copyBelow = checkInteger('copyBelow', copyBelow, 0, Number.MAX_SAFE_INTEGER);
  }

  // ---- input -------------------------------------------------------------------------------------------------------

  /**
   * Makes room for a read of at least `least` bytes: {@link roomAddress} and {@link roomLength} say where, {@link commit} makes what was read readable. How
   * much room there is beyond that follows the reads: 8 KiB at first, double when a read fills it, up to 8 MiB, and back down.
   *
   * When the room at hand is too small new memory is booked, and the last `carry` readable bytes, a message cut in two, move to its front: one
   * counted copy, after which the message's bytes lie side by side however often that happens. The rest of what is readable stays where it is.
   * @param least 1 or more
   * @param carry 0 to {@link length}
   * @throws MemoryError `ERR_MEMORY_LIMIT`, everything as it was but for the room
   */
  book(least: number, carry: number = 0): void {
    const room = this.#room;
    checkInteger('least', least, 1, 2 ** 30);
    // Twice what is carried, so that a message which outgrows booking after booking is copied about once in all.
    if (room.length < least) this.#bookAnew(Math.max(2 * carry, room.size) + (carry === 0 ? 0 : least), carry, least);
    this.#booked = room.length;
  }

  /** {@link book} for a read of any size: books anew when less is left than a read should have, half a booking or 64 KiB. */
  bookRead(carry: number = 0): void {
    this.book(Math.min(65_536, this.#room.size >> 1), carry);
  }

  /** Address of the booked room. Valid until the next booking or {@link commit}. */
  get roomAddress(): number {
    return this.#room.at;
  }

  /** Bytes of the booked room. */
  get roomLength(): number {
    return this.#booked;
  }

  /** The booked room as a view for Node to read into. Valid until the next booking or {@link commit}. */
  roomBuffer(): Buffer {
    const { heap } = this;
    return Buffer.from(heap.u8.buffer as ArrayBuffer, this.#room.at, this.#booked);
  }

  /**
   * Makes the first `n` bytes of the booked room readable; the rest stays for the next booking.
   * @throws ArgumentRangeError unless 0 <= n <= roomLength
   */
  commit(n: number): void {
    checkInteger('n', n, 0, this.#booked);
    if (n === 0) return;
    const room = this.#room;
    const { at } = room;
    this.#readable.push(Bytes.over(room.block!, at, at + n));
    room.fill(n);
    this.#booked = room.length;
  }

  /** Gives the booked room back. The next booking is as large as the reads so far suggest. */
  releaseBooking(): void {
    this.#booked = 0;
    this.#room.release();
  }

  /** Gives back memory that holds nothing, booked or kept for small writes: for a buffer that is idle. The next booking is smaller. */
  releaseRoom(): void {
    this.releaseBooking();
    this.#room.shrink();
    this.#seal();
    this.#releaseChunk();
  }

  /**
   * Makes a counted copy of the first `n` bytes of `source` readable: in booked room where there is some, else in memory of just that size, in front of
   * which the last `carry` readable bytes move, as in {@link book}.
   * @throws MemoryError `ERR_MEMORY_LIMIT`, everything as it was but for the room
   */
  copyIn(source: Uint8Array, n: number, carry: number = 0): void {
    const { heap } = this;
    const room = this.#room;
    if (room.length < n) this.#bookAnew(carry + n, carry);
    Buffer.prototype.copy.call(source, heap.u8, room.at, 0, n);
    this.#booked = n;
    this.commit(n);
    this.#copied += n;
  }

  /** Counts `n` bytes that were copied on their way into this buffer. */
  countCopied(n: number): void {
    this.#copied += n;
  }

  /** Takes over `bytes` as the last readable ones: no copy. */
  push(bytes: Bytes): void {
    this.#readable.push(bytes);
  }

  // ---- reading -----------------------------------------------------------------------------------------------------

  /** Readable bytes. */
  get length(): number {
    return this.#readable.length;
  }

  /** Readable bytes that lie side by side at the front. */
  get contiguousLength(): number {
    return this.#readable.contiguous;
  }

  /** The handle on those; it stays this buffer's and changes with it. Undefined when nothing is readable. */
  get front(): Bytes | undefined {
    return this.#readable.first;
  }

  /** The handle on the last readable bytes that lie side by side: where the latest read went. It stays this buffer's and changes with it. */
  get last(): Bytes | undefined {
    const { count } = this.#readable;
    return count === 0 ? undefined : this.#readable.part(count - 1);
  }

  /** The next `n` bytes: the memory itself where they lie side by side, else one copy. The caller releases them. */
  next(n: number): Bytes {
    return this.#has(n) ? this.#readable.take(n, this.heap) : Bytes.empty();
  }

  /** How many parts the readable bytes lie in. */
  get partCount(): number {
    return this.#readable.count;
  }

  /** The handle on part number `index`, below {@link partCount}, in this buffer's heap: one that lies elsewhere is copied there first. It stays this buffer's. */
  part(index: number): Bytes {
    this.#readable.bringIn(index, this.heap);
    return this.#readable.part(index);
  }

  /** Makes the next `n` bytes lie side by side, in this buffer's heap. They are {@link front} or the beginning of it then. */
  join(n: number): void {
    if (!this.#has(n)) return;
    this.#readable.join(n, this.heap);
    this.#readable.bringIn(0, this.heap);
  }

  /** A view of the next `n` bytes, which stay readable: borrowed until they are consumed. Bytes of several parts are joined in place, once. */
  peek(n: number): Buffer {
    if (!this.#has(n)) return Buffer.alloc(0);
    const readable = this.#readable;
    readable.join(n, this.heap);
    const first = readable.first!;
    const { u8 } = first.block;
    return Buffer.from(u8.buffer as ArrayBuffer, u8.byteOffset + first.start, n);
  }

  /** Consumes `n` bytes: their memory goes back. */
  skip(n: number): void {
    if (this.#has(n)) this.#readable.skip(n);
  }

  /**
   * The bytes up to the first `delimiter`, which is included. The caller releases them.
   * @param delimiter 0 to 255
   * @param from offset to begin to look at, for a search that goes on after more has arrived
   * @throws BufferError `ERR_INSUFFICIENT_DATA` when it is not there; nothing is consumed
   */
  until(delimiter: number, from: number = 0): Bytes {
    const end = this.indexAfter(delimiter, from);
    if (end === 0) throw new BufferError('ERR_INSUFFICIENT_DATA', `no delimiter ${delimiter} in the ${this.length} bytes there are`, { actual: this.length });
    return this.next(end);
  }

  /** Offset after the first `byte` at or after offset `from`; 0 when there is none. */
  indexAfter(byte: number, from: number = 0): number {
    checkInteger('byte', byte, 0, 255);
    checkInteger('from', from, 0, Number.MAX_SAFE_INTEGER);
    return this.#readable.find(byte, from);
  }

  /** The next `n` bytes as text. */
  readString(n: number, encoding: BufferEncoding = 'utf8'): string {
    if (!this.#has(n)) return '';
    // A copy first where the bytes lie apart: a character may be cut in two.
    const text = this.#readable.contiguous >= n ? this.peek(n).toString(encoding) : this.#copy(n).toString(encoding);
    this.#readable.skip(n);
    return text;
  }

  /** A copy of the next `n` bytes, in memory of its own. */
  readBinary(n: number): Buffer {
    if (!this.#has(n)) return Buffer.alloc(0);
    const copy = this.#copy(n);
    this.#readable.skip(n);
    return copy;
  }

  /** The next byte. */
  readByte(): number {
    this.#has(1);
    const first = this.#readable.first!;
    const byte = first.block.u8[first.start]!;
    this.#readable.skip(1);
    return byte;
  }

  /** A reader of the next `n` bytes: over the same memory, with a life of its own. Close it. */
  slice(n: number): LinkBuffer {
    const slice = new LinkBuffer({ heap: this.heap, minBook: this.#room.min, maxBook: this.#room.max, copyBelow: this.#copyBelow });
    if (this.#has(n)) this.#readable.moveTo(slice.#readable, n);
    return slice;
  }

  /** Gives back what reading no longer needs: the spare room behind joined bytes. Consumed bytes have gone back already. */
  release(): void {
    this.#readable.trim();
  }

  /** Views of all readable bytes, in order: what `writev` takes. Borrowed until they are consumed. */
  views(): Buffer[] {
    const readable = this.#readable;
    const views: Buffer[] = [];
    for (let i = 0; i < readable.count; i += 1) views.push(readable.part(i).toBuffer());
    return views;
  }

  /** The first part of the readable bytes, whole: no copy. The caller releases it. Undefined when nothing is readable. */
  nextPart(): Bytes | undefined {
    return this.#readable.count === 0 ? undefined : this.#readable.takePart();
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
    this.#copied += source.length;
  }

  /** Writes a handle's bytes: it is this buffer's from now on. No copy, but for small ones from elsewhere than the last write. */
  writeBytes(bytes: Bytes): void {
    if (bytes.length >= Math.min(256, this.#copyBelow)) {
      this.#written().push(bytes);
      return;
    }
    const address = this.mallocAddress(bytes.length);
    copyWithin(bytes.block, bytes.start, bytes.end, this.heap, address);
    this.#copied += bytes.length;
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
    other.#readable.moveTo(this.#written(), other.#readable.length);
  }

  /** Makes what was written readable, in order. Gives the number of bytes. */
  flush(): number {
    const small = this.#chunkAt - this.#chunkStart;
    const unflushed = this.#unflushed;
    const earlier = unflushed === undefined ? 0 : unflushed.length;
    if (earlier > 0) unflushed!.moveTo(this.#readable, earlier);
    if (small > 0) {
      this.#readable.push(new Bytes(this.#chunk!, this.#chunkStart, this.#chunkAt));
      this.#chunkStart = this.#chunkAt;
    }
    const flushed = earlier + small;
    return flushed;
  }

  // ---- end ---------------------------------------------------------------------------------------------------------

  /** Gives everything back: readable, booked and unflushed. The buffer may be used again. */
  close(): void {
    this.#booked = 0;
    this.#room.release();
    this.#releaseChunk();
    this.#unflushed?.clear();
    this.#readable.clear();
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  // Books `size` bytes, or `least` if that is more, and moves the last `carry` readable ones to their front.
  #bookAnew(size: number, carry: number, least: number = 0): void {
    const room = this.#room;
    const readable = this.#readable;
    checkInteger('carry', carry, 0, readable.length);
    this.#booked = 0;
    room.book(Math.max(size, least));
    if (carry === 0) return;
    const { at } = room;
    readable.copyOut(readable.length - carry, carry, this.heap, at);
    readable.truncate(readable.length - carry);
    readable.push(new Bytes(room.block!, at, at + carry));
    room.at += carry;
    this.#copied += carry;
  }

  // Whether there is anything to do for n: false for n <= 0.
  #has(n: number): boolean {
    if (n > this.#readable.length) {
      throw new BufferError('ERR_INSUFFICIENT_DATA', `${n} bytes were asked for and ${this.#readable.length} are there`, {
        expected: n,
        actual: this.#readable.length,
      });
    }
    if ((n | 0) !== n) checkInteger('n', n, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    return n > 0;
  }

  #copy(n: number): Buffer {
    const copy = Buffer.allocUnsafeSlow(n);
    this.#readable.copyOut(0, n, copy, 0);
    return copy;
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
