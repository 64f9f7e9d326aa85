import { actualSize, AT, END, FRAMES_TABLE_FULL, FRAMES_TOO_LARGE, malformed, MESSAGES, ONE_ENTRY, REMAINING, SCRATCH, SCRATCH_LENGTH, tooLarge } from './fault.js';
import type { Framing } from './framing.js';
import { FrameScanner } from './scanner.js';

/** The first bytes of a header that a piece's end has cut in two. */
class Head {
  readonly bytes: Uint8Array = new Uint8Array(SCRATCH_LENGTH);
  length = 0;
}

/**
 * A scanner of messages that begin with a header which tells their length. Inside a message it skips to the end without a look at
 * the bytes. A header cut in two by a piece's end is put together in the report area's scratch bytes, and read there by the same kernel.
 */
export abstract class PrefixScanner<F extends Framing = Framing> extends FrameScanner<F> {
  // Bytes of the message under way that have not arrived; -1 while its header is incomplete.
  #remaining = -1;
  // Made with the first header that is cut.
  #head: Head | undefined = undefined;

  override reset(): void {
    super.reset();
    this.#remaining = -1;
    this.#head = undefined;
  }

  /** Calls the format's kernel; see assembly/buffer/length-prefix.ts. */
  protected abstract walk(address: number, length: number, from: number, remaining: number, table: number, capacity: number): number;

  /** The rule that a malformed header breaks. */
  protected abstract get rule(): string;

  protected pendingTotal(): number | undefined {
    return this.#remaining < 0 ? undefined : this.pending + this.#remaining;
  }

  protected run(address: number, length: number, table: number, capacity: number): number {
    const { heap } = this;
    const report = heap.reportWords;
    let from = 0;
    let messages = 0;
    const cut = this.#head;
    if (cut !== undefined && cut.length > 0) {
      const head = cut.length;
      const scratch = heap.report + SCRATCH;
      const taken = Math.min(length, SCRATCH_LENGTH - head);
      const { u8 } = heap;
      for (let i = 0; i < head; i += 1) u8[scratch + i] = cut.bytes[i]!;
      for (let i = 0; i < taken; i += 1) u8[scratch + head + i] = u8[address + i]!;
      const status = this.walk(scratch, head + taken, 0, -1, heap.report + ONE_ENTRY * 4, 1);
      if (status < 0) {
        this.fail(status, this.offset);
        return this.advance(length, 0, 0);
      }
      if (status === FRAMES_TABLE_FULL) {
        messages = 1;
        from = report[END]! - head;
        this.#remaining = -1;
      } else if (report[REMAINING]! >= 0) {
        from = taken;
        this.#remaining = report[REMAINING]!;
      } else {
        // Even the longest header fits the scratch bytes, so all of the piece has been taken.
        for (let i = 0; i < taken; i += 1) cut.bytes[head + i] = u8[address + i]!;
        cut.length = head + taken;
        return this.advance(length, 0, 0);
      }
      cut.length = 0;
      if (messages === 1 && table !== 0) {
        new DataView(u8.buffer).setInt32(table, from, true);
        table += 4;
        capacity -= 1;
        if (capacity === 0) return this.advance(from, 1, from);
      }
    }
    const base = this.offset + this.pending;
    const status = this.walk(address, length, from, this.#remaining, table, capacity);
    const walked = report[MESSAGES]!;
    const end = walked === 0 ? from : report[END]!;
    messages += walked;
    if (status === FRAMES_TABLE_FULL) {
      this.#remaining = -1;
      return this.advance(end, messages, end);
    }
    this.advance(length, messages, end);
    this.#remaining = report[REMAINING]!;
    if (status < 0) this.fail(status, base);
    else if (this.#remaining < 0) {
      const at = report[AT]!;
      if (length > at) {
        const head = (this.#head ??= new Head());
        const { u8 } = heap;
        head.length = length - at;
        for (let i = at; i < length; i += 1) head.bytes[i - at] = u8[address + i]!;
      }
    }
    return messages === 0 ? 0 : end;
  }

  /** @param base stream offset that the report's `at` counts from */
  private fail(status: number, base: number): void {
    const report = this.heap.reportWords;
    const offset = base + report[AT]!;
    this.fault = status === FRAMES_TOO_LARGE ? tooLarge(offset, actualSize(report), this.maxMessage) : malformed(offset, this.rule);
  }
}
