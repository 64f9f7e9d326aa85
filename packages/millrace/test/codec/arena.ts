import { expect } from 'vitest';
import { Heap } from '../../src/memory/heap.js';

const CANARY = 192;

/** A range in the heap with a wall of known bytes on both sides, to see whether a kernel writes outside it. */
export class Walled {
  readonly address: number;
  readonly length: number;
  readonly #heap: Heap;
  readonly #base: number;

  constructor(heap: Heap, length: number, contents?: Uint8Array) {
    this.#heap = heap;
    this.length = length;
    this.#base = heap.allocate(length + 2 * CANARY);
    this.address = this.#base + CANARY;
    heap.u8.fill(0xa5, this.#base, this.#base + heap.roundUp(length + 2 * CANARY));
    if (contents) heap.u8.set(contents, this.address);
  }

  get bytes(): Uint8Array {
    return this.#heap.u8.subarray(this.address, this.address + this.length);
  }

  /** Fails when the walls were touched; frees the range. */
  release(): void {
    const end = this.#base + this.#heap.roundUp(this.length + 2 * CANARY);
    const u8 = this.#heap.u8;
    let touched = 0;
    for (let i = this.#base; i < this.address; i += 1) touched += u8[i] === 0xa5 ? 0 : 1;
    for (let i = this.address + this.length; i < end; i += 1) touched += u8[i] === 0xa5 ? 0 : 1;
    this.#heap.free(this.#base, this.#heap.roundUp(this.length + 2 * CANARY));
    expect(touched).toBe(0);
  }
}
