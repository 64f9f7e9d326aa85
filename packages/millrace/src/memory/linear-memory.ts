import { checkInteger } from '../base/arguments.js';
import { wasm, type SharedMemory } from '../wasm/webassembly.js';

const PAGE = 65_536;
const LEAST_PAGES = 4; // the state shared by the threads, the guard at the end, and two to allocate from
const MAX_LIMIT = 0x8000_0000; // 2 GiB: addresses stay small integers and signed compares hold

/** Bytes at each end of the memory that no allocation covers, so that kernels may read past a source without leaving the memory. */
export const GUARD = 160;

/**
 * One shared WebAssembly memory that grows by doubling up to a limit.
 *
 *     0        GUARD                                        end - GUARD   end
 *     | guard  | usable ................................... | guard       |
 *
 * Being shared it never detaches: a view made before a growth stays valid, it only ends where the memory ended then.
 */
export class LinearMemory {
  readonly memory: SharedMemory;
  /** Most bytes the memory may have, guards included. */
  readonly limit: number;
  /** The whole memory as of the last growth seen by this thread. Do not keep it across a call that may grow. */
  u8!: Uint8Array;
  /** The same as 32-bit words. */
  words!: Int32Array;
  /** Pages that {@link u8} has. */
  pages = 0;
  /** Each growth makes another object for the same bytes, and views of the older ones stay right. */
  readonly #buffers = new WeakSet<ArrayBufferLike>();

  /**
   * @param limit bytes, 256 KiB to 2 GiB, rounded up to whole pages
   * @param initial bytes at the start, rounded up to whole pages
   * @param memory an existing memory with that limit, of another thread. @default a new one
   */
  constructor(limit: number, initial: number, memory?: SharedMemory) {
    checkInteger('limit', limit, LEAST_PAGES * PAGE, MAX_LIMIT);
    checkInteger('initial', initial, 0, limit);
    const maximum = Math.ceil(limit / PAGE);
    this.limit = maximum * PAGE;
    this.memory = memory ?? new wasm.Memory({ initial: Math.max(LEAST_PAGES, Math.ceil(initial / PAGE)), maximum, shared: true });
    this.refresh();
  }

  /** Bytes the memory has now. */
  get size(): number {
    return this.u8.length;
  }

  /** Makes the memory at least `bytes` long, doubling. Gives false, and changes nothing, when that is over the limit or cannot be had. */
  grow(bytes: number): boolean {
    if (bytes > this.u8.length) this.sync();
    if (bytes <= this.u8.length) return true;
    if (bytes > this.limit) return false;
    const wanted = Math.min(this.limit, Math.max(bytes, this.u8.length * 2));
    if (!this.#growBy(Math.ceil(wanted / PAGE) - this.u8.length / PAGE) && !this.#growBy(Math.ceil(bytes / PAGE) - this.u8.length / PAGE)) return false;
    this.refresh();
    return true;
  }

  /** Makes a growth by another thread visible here. */
  sync(): void {
    this.memory.grow(0);
    this.refresh();
  }

  // The machine may refuse what the limit would allow.
  #growBy(pages: number): boolean {
    try {
      this.memory.grow(pages);
      return true;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  /** Whether `buffer` is this memory, as of now or of before a growth. */
  has(buffer: ArrayBufferLike): boolean {
    return buffer === this.u8.buffer || this.#buffers.has(buffer);
  }

  private refresh(): void {
    this.u8 = new Uint8Array(this.memory.buffer);
    this.#buffers.add(this.memory.buffer);
    this.words = new Int32Array(this.memory.buffer);
    this.pages = this.u8.length / PAGE;
  }
}
