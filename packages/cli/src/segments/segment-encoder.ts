import type { Bytes } from 'millrace/bytes';
import type { Heap } from 'millrace/memory';
import { S2Writer } from 'millrace/stream';
import type { WorkerPool } from 'millrace/worker';
import { encodeMetadata, HEADER_CHUNK_ID, TOTALS_CHUNK_ID, type FramingName } from './metadata.js';
import type { Codec } from './segment-name.js';

/** How segments are made. */
export interface SegmentFormat {
  readonly heap: Heap;
  readonly codec: Codec;
  readonly framing: FramingName;
  /** Threads that compress beside the calling one; undefined for none. */
  readonly pool: WorkerPool | undefined;
}

/** What came out of a segment since the last time. */
export interface SegmentOutput {
  /** Chunks in the heap, the taker's to release. */
  readonly chunks: readonly Bytes[];
  /** Messages whose last byte is in them, and the uncompressed bytes that are. */
  readonly messages: number;
  readonly bytes: number;
}

/**
 * Makes one segment: a standard stream that begins with a chunk naming the framing, and ends, when it is finished, with one of totals and
 * with the index.
 *
 *     | identifier | header | data chunk | data chunk ... | totals | index |
 */
export class SegmentEncoder {
  readonly #writer: S2Writer;
  /** Blocks that have not come out: where each ends in the uncompressed stream, and how many messages end with it. */
  readonly #blocks: { readonly end: number; readonly messages: number }[] = [];
  #messages = 0;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor({ heap, codec, framing, pool }: SegmentFormat) {
    this.#writer = new S2Writer({ heap, dialect: codec, addIndex: true, ...(pool === undefined ? {} : { pool, concurrency: pool.threads + 1 }) });
    this.#writer.addSkippableBlock(HEADER_CHUNK_ID, encodeMetadata({ version: 1, framing }));
  }

  /** Compressed bytes so far; blocks under way in other threads are not among them. */
  get length(): number {
    return this.#writer.written;
  }

  /** Whether the segment is finished and all of it has been taken. */
  get isDrained(): boolean {
    return this.#writer.finished && this.#writer.pendingOutput === 0;
  }

  /** Takes `block`, which holds `messages` whole messages. */
  encode(block: Bytes, messages: number): void {
    this.#messages += messages;
    this.#bytesIn += block.length;
    this.#blocks.push({ end: this.#bytesIn, messages });
    this.#writer.encodeBuffer(block);
  }

  /** Ends the segment with its totals and index. */
  finish(): void {
    this.#writer.addSkippableBlock(TOTALS_CHUNK_ID, encodeMetadata({ messages: this.#messages, bytes: this.#bytesIn }));
    this.#writer.close();
  }

  /** What is ready, in order; no chunks when nothing is. */
  take(): SegmentOutput {
    const chunks = this.#writer.take();
    const { uncompressed } = this.#writer;
    const bytes = uncompressed - this.#bytesOut;
    this.#bytesOut = uncompressed;
    let messages = 0;
    while (this.#blocks.length > 0 && this.#blocks[0]!.end <= uncompressed) messages += this.#blocks.shift()!.messages;
    return { chunks, messages, bytes };
  }

  /** Resolves when more may be ready. */
  progress(): Promise<void> {
    return this.#writer.progress();
  }

  /** Whether blocks are under way in other threads. */
  get isBusy(): boolean {
    return this.#writer.outstanding > 0;
  }

  /** Gives its memory back; what was not taken is dropped. */
  release(): void {
    this.#writer[Symbol.dispose]();
  }
}
