import { MemoryError } from '../base/errors.js';
import type { Buddy } from './buddy.js';
import type { LinearMemory } from './linear-memory.js';
import { PAGE, PAGE_SHIFT, SHORTS, SHORTS_COUNT, SHORTS_MOST, SLOT_RETURNS, SLOT_SHORTS, SLOT_TABLE, SLOT_WORDS } from './state.js';
import { foreign } from './tiers.js';

const MARK = 0x5afe_f4ee; // xored with the address of the record it is in

/** A range of at least this many bytes can hold its own record, whatever its alignment. */
const SELF_CARRYING = 15;

/**
 * Lists of ranges on their way home, one for each thread: whoever frees a range of another thread's pushes it on that thread's list,
 * and its owner takes the whole list when it next needs memory. Pushing is one compare-and-swap and taking one exchange, so
 * no thread waits for another, and one that dies leaves the list whole. The record lies in the freed range itself:
 *
 *     start   at = start rounded up to 4                                             end
 *     | 0-3   | next record | end | MARK ^ at | count | start, end | start, end | ... |
 *             next is a multiple of 4; its low two bits hold at - start
 *
 * A range too short for that goes by way of a small table in the first page, under the lock; when the table is full it waits for a
 * longer range on its way to the same thread, which takes up to `count` short ones along when it is 16 bytes or more from `at`. Nothing of the
 * sender's is ever on a list of another thread, so a thread that dies leaves nothing behind there.
 */
export class ReturnLists {
  readonly #memory: LinearMemory;
  readonly #buddy: Buddy;
  readonly #words: Int32Array; // the first page
  readonly #slot: number;
  #unsent: { owner: number; start: number; end: number }[] = []; // short ranges that found the table full

  constructor(memory: LinearMemory, buddy: Buddy) {
    this.#memory = memory;
    this.#buddy = buddy;
    this.#slot = buddy.slot;
    this.#words = new Int32Array(memory.memory.buffer, 0, PAGE / 4);
  }

  /** Short ranges that could not be sent yet. */
  get unsent(): number {
    return this.#unsent.length;
  }

  /** Whether something may have come home, or waits to be sent. A plain read: what it misses is seen the next time. */
  pending(): boolean {
    const at = SLOT_TABLE + this.#slot * SLOT_WORDS;
    return (this.#words[at + SLOT_RETURNS]! | this.#words[at + SLOT_SHORTS]! | this.#unsent.length) !== 0;
  }

  /**
   * Sends `[start, end)`, which is not on this thread's pages, to whoever owns it.
   * @throws MemoryError `ERR_FOREIGN_FREE` when nobody does, or several, `ERR_DOUBLE_FREE` when the very same range is on its way already
   */
  send(start: number, end: number): void {
    const owner = this.#buddy.ownerOf(start);
    if (owner < 0 || owner === this.#slot) throw foreign(start, end);
    for (let at = start; at < end; at = ((at >>> PAGE_SHIFT) + 1) << PAGE_SHIFT) {
      if (this.#buddy.ownerOf(at) !== owner) throw foreign(start, end);
    }
    if (end - start < SELF_CARRYING) {
      this.#unsent.push({ owner, start, end });
      if (this.#words[SHORTS_COUNT]! < SHORTS_MOST) this.#sendShorts();
      return;
    }
    if (end > this.#memory.u8.length) this.#memory.sync();
    const w = this.#memory.words;
    const at = (start + 3) & -4;
    const i = at >> 2;
    if (w[i + 2] === (MARK ^ at)) throw new MemoryError('ERR_DOUBLE_FREE', `[${start}, ${end}) is free already`, { offset: start });
    w[i + 1] = end;
    w[i + 2] = MARK ^ at;
    if (end - at >= 16) w[i + 3] = this.#unsent.length === 0 ? 0 : this.#loadShorts(owner, i + 4, (end - at - 16) >> 3);
    this.#link(owner, at, at - start);
  }

  // Writes up to `most` short ranges for `owner` at word `at` and gives how many there were.
  #loadShorts(owner: number, at: number, most: number): number {
    const w = this.#memory.words;
    let count = 0;
    this.#unsent = this.#unsent.filter((entry) => {
      if (entry.owner !== owner || count >= most) return true;
      w[at + 2 * count] = entry.start;
      w[at + 2 * count + 1] = entry.end;
      count += 1;
      return false;
    });
    return count;
  }

  #sendShorts(): void {
    const unsent = this.#unsent;
    this.#buddy.locked(() => {
      const w = this.#words;
      for (let entry = unsent[0]; entry !== undefined && w[SHORTS_COUNT]! < SHORTS_MOST; entry = unsent[0]) {
        const at = SHORTS + 2 * w[SHORTS_COUNT]!;
        w[at] = entry.start;
        w[at + 1] = entry.end;
        w[SHORTS_COUNT] = w[SHORTS_COUNT]! + 1;
        const waiting = SLOT_TABLE + entry.owner * SLOT_WORDS + SLOT_SHORTS;
        w[waiting] = w[waiting]! + 1;
        unsent.shift();
      }
    });
  }

  /**
   * Takes everything that has come home and calls `free` for each range, in the order in which they were sent.
   * @returns false when a record had been overwritten, by a double free that overlaps another or a write to freed memory: what was behind it is lost
   */
  drain(free: (start: number, end: number) => void): boolean {
    const slot = this.#slot;
    if (this.#unsent.length > 0) this.#sendShorts();
    if (this.#words[SLOT_TABLE + slot * SLOT_WORDS + SLOT_SHORTS] !== 0) this.#drainShorts(slot, free);
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
      if (w[i + 2] !== (MARK ^ record)) {
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
      w[i + 2] = 0;
      const shorts = end - at >= 16 ? Math.min(w[i + 3]!, (end - at - 16) >> 3) : 0;
      for (let short = i + 4; short < i + 4 + 2 * shorts; short += 2) free(w[short]!, w[short + 1]!);
      free(at - (next & 3), end);
    }
    return whole;
  }

  /** Forgets what was on its way to `slot`, whose pages are given back. */
  discard(slot: number): void {
    Atomics.store(this.#words, SLOT_TABLE + slot * SLOT_WORDS + SLOT_RETURNS, 0);
    this.#drainShorts(slot, () => {});
    this.#unsent = this.#unsent.filter((entry) => entry.owner !== slot);
  }

  #drainShorts(slot: number, free: (start: number, end: number) => void): void {
    const w = this.#words;
    const mine: number[] = [];
    this.#buddy.locked(() => {
      let kept = 0;
      for (let i = 0; i < w[SHORTS_COUNT]!; i += 1) {
        const start = w[SHORTS + 2 * i]!;
        const end = w[SHORTS + 2 * i + 1]!;
        if (this.#buddy.ownerOf(start) === slot) mine.push(start, end);
        else {
          w[SHORTS + 2 * kept] = start;
          w[SHORTS + 2 * kept + 1] = end;
          kept += 1;
        }
      }
      w[SHORTS_COUNT] = kept;
      w[SLOT_TABLE + slot * SLOT_WORDS + SLOT_SHORTS] = 0;
    });
    for (let i = 0; i < mine.length; i += 2) free(mine[i]!, mine[i + 1]!);
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
