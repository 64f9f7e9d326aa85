import type { Heap } from '../memory/heap.js';
import { Block } from '../bytes/block.js';
import { Bytes } from '../bytes/bytes.js';
import { copyOut, copyWithin } from '../bytes/copy.js';

/** The parts of every empty queue: never written to. */
const NONE: Bytes[] = [];

/** Least room for a join: a few more bytes that are asked for later are then appended to it. */
const JOIN_ROOM = 512;

/**
 * A queue of bytes in parts, each an owned handle. Parts that touch become one as they come in, so a part ends only where memory does.
 *
 *     parts   [ used | used | b0 b1 b2 | b3 b4 | b5 ... ]
 *                            ^ head
 *
 * When bytes of several parts must lie side by side they are copied once, into a join that then stands in their place: looking at them
 * again copies nothing, and neither does taking them.
 */
export class Segments {
  /** Bytes in all parts. */
  length = 0;
  /** Bytes copied to lie side by side. */
  joined = 0;
  #parts: Bytes[] = NONE;
  #head = 0;
  // The spare room behind a join, ours alone: `[#joinEnd, #joinLimit)` of `#joinBlock`.
  #joinBlock: Block | undefined;
  #joinEnd = 0;
  #joinLimit = 0;

  /** How many parts there are. */
  get count(): number {
    return this.#parts.length - this.#head;
  }

  /** Bytes of the first part. */
  get contiguous(): number {
    return this.#head < this.#parts.length ? this.#parts[this.#head]!.length : 0;
  }

  /** The first part; it stays ours. Undefined when there is none. */
  get first(): Bytes | undefined {
    return this.#parts[this.#head];
  }

  /** Part number `index`; it stays ours. */
  part(index: number): Bytes {
    return this.#parts[this.#head + index]!;
  }

  /** Takes over `bytes` as the last ones. */
  push(bytes: Bytes): void {
    const { length } = bytes;
    if (length === 0) {
      bytes.release();
      return;
    }
    this.length += length;
    const parts = this.#parts;
    // A literal has room for one; a push onto an empty array would make room for seventeen.
    if (parts.length === this.#head) {
      this.#parts = [bytes];
      this.#head = 0;
    } else if (!parts[parts.length - 1]!.tryMerge(bytes)) parts.push(bytes);
  }

  /** Gives the first `n` bytes away, 1 to {@link length}: side by side, copied into `heap` where they are not yet. */
  take(n: number, heap: Heap): Bytes {
    const first = this.#parts[this.#head]!;
    if (n < first.length) {
      this.length -= n;
      return first.splitTo(n);
    }
    if (n === first.length) return this.takePart();
    this.join(n, heap);
    return this.take(n, heap);
  }

  /** Gives the whole first part away. */
  takePart(): Bytes {
    const parts = this.#parts;
    const first = parts[this.#head]!;
    this.length -= first.length;
    if (first.block === this.#joinBlock) this.#dropJoin();
    this.#head += 1;
    if (this.#head === parts.length) {
      this.#parts = NONE;
      this.#head = 0;
    } else if (this.#head >= 64 && this.#head * 2 >= parts.length) {
      parts.splice(0, this.#head);
      this.#head = 0;
    }
    return first;
  }

  /** Moves the first `n` bytes to the end of `target`, 0 to {@link length}; no copy. */
  moveTo(target: Segments, n: number): void {
    let left = n;
    while (left > 0 && left >= this.contiguous) {
      const part = this.takePart();
      left -= part.length;
      target.push(part);
    }
    if (left > 0) {
      this.length -= left;
      target.push(this.#parts[this.#head]!.splitTo(left));
    }
  }

  /** Gives the first `n` bytes back, 0 to {@link length}. */
  skip(n: number): void {
    let left = n;
    while (left > 0 && left >= this.contiguous) {
      left -= this.contiguous;
      this.takePart().release();
    }
    if (left > 0) {
      this.#parts[this.#head]!.advance(left);
      this.length -= left;
    }
  }

  /** Gives all but the first `n` bytes back. */
  truncate(n: number): void {
    while (this.length > n) {
      const last = this.#parts[this.#parts.length - 1]!;
      const surplus = this.length - n;
      if (last.block === this.#joinBlock && last === this.first) this.#dropJoin();
      if (surplus >= last.length) {
        this.length -= last.length;
        this.#parts.pop();
        if (this.#parts.length === this.#head) {
          this.#parts = NONE;
          this.#head = 0;
        }
        last.release();
      } else {
        this.length -= surplus;
        last.truncate(last.length - surplus);
      }
    }
  }

  /** Puts the bytes of `source`, which ends up empty, before the last `remaining` of these. */
  insert(source: Segments, remaining: number): void {
    const behind = new Segments();
    const ahead = new Segments();
    this.moveTo(ahead, this.length - remaining);
    this.moveTo(behind, remaining);
    ahead.moveTo(this, ahead.length);
    source.moveTo(this, source.length);
    behind.moveTo(this, behind.length);
  }

  /** Copies `[from, from + n)` of the bytes to `position` of `target`, or of `heap`, and leaves them here. */
  copyOut(from: number, n: number, target: Uint8Array | Heap, position: number): void {
    let skipped = 0;
    let done = 0;
    for (let i = this.#head; done < n; i += 1) {
      const part = this.#parts[i]!;
      const begin = Math.max(0, from - skipped);
      if (begin < part.length) {
        const end = Math.min(part.length, begin + n - done);
        if (target instanceof Uint8Array) copyOut(part.block, part.start + begin, part.start + end, target, position + done);
        else copyWithin(part.block, part.start + begin, part.start + end, target, position + done);
        done += end - begin;
      }
      skipped += part.length;
    }
  }

  /** Makes the first `n` bytes lie side by side, 1 to {@link length}. */
  join(n: number, heap: Heap): void {
    const first = this.#parts[this.#head]!;
    if (n <= first.length) return;
    let whole: Bytes;
    if (first.block === this.#joinBlock && first.end === this.#joinEnd && first.start + n <= this.#joinLimit) {
      whole = this.takeJoin();
    } else {
      this.#dropJoin();
      const block = Block.allocate(heap, Math.max(JOIN_ROOM, n + (n >> 1)));
      copyWithin(first.block, first.start, first.end, heap, block.base);
      this.joined += first.length;
      this.#joinBlock = block;
      this.#joinEnd = block.base + first.length;
      this.#joinLimit = block.end;
      whole = Bytes.over(block, block.base, this.#joinEnd);
      this.length -= first.length;
      this.#head += 1;
      first.release();
    }
    // Now `whole` stands outside the queue, with room behind it for what is missing.
    let missing = n - whole.length;
    while (missing > 0) {
      const part = this.#parts[this.#head]!;
      const some = Math.min(missing, part.length);
      copyWithin(part.block, part.start, part.start + some, heap, this.#joinEnd);
      whole.tryMerge(Bytes.over(this.#joinBlock!, this.#joinEnd, this.#joinEnd + some));
      this.#joinEnd += some;
      this.joined += some;
      missing -= some;
      this.length -= some;
      if (some < part.length) part.advance(some);
      else {
        this.#head += 1;
        part.release();
      }
    }
    this.length += whole.length;
    if (this.#head > 0) {
      this.#head -= 1;
      this.#parts[this.#head] = whole;
    } else this.#parts.unshift(whole);
  }

  /** Moves part number `index` into `heap` where it lies elsewhere: a copy, which counts as joined. */
  bringIn(index: number, heap: Heap): void {
    const at = this.#head + index;
    const part = this.#parts[at]!;
    if (part.block.heap === heap) return;
    const { length } = part;
    const block = Block.allocate(heap, length);
    copyWithin(part.block, part.start, part.end, heap, block.base);
    block.uncover(block.base + length, block.end);
    this.#parts[at] = Bytes.over(block, block.base, block.base + length);
    this.joined += length;
    part.release();
  }

  /** Offset after the first `byte` at or after offset `from`; 0 when there is none. */
  find(byte: number, from: number): number {
    let before = 0;
    for (let i = this.#head; i < this.#parts.length; i += 1) {
      const part = this.#parts[i]!;
      const begin = Math.max(0, from - before);
      if (begin < part.length) {
        const { heap, u8 } = part.block;
        const start = part.start + begin;
        const found = heap === undefined
          ? u8.subarray(start, part.end).indexOf(byte) + 1
          : heap.kernels.findDelimiter(start, part.end - start, byte, -1, 0);
        if (found > 0) return before + begin + found;
      }
      before += part.length;
    }
    return 0;
  }

  /** Gives the spare room behind a join back. */
  trim(): void {
    this.#dropJoin();
  }

  /** Gives everything back. */
  clear(): void {
    this.#dropJoin();
    const parts = this.#parts;
    const head = this.#head;
    this.#parts = NONE;
    this.#head = 0;
    this.length = 0;
    for (let i = head; i < parts.length; i += 1) parts[i]!.release();
  }

  // The join at the front, taken off the queue with its room kept.
  private takeJoin(): Bytes {
    const first = this.#parts[this.#head]!;
    this.length -= first.length;
    this.#head += 1;
    return first;
  }

  #dropJoin(): void {
    const block = this.#joinBlock;
    if (block === undefined) return;
    this.#joinBlock = undefined;
    block.uncover(this.#joinEnd, this.#joinLimit);
  }
}
