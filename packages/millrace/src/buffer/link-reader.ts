import { checkInteger } from '../base/arguments.js';
import { BufferError } from '../base/errors.js';
import { Bytes } from '../bytes/bytes.js';
import { Rope } from '../bytes/rope.js';
import type { Heap } from '../memory/heap.js';
import { Room } from './room.js';
import { Segments } from './segments.js';

/** The half of LinkBuffer that bytes come in by and are read from: booking for reads, and the reading methods. */
export abstract class LinkReader {
  readonly heap: Heap;
  protected readonly readable: Segments = new Segments();
  protected readonly room: Room;
  // Bytes of the room that may be committed.
  protected booked = 0;
  protected copied = 0;

  constructor(heap: Heap, minBook: number, maxBook: number) {
    this.heap = heap;
    this.room = new Room(heap, minBook, maxBook);
  }

  /** Bytes copied inside this buffer: joins, carried tails, reads that landed elsewhere, and small writes. */
  get copiedBytes(): number {
    return this.copied + this.readable.joined;
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
    const room = this.room;
    checkInteger('least', least, 1, 2 ** 30);
    // Twice what is carried, so that a message which outgrows booking after booking is copied about once in all.
    if (room.length < least) this.bookAnew(Math.max(2 * carry, room.size) + (carry === 0 ? 0 : least), carry, least);
    this.booked = room.length;
  }

  /** {@link book} for a read of any size: books anew when less is left than a read should have, half a booking or 64 KiB. */
  bookRead(carry: number = 0): void {
    this.book(Math.min(65_536, this.room.size >> 1), carry);
  }

  /** Address of the booked room. Valid until the next booking or {@link commit}. */
  get roomAddress(): number {
    return this.room.at;
  }

  /** Bytes of the booked room. */
  get roomLength(): number {
    return this.booked;
  }

  /** The booked room as a view for Node to read into. Valid until the next booking or {@link commit}. */
  roomBuffer(): Buffer {
    const { heap } = this;
    return Buffer.from(heap.u8.buffer as ArrayBuffer, this.room.at, this.booked);
  }

  /**
   * Makes the first `n` bytes of the booked room readable; the rest stays for the next booking.
   * @throws ArgumentRangeError unless 0 <= n <= roomLength
   */
  commit(n: number): void {
    checkInteger('n', n, 0, this.booked);
    if (n === 0) return;
    const room = this.room;
    const { at } = room;
    this.readable.push(Bytes.over(room.block!, at, at + n));
    room.fill(n);
    this.booked = room.length;
  }

  /** Gives the booked room back. The next booking is as large as the reads so far suggest. */
  releaseBooking(): void {
    this.booked = 0;
    this.room.release();
  }

  /**
   * Makes a counted copy of the first `n` bytes of `source` readable: in booked room where there is some, else in memory of just that size, in front of
   * which the last `carry` readable bytes move, as in {@link book}.
   * @throws MemoryError `ERR_MEMORY_LIMIT`, everything as it was but for the room
   */
  copyIn(source: Uint8Array, n: number, carry: number = 0): void {
    const { heap } = this;
    const room = this.room;
    if (room.length < n) this.bookAnew(carry + n, carry);
    Buffer.prototype.copy.call(source, heap.u8, room.at, 0, n);
    this.booked = n;
    this.commit(n);
    this.copied += n;
  }

  /** Counts `n` bytes that were copied on their way into this buffer. */
  countCopied(n: number): void {
    this.copied += n;
  }

  /** Takes over `bytes` as the last readable ones: no copy. */
  push(bytes: Bytes | Rope): void {
    if (bytes instanceof Bytes) this.readable.push(bytes);
    else for (const part of bytes.intoParts()) this.readable.push(part);
  }

  // ---- reading -----------------------------------------------------------------------------------------------------

  /** Readable bytes. */
  get length(): number {
    return this.readable.length;
  }

  /** Readable bytes that lie side by side at the front. */
  get contiguousLength(): number {
    return this.readable.contiguous;
  }

  /** The handle on those; it stays this buffer's and changes with it. Undefined when nothing is readable. */
  get front(): Bytes | undefined {
    return this.readable.first;
  }

  /** The handle on the last readable bytes that lie side by side: where the latest read went. It stays this buffer's and changes with it. */
  get last(): Bytes | undefined {
    const { count } = this.readable;
    return count === 0 ? undefined : this.readable.part(count - 1);
  }

  /** The next `n` bytes: the memory itself where they lie side by side, else one copy. The caller releases them. */
  next(n: number): Bytes {
    return this.has(n) ? this.readable.take(n, this.heap) : Bytes.empty();
  }

  /** The next `n` bytes as they lie, without a copy: a rope, which the caller releases. Empty for n <= 0. */
  nextRope(n: number): Rope {
    const rope = new Rope();
    if (!this.has(n)) return rope;
    const { readable } = this;
    for (let left = n; left > 0; ) {
      const part = readable.take(Math.min(left, readable.contiguous), this.heap);
      left -= part.length;
      rope.append(part);
    }
    return rope;
  }

  /** How many parts the readable bytes lie in. */
  get partCount(): number {
    return this.readable.count;
  }

  /** The handle on part number `index`, below {@link partCount}, in this buffer's heap: one that lies elsewhere is copied there first. It stays this buffer's. */
  part(index: number): Bytes {
    this.readable.bringIn(index, this.heap);
    return this.readable.part(index);
  }

  /** Makes the next `n` bytes lie side by side, in this buffer's heap. They are {@link front} or the beginning of it then. */
  join(n: number): void {
    if (!this.has(n)) return;
    this.readable.join(n, this.heap);
    this.readable.bringIn(0, this.heap);
  }

  /** A view of the next `n` bytes, which stay readable: borrowed until they are consumed. Bytes of several parts are joined in place, once. */
  peek(n: number): Buffer {
    if (!this.has(n)) return Buffer.alloc(0);
    const readable = this.readable;
    readable.join(n, this.heap);
    const first = readable.first!;
    const { u8 } = first.block;
    return Buffer.from(u8.buffer as ArrayBuffer, u8.byteOffset + first.start, n);
  }

  /** Consumes `n` bytes: their memory goes back. */
  skip(n: number): void {
    if (this.has(n)) this.readable.skip(n);
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
    return this.readable.find(byte, from);
  }

  /** The next `n` bytes as text. */
  readString(n: number, encoding: BufferEncoding = 'utf8'): string {
    if (!this.has(n)) return '';
    // A copy first where the bytes lie apart: a character may be cut in two.
    const text = this.readable.contiguous >= n ? this.peek(n).toString(encoding) : this.copyFront(n).toString(encoding);
    this.readable.skip(n);
    return text;
  }

  /** A copy of the next `n` bytes, in memory of its own. */
  readBinary(n: number): Buffer {
    if (!this.has(n)) return Buffer.alloc(0);
    const copy = this.copyFront(n);
    this.readable.skip(n);
    return copy;
  }

  /** The next byte. */
  readByte(): number {
    this.has(1);
    const first = this.readable.first!;
    const byte = first.block.u8[first.start]!;
    this.readable.skip(1);
    return byte;
  }

  /** Gives back what reading no longer needs: the spare room behind joined bytes. Consumed bytes have gone back already. */
  release(): void {
    this.readable.trim();
  }

  /** Views of all readable bytes, in order: what `writev` takes. Borrowed until they are consumed. */
  views(): Buffer[] {
    const readable = this.readable;
    const views: Buffer[] = [];
    for (let i = 0; i < readable.count; i += 1) views.push(readable.part(i).toBuffer());
    return views;
  }

  /** The first part of the readable bytes, whole: no copy. The caller releases it. Undefined when nothing is readable. */
  nextPart(): Bytes | undefined {
    return this.readable.count === 0 ? undefined : this.readable.takePart();
  }

  // Books `size` bytes, or `least` if that is more, and moves the last `carry` readable ones to their front.
  protected bookAnew(size: number, carry: number, least: number = 0): void {
    const room = this.room;
    const readable = this.readable;
    checkInteger('carry', carry, 0, readable.length);
    this.booked = 0;
    room.book(Math.max(size, least));
    if (carry === 0) return;
    const { at } = room;
    readable.copyOut(readable.length - carry, carry, this.heap, at);
    readable.truncate(readable.length - carry);
    readable.push(new Bytes(room.block!, at, at + carry));
    room.at += carry;
    this.copied += carry;
  }

  // Whether there is anything to do for n: false for n <= 0.
  protected has(n: number): boolean {
    if (n > this.readable.length) {
      throw new BufferError('ERR_INSUFFICIENT_DATA', `${n} bytes were asked for and ${this.readable.length} are there`, {
        expected: n,
        actual: this.readable.length,
      });
    }
    if ((n | 0) !== n) checkInteger('n', n, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    return n > 0;
  }

  protected copyFront(n: number): Buffer {
    const copy = Buffer.allocUnsafeSlow(n);
    this.readable.copyOut(0, n, copy, 0);
    return copy;
  }
}
