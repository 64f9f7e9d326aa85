import type { FreeRun } from './free-run.js';
import type { Nursery } from './nursery.js';

const POLL_MS = 5;

interface Waiter {
  readonly size: number;
  readonly resolve: (address: number) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: (() => void) | undefined;
}

interface Mark {
  readonly bytes: number;
  readonly listener: (live: number) => void;
  armed: boolean;
}

/** What the queue needs of its heap. */
export interface Allocating {
  /** Gives an address, or -1 when the limit is reached. */
  tryAllocate(size: number): number;
  /** Not allowed while every free has to be noticed at once. */
  readonly run: FreeRun;
  /** Not allowed while every change has to be. */
  readonly nursery: Nursery;
  closeNursery(): void;
}

/**
 * Allocations that wait for memory, served strictly in the order asked, and marks that say when live bytes have risen to a level.
 * The heap looks here only when its live bytes leave `(floor, ceiling)`, so both cost two comparisons with numbers it has at hand.
 */
export class Pressure {
  /** The heap calls {@link fell} when its live bytes are below this. */
  floor = -1;
  /** The heap calls {@link rose} when its live bytes reach this. */
  ceiling: number = Number.MAX_SAFE_INTEGER;
  /** Allocations that had to wait so far. */
  waits = 0;
  readonly #heap: Allocating;
  readonly #queue: Waiter[] = [];
  readonly #marks: Mark[] = [];
  #timer: NodeJS.Timeout | undefined;
  #serving = false;

  constructor(heap: Allocating) {
    this.#heap = heap;
  }

  /** How many allocations wait now. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Waits for `size` bytes behind all that wait already. */
  wait(size: number, signal: AbortSignal | undefined): Promise<number> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    this.waits += 1;
    return new Promise((resolve, reject) => {
      const onAbort = signal
        ? () => {
            const at = this.#queue.indexOf(waiter);
            if (at < 0) return;
            this.#queue.splice(at, 1);
            reject(signal.reason as Error);
            this.#settle();
            if (at === 0) this.#serve(); // those behind may need less
          }
        : undefined;
      const waiter: Waiter = { size, resolve, reject, signal, onAbort };
      if (onAbort) signal!.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(waiter);
      this.#settle();
    });
  }

  /** Live bytes fell: whoever waits may be served, and marks above are armed again. */
  fell(live: number): void {
    for (const mark of this.#marks) if (live < mark.bytes - (mark.bytes >>> 3)) mark.armed = true;
    this.#serve();
    this.#settle();
  }

  /** Live bytes rose to the ceiling. */
  rose(live: number): void {
    const reached = this.#marks.filter((mark) => mark.armed && live >= mark.bytes);
    for (const mark of reached) mark.armed = false;
    this.#settle();
    for (const mark of reached) mark.listener(live);
  }

  /** Calls `listener` when live bytes rise to `bytes`, and again each time after they had fallen by an eighth. */
  watch(bytes: number, listener: (live: number) => void): () => void {
    const mark: Mark = { bytes, listener, armed: true };
    this.#marks.push(mark);
    this.#settle();
    return () => {
      const at = this.#marks.indexOf(mark);
      if (at >= 0) this.#marks.splice(at, 1);
      this.#settle();
    };
  }

  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    try {
      while (this.#queue.length > 0) {
        const waiter = this.#queue[0]!;
        let address: number;
        try {
          address = this.#heap.tryAllocate(waiter.size);
        } catch (error) {
          // A fault of another thread's free shows here: it is the heap's, not this waiter's, but somebody has to be told.
          this.#take(waiter);
          waiter.reject(error);
          continue;
        }
        if (address < 0) break;
        this.#take(waiter);
        waiter.resolve(address);
      }
    } finally {
      this.#serving = false;
    }
    this.#settle();
  }

  #take(waiter: Waiter): void {
    this.#queue.shift();
    if (waiter.onAbort) waiter.signal!.removeEventListener('abort', waiter.onAbort);
  }

  // Sets the bounds, and keeps a timer while somebody waits: other threads' frees do not pass through this one.
  #settle(): void {
    const waiting = this.#queue.length > 0;
    let floor = -1;
    let ceiling = Number.MAX_SAFE_INTEGER;
    for (const mark of this.#marks) {
      if (mark.armed) ceiling = Math.min(ceiling, mark.bytes);
      else floor = Math.max(floor, mark.bytes - (mark.bytes >>> 3));
    }
    this.floor = waiting ? Number.MAX_SAFE_INTEGER : floor;
    this.ceiling = ceiling;
    this.#heap.run.allowed = this.floor < 0;
    this.#heap.nursery.allowed = this.floor < 0 && ceiling === Number.MAX_SAFE_INTEGER;
    if (waiting) this.#timer ??= setInterval(() => this.#serve(), POLL_MS);
    else if (this.#timer) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    // Last: what it frees may serve who waits.
    if (!this.#heap.nursery.allowed) this.#heap.closeNursery();
  }
}
