import { checkInteger } from '../base/arguments.js';
import { wasm, type SharedMemory } from '../wasm/webassembly.js';

const PAGE = 65_536;
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

  /**
   * @param limit bytes, 1 page to 2 GiB, rounded up to whole pages
   * @param initial bytes at the start, rounded up to whole pages
   */
  constructor(limit: number, initial: number) {
    checkInteger('limit', limit, PAGE, MAX_LIMIT);
    checkInteger('initial', initial, 0, limit);
    const maximum = Math.ceil(limit / PAGE);
    this.limit = maximum * PAGE;
    this.memory = new wasm.Memory({ initial: Math.max(1, Math.ceil(initial / PAGE)), maximum, shared: true });
    this.refresh();
  }

  /** Bytes the memory has now. */
  get size(): number {
    return this.u8.length;
  }

  /** Makes the memory at least `bytes` long, doubling. Gives false, and changes nothing, when that is over the limit. */
  grow(bytes: number): boolean {
    if (bytes <= this.u8.length) return true;
    if (bytes > this.limit) return false;
    const wanted = Math.min(this.limit, Math.max(bytes, this.u8.length * 2));
    this.memory.grow(Math.ceil(wanted / PAGE) - this.u8.length / PAGE);
    this.refresh();
    return true;
  }

  private refresh(): void {
    this.u8 = new Uint8Array(this.memory.buffer);
  }
}
