import { checkInteger } from '../base/arguments.js';
import type { Heap } from '../memory/heap.js';
import { Buf, insufficient } from './buf.js';
import type { Bytes } from './bytes.js';

/** The first bytes of another source, which they are consumed from. While it is used the source must not be. */
export class Take extends Buf {
  readonly inner: Buf;
  #left: number;

  constructor(inner: Buf, limit: number) {
    super(inner.block, inner.start, inner.end);
    this.inner = inner;
    this.#left = checkInteger('limit', limit, 0, Number.MAX_SAFE_INTEGER);
    this.look();
  }

  get remaining(): number {
    return Math.min(this.#left, this.inner.remaining);
  }

  /** Most bytes that can still be consumed through this. */
  get limit(): number {
    return this.#left;
  }

  set limit(value: number) {
    this.#left = checkInteger('limit', value, 0, Number.MAX_SAFE_INTEGER);
    this.look();
  }

  advance(n: number): void {
    checkInteger('n', n, 0, this.remaining);
    this.inner.advance(n);
    this.#left -= n;
    this.look();
  }

  copyToBytes(n: number, heap?: Heap): Bytes {
    if (n > this.remaining) throw insufficient(n, this.remaining);
    const bytes = this.inner.copyToBytes(n, heap);
    this.#left -= n;
    this.look();
    return bytes;
  }

  peekTo(target: Uint8Array, n: number): void {
    if (n > this.remaining) throw insufficient(n, this.remaining);
    this.inner.peekTo(target, n);
  }

  override chunksVectored(most: number = Number.MAX_SAFE_INTEGER): Buffer[] {
    const chunks: Buffer[] = [];
    let left = this.#left;
    for (const chunk of this.inner.chunksVectored(most)) {
      if (left === 0) break;
      chunks.push(chunk.length > left ? chunk.subarray(0, left) : chunk);
      left -= Math.min(left, chunk.length);
    }
    return chunks;
  }

  // The window follows the source's, cut at the limit.
  private look(): void {
    const { block, start, end } = this.inner;
    this.block = block;
    this.start = start;
    this.end = Math.min(end, start + this.#left);
  }
}

/** The first `limit` bytes of `source`, or all where it has fewer, as a source of their own. */
export function take(source: Buf, limit: number): Take {
  return new Take(source, limit);
}
