import type { BufferError } from '../../base/errors.js';
import type { LinkBuffer } from '../link-buffer.js';
import type { Framing } from './framing.js';
import type { FrameScanner } from './scanner.js';

/**
 * Cuts a stream behind its complete messages, for code that passes them on without looking at each: a proxy, or a writer of batches.
 *
 *     data(link) {
 *       cutter.moveTo(peer.output);
 *       link.carry = cutter.pending;
 *       return peer.flush();
 *     }
 *
 * Every byte is scanned once, in calls of a kernel that take many messages at a time, and none is copied. Nothing else may consume `input`.
 */
export class FrameCutter {
  readonly input: LinkBuffer;
  /** Messages that were complete in the last {@link scan}. */
  messages = 0;
  readonly #scanner: FrameScanner;
  #scanned = 0;

  constructor(framing: Framing, input: LinkBuffer) {
    this.input = input;
    this.#scanner = framing.scanner(input.heap);
  }

  /** Bytes of the message under way: what a link's `carry` should be. */
  get pending(): number {
    return this.#scanner.pending;
  }

  /** What is wrong with the bytes that follow the complete messages: the next {@link scan} throws it. */
  get fault(): BufferError | undefined {
    return this.#scanner.fault;
  }

  /**
   * Scans what is new and gives the number of bytes at the front of the input that are complete messages. Take all of them before the next call:
   * `input.next(n)`, or {@link moveTo}.
   * @param most bytes to look at: what is left is new to the next call. @default all
   * @throws BufferError `ERR_MESSAGE_TOO_LARGE`, `ERR_FRAMING`, once all messages before the fault have been given
   */
  scan(most: number = Number.MAX_SAFE_INTEGER): number {
    const { input } = this;
    const scanner = this.#scanner;
    this.messages = 0;
    let complete = 0;
    let before = 0;
    let left = most;
    for (let i = 0; i < input.partCount && left > 0; i += 1) {
      const part = input.part(i);
      const from = Math.max(0, this.#scanned - before);
      if (from < part.length) {
        if (scanner.fault !== undefined && this.messages > 0) break;
        const length = Math.min(left, part.length - from);
        const end = scanner.scan(part.start + from, length);
        this.messages += scanner.messages;
        if (scanner.messages > 0) complete = before + from + end;
        this.#scanned = before + from + length;
        left -= length;
      }
      before += part.length;
    }
    this.#scanned -= complete;
    return complete;
  }

  /** Moves all complete messages to the end of `output`, where they are readable after `flush`: no copy. Gives their number. */
  moveTo(output: LinkBuffer): number {
    const { input } = this;
    for (let left = this.scan(); left > 0; ) {
      const bytes = input.next(Math.min(left, input.contiguousLength));
      left -= bytes.length;
      output.writeBytes(bytes);
    }
    return this.messages;
  }

  /** The stream has ended. Gives how many messages end with it, as {@link FrameScanner.finish}. @throws BufferError `ERR_TORN_MESSAGE` */
  finish(): number {
    return this.#scanner.finish();
  }
}
