import { FrameCutter, length32, LinkBuffer, ndjson } from 'millrace/buffer';
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
 *     batch | whole messages ...       link | torn | room for the next read |
 */
export class Batcher {
  /** Most room to book for a read: with more, a batch would begin in one memory and end in another less often, but stay in no cache. */
  static readonly ROOM: number = 1 << 20;

  readonly link: LinkBuffer;
  readonly #log: SegmentLog;
  readonly #meter: IngestMeter;
  readonly #cutter: FrameCutter;
  readonly #batchBytes: number;
  /** Whole messages that wait here, and how many they are. */
  readonly #batch: LinkBuffer;
  #messages = 0;
  #copied = 0;

  /** @param link stays the caller's, who closes it */
  constructor(link: LinkBuffer, options: BatcherOptions, log: SegmentLog, meter: IngestMeter) {
    const { framing, codec, maxMessage, acceptUnterminated } = options;
    this.link = link;
    this.#log = log;
    this.#meter = meter;
    this.#batchBytes = BATCH_BYTES[codec];
    const chosen = framing === 'ndjson' ? ndjson({ maxMessage, unterminated: acceptUnterminated ? 'message' : 'torn' }) : length32({ maxMessage });
    this.#cutter = new FrameCutter(chosen, link);
    this.#batch = new LinkBuffer({ heap: link.heap });
  }

  /** How many of the last bytes belong to a torn message that is worth moving when new memory is booked. */
  get carry(): number {
    const { pending } = this.#cutter;
    return pending <= MAX_CARRY ? pending : 0;
  }

  /**
   * Looks at the bytes that have come to the end of the link.
   * @throws BufferError for a message over the limit; the messages before it are in the log
   */
  arrived(): void {
    const cutter = this.#cutter;
    let left = this.link.length - cutter.pending;
    if (left === 0) return;
    this.#meter.received(left);
    try {
      while (left > 0) {
        // Up to a batch's worth at a time, so that batches end between messages.
        const gathered = this.#batch.length + cutter.pending;
        const step = Math.min(left, gathered < this.#batchBytes ? this.#batchBytes - gathered : this.#batchBytes);
        this.#gather(cutter.scan(step), cutter.messages);
        left -= step;
        if (cutter.fault !== undefined) throw cutter.fault;
        if (this.#batch.length + cutter.pending >= this.#batchBytes) this.flush();
      }
    } catch (fault) {
      this.flush();
      throw fault;
    }
  }

  /** Gives the whole messages that wait here to the log, a block for each part of memory that they lie in. */
  flush(): void {
    const { link } = this;
    const batch = this.#batch;
    const messages = this.#messages;
    this.#messages = 0;
    for (let part = batch.nextPart(); part !== undefined; part = batch.nextPart()) this.#log.append(part, batch.length === 0 ? messages : 0);
    this.#meter.bytesCopied += link.copiedBytes - this.#copied;
    this.#copied = link.copiedBytes;
  }

  /**
   * The input has ended.
   * @throws BufferError `ERR_TORN_MESSAGE` inside a message, or the fault met before; the messages before it are in the log
   */
  end(): void {
    this.flush();
    if (this.#cutter.finish() === 0) return;
    // A last line without its line feed: a segment's lines all have one.
    this.link.writeByte(LINE_FEED);
    this.link.flush();
    this.#gather(this.link.length, 1);
    this.flush();
  }

  /** Gives back what waits here. */
  close(): void {
    this.#batch.close();
  }

  /** Takes the first `n` bytes of the link, whole messages. */
  #gather(n: number, messages: number): void {
    const { link } = this;
    for (let left = n; left > 0; ) {
      const part = link.next(Math.min(left, link.contiguousLength));
      left -= part.length;
      this.#batch.push(part);
    }
    this.#messages += messages;
  }
}
