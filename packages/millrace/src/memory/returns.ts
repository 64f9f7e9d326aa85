import type { LinearMemory } from './linear-memory.js';
import { PAGE, SLOT_RETURNS, SLOT_TABLE, SLOT_WORDS } from './state.js';

const MARK = 0x5afe_f4ee; // xored with the address of the record it is in
const CARRIED = -1;

/** A range of at least this many bytes can hold its own record, whatever its alignment. */
export const SELF_CARRYING = 15;

/**
 * Lists of ranges on their way home, one for each thread: whoever frees a range of another thread's pushes it on that thread's list,
 * and its owner takes the whole list when it next needs memory. Pushing is one compare-and-swap and taking one exchange, so
 * no thread waits for another, and one that dies leaves the list whole. The record lies in the freed range itself:
 *
 *     start   at = start rounded up to 4                                  end
 *     | 0-3   | next record | end | MARK ^ at | ...                        |
 *             next is a multiple of 4; its low two bits hold at - start
 *
 * A range too short for that is carried by 16 bytes of the thread that frees it: `next | -1 | start | end`, which the owner sends home in turn.
 */
export class ReturnLists {
  readonly #memory: LinearMemory;
  readonly #words: Int32Array; // the first page

  constructor(memory: LinearMemory) {
    this.#memory = memory;
    this.#words = new Int32Array(memory.memory.buffer, 0, PAGE / 4);
  }

  /** Whether something may have come home to `slot`. A plain read: what it misses is seen the next time. */
  pending(slot: number): boolean {
    return this.#words[SLOT_TABLE + slot * SLOT_WORDS + SLOT_RETURNS] !== 0;
  }

  /**
   * Sends `[start, end)`, at least SELF_CARRYING bytes, to `slot`.
   * @returns false, and nothing was done, when the very same range is on its way already
   */
  push(slot: number, start: number, end: number): boolean {
    const w = this.#memory.words;
    const at = (start + 3) & -4;
    const i = at >> 2;
    if (w[i + 2] === (MARK ^ at)) return false;
    w[i + 1] = end;
    w[i + 2] = MARK ^ at;
    this.#link(slot, at, at - start);
    return true;
  }

  /** Sends `[start, end)` to `slot` by the 16 bytes at `carrier`, which must be this thread's. */
  pushCarried(slot: number, start: number, end: number, carrier: number): void {
    const w = this.#memory.words;
    const i = carrier >> 2;
    w[i + 1] = CARRIED;
    w[i + 2] = start;
    w[i + 3] = end;
    this.#link(slot, carrier, 0);
  }

  /**
   * Takes everything that has come home to `slot` and calls `free` for each range, in the order in which they were sent; carriers are given to
   * `free` too.
   * @returns false when a record had been overwritten, by a double free that overlaps another or a write to freed memory: what was behind it is lost
   */
  drain(slot: number, free: (start: number, end: number) => void): boolean {
    let record = Atomics.exchange(this.#words, SLOT_TABLE + slot * SLOT_WORDS + SLOT_RETURNS, 0);
    let w = this.#memory.words;
    let whole = true;
    let previous = 0;
    while (record !== 0) {
      if (record < PAGE || record >= w.length * 4) {
        this.#memory.sync();
        w = this.#memory.words;
        if (record < PAGE || record >= w.length * 4) {
          whole = false;
          break;
        }
      }
      const i = record >> 2;
      if (w[i + 2] !== (MARK ^ record) && w[i + 1] !== CARRIED) {
        whole = false;
        break;
      }
      const next = w[i]!;
      w[i] = previous | (next & 3);
      previous = record;
      record = next & -4;
    }
    while (previous !== 0) {
      const at = previous;
      const i = at >> 2;
      const next = w[i]!;
      const end = w[i + 1]!;
      previous = next & -4;
      if (end === CARRIED) {
        const from = w[i + 2]!;
        const to = w[i + 3]!;
        free(from, to);
        free(at, at + 16);
      } else {
        w[i + 2] = 0;
        free(at - (next & 3), end);
      }
    }
    return whole;
  }

  #link(slot: number, at: number, offset: number): void {
    const w = this.#memory.words;
    const head = SLOT_TABLE + slot * SLOT_WORDS + SLOT_RETURNS;
    for (let seen = Atomics.load(this.#words, head); ; ) {
      w[at >> 2] = seen | offset;
      const found = Atomics.compareExchange(this.#words, head, seen, at);
      if (found === seen) return;
      seen = found;
    }
  }
}
