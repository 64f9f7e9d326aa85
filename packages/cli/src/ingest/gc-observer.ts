import { PerformanceObserver } from 'node:perf_hooks';

/** Counts the garbage collections of this process and adds up their pauses. */
export class GcObserver {
  count = 0;
  /** Milliseconds. */
  pauseMs = 0;
  readonly #observer: PerformanceObserver;

  constructor() {
    this.#observer = new PerformanceObserver((list) => this.#add(list.getEntries()));
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  /** Takes what has been recorded but not delivered yet, and ends the counting. */
  stop(): void {
    this.#add(this.#observer.takeRecords());
    this.#observer.disconnect();
  }

  #add(entries: readonly { readonly duration: number }[]): void {
    for (const entry of entries) {
      this.count += 1;
      this.pauseMs += entry.duration;
    }
  }
}
