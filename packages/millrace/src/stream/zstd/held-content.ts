import type { Bytes } from '../../bytes/bytes.js';

/**
 * Content of a stream that is encoded where it lies. What the library owns stays in reach of matches for as long as nothing is in between: a buffer that begins where the one
 * before it ends, in the same block, continues it. What is behind the window goes back while the rest is in use.
 */
export class HeldContent {
  /** Address of the first byte kept. */
  start: number;
  /** Address after the last byte encoded. */
  encodedEnd: number;
  /** Address after the last byte. */
  end: number;
  readonly #owner: Bytes | undefined;

  /** @param owner covers the range, and is used up; undefined when it is lent */
  constructor(address: number, length: number, owner: Bytes | undefined) {
    this.start = address;
    this.encodedEnd = address;
    this.end = address + length;
    this.#owner = owner;
  }

  /** Whether `next` would continue it. */
  continuesWith(next: Bytes): boolean {
    const owner = this.#owner;
    return owner !== undefined && owner.block === next.block && owner.end === next.start;
  }

  /** Takes `next`, which continues it. */
  extend(next: Bytes): void {
    const { end } = next;
    this.#owner!.tryMerge(next);
    this.end = end;
  }

  /** Gives back what is more than `window` bytes before what is not encoded yet. */
  trim(window: number): void {
    const excess = this.encodedEnd - window - this.start;
    if (excess <= 0 || this.#owner === undefined) return;
    this.#owner.splitTo(excess).release();
    this.start += excess;
  }

  /** Gives all of it back. */
  release(): void {
    this.#owner?.release();
  }
}
