import { checkInteger } from '../base/arguments.js';
import { BufferError } from '../base/errors.js';
import type { Heap } from '../memory/heap.js';
import { BufMut } from './buf-mut.js';
import { insufficient } from './buf.js';
import { Bytes } from './bytes.js';

/**
 * Writes to another sink, so many bytes and no more. While it is used the sink must not be. As a source it gives what was written through it:
 * consuming that takes nothing from the sink.
 */
export class Limit extends BufMut {
  readonly inner: BufMut;
  #left: number;

  constructor(inner: BufMut, limit: number) {
    super(inner.block, inner.end, inner.end, inner.limit);
    this.inner = inner;
    this.#left = checkInteger('limit', limit, 0, Number.MAX_SAFE_INTEGER);
    this.look();
  }

  get remainingMut(): number {
    return Math.min(this.#left, this.inner.remainingMut);
  }

  reserve(additional: number): void {
    if (additional > this.#left) {
      const actual = this.#left;
      throw new BufferError('ERR_NO_ROOM', `${additional} bytes are to be written, ${actual} fit`, { expected: additional, actual });
    }
    this.inner.reserve(additional);
    this.look();
  }

  advance(n: number): void {
    checkInteger('n', n, 0, this.remaining);
    this.start += n;
  }

  copyToBytes(n: number, heap: Heap | undefined = this.block.heap): Bytes {
    if (n > this.remaining) throw insufficient(n, this.remaining);
    const bytes = Bytes.copyOf(this.chunk().subarray(0, n), heap);
    this.start += n;
    return bytes;
  }

  protected override commitTo(position: number): void {
    const n = position - this.end;
    this.inner.advanceMut(n);
    this.#left -= n;
    this.end = position;
    this.look();
  }

  // The window follows the sink's, which may have moved, cut at the limit.
  private look(): void {
    const { block, end, limit } = this.inner;
    this.start = end - (this.end - this.start);
    this.block = block;
    this.view = block.view;
    this.end = end;
    this.limit = Math.min(limit, end + this.#left);
  }
}

/** `sink` for at most `limit` more bytes. */
export function limit(sink: BufMut, limit: number): Limit {
  return new Limit(sink, limit);
}
