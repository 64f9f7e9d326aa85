import type { Heap } from 'millrace/memory';
import type { SegmentLog } from '../segments/segment-log.js';

/** Bytes that may wait for the threads and the disk before inputs have to wait. */
const MAX_PENDING = 8 * 2 ** 20;

/**
 * Backpressure: closed while too much waits for the disk or too much of the memory is in use. Inputs that find it closed stop reading until it
 * opens. A quarter of the memory is kept for what is under way when it closes.
 */
export class WriteGate {
  readonly #log: SegmentLog;
  readonly #heap: Heap;
  readonly #maxLive: number;
  readonly #waiting = new Set<() => void>();
  /** Resolves when the log has failed. */
  readonly broken: Promise<void>;

  /** @param memoryLimit the heap's limit in bytes */
  constructor(log: SegmentLog, heap: Heap, memoryLimit: number) {
    this.#log = log;
    this.#heap = heap;
    this.#maxLive = memoryLimit * 0.75;
    this.broken = new Promise((resolve) => {
      log.onProgress = () => {
        if (this.isBroken) resolve();
        this.#wake();
      };
    });
  }

  /** Whether inputs may read. Memory that is used up by torn messages alone does not close the gate: nothing would open it again. */
  get isOpen(): boolean {
    const { pendingBytes } = this.#log;
    return pendingBytes === 0 || (pendingBytes < MAX_PENDING && this.#heap.live < this.#maxLive);
  }

  /** Whether the log has failed, so that reading is of no use any more. */
  get isBroken(): boolean {
    return this.#log.failure !== undefined;
  }

  /** Calls `resume` once, when the gate is open again or broken. */
  whenOpen(resume: () => void): void {
    this.#waiting.add(resume);
  }

  /** Forgets an input that waits. */
  forget(resume: () => void): void {
    this.#waiting.delete(resume);
  }

  /** Resolves when the gate is open again or broken. */
  opened(): Promise<void> {
    return new Promise((resolve) => {
      this.whenOpen(resolve);
    });
  }

  #wake(): void {
    for (const resume of this.#waiting) {
      if (!this.isOpen && !this.isBroken) return;
      this.#waiting.delete(resume);
      resume();
    }
  }
}
