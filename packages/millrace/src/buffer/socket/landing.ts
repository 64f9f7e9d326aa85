import type { Heap } from '../../memory/heap.js';
import { Chunk } from '../chunk.js';
import { unwatch, watch, type Sweepable } from './sweep.js';

/** Bytes that Node reads at most at a time where nothing else is booked. */
const LANDING_SIZE = 65_536;

const landings = new WeakMap<Heap, Landing>();

/**
 * Where reads of idle connections land: one region for all connections of a thread, so that a connection which waits holds no memory.
 * A read fills it and is handed on before the event loop comes to the next, so what landed must be copied at once: to {@link kept}, which
 * the connections share too.
 */
export class Landing implements Sweepable {
  readonly view: Buffer;
  readonly #heap: Heap;
  #kept: Chunk | undefined;
  #links = 0;
  #busy = false;
  #watched = false;

  private constructor(heap: Heap) {
    const address = heap.table(`buffer/landing/${heap.slot}`, LANDING_SIZE, () => {});
    this.#heap = heap;
    this.view = Buffer.from(heap.u8.buffer as ArrayBuffer, address, LANDING_SIZE);
  }

  static of(heap: Heap): Landing {
    let landing = landings.get(heap);
    if (landing === undefined) {
      landing = new Landing(heap);
      landings.set(heap, landing);
    }
    return landing;
  }

  /** Memory for what is copied. Its spare room goes back when nothing lands for a second, or the last link closes. @throws MemoryError `ERR_MEMORY_LIMIT` */
  get kept(): Chunk {
    this.#busy = true;
    if (!this.#watched) {
      this.#watched = true;
      watch(this);
    }
    return (this.#kept ??= new Chunk(this.#heap, 1));
  }

  /** A link was opened. */
  enter(): void {
    this.#links += 1;
  }

  /** A link has closed. */
  leave(): void {
    this.#links -= 1;
    if (this.#links > 0 || !this.#watched) return;
    unwatch(this);
    this.#release();
  }

  sweep(): boolean {
    if (this.#busy) {
      this.#busy = false;
      return false;
    }
    this.#release();
    return true;
  }

  #release(): void {
    this.#watched = false;
    this.#kept?.release();
    this.#kept = undefined;
  }
}
