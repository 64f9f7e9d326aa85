import type { Heap } from '../memory/heap.js';
import { Block } from '../bytes/block.js';
import { Bytes } from '../bytes/bytes.js';
import { copyOut, copyWithin } from '../bytes/copy.js';

/** Least room for a join: a few more bytes that are asked for later are then appended to it. */
const JOIN_ROOM = 512;

/** The spare room behind a join, ours alone: `[end, limit)` of `block`. */
class Join {
  readonly block: Block;
  readonly limit: number;
  end: number;

  constructor(block: Block) {
    this.block = block;
    this.limit = block.end;
    this.end = block.base;
  }
}

/**
 * The parts behind the first, where there are any.
 *
 *     parts   [ gone | gone | b3 b4 | b5 ... ]
 *                            ^ head
 */
class Tail {
  // A literal has room for one; a push onto an empty array would make room for seventeen.
  readonly parts: Bytes[];
  head = 0;

  constructor(part: Bytes) {
    this.parts = [part];
  }

  get count(): number {
    return this.parts.length - this.head;
  }

  /** Takes the first of these off. */
  shift(): Bytes {
    const { parts } = this;
    const part = parts[this.head]!;
    this.head += 1;
    if (this.head >= 64 && this.head * 2 >= parts.length) {
      parts.splice(0, this.head);
      this.head = 0;
    }
    return part;
  }
}

/**
 * A queue of bytes in parts, each an owned handle. Parts that touch become one as they come in, so a part ends only where memory does.
 *
 * Most queues have one part, and need no array for it. When bytes of several parts must lie side by side they are copied once, into a join that
 * then stands in their place: looking at them again copies nothing, and neither does taking them.
 */
export class Segments {
  /** Bytes in all parts. */
  length = 0;
  /** The first part; it stays ours. Undefined when there is none. */
  first: Bytes | undefined = undefined;
  private tail: Tail | undefined = undefined;
  // The join that is the first part, while it has room behind it.
  private spare: Join | undefined = undefined;

  /** How many parts there are. */
  get count(): number {
    return this.first === undefined ? 0 : this.tail === undefined ? 1 : 1 + this.tail.count;
  }

  /** Bytes of the first part. */
  get contiguous(): number {
    return this.first === undefined ? 0 : this.first.length;
  }

  /** Part number `index`, below {@link count}; it stays ours. */
  part(index: number): Bytes {
    return index === 0 ? this.first! : this.tail!.parts[this.tail!.head + index - 1]!;
  }

  /** Takes over `bytes` as the last ones. */
  push(bytes: Bytes): void {
    const { length } = bytes;
    if (length === 0) {
      bytes.release();
      return;
    }
    this.length += length;
    const { first, tail } = this;
    if (first === undefined) this.first = bytes;
    else if (tail === undefined) {
      if (!first.tryMerge(bytes)) this.tail = new Tail(bytes);
    } else if (!tail.parts[tail.parts.length - 1]!.tryMerge(bytes)) tail.parts.push(bytes);
  }

  /** Gives the first `n` bytes away, 1 to {@link contiguous}. */
  take(n: number): Bytes {
    const first = this.first!;
    if (n === first.length) return this.takePart();
    this.length -= n;
    return first.splitTo(n);
  }

  /** Gives the first `before` bytes back and the `n` after them away: 1 or more, and more than that in the first part. */
  cut(before: number, n: number): Bytes {
    const first = this.first!;
    this.length -= before + n;
    if (before > 0) first.advance(before);
    return first.splitTo(n);
  }

  /** Gives the whole first part away. */
  takePart(): Bytes {
    const first = this.first!;
    if (this.spare !== undefined) this.trim();
    this.length -= first.length;
    this.drop();
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
      target.push(this.first!.splitTo(left));
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
      this.first!.advance(left);
      this.length -= left;
    }
  }

  /** Gives all but the first `n` bytes back. */
  truncate(n: number): void {
    while (this.length > n) {
      const last = this.part(this.count - 1);
      const surplus = this.length - n;
      if (last === this.first) this.trim();
      if (surplus >= last.length) {
        this.length -= last.length;
        if (last === this.first) this.first = undefined;
        else {
          this.tail!.parts.pop();
          if (this.tail!.count === 0) this.tail = undefined;
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
    for (let i = 0; done < n; i += 1) {
      const part = this.part(i);
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

  /** Makes the first `n` bytes lie side by side in `heap`, {@link contiguous} to {@link length}. Gives the number of bytes copied. */
  join(n: number, heap: Heap): number {
    const first = this.first!;
    let join = this.spare;
    let whole = first;
    let copied = n - first.length;
    if (join === undefined || first.end !== join.end || first.start + n > join.limit) {
      this.trim();
      join = new Join(Block.allocate(heap, Math.max(JOIN_ROOM, n + (n >> 1))));
      whole = this.append(join, first, first.length, heap);
      copied = n;
      first.release();
      this.first = whole;
      this.spare = join;
    }
    for (let missing = n - whole.length; missing > 0; ) {
      const part = this.part(1);
      const some = Math.min(missing, part.length);
      whole.tryMerge(this.append(join, part, some, heap));
      missing -= some;
      if (some < part.length) part.advance(some);
      else {
        this.drop();
        this.first = whole;
        part.release();
      }
    }
    return copied;
  }

  /** Moves part number `index` into `heap` where it lies elsewhere. Gives the number of bytes copied. */
  bringIn(index: number, heap: Heap): number {
    const part = this.part(index);
    if (part.block.heap === heap) return 0;
    const { length } = part;
    const block = Block.allocate(heap, length);
    copyWithin(part.block, part.start, part.end, heap, block.base);
    block.uncover(block.base + length, block.end);
    const here = Bytes.over(block, block.base, block.base + length);
    if (index === 0) this.first = here;
    else this.tail!.parts[this.tail!.head + index - 1] = here;
    part.release();
    return length;
  }

  /** Offset after the first `byte` at or after offset `from`; 0 when there is none. */
  find(byte: number, from: number): number {
    let before = 0;
    for (let i = 0; i < this.count; i += 1) {
      const part = this.part(i);
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
    const join = this.spare;
    if (join === undefined) return;
    this.spare = undefined;
    join.block.uncover(join.end, join.limit);
  }

  /** Gives everything back. */
  clear(): void {
    while (this.first !== undefined) this.takePart().release();
  }

  // Copies the first `n` bytes of `part` to the end of a join, and gives the handle on them there.
  private append(join: Join, part: Bytes, n: number, heap: Heap): Bytes {
    const { end } = join;
    copyWithin(part.block, part.start, part.start + n, heap, end);
    join.end = end + n;
    return Bytes.over(join.block, end, end + n);
  }

  // The first part has left the queue: the second is the first.
  private drop(): void {
    const { tail } = this;
    if (tail === undefined) {
      this.first = undefined;
      return;
    }
    this.first = tail.shift();
    if (tail.count === 0) this.tail = undefined;
  }
}
