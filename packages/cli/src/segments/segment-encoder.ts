import type { Bytes } from 'millrace/bytes';
import type { Heap } from 'millrace/memory';
import { S2Writer } from 'millrace/stream';
import { encodeMetadata, HEADER_CHUNK_ID, TOTALS_CHUNK_ID, type FramingName } from './metadata.js';
import type { Codec } from './segment-name.js';

/**
 * Makes segments: each a standard stream that begins with a chunk naming the framing, and ends, when it is finished, with one of totals
 * and with the index.
 *
 *     | identifier | header | data chunk | data chunk ... | totals | index |
 */
export class SegmentEncoder {
  readonly #writer: S2Writer;
  readonly #header: Uint8Array;
  #messages = 0;
  #begun = false;

  constructor(heap: Heap, codec: Codec, framing: FramingName) {
    this.#writer = new S2Writer({ heap, dialect: codec, addIndex: true });
    this.#header = encodeMetadata({ version: 1, framing });
  }

  /** Bytes of the segment so far; 0 before its first block. */
  get segmentLength(): number {
    return this.#writer.written;
  }

  /** Takes `block`, which holds `messages` whole messages, and gives the chunks that it makes, the caller's to release. */
  encode(block: Bytes, messages: number): Bytes[] {
    if (!this.#begun) {
      this.#writer.addSkippableBlock(HEADER_CHUNK_ID, this.#header);
      this.#begun = true;
    }
    this.#messages += messages;
    this.#writer.encodeBuffer(block);
    return this.#writer.take();
  }

  /** Ends the segment and gives its last chunks; the next block begins another one. */
  finish(): Bytes[] {
    this.#writer.addSkippableBlock(TOTALS_CHUNK_ID, encodeMetadata({ messages: this.#messages, bytes: this.#writer.uncompressed }));
    this.#writer.close();
    const chunks = this.#writer.take();
    this.#writer.reset();
    this.#messages = 0;
    this.#begun = false;
    return chunks;
  }

  /** Gives its memory back. */
  release(): void {
    this.#writer[Symbol.dispose]();
  }
}
