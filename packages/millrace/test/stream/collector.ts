import { expect } from 'vitest';
import { Bytes } from '../../src/bytes/bytes.js';
import type { ByteSink } from '../../src/stream/sink.js';
import { joined } from './oracle.js';

/** A sink that keeps copies, and can be slow or fail. */
export class Collector implements ByteSink {
  readonly parts: Uint8Array[] = [];
  failAt = Number.POSITIVE_INFINITY;
  closed = 0;
  aborted: Error | undefined;
  inside = 0;
  wait: Promise<void> | undefined;

  async write(pieces: readonly Bytes[]): Promise<void> {
    expect((this.inside += 1)).toBe(1);
    await this.wait;
    for (const piece of pieces) this.parts.push(new Uint8Array(piece.copyToBuffer()));
    this.inside -= 1;
    if (this.parts.length > this.failAt) throw new Error('disk full');
  }

  async close(): Promise<void> {
    this.closed += 1;
  }

  abort(error: Error): void {
    this.aborted = error;
  }

  get stream(): Uint8Array {
    return joined(...this.parts);
  }
}

/** All the bytes of some pieces, which are released. */
export async function collect(pieces: AsyncIterable<Bytes | Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) {
    if (piece instanceof Bytes) {
      parts.push(new Uint8Array(piece.copyToBuffer()));
      piece.release();
    } else parts.push(piece);
  }
  return joined(...parts);
}

/** Views of `size` bytes, the last one shorter. */
export function* cut(bytes: Uint8Array, size = 10_000): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
