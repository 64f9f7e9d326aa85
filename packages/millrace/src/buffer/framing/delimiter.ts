import { ArgumentRangeError, checkInteger } from '../../base/arguments.js';
import { BufferError } from '../../base/errors.js';
import type { Heap } from '../../memory/heap.js';
import { END, FRAMES_TOO_LARGE, MESSAGES, tooLarge } from './fault.js';
import { DEFAULT_MAX_MESSAGE, MAX_MESSAGE_LIMIT, type Framing, type FramingOptions } from './framing.js';
import { FrameScanner } from './scanner.js';

const LF = 0x0a;
const CR = 0x0d;

/** What ends a message, and what bytes without an end are. */
export interface DelimiterOptions extends FramingOptions {
  /** What ends a message: one byte, or two. @default [10], a line feed */
  delimiter?: readonly number[];
  /** Drop a carriage return before a delimiter of one byte: lines that end with LF or CRLF. @default false */
  trimCarriageReturn?: boolean;
  /** What bytes after the last delimiter are when the stream ends: a fault, or a message. @default 'torn' */
  unterminated?: 'torn' | 'message';
}

/** Messages that each end with a delimiter, such as a line feed. Payloads cannot contain it. */
export class DelimiterFraming implements Framing {
  readonly name: string;
  readonly maxMessage: number;
  readonly trailerLength: number;
  readonly canResync = true;
  /** The delimiter's last byte. */
  readonly last: number;
  /** The byte before that; -1 when the delimiter has one byte. */
  readonly before: number;
  readonly unterminated: 'torn' | 'message';
  readonly #trim: boolean;

  /** @throws ArgumentRangeError `ERR_OUT_OF_RANGE` */
  constructor(options: DelimiterOptions = {}, name = 'delimiter') {
    const { delimiter = [LF], trimCarriageReturn = false, unterminated = 'torn', maxMessage = DEFAULT_MAX_MESSAGE } = options;
    if (delimiter.length < 1 || delimiter.length > 2) throw new ArgumentRangeError('delimiter', 'one byte or two', delimiter.length);
    for (const byte of delimiter) checkInteger('delimiter', byte, 0, 255);
    if (delimiter.length === 2 && delimiter[0] === delimiter[1]) {
      throw new ArgumentRangeError('delimiter', 'two different bytes: of three in a row it would not be clear which two end the message', delimiter.join(', '));
    }
    if (unterminated !== 'torn' && unterminated !== 'message') throw new ArgumentRangeError('unterminated', "'torn' or 'message'", unterminated);
    this.name = name;
    this.maxMessage = checkInteger('maxMessage', maxMessage, 0, MAX_MESSAGE_LIMIT);
    this.trailerLength = delimiter.length;
    this.last = delimiter.at(-1)!;
    this.before = delimiter.length === 2 ? delimiter[0]! : -1;
    this.unterminated = unterminated;
    this.#trim = trimCarriageReturn && delimiter.length === 1;
  }

  scanner(heap: Heap): DelimiterScanner {
    return new DelimiterScanner(heap, this);
  }

  payloadStart(_u8: Uint8Array, start: number): number {
    return start;
  }

  payloadEnd(u8: Uint8Array, start: number, end: number): number {
    let at = end;
    if (u8[end - 1] === this.last && (this.before < 0 || (end - start > 1 && u8[end - 2] === this.before))) at -= this.trailerLength;
    if (this.#trim && at > start && u8[at - 1] === CR) at -= 1;
    return at;
  }

  headerLength(length: number): number {
    if (length > this.maxMessage) throw tooLarge(0, length, this.maxMessage);
    return 0;
  }

  writeHeader(): void {}

  writeTrailer(u8: Uint8Array, at: number): void {
    if (this.before >= 0) u8[at] = this.before;
    u8[at + this.trailerLength - 1] = this.last;
  }

  checkPayload(u8: Uint8Array, start: number, end: number): void {
    // A view, because indexOf has no end and `u8` may be the whole memory.
    const payload = u8.subarray(start, end);
    for (let at = payload.indexOf(this.last); at >= 0; at = payload.indexOf(this.last, at + 1)) {
      if (this.before < 0 || (at > 0 && payload[at - 1] === this.before)) {
        throw new BufferError('ERR_FRAMING', `the payload contains its delimiter, at ${at}`, { offset: at });
      }
    }
    // A payload that ends with the first half of the delimiter is fine: the halves differ, so the pair that follows is the first pair.
  }
}

/** Finds delimiters, 64 bytes at a time. */
export class DelimiterScanner extends FrameScanner<DelimiterFraming> {
  // The last byte scanned is the first half of a delimiter.
  #carried = 0;

  override finish(): number {
    if (this.fault || this.pending === 0 || this.framing.unterminated === 'torn') return super.finish();
    const { pending } = this;
    this.offset += pending;
    this.pending = 0;
    this.#carried = 0;
    if (pending > this.maxMessage) {
      this.fault = tooLarge(this.offset - pending, pending, this.maxMessage);
      throw this.fault;
    }
    return 1;
  }

  override reset(): void {
    super.reset();
    this.#carried = 0;
  }

  /**
   * After `ERR_MESSAGE_TOO_LARGE`: given the bytes from `offset` on, says how many to drop, up to and including the next delimiter.
   * While that is all of them (`fault` stays set), give it the bytes that follow; then scan on behind what was dropped.
   */
  resync(address: number, length: number): number {
    const { heap } = this;
    const end = length === 0 ? 0 : heap.kernels.findDelimiter(address, length, this.framing.last, this.framing.before, this.#carried);
    const dropped = end === 0 ? length : end;
    this.offset += dropped;
    this.pending = 0;
    this.messages = 0;
    if (end !== 0) {
      this.fault = undefined;
      this.#carried = 0;
    } else if (length > 0) this.#carried = heap.u8[address + length - 1] === this.framing.before ? 1 : 0;
    return dropped;
  }

  protected pendingTotal(): undefined {
    return undefined;
  }

  protected run(address: number, length: number, table: number, capacity: number): number {
    const { heap } = this;
    const report = heap.reportWords;
    const framing = this.framing;
    const status = heap.kernels.scanDelimited(
      address, length, framing.last, framing.before, this.pending, this.#carried, this.maxMessage, table, capacity, heap.report,
    );
    const messages = report[MESSAGES]!;
    const end = report[END]!;
    if (capacity > 0 && messages === capacity) {
      this.#carried = 0;
      return this.advance(end, messages, end);
    }
    if (framing.before >= 0 && length > 0) this.#carried = length > end && heap.u8[address + length - 1] === framing.before ? 1 : 0;
    this.advance(length, messages, end);
    if (status === FRAMES_TOO_LARGE) {
      this.fault = tooLarge(this.offset, this.maxMessage + 1, this.maxMessage);
      // resync() begins again at the message's first byte.
      this.#carried = 0;
    }
    return messages === 0 ? 0 : end;
  }
}

/** Newline-delimited JSON: each message ends with a line feed. Whether it is JSON is for the reader of it to say. */
export function ndjson(options: Omit<DelimiterOptions, 'delimiter'> = {}): DelimiterFraming {
  return new DelimiterFraming(options, 'ndjson');
}

/** Lines that end with CR and LF, as text protocols have them. A CR or LF alone is part of the message. */
export function crlf(options: Omit<DelimiterOptions, 'delimiter' | 'trimCarriageReturn'> = {}): DelimiterFraming {
  return new DelimiterFraming({ ...options, delimiter: [CR, LF] }, 'crlf');
}
