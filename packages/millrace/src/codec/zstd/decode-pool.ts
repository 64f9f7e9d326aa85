import { checkInteger } from '../../base/arguments.js';
import { MemoryError } from '../../base/errors.js';
import type { Heap } from '../../memory/heap.js';

const MIN_LITERALS = 4096;

/** What a DecoderPool accepts. */
export interface DecoderPoolOptions {
  /** Most bytes that contexts may take, those in use and idle ones together. @default 16 MiB, which is at least 102 contexts */
  budget?: number;
}

/** A decoder's tables in the heap: in use by one frame at a time. */
export class DecoderContext {
  /** Address; its layout is that of assembly/zstd/decode-context.ts. */
  readonly address: number;
  literals = 0;
  literalsSize = 0;
  /** Whether a dictionary is in use, so that decoding without any need not say so again. */
  hasDictionary = false;

  constructor(address: number) {
    this.address = address;
  }
}

interface Waiter {
  resolve(context: DecoderContext): void;
  reject(reason: unknown): void;
  signal: AbortSignal | undefined;
  onAbort: () => void;
}

/**
 * The decoder contexts of a heap, under a byte budget. A context takes 32 KiB, and a buffer for literals that grows with the blocks
 * it meets, to 128 KiB at most. All but one are given back as soon as they are idle.
 */
export class DecoderPool {
  readonly heap: Heap;
  readonly budget: number;
  readonly #size: number;
  /** What is kept ready when nothing decodes: one context serves all one-shot decoding of a thread. */
  #idle: DecoderContext | undefined;
  readonly #waiters: Waiter[] = [];
  #bytes = 0;
  #inUse = 0;

  /** @throws ArgumentRangeError for a budget below that of one context with its literals, 160 KiB */
  constructor(heap: Heap, options: DecoderPoolOptions = {}) {
    this.heap = heap;
    this.budget = checkInteger('budget', options.budget ?? 16 * 2 ** 20, 160 * 1024, 2 ** 31 - 1);
    this.#size = heap.kernels.zstdContextSize();
  }

  /** Bytes that contexts take now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Contexts that are in use. */
  get inUse(): number {
    return this.#inUse;
  }

  /**
   * A context, to be given back with {@link release}.
   * @throws MemoryError `ERR_MEMORY_LIMIT` when the budget is used up, or the heap
   */
  acquire(): DecoderContext {
    const idle = this.#idle;
    if (idle !== undefined) {
      this.#idle = undefined;
      this.#inUse += 1;
      return idle;
    }
    return this.#make();
  }

  #make(): DecoderContext {
    if (this.#bytes + this.#size > this.budget) throw this.#exhausted(this.#size);
    const { heap } = this;
    const image = heap.table('zstd-decoder', this.#size, (address) => heap.kernels.zstdContextInit(address, 0));
    const context = new DecoderContext(heap.allocate(this.#size));
    this.#bytes += this.#size;
    this.#inUse += 1;
    heap.kernels.zstdContextInit(context.address, image);
    return context;
  }

  /**
   * The same, but waits while the budget is used up; first come, first served.
   * @throws whatever reason the signal is aborted with; MemoryError `ERR_MEMORY_LIMIT` from the heap
   */
  async acquireAsync(signal?: AbortSignal): Promise<DecoderContext> {
    signal?.throwIfAborted();
    if (this.#waiters.length === 0 && (this.#idle !== undefined || this.#bytes + this.#size <= this.budget)) return this.acquire();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve,
        reject,
        signal,
        onAbort: () => {
          this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
          reject(signal!.reason as Error);
        },
      };
      signal?.addEventListener('abort', waiter.onAbort, { once: true });
      this.#waiters.push(waiter);
    });
  }

  /** Makes the prepared dictionary at an address, or with 0 none, the one that the context decodes with. */
  useDictionary(context: DecoderContext, dictionary: number): void {
    if (dictionary === 0 && !context.hasDictionary) return;
    this.heap.kernels.zstdUseDictionary(context.address, dictionary);
    context.hasDictionary = dictionary !== 0;
  }

  /** Makes sure that the context can hold `count` literals. @throws MemoryError `ERR_MEMORY_LIMIT` */
  growLiterals(context: DecoderContext, count: number): void {
    const wanted = Math.max(MIN_LITERALS, 2 ** Math.ceil(Math.log2(count)));
    if (this.#bytes - context.literalsSize + wanted > this.budget) this.trim();
    if (this.#bytes - context.literalsSize + wanted > this.budget) throw this.#exhausted(wanted);
    this.#dropLiterals(context);
    context.literals = this.heap.allocate(wanted);
    context.literalsSize = wanted;
    this.#bytes += wanted;
    this.heap.kernels.zstdContextLiterals(context.address, context.literals, wanted);
  }

  /** Takes a context back; whoever waits longest gets it. */
  release(context: DecoderContext): void {
    this.#inUse -= 1;
    if (this.#waiters.length > 0) {
      const waiter = this.#waiters.shift()!;
      waiter.signal?.removeEventListener('abort', waiter.onAbort);
      this.#inUse += 1;
      waiter.resolve(context);
    } else if (this.#idle === undefined) this.#idle = context;
    else this.#free(context);
  }

  /** Gives the idle context back to the heap. */
  trim(): void {
    if (this.#idle === undefined) return;
    this.#free(this.#idle);
    this.#idle = undefined;
  }

  #free(context: DecoderContext): void {
    this.#dropLiterals(context);
    this.heap.free(context.address, this.heap.roundUp(this.#size));
    this.#bytes -= this.#size;
  }

  #dropLiterals(context: DecoderContext): void {
    if (context.literalsSize === 0) return;
    this.heap.free(context.literals, context.literalsSize);
    this.#bytes -= context.literalsSize;
    context.literals = 0;
    context.literalsSize = 0;
    this.heap.kernels.zstdContextLiterals(context.address, 0, 0);
  }

  #exhausted(size: number): MemoryError {
    return new MemoryError('ERR_MEMORY_LIMIT', `${size} more bytes for decoder contexts: ${this.#bytes} of ${this.budget} are in use`, {
      expected: size,
      actual: this.budget - this.#bytes,
    });
  }
}

const pools = new WeakMap<Heap, DecoderPool>();

/** The pool that decoders of `heap` use where none is given. Trimming the heap, which it does itself when idle, gives its idle context back. */
export function decoderPool(heap: Heap): DecoderPool {
  let pool = pools.get(heap);
  if (pool === undefined) {
    const made = new DecoderPool(heap);
    pool = made;
    pools.set(heap, made);
    heap.onTrim(() => made.trim());
  }
  return pool;
}
