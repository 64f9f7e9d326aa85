import { checkInteger } from '../base/arguments.js';
import { MemoryError } from '../base/errors.js';
import type { Kernels } from '../wasm/kernels.js';
import { instantiateKernels } from '../wasm/module.js';
import { GUARD, LinearMemory } from './linear-memory.js';

export interface HeapOptions {
  /** Most bytes of linear memory. @default 1 GiB; at most 2 GiB */
  limit?: number;
  /** Bytes of linear memory at the start. @default 1 MiB */
  initial?: number;
}

/** Every allocation starts at a multiple of this and covers a multiple of it. */
export const ALIGNMENT = 16;

/** A shared linear memory with its allocator: the place where all bytes live. */
export class Heap {
  readonly memory: LinearMemory;
  readonly kernels: Kernels;
  /** Bytes allocated and not freed. */
  live = 0;
  /** Address of 64 bytes into which a kernel called by this thread writes the numbers of its failure; see wasm/status.ts. */
  readonly report = 256;
  readonly #tables = new Map<string, number>();
  readonly #free: { start: number; end: number }[] = [];
  #top = 1024;

  constructor(options: HeapOptions = {}) {
    this.memory = new LinearMemory(options.limit ?? 2 ** 30, options.initial ?? 2 ** 20);
    this.kernels = instantiateKernels(this.memory.memory);
  }

  /** The whole memory. A growth replaces it: read it again after anything that may allocate. */
  get u8(): Uint8Array {
    return this.memory.u8;
  }

  /**
   * The address of a constant table, for kernels that need one: allocated and filled by `build` on first use, then the same for
   * everything over this memory. Tables are never freed and do not count as live.
   */
  table(name: string, size: number, build: (address: number) => void): number {
    let address = this.#tables.get(name);
    if (address === undefined) {
      address = this.allocate(size);
      this.live -= this.roundUp(size);
      build(address);
      this.#tables.set(name, address);
    }
    return address;
  }

  /** What `allocate(size)` really covers: `size` rounded up to a multiple of {@link ALIGNMENT}. */
  roundUp(size: number): number {
    return (size + (ALIGNMENT - 1)) & -ALIGNMENT;
  }

  /**
   * Allocates `size` bytes and gives their address, a multiple of {@link ALIGNMENT}. The range covered is `roundUp(size)` long;
   * the contents are arbitrary.
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  allocate(size: number): number {
    checkInteger('size', size, 1, 2 ** 31 - 1);
    const rounded = this.roundUp(size);
    for (let i = 0; i < this.#free.length; i += 1) {
      const range = this.#free[i]!;
      const start = this.roundUp(range.start);
      if (range.end - start >= rounded) {
        if (start === range.start) range.start += rounded;
        else {
          if (start + rounded < range.end) this.#free.splice(i + 1, 0, { start: start + rounded, end: range.end });
          range.end = start;
        }
        if (range.start === range.end) this.#free.splice(i, 1);
        this.live += rounded;
        return start;
      }
    }
    const address = this.#top;
    if (!this.memory.grow(address + rounded + GUARD)) {
      throw new MemoryError('ERR_MEMORY_LIMIT', `cannot allocate ${size} bytes: ${this.live} of ${this.memory.limit} are in use`, {
        expected: size,
        actual: this.memory.limit - this.live,
      });
    }
    this.#top += rounded;
    this.live += rounded;
    return address;
  }

  /**
   * Frees any part of what was allocated: `[address, address + size)`, to the byte, in any order.
   * @throws MemoryError `ERR_DOUBLE_FREE`, `ERR_FOREIGN_FREE`
   */
  free(address: number, size: number): void {
    const end = address + size;
    if (size <= 0 || address < 1024 || end > this.#top) throw new MemoryError('ERR_FOREIGN_FREE', `[${address}, ${end}) was never allocated here`);
    let at = 0;
    while (at < this.#free.length && this.#free[at]!.start < address) at += 1;
    const left = this.#free[at - 1];
    const right = this.#free[at];
    if ((left && left.end > address) || (right && right.start < end)) {
      throw new MemoryError('ERR_DOUBLE_FREE', `[${address}, ${end}) is free already, in part or whole`);
    }
    if (left?.end === address) {
      left.end = end;
      if (right?.start === end) {
        left.end = right.end;
        this.#free.splice(at, 1);
      }
    } else if (right?.start === end) right.start = address;
    else this.#free.splice(at, 0, { start: address, end });
    this.live -= size;
  }
}

let shared: Heap | undefined;

/** The heap used where none is given: made on first use, with the default options. One for each thread. */
export function defaultHeap(): Heap {
  shared ??= new Heap();
  return shared;
}
