/** No address, so that nothing continues a closed run. */
const CLOSED = -1;

/**
 * Frees that follow each other, each beginning where the last one ended: while they stay inside a stretch that is known to be live, all there is to do
 * is to move `end`. Consumers give their memory back front to back, so this is what most of their frees are.
 *
 *     | free | freed by the run | live    | whatever follows
 *          from                end      limit
 *
 * A heap has one. It is opened by the allocator, which knows the stretch (memory/ranges.ts), continued by whoever frees, and closed, which tells the
 * allocator what was freed, before anything else is done with the heap or read from it. So nothing can be seen of it but the time it saves.
 */
export class FreeRun {
  /** Where the next free may begin; -1 when there is no run. Whoever frees `[end, x)`, x no greater than {@link limit}, sets this to x. */
  end: number = CLOSED;
  /** Up to here everything behind `end` is live. */
  limit: number = CLOSED;
  /** Where the run began. */
  from: number = CLOSED;
  /** False while every free has to be noticed at once: when somebody waits for memory. */
  allowed = true;

  /** Begins a run at `end`, if that is allowed now. */
  open(end: number, limit: number): void {
    if (!this.allowed) return;
    this.from = end;
    this.end = end;
    this.limit = limit;
  }

  /** Ends the run. */
  close(): void {
    this.from = CLOSED;
    this.end = CLOSED;
    this.limit = CLOSED;
  }
}

/** For memory whose frees have to be looked at one by one, as in debug mode: never open. */
export const NO_RUN: FreeRun = Object.assign(new FreeRun(), { allowed: false });
