import { checkInteger } from '../../base/arguments.js';
import { MemoryError } from '../../base/errors.js';
import { defaultHeap, type Heap } from '../../memory/heap.js';
import { ZstdEncodeContext } from './encode-context.js';
import type { ZstdSettings } from './encode-settings.js';

/** How much memory contexts may take, and how many may work. */
export interface ZstdPoolOptions {
  /** @default defaultHeap() */
  heap?: Heap;
  /** Most bytes that all contexts together may hold. @default 64 MiB */
  maxBytes?: number;
  /** Most contexts in use at once. @default 64 */
  concurrency?: number;
  /** Contexts unused for so long go back to the heap; 0 keeps them until {@link ZstdContextPool.trim}. @default 10,000 */
  idleMs?: number;
}

/** What a pool has and has done. */
export interface ZstdPoolStatistics {
  /** Contexts in use, and idle. */
  readonly inUse: number;
  readonly idle: number;
  /** Bytes that all contexts hold now, and the most they ever held. */
  readonly bytes: number;
  readonly highWater: number;
  /** Takes that an idle context served, and that needed new memory. */
  readonly hits: number;
  readonly misses: number;
  /** Takes that had to wait, and those that wait now. */
  readonly waits: number;
  readonly waiting: number;
}

interface Waiter {
  readonly settings: ZstdSettings;
  readonly length: number;
  readonly resolve: (context: ZstdEncodeContext) => void;
  readonly reject: (reason: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
}

/**
 * Contexts under one byte budget. They are made when needed, grow when a larger message needs it, and go back when idle; who needs
 * one beyond the budget or the concurrency waits in turn, or is told at once.
 */
export class ZstdContextPool {
  readonly heap: Heap;
  readonly maxBytes: number;
  readonly concurrency: number;
  readonly #idleMs: number;
  /** Idle contexts, the last used at the end. */
  readonly #idle: ZstdEncodeContext[] = [];
  readonly #waiting: Waiter[] = [];
  #inUse = 0;
  #bytes = 0;
  #highWater = 0;
  #hits = 0;
  #misses = 0;
  #waits = 0;
  /** The fewest idle contexts since the timer last ran: so many were not needed. */
  #unneeded = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @throws ArgumentRangeError `ERR_OUT_OF_RANGE` */
  constructor(options: ZstdPoolOptions = {}) {
    this.heap = options.heap ?? defaultHeap();
    this.maxBytes = checkInteger('maxBytes', options.maxBytes ?? 64 * 2 ** 20, 1, 2 ** 31);
    this.concurrency = checkInteger('concurrency', options.concurrency ?? 64, 1, 2 ** 16);
    this.#idleMs = checkInteger('idleMs', options.idleMs ?? 10_000, 0, 2 ** 31 - 1);
  }

  /**
   * A context for content of at most `length` bytes, now. It is to be given back with {@link give}.
   * @throws MemoryError `ERR_MEMORY_LIMIT` when the budget, the concurrency or the heap does not allow it
   */
  take(settings: ZstdSettings, length: number): ZstdEncodeContext {
    const context = this.#waiting.length === 0 ? this.#tryTake(settings, length) : undefined;
    if (context !== undefined) return context;
    throw new MemoryError('ERR_MEMORY_LIMIT', `no context is free: ${this.#inUse} of ${this.concurrency} are in use, with ${this.#bytes} of ${this.maxBytes} bytes`, {
      expected: ZstdEncodeContext.sizeFor(settings, length),
      actual: Math.max(0, this.maxBytes - this.#bytes),
    });
  }

  /**
   * A context, now or when one becomes free; those who wait are served in turn.
   * @throws MemoryError `ERR_MEMORY_LIMIT` when it could never fit the budget; the signal's reason when it is aborted
   */
  acquire(settings: ZstdSettings, length: number, signal?: AbortSignal): Promise<ZstdEncodeContext> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const size = ZstdEncodeContext.sizeFor(settings, length);
      if (size > this.maxBytes) {
        throw new MemoryError('ERR_MEMORY_LIMIT', `a context of ${size} bytes is over the pool's budget of ${this.maxBytes}`, { expected: size, actual: this.maxBytes });
      }
      const context = this.#waiting.length === 0 ? this.#tryTake(settings, length) : undefined;
      if (context !== undefined) {
        resolve(context);
        return;
      }
      this.#waits += 1;
      const waiter: Waiter = {
        settings,
        length,
        resolve,
        reject,
        signal,
        onAbort: () => {
          this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
          reject(signal!.reason);
          this.#serve();
        },
      };
      signal?.addEventListener('abort', waiter.onAbort, { once: true });
      this.#waiting.push(waiter);
    });
  }

  /** Takes a context back; those who wait come first. */
  give(context: ZstdEncodeContext): void {
    this.#inUse -= 1;
    this.#idle.push(context);
    if (this.#waiting.length > 0) this.#serve();
    if (this.#timer === undefined && this.#idleMs > 0) this.#watch();
  }

  /** Gives all idle contexts back to the heap. Gives their bytes. */
  trim(): number {
    const before = this.#bytes;
    while (this.#idle.length > 0) this.#drop(0);
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    return before - this.#bytes;
  }

  get statistics(): ZstdPoolStatistics {
    return {
      inUse: this.#inUse,
      idle: this.#idle.length,
      bytes: this.#bytes,
      highWater: this.#highWater,
      hits: this.#hits,
      misses: this.#misses,
      waits: this.#waits,
      waiting: this.#waiting.length,
    };
  }

  [Symbol.dispose](): void {
    this.trim();
  }

  #tryTake(settings: ZstdSettings, length: number): ZstdEncodeContext | undefined {
    if (this.#inUse >= this.concurrency) return undefined;
    const last = this.#idle.length - 1;
    // The usual case: the context used last is ready for this message.
    if (last >= 0 && this.#idle[last]!.isReadyFor(settings, length)) return this.#use(last, settings, length);
    const size = ZstdEncodeContext.sizeFor(settings, length);
    let fitting = -1;
    for (let i = last; i >= 0; i -= 1) {
      const held = this.#idle[i]!.size;
      if (held >= size && (fitting < 0 || held < this.#idle[fitting]!.size)) fitting = i;
    }
    if (fitting >= 0) return this.#use(fitting, settings, length);
    // Room is made from the idle ones, the longest unused first.
    while (this.#bytes + size > this.maxBytes && this.#idle.length > 0) this.#drop(0);
    if (this.#bytes + size > this.maxBytes) return undefined;
    this.#misses += 1;
    const context = new ZstdEncodeContext(this.heap);
    context.prepare(settings, length);
    this.#bytes += context.size;
    if (this.#bytes > this.#highWater) this.#highWater = this.#bytes;
    this.#inUse += 1;
    return context;
  }

  #use(index: number, settings: ZstdSettings, length: number): ZstdEncodeContext {
    const context = this.#idle[index]!;
    if (index === this.#idle.length - 1) this.#idle.pop();
    else this.#idle.splice(index, 1);
    if (this.#idle.length < this.#unneeded) this.#unneeded = this.#idle.length;
    context.prepare(settings, length);
    this.#inUse += 1;
    this.#hits += 1;
    return context;
  }

  #drop(index: number): void {
    const context = this.#idle.splice(index, 1)[0]!;
    this.#bytes -= context.size;
    context.release();
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const waiter = this.#waiting[0]!;
      let context: ZstdEncodeContext | undefined;
      try {
        context = this.#tryTake(waiter.settings, waiter.length);
        if (context === undefined) return;
      } catch (error) {
        this.#leave(waiter);
        waiter.reject(error);
        continue;
      }
      this.#leave(waiter);
      waiter.resolve(context);
    }
  }

  #leave(waiter: Waiter): void {
    this.#waiting.shift();
    waiter.signal?.removeEventListener('abort', waiter.onAbort);
  }

  // Every idleMs, what was idle all that time goes back. The timer does not keep the process alive.
  #watch(): void {
    this.#unneeded = this.#idle.length;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (let n = Math.min(this.#unneeded, this.#idle.length); n > 0; n -= 1) this.#drop(0);
      if (this.#idle.length > 0) this.#watch();
    }, this.#idleMs);
    this.#timer.unref();
  }
}
