import { length32, ndjson, type FrameScanner, type LinkBuffer } from 'millrace/buffer';
import type { FramingName } from '../segments/metadata.js';
import type { SegmentLog } from '../segments/segment-log.js';
import type { Codec } from '../segments/segment-name.js';
import type { IngestMeter } from './meter.js';

/** Bytes that a batch gathers before it is compressed: what the stream formats hold in one chunk. */
const BATCH_BYTES: Readonly<Record<Codec, number>> = { s2: 1 << 20, snappy: 1 << 16 };
/** A torn message up to this long moves to the front of the next memory, so that it is compressed in one piece with what follows. */
const MAX_CARRY = 1 << 16;

const LINE_FEED = 0x0a;

/** What a batcher is made with. */
export interface BatcherOptions {
  readonly framing: FramingName;
  readonly codec: Codec;
  readonly maxMessage: number;
  readonly acceptUnterminated: boolean;
}

/**
 * Cuts what arrives in a LinkBuffer into batches of whole messages and gives them to the log, which compresses them where they lie.
 *
 *     link   | whole messages ......... | torn | room for the next read |
 *            0                   #complete   #scanned
 */
export class Batcher {
  /** Most room to book for a read: with more, a batch would begin in one memory and end in another less often, but stay in no cache. */
  static readonly ROOM: number = 1 << 20;

  readonly link: LinkBuffer;
  readonly #log: SegmentLog;
  readonly #meter: IngestMeter;
  readonly #scanner: FrameScanner;
  readonly #batchBytes: number;
  /** Messages that end in `[0, #complete)`. */
  #messages = 0;
  #complete = 0;
  #scanned = 0;
  #copied = 0;

  /** @param link stays the caller's, who closes it */
  constructor(link: LinkBuffer, options: BatcherOptions, log: SegmentLog, meter: IngestMeter) {
    const { framing, codec, maxMessage, acceptUnterminated } = options;
    this.link = link;
    this.#log = log;
    this.#meter = meter;
    this.#batchBytes = BATCH_BYTES[codec];
    const chosen = framing === 'ndjson' ? ndjson({ maxMessage, unterminated: acceptUnterminated ? 'message' : 'torn' }) : length32({ maxMessage });
    this.#scanner = chosen.scanner(link.heap);
  }

  /** How many of the last bytes belong to a torn message that is worth moving when new memory is booked. */
  get carry(): number {
    const torn = this.#scanned - this.#complete;
    return torn <= MAX_CARRY ? torn : 0;
  }

  /**
   * Looks at the bytes that one read has put at the end of the link.
   * @throws BufferError for a message over the limit; the messages before it are in the log
   */
  arrived(): void {
    const { link } = this;
    let left = link.length - this.#scanned;
    if (left === 0) return;
    this.#meter.received(left);
    // One read lies in one piece, at the end of the last part.
    for (let at = link.last!.end - left; left > 0; ) {
      // Up to a batch's worth at a time, so that batches end between messages.
      const step = Math.min(left, this.#scanned < this.#batchBytes ? this.#batchBytes - this.#scanned : this.#batchBytes);
      const scanner = this.#scanner;
      let end = 0;
      try {
        end = scanner.scan(at, step);
      } catch (fault) {
        this.flush();
        throw fault;
      }
      if (scanner.messages > 0) {
        this.#complete = this.#scanned + end;
        this.#messages += scanner.messages;
      }
      if (scanner.fault !== undefined) {
        // Met behind whole messages: those are stored, and nothing after them is looked at.
        this.flush();
        throw scanner.fault;
      }
      this.#scanned += step;
      at += step;
      left -= step;
      if (this.#scanned >= this.#batchBytes) this.flush();
    }
  }

  /** Gives the whole messages that wait here to the log, a block for each part of memory that they lie in. */
  flush(): void {
    const { link } = this;
    let left = this.#complete;
    while (left > 0) {
      const part = link.next(Math.min(left, link.contiguousLength));
      left -= part.length;
      this.#log.append(part, left === 0 ? this.#messages : 0);
    }
    this.#scanned -= this.#complete;
    this.#complete = 0;
    this.#messages = 0;
    this.#meter.bytesCopied += link.copiedBytes - this.#copied;
    this.#copied = link.copiedBytes;
  }

  /**
   * The input has ended.
   * @throws BufferError `ERR_TORN_MESSAGE` inside a message, or the fault met before; the messages before it are in the log
   */
  end(): void {
    this.flush();
    if (this.#scanner.finish() === 0) return;
    // A last line without its line feed: a segment's lines all have one.
    this.link.writeByte(LINE_FEED);
    this.link.flush();
    this.#complete = this.link.length;
    this.#scanned = this.#complete;
    this.#messages = 1;
    this.flush();
  }
}
