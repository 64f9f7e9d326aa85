import type { Bytes } from 'millrace/bytes';
import { length32, ndjson, type FrameScanner } from 'millrace/buffer';
import type { Heap } from 'millrace/memory';
import type { FramingName } from './metadata.js';

/** No message in a segment can be longer than `ingest` may take. */
const MAX_MESSAGE = 256 * 2 ** 20;

/**
 * Lets the blocks of a segment through up to the end of the last whole message, and holds back what follows until it is whole: the last message
 * of a segment whose writer was killed may be there only in part.
 */
export class MessageCutter {
  messages = 0;
  readonly #scanner: FrameScanner;
  #held: Bytes[] = [];

  constructor(framing: FramingName, heap: Heap) {
    this.#scanner = (framing === 'ndjson' ? ndjson : length32)({ maxMessage: MAX_MESSAGE }).scanner(heap);
  }

  /** What is wrong with the framing, if anything. */
  get problem(): string | undefined {
    return this.#scanner.fault?.message;
  }

  /** Takes the next block and gives the bytes that are whole messages now, in order, the caller's to release. */
  push(block: Bytes): Bytes[] {
    if (this.#scanner.fault !== undefined) {
      block.release();
      return [];
    }
    let end: number;
    try {
      end = this.#scanner.scan(block.start, block.length);
    } catch {
      block.release(); // the scanner keeps the fault
      return [];
    }
    if (this.#scanner.messages === 0) {
      this.#held.push(block);
      return [];
    }
    this.messages += this.#scanner.messages;
    const whole = this.#held;
    whole.push(block.splitTo(end));
    if (block.length > 0) this.#held = [block];
    else {
      this.#held = [];
      block.release();
    }
    return whole;
  }

  /** Drops what is held back, and says how many bytes that was. */
  end(): number {
    const bytes = this.#held.reduce((sum, { length }) => sum + length, 0);
    for (const block of this.#held) block.release();
    this.#held = [];
    return bytes;
  }
}
