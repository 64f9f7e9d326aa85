import { expect, onTestFinished } from 'vitest';
import { Heap } from '../../src/memory/heap.js';
import type { HeapOptions } from '../../src/memory/heap-options.js';

/** A heap of 16 MiB whose every byte must be back at the end of each test; MILLRACE_DEBUG=1 runs them all in debug mode. */
export function ledgerHeap(options: HeapOptions = {}): Heap {
  const heap = new Heap({ limit: 2 ** 24, initial: 2 ** 16, ...options });
  onTestFinished(() => expect(heap.live).toBe(0));
  return heap;
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
