import { BytesMut, type Bytes } from '../../bytes/bytes.js';
import { copyWithin } from '../../bytes/copy.js';
import type { Block } from '../../bytes/block.js';
import type { Heap } from '../../memory/heap.js';

/** Smallest capacity of the memory in which a torn piece is gathered; it doubles as bytes arrive, never by what a header claims. */
const GATHER = 4096;

/** Input that is not used up: `[at, end)` of a handle's block, or of borrowed memory. */
interface Segment {
  readonly block: Block | undefined;
  readonly u8: Uint8Array;
  at: number;
  readonly end: number;
  /** Released when the segment is used up; undefined for borrowed memory. */
  readonly owner: Bytes | undefined;
}

/**
 * Input in pieces of any size, handed on as stretches of heap memory: a stretch that lies in one piece in the heap is used where it
 * is, any other is gathered first.
 *
 *     | gathered, if any | segment | segment | ...
 */
export class InputQueue {
  readonly #heap: Heap;
  readonly #segments: Segment[] = [];
  #gathered: BytesMut | undefined;
  /** Offset in the stream of the first byte that was not consumed. */
  position = 0;
  /** After a {@link want} that gave true: the address of the bytes, valid until the next call. */
  at = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** Takes a handle, to be released when used up. */
  feed(input: Bytes): void {
    const { block, start, end } = input;
    if (start === end) input.release();
    else this.#segments.push({ block, u8: block.u8, at: start, end, owner: input });
  }

  /** Borrows memory until a {@link want} gives false. */
  feedBorrowed(input: Uint8Array): void {
    if (input.length > 0) this.#segments.push({ block: undefined, u8: input, at: 0, end: input.length, owner: undefined });
  }

  /** Whether every byte that was fed has been consumed. */
  get isEmpty(): boolean {
    return this.#segments.length === 0 && this.held === 0;
  }

  /** Bytes that were gathered and not consumed. */
  get held(): number {
    return this.#gathered === undefined ? 0 : this.#gathered.length;
  }

  /** Makes the next `n` bytes a stretch of the heap, at {@link at}. False: there are fewer; all there are have been copied. */
  want(n: number): boolean {
    const first = this.#segments[0];
    if (this.held === 0 && first !== undefined && first.block?.heap === this.#heap && first.end - first.at >= n) {
      this.at = first.at;
      return true;
    }
    while (this.held < n) {
      const next = this.#segments[0];
      if (next === undefined) return false;
      this.#gather(next, Math.min(n - this.held, next.end - next.at));
    }
    this.at = this.#gathered!.start;
    return true;
  }

  /** Uses up `n` bytes, which the last {@link want} asked for. */
  consume(n: number): void {
    this.position += n;
    const gathered = this.#gathered;
    if (gathered !== undefined && gathered.length > 0) {
      // Nothing is gathered beyond what is wanted, and what is wanted is consumed whole.
      gathered.clear();
    } else this.#use(this.#segments[0]!, n);
  }

  /** Passes over up to `n` bytes, as far as they are there, and gives how many. */
  drop(n: number): number {
    let left = n;
    while (left > 0) {
      const next = this.#segments[0];
      if (next === undefined) break;
      const part = Math.min(left, next.end - next.at);
      this.#use(next, part);
      left -= part;
    }
    this.position += n - left;
    return n - left;
  }

  /** Lets go of all input and memory. */
  release(): void {
    for (const segment of this.#segments) segment.owner?.release();
    this.#segments.length = 0;
    this.#gathered?.release();
    this.#gathered = undefined;
  }

  #gather(segment: Segment, n: number): void {
    this.#gathered ??= BytesMut.withCapacity(GATHER, this.#heap);
    const gathered = this.#gathered;
    if (gathered.spareLength < n) gathered.reserve(n);
    const { at } = segment;
    if (segment.block === undefined) gathered.putSlice(at === 0 && n === segment.u8.length ? segment.u8 : segment.u8.subarray(at, at + n));
    else {
      copyWithin(segment.block, at, at + n, this.#heap, gathered.spareStart);
      gathered.advanceMut(n);
    }
    this.#use(segment, n);
  }

  #use(segment: Segment, n: number): void {
    segment.at += n;
    if (segment.at < segment.end) return;
    this.#segments.shift();
    segment.owner?.release();
  }
}
