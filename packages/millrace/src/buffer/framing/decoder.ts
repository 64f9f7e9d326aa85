import { ArgumentRangeError } from '../../base/arguments.js';
import { BufferError } from '../../base/errors.js';
import { defaultHeap, type Heap } from '../../memory/heap.js';
import { Block } from '../../bytes/block.js';
import { Bytes } from '../../bytes/bytes.js';
import { copyToHeap } from '../../bytes/copy.js';
import { LinkBuffer } from '../link-buffer.js';
import type { DelimiterScanner } from './delimiter.js';
import type { Framing } from './framing.js';
import type { FrameScanner } from './scanner.js';

/** Where a FrameDecoder takes its bytes from, and what it does with messages that are too long. */
export interface FrameDecoderOptions {
  /** Where pushed bytes go. @default that of `input`, or defaultHeap() */
  heap?: Heap;
  /** Take messages from this buffer, which something else fills, a link for one; closing the decoder leaves it alone. @default a buffer of its own */
  input?: LinkBuffer;
  /**
   * What to do with a message over the limit: throw, or drop it and go on with the next, where the framing allows that (`canResync`).
   * @default 'throw'
   */
  tooLarge?: 'throw' | 'drop';
}

/** Messages whose ends are looked up in one call. */
const BATCH = 1024;

/** Messages of up to this many bytes are decoded to text together with those that follow. */
const SHORT_MESSAGE = 1024;
/** Bytes that are decoded together at most: what a string that is kept keeps with it. */
const TEXT_RUN = 8192;

/** Parts of one torn message from which on they are put together before its end has come. */
const MANY_PARTS = 32;

/**
 * Takes a stream in pieces and gives its messages, one after the other.
 *
 *     decoder.push(chunk);
 *     while (decoder.next()) use(decoder.u8, decoder.start, decoder.end);
 *
 * {@link next} costs a few nanoseconds: it moves `start` and `end`, which say where in `u8` the payload lies, and allocates nothing. What they show
 * is borrowed until the next call. {@link take} and {@link takeFrame} give a message as a handle of one's own instead, and the memory around it
 * goes back. Bytes are not copied, but for messages cut in two by the end of a region.
 */
export class FrameDecoder {
  readonly heap: Heap;
  readonly framing: Framing;
  readonly input: LinkBuffer;
  /** Where the positions index; undefined before the first message. */
  u8: Uint8Array | undefined;
  /** Position of the payload's first byte. */
  start = 0;
  /** Position after its last. */
  end = 0;
  /** Position of the message's first byte, header included. */
  frameStart = 0;
  /** Position after its last, delimiter included. */
  frameEnd = 0;
  /** Messages over the limit that were dropped. */
  dropped = 0;
  readonly #scanner: FrameScanner;
  readonly #ownsInput: boolean;
  readonly #drop: boolean;
  // Of the readable bytes the first #used are shown or done with, and #scanned have been looked at.
  //
  //     | #used        | messages still to come | torn |            |
  //     | #scanned                                     | not scanned |
  #used = 0;
  #scanned = 0;
  // The ends of the messages found: entries [#entry, #entries) of the table are still to come, offsets from position #base.
  #table: Block | undefined;
  #base = 0;
  #entry = 0;
  #entries = 0;
  // Position of the next message; but one that began in an earlier part has been put together at the front, #joined bytes long.
  #next = 0;
  #joined = 0;
  #dropping = false;
  // A Buffer over all of #viewed.
  #viewed: Uint8Array | undefined;
  #view: Buffer = Buffer.alloc(0);
  // The text of positions [#textBase, #textEnd), all ASCII.
  #text = '';
  #textBase = 0;
  #textEnd = -1;

  /**
   * @param source the options, or only their `input`, as a FrameCutter takes it
   * @throws ArgumentRangeError `ERR_OUT_OF_RANGE` for dropping where the framing cannot go on
   */
  constructor(framing: Framing, source: FrameDecoderOptions | LinkBuffer = {}) {
    const options: FrameDecoderOptions = source instanceof LinkBuffer ? { input: source } : source;
    const { tooLarge = 'throw' } = options;
    if (tooLarge !== 'throw' && tooLarge !== 'drop') throw new ArgumentRangeError('tooLarge', "'throw' or 'drop'", tooLarge);
    if (tooLarge === 'drop' && !framing.canResync) throw new ArgumentRangeError('tooLarge', `'throw' for ${framing.name}, which cannot be picked up again`, tooLarge);
    this.framing = framing;
    this.heap = options.heap ?? options.input?.heap ?? defaultHeap();
    if (options.input !== undefined && options.input.heap !== this.heap) throw new ArgumentRangeError('heap', 'that of input', 'another');
    this.#ownsInput = options.input === undefined;
    this.input = options.input ?? new LinkBuffer({ heap: this.heap });
    this.#scanner = framing.scanner(this.heap);
    this.#drop = tooLarge === 'drop';
  }

  /** Bytes of the message under way: what a link's `carry` should be once {@link next} has given false. */
  get pending(): number {
    return this.#entry === this.#entries ? this.#scanned - this.#used : 0;
  }

  /** Stream offset of the first byte that belongs to no complete message yet. */
  get offset(): number {
    return this.#scanner.offset;
  }

  /** Appends a copy of `chunk`; a torn message before it stays contiguous with it. @throws MemoryError `ERR_MEMORY_LIMIT` */
  push(chunk: Uint8Array): void {
    const { length } = chunk;
    if (length === 0) return;
    const { input } = this;
    input.book(length, this.pending);
    copyToHeap(chunk, input.heap, input.roomAddress);
    input.commit(length);
  }

  /** Appends `bytes`, which are the decoder's from now on: no copy where they lie in its heap. */
  pushBytes(bytes: Bytes): void {
    this.input.push(bytes);
  }

  /**
   * Goes on to the next complete message. Gives false when there is none yet; what the one before showed is given back then.
   * @throws BufferError `ERR_MESSAGE_TOO_LARGE`, `ERR_FRAMING`, after all messages before the fault
   */
  next(): boolean {
    while (this.#entry === this.#entries) if (!this.#refill()) return false;
    const table = this.#table!;
    const end = this.#base + table.view.getInt32(table.base + (this.#entry << 2), true);
    this.#entry += 1;
    if (this.#joined > 0) {
      this.frameStart = this.input.front!.start;
      this.frameEnd = this.frameStart + this.#joined;
      this.#joined = 0;
    } else {
      this.frameStart = this.#next;
      this.frameEnd = end;
    }
    this.#next = end;
    this.#used += this.frameEnd - this.frameStart;
    const u8 = this.u8!;
    this.start = this.framing.payloadStart(u8, this.frameStart, this.frameEnd);
    this.end = this.framing.payloadEnd(u8, this.frameStart, this.frameEnd);
    return true;
  }

  /** The message's payload as a view: borrowed until the next call of `next` or `take`. */
  toBuffer(): Buffer {
    return this.#memory().subarray(this.start, this.end);
  }

  /** The same as a plain Uint8Array, which V8 makes in half the time. */
  toUint8Array(): Uint8Array {
    const u8 = this.u8!;
    return new Uint8Array(u8.buffer, u8.byteOffset + this.start, this.end - this.start);
  }

  /**
   * The message's payload as text. Short messages in ASCII are decoded many at a time, up to 8 KiB: the strings share that memory, as those of
   * readline share a chunk's.
   */
  toString(encoding: BufferEncoding = 'utf8'): string {
    const { start, end } = this;
    if (encoding !== 'utf8') return this.#memory().toString(encoding, start, end);
    if ((start < this.#textBase || end > this.#textEnd) && !this.#decodeRun()) return this.#memory().toString('utf8', start, end);
    return this.#text.slice(start - this.#textBase, end - this.#textBase);
  }

  /** The message's payload as a handle of the caller's, who releases it. Once for each message. */
  take(): Bytes {
    return this.#taken(this.end - this.start, this.frameEnd - this.end);
  }

  /** The whole message, header and delimiter included, as a handle of the caller's, who releases it. Once for each message. */
  takeFrame(): Bytes {
    return this.#taken(this.frameEnd - this.frameStart, 0);
  }

  /**
   * The stream has ended, and `next` has given false. Gives true when what is left is a message, current now: a last line without its delimiter.
   * @throws BufferError `ERR_TORN_MESSAGE`
   */
  finish(): boolean {
    if (this.#dropping) return false;
    this.#reclaim();
    if (this.#scanner.finish() === 0) return false;
    const length = this.#scanned;
    const { input } = this;
    input.join(length);
    this.u8 = this.heap.u8;
    this.#used = length;
    this.#show(input.front!.start, length);
    return true;
  }

  /** Gives everything back but an input that was given. */
  close(): void {
    this.#dropTable();
    this.#entry = 0;
    this.#entries = 0;
    if (this.#ownsInput) this.input.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  // Gives the message away without its header, which goes back with what lies before, and its trailer, which goes back with what follows.
  #taken(length: number, trailer: number): Bytes {
    if (this.frameEnd === this.frameStart) throw new BufferError('ERR_INSUFFICIENT_DATA', 'there is no current message, or it was taken');
    const { input } = this;
    const before = this.#used - length - trailer;
    this.#scanned -= this.#used - trailer;
    this.#used = trailer;
    this.#show(0, 0);
    return input.nextAfter(before, length);
  }

  #memory(): Buffer {
    const u8 = this.u8!;
    if (this.#viewed !== u8) {
      this.#viewed = u8;
      this.#view = Buffer.from(u8.buffer as ArrayBuffer, u8.byteOffset, u8.length);
    }
    return this.#view;
  }

  // Decodes this message and those that follow it as far as they are ASCII, where a byte is a character. False when this one is not, or is long.
  #decodeRun(): boolean {
    const { start, end } = this;
    if (end - start > SHORT_MESSAGE || this.frameEnd !== this.#next) return false;
    const table = this.#table!;
    const last = this.#base + table.view.getInt32(table.base + ((this.#entries - 1) << 2), true);
    const ascii = this.heap.kernels.asciiLength(start, Math.min(last - start, TEXT_RUN));
    if (ascii < end - start) return false;
    this.#text = this.#memory().toString('latin1', start, start + ascii);
    this.#textBase = start;
    this.#textEnd = start + ascii;
    return true;
  }

  #show(start: number, length: number): void {
    this.frameStart = start;
    this.frameEnd = start + length;
    this.start = length === 0 ? start : this.framing.payloadStart(this.u8!, start, start + length);
    this.end = length === 0 ? start : this.framing.payloadEnd(this.u8!, start, start + length);
  }

  #reclaim(): void {
    this.input.skip(this.#used);
    this.#scanned -= this.#used;
    this.#used = 0;
    this.#show(0, 0);
    // Other bytes may come to stand where these were.
    this.#text = '';
    this.#textEnd = -1;
  }

  // Scans the next part that was not scanned. False when there is none.
  #refill(): boolean {
    this.#reclaim();
    const { input } = this;
    let before = 0;
    let index = 0;
    // Only parts of one torn message lie before what is new.
    while (index < input.partCount && before + input.part(index).length <= this.#scanned) {
      before += input.part(index).length;
      index += 1;
    }
    if (index > MANY_PARTS) {
      input.join(before);
      index = 1;
    }
    if (index >= input.partCount) {
      this.#dropTable();
      return false;
    }
    const part = input.part(index);
    const from = part.start + this.#scanned - before;
    if (this.#dropping) this.#resync(from, part.end - from);
    else this.#scan(from, part.end - from, index);
    return true;
  }

  #scan(from: number, length: number, index: number): void {
    const scanner = this.#scanner;
    const before = this.#scanned;
    const capacity = Math.min(BATCH, Math.max(16, length >> 4));
    if (this.#table !== undefined && this.#table.end - this.#table.base < capacity << 2) this.#dropTable();
    this.#table ??= Block.allocate(this.heap, capacity << 2);
    const table = this.#table;
    let end: number;
    try {
      end = scanner.scanInto(from, length, table.base, capacity);
    } catch (error) {
      if (!this.#drop || error !== scanner.fault || scanner.fault?.code !== 'ERR_MESSAGE_TOO_LARGE') throw error;
      // The message begins at the front, and is looked through from there for its end.
      this.#dropping = true;
      this.#scanned = 0;
      this.dropped += 1;
      return;
    }
    const { messages } = scanner;
    // Behind a full table, and behind a fault, nothing was scanned: the next scan goes on there, and throws the fault.
    this.#scanned = messages === capacity || scanner.fault !== undefined ? before + end : before + length;
    this.#entry = 0;
    this.#entries = messages;
    if (messages === 0) return;
    this.#base = from;
    this.#next = from - before;
    if (index > 0) {
      this.#joined = before + table.view.getInt32(table.base, true);
      this.input.join(this.#joined);
    }
    this.u8 = this.heap.u8;
  }

  #resync(from: number, length: number): void {
    const scanner = this.#scanner as DelimiterScanner;
    this.input.skip(scanner.resync(from, length));
    this.#dropping = scanner.fault !== undefined;
  }

  #dropTable(): void {
    const table = this.#table;
    this.#table = undefined;
    table?.uncover(table.base, table.end);
  }
}
