import { ArgumentTypeError, checkInteger } from '../base/arguments.js';
import { BufferError } from '../base/errors.js';
import { defaultHeap, type Heap } from '../memory/heap.js';
import { Block } from '../bytes/block.js';
import { copyIn } from '../bytes/copy.js';

/**
 * A queue of bytes in fixed memory: written at one end, taken at the other, and reused once what was taken is released.
 *
 *     released | taken, lent | readable | free ...        positions count up for ever; the memory is theirs modulo capacity
 *              ^ tail        ^ read     ^ head
 *
 * Made for writers that hand buffers back in order: {@link take} bytes, give them to the writer, and {@link release} as many when its callback comes.
 * Nothing is copied to wrap around: what crosses the end of the memory comes as two parts.
 */
export class RingBuffer {
  readonly heap: Heap;
  /** Bytes of the memory. */
  readonly capacity: number;
  #block: Block | undefined;
  #memory: Buffer;
  #head = 0;
  #read = 0;
  #tail = 0;

  /**
   * @param capacity bytes, 1 to 1 GiB
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  constructor(capacity: number, heap: Heap = defaultHeap()) {
    this.heap = heap;
    this.capacity = checkInteger('capacity', capacity, 1, 2 ** 30);
    this.#block = Block.allocate(heap, capacity);
    this.#memory = Buffer.from(heap.u8.buffer as ArrayBuffer, this.#block.base, capacity);
  }

  /** Bytes that can be read. */
  get length(): number {
    return this.#head - this.#read;
  }

  /** Bytes that were taken and not released. */
  get lent(): number {
    return this.#read - this.#tail;
  }

  /** Bytes that can be written. */
  get free(): number {
    return this.capacity - (this.#head - this.#tail);
  }

  /**
   * The free memory, in order, as views for the caller to fill, then {@link commit}: no part when it is full, two when it wraps around.
   * @param most bytes wanted at most @default all
   * @throws BufferError `ERR_CLOSED`
   */
  reserve(most: number = this.free): Buffer[] {
    checkInteger('most', most, 0, Number.MAX_SAFE_INTEGER);
    return this.#parts(this.#head, Math.min(most, this.free));
  }

  /**
   * Makes the first `n` bytes of the free memory readable.
   * @throws ArgumentRangeError unless 0 <= n <= free
   */
  commit(n: number): void {
    this.#open();
    checkInteger('n', n, 0, this.free);
    this.#head += n;
  }

  /** Writes a copy of as much of `source` as fits, and says how much that is. */
  write(source: Uint8Array): number {
    if (!(source instanceof Uint8Array)) throw new ArgumentTypeError('source', 'a Uint8Array', source);
    let done = 0;
    for (const part of this.reserve(source.length)) {
      copyIn(source.subarray(done, done + part.length), part, 0);
      done += part.length;
    }
    this.#head += done;
    return done;
  }

  /** The first `n` readable bytes as one or two views, which stay readable. Valid until they are released or consumed. @throws as {@link take} */
  peek(n: number = this.length): Buffer[] {
    checkInteger('n', n, 0, Number.MAX_SAFE_INTEGER);
    this.#has(n);
    return this.#parts(this.#read, n);
  }

  /**
   * Lends the first `n` readable bytes out, as one or two views: they stay as they are until {@link release}.
   * @throws BufferError `ERR_INSUFFICIENT_DATA`; nothing is taken
   */
  take(n: number = this.length): Buffer[] {
    const parts = this.peek(n);
    this.#read += n;
    return parts;
  }

  /**
   * The `n` bytes taken earliest may be written over: call it from a writer's callback, which comes in the order in which buffers were given to it.
   * @throws ArgumentRangeError unless 0 <= n <= lent
   */
  release(n: number): void {
    this.#open();
    checkInteger('n', n, 0, this.lent);
    this.#tail += n;
  }

  /**
   * Drops the first `n` readable bytes. Only while nothing is lent out: those bytes lie before them.
   * @throws BufferError `ERR_INSUFFICIENT_DATA`, `ERR_CLOSED`
   * @throws ArgumentRangeError while bytes are lent
   */
  consume(n: number): void {
    this.#open();
    checkInteger('lent', this.lent, 0, 0);
    checkInteger('n', n, 0, Number.MAX_SAFE_INTEGER);
    this.#has(n);
    this.#read += n;
    this.#tail = this.#read;
  }

  /** Gives the memory back; views of it are not valid any more. */
  close(): void {
    const block = this.#block;
    if (block === undefined) return;
    this.#block = undefined;
    this.#memory = Buffer.alloc(0);
    block.uncover(block.base, block.end);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #parts(position: number, n: number): Buffer[] {
    this.#open();
    if (n === 0) return [];
    const start = position % this.capacity;
    const first = Math.min(n, this.capacity - start);
    const parts = [this.#memory.subarray(start, start + first)];
    if (first < n) parts.push(this.#memory.subarray(0, n - first));
    return parts;
  }

  #has(n: number): void {
    if (n > this.length) {
      throw new BufferError('ERR_INSUFFICIENT_DATA', `${n} bytes were asked for and ${this.length} are there`, { expected: n, actual: this.length });
    }
  }

  #open(): void {
    if (this.#block === undefined) throw new BufferError('ERR_CLOSED', 'the ring buffer is closed');
  }
}
