import { CodecError } from '../base/errors.js';
import { BytesMut, type Bytes } from '../bytes/bytes.js';
import type { Heap } from '../memory/heap.js';
import { CHUNK_HEADER } from './chunk.js';

/** Smallest capacity of the memory in which a torn chunk is gathered; it doubles as bytes arrive, never by what a header claims. */
const GATHER = 65_536;

/** A piece of input: `[at, end)` of `u8`, where positions are addresses when it lies in the heap. */
interface Segment {
  readonly u8: Uint8Array;
  at: number;
  readonly end: number;
  /** Where the handle begins in `u8`. */
  readonly start: number;
  readonly inHeap: boolean;
  /** Released when the segment is used up; undefined for borrowed memory. */
  readonly owner: Bytes | undefined;
}

/**
 * Cuts a byte stream, fed in pieces of any size, into chunks. It knows headers and lengths, not what the types mean.
 *
 * Between two calls it is in one of two states: before a header, or inside the body of the chunk that `type`, `length` and `start` describe,
 * of which `staged` bytes were moved to memory of its own because the body is torn between pieces of input:
 *
 *     | header | staged ....... | in the segments, or not there yet |
 *              0                staged                              length
 */
export class ChunkScanner {
  readonly #heap: Heap;
  readonly #segments: Segment[] = [];
  #staging: BytesMut | undefined;
  #staged = 0;
  #headerBytes = 0;
  #header = 0;
  /** Bytes of the last chunk's body that are to be passed over. */
  #toDrop = 0;

  /** Offset in the stream up to which input was used. */
  position = 0;
  /** Offset in the stream of the end of the last chunk that was there whole and finished. */
  complete = 0;
  /** Inside a body: true from a {@link nextChunk} that gives true to the {@link finish} of that chunk. */
  open = false;
  /** Type of the chunk. */
  type = 0;
  /** Bytes in its body. */
  length = 0;
  /** Offset in the stream of its header. */
  start = 0;
  /** After a {@link want} that gave true: the memory in which the body's bytes lie, from {@link at} on. */
  u8: Uint8Array;
  /** Position in {@link u8} of the body's first byte; its address when heap memory was wanted. */
  at = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
    this.u8 = heap.u8;
  }

  /** Takes a handle, to be released when used up. */
  feed(input: Bytes): void {
    const { block, start, length } = input;
    if (length === 0) input.release();
    else this.#segments.push({ u8: block.u8, at: start, end: start + length, start, inHeap: block.heap === this.#heap, owner: input });
  }

  /** Borrows memory until the scanner asks for more input. */
  feedBorrowed(input: Uint8Array): void {
    if (input.length > 0) this.#segments.push({ u8: input, at: 0, end: input.length, start: 0, inHeap: false, owner: undefined });
  }

  /** Goes to the next chunk. False: more input is needed. */
  nextChunk(): boolean {
    if (!this.#drop()) return false;
    while (this.#headerBytes < CHUNK_HEADER) {
      const segment = this.#segments[0];
      if (segment === undefined) return false;
      if (this.#headerBytes === 0) this.start = this.position;
      this.#header |= segment.u8[segment.at]! << (8 * this.#headerBytes);
      this.#headerBytes += 1;
      this.#use(segment, 1);
    }
    this.type = this.#header & 255;
    this.length = this.#header >>> 8;
    this.open = true;
    return true;
  }

  /**
   * Makes the first `n` bytes of the body contiguous, at {@link at} of {@link u8}, valid until the next call. False: more input is needed.
   * @param n 1 to `length`
   * @param inHeap true when they must lie in the heap's memory, for a kernel
   */
  want(n: number, inHeap: boolean): boolean {
    const segment = this.#segments[0];
    if (this.#staged === 0 && segment !== undefined && segment.end - segment.at >= n && (segment.inHeap || !inHeap)) {
      this.u8 = segment.u8;
      this.at = segment.at;
      return true;
    }
    while (this.#staged < n) {
      const next = this.#segments[0];
      if (next === undefined) return false;
      this.#stage(next, Math.min(n - this.#staged, next.end - next.at));
    }
    this.u8 = this.#staging!.block.u8;
    this.at = this.#staging!.start;
    return true;
  }

  #stage(segment: Segment, n: number): void {
    this.#staging ??= BytesMut.withCapacity(Math.min(GATHER, this.length), this.#heap);
    const staging = this.#staging;
    if (staging.spareLength < n) staging.reserve(Math.max(n, Math.min(staging.length, this.length - staging.length)));
    staging.block.u8.set(segment.u8.subarray(segment.at, segment.at + n), staging.spareStart);
    staging.advanceMut(n);
    this.#staged += n;
    this.#use(segment, n);
  }

  /**
   * The body from byte `from` on as a handle of its own, after `want(length, true)`: a view of the input where that was possible, else the
   * memory it was gathered in. Ends the chunk like {@link finish}.
   */
  take(from: number): Bytes {
    let bytes: Bytes;
    if (this.#staged > 0) {
      bytes = this.#staging!.freeze();
      this.#staging = undefined;
      bytes.advance(from);
    } else {
      const segment = this.#segments[0]!;
      const at = segment.at - segment.start;
      bytes = segment.owner!.slice(at + from, at + this.length);
    }
    this.finish();
    return bytes;
  }

  /** Leaves the chunk: whatever of its body was not used is passed over, as it arrives. */
  finish(): void {
    this.#toDrop = this.length - this.#staged;
    this.#staging?.release();
    this.#staging = undefined;
    this.#staged = 0;
    this.#headerBytes = 0;
    this.#header = 0;
    this.open = false;
    this.#drop();
  }

  /** Passes over what is left of a finished chunk. True when it is over. */
  #drop(): boolean {
    while (this.#toDrop > 0) {
      const segment = this.#segments[0];
      if (segment === undefined) return false;
      const n = Math.min(this.#toDrop, segment.end - segment.at);
      this.#toDrop -= n;
      this.#use(segment, n);
    }
    if (this.#headerBytes === 0) this.complete = this.position;
    return true;
  }

  #use(segment: Segment, n: number): void {
    segment.at += n;
    this.position += n;
    if (segment.at === segment.end) {
      this.#segments.shift();
      segment.owner?.release();
    }
  }

  /**
   * Says that no more input comes.
   * @throws CodecError `ERR_TRUNCATED` inside a chunk: `offset` is its start, `expected` its length as far as known, `actual` what is there of it
   */
  end(): void {
    const inside = this.open || this.#toDrop > 0;
    if (!inside && this.#headerBytes === 0) return;
    const expected = CHUNK_HEADER + (inside ? this.length : 0);
    const actual = this.position - this.start;
    throw new CodecError('ERR_TRUNCATED', `the stream ends ${actual} bytes into a chunk of ${inside ? '' : 'at least '}${expected} bytes at offset ${this.start}`, {
      offset: this.start,
      expected,
      actual,
    });
  }

  /** Lets go of all input and memory and starts again, at offset `position` of a stream. */
  reset(position: number): void {
    for (const segment of this.#segments) segment.owner?.release();
    this.#segments.length = 0;
    this.#staging?.release();
    this.#staging = undefined;
    this.#staged = 0;
    this.#headerBytes = 0;
    this.#header = 0;
    this.#toDrop = 0;
    this.open = false;
    this.position = position;
    this.complete = position;
    this.start = position;
  }
}
