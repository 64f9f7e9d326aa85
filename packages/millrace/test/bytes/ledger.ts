import { expect, onTestFinished } from 'vitest';
import { Bytes } from '../../src/bytes/bytes.js';
import { Heap } from '../../src/memory/heap.js';
import type { HeapOptions } from '../../src/memory/heap-options.js';

/** A heap of 16 MiB whose every byte must be back at the end of each test; MILLRACE_DEBUG=1 runs them all in debug mode. */
export function ledgerHeap(options: HeapOptions = {}): Heap {
  const heap = new Heap({ limit: 2 ** 24, initial: 2 ** 16, ...options });
  onTestFinished(() => expect(heap.live).toBe(0));
  return heap;
}

/** A copy that touches no other, whatever was made before it: small handles made in a row lie side by side, and what is put together of such is one part. */
export function apart(source: Uint8Array, heap: Heap): Bytes {
  const bytes = Bytes.copyOf(Buffer.concat([Uint8Array.of(0), source]), heap);
  bytes.advance(1);
  return bytes;
}

/** 0, 1, 2, ... as bytes. */
export function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index);
}

/** Runs `call` and gives the `code` of what it throws. */
export function codeOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'nothing was thrown';
}
