import { checkInteger } from '../base/arguments.js';
import { BufferError } from '../base/errors.js';
import { Block } from '../bytes/block.js';
import { Bytes } from '../bytes/bytes.js';
import { copyToHeap } from '../bytes/copy.js';
import { Rope } from '../bytes/rope.js';
import type { Heap } from '../memory/heap.js';
import type { Chunk } from './chunk.js';
import { Room } from './room.js';
import { Segments } from './segments.js';
import type { BufferSettings } from './settings.js';

/** The half of LinkBuffer that bytes come in by and are read from: booking for reads, and the reading methods. */
export abstract class LinkReader {
  protected readonly settings: BufferSettings;
  protected readonly readable: Segments = new Segments();
  // Made with the first booking, and dropped with {@link LinkBuffer.releaseRoom}: a buffer that is idle goes without.
  protected room: Room | undefined = undefined;
  protected copied = 0;

  constructor(settings: BufferSettings) {
    this.settings = settings;
  }

  /** Where the bytes live. */
  get heap(): Heap {
    return this.settings.heap;
  }

  /** Bytes copied inside this buffer: joins, carried tails, reads that landed elsewhere, and small writes. */
  get copiedBytes(): number {
    return this.copied;
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
    checkInteger('least', least, 1, 2 ** 30);
    const room = (this.room ??= new Room(this.settings));
    if (room.length < least) this.bookAnew(carry, least);
    room.book();
  }

  /** {@link book} for a read of any size: books anew when less is left than a read should have, half a booking or 64 KiB. */
  bookRead(carry: number = 0): void {
    this.book(Math.min(65_536, this.bookingSize >> 1), carry);
  }

  /**
   * Books `least` bytes anew; while the heap is full, waits until they are free. What is readable stays where it is, and may be consumed meanwhile.
   * @param signal gives up waiting: rejects with its reason
   * @throws MemoryError `ERR_MEMORY_LIMIT` (rejects) for more than the heap can ever have
   */
  async bookWhenFree(least: number, signal: AbortSignal): Promise<void> {
    checkInteger('least', least, 1, 2 ** 30);
    const { heap } = this;
    this.room?.release(); // who waits for memory should not keep any
    const address = await heap.allocateAsync(least, { signal });
    const room = (this.room ??= new Room(this.settings));
    room.take(new Block(heap, heap.u8, address, address + heap.roundUp(least)));
    room.book();
  }

  /** Bytes of the next booking, where nothing asks for more. */
  get bookingSize(): number {
    return this.room === undefined ? this.settings.minBook : this.room.size;
  }

  /** Address of the booked room. Valid until the next booking or {@link commit}. */
  get roomAddress(): number {
    return this.room === undefined ? 0 : this.room.at;
  }

  /** Bytes of the booked room. */
  get roomLength(): number {
    return this.room === undefined ? 0 : this.room.booked;
  }

  /** The booked room as a view for Node to read into. Valid until the next booking or {@link commit}. */
  roomBuffer(): Buffer {
    return this.room === undefined ? Buffer.alloc(0) : this.room.view();
  }

  /**
   * Makes the first `n` bytes of the booked room readable; the rest stays for the next booking.
   * @throws ArgumentRangeError unless 0 <= n <= roomLength
   */
  commit(n: number): void {
    checkInteger('n', n, 0, this.roomLength);
    if (n === 0) return;
    const room = this.room!;
    const { at } = room;
    this.readable.push(Bytes.over(room.block!, at, at + n));
    room.fill(n);
  }

  /** Gives the booked room back. The next booking is as large as the reads so far suggest. */
  releaseBooking(): void {
    this.room?.release();
  }

  /**
   * Makes a counted copy of the first `n` bytes of `source` readable: in booked room where there is enough, else in `shared`, where the last `carry`
   * readable bytes move in front of them, as in {@link book}, unless they stand there already.
   * @throws MemoryError `ERR_MEMORY_LIMIT`, nothing has changed
   */
  copyIn(source: Uint8Array, n: number, carry: number, shared: Chunk): void {
    const { heap, room } = this;
    const fresh = n === source.length ? source : source.subarray(0, n);
    if (room !== undefined && room.length >= n) {
      copyToHeap(fresh, heap, room.at);
      room.book();
      this.commit(n);
    } else {
      const { last } = this;
      if (carry > 0 && !(last!.block === shared.block && last!.end === shared.at && shared.limit - shared.at >= n)) {
        shared.reserve(heap, carry + n);
        this.carryTo(shared.block, shared.at, carry);
        shared.at += carry;
      } else shared.reserve(heap, n);
      const { block, at } = shared;
      copyToHeap(fresh, heap, at);
      shared.at = at + n;
      this.readable.push(Bytes.over(block, at, at + n));
    }
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
    const { readable } = this;
    const { first } = readable;
    if (first !== undefined && n === first.end - first.start) return readable.takePart();
    if (!this.has(n)) return Bytes.empty();
    if (n > readable.contiguous) this.copied += readable.join(n, this.heap);
    return readable.take(n);
  }

  /** {@link skip} of `before` bytes and {@link next} of `n` in one step, for messages one after the other: integers of 0 or more, for which there is enough. */
  nextAfter(before: number, n: number): Bytes {
    const { readable } = this;
    const { first } = readable;
    if (n > 0 && first !== undefined && before + n < first.end - first.start) return readable.cut(before, n);
    this.skip(before);
    return this.next(n);
  }

  /** The next `n` bytes as they lie, without a copy: a rope, which the caller releases. Empty for n <= 0. */
  nextRope(n: number): Rope {
    const rope = new Rope();
    if (!this.has(n)) return rope;
    const { readable } = this;
    for (let left = n; left > 0; ) {
      const part = readable.take(Math.min(left, readable.contiguous));
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
    this.copied += this.readable.bringIn(index, this.heap);
    return this.readable.part(index);
  }

  /** Makes the next `n` bytes lie side by side, in this buffer's heap. They are {@link front} or the beginning of it then. */
  join(n: number): void {
    if (!this.has(n)) return;
    const { readable, heap } = this;
    if (n > readable.contiguous) this.copied += readable.join(n, heap);
    this.copied += readable.bringIn(0, heap);
  }

  /** A view of the next `n` bytes, which stay readable: borrowed until they are consumed. Bytes of several parts are joined in place, once. */
  peek(n: number): Buffer {
    if (!this.has(n)) return Buffer.alloc(0);
    const { readable } = this;
    if (n > readable.contiguous) this.copied += readable.join(n, this.heap);
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

  // Books room for `least` bytes or as many as reads suggest, and moves the last `carry` readable ones to its front.
  private bookAnew(carry: number, least: number): void {
    checkInteger('carry', carry, 0, this.readable.length);
    const room = this.room!;
    room.release();
    // Twice what is carried, so that a message which outgrows booking after booking is copied about once in all.
    room.take(Block.allocate(this.heap, carry === 0 ? Math.max(room.size, least) : Math.max(2 * carry, room.size) + least));
    if (carry === 0) return;
    this.carryTo(room.block!, room.at, carry);
    room.at += carry;
  }

  // Moves the last `carry` readable bytes to `at`, in memory that is ours.
  private carryTo(block: Block, at: number, carry: number): void {
    const { readable } = this;
    readable.copyOut(readable.length - carry, carry, this.heap, at);
    readable.truncate(readable.length - carry);
    readable.push(Bytes.over(block, at, at + carry));
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
