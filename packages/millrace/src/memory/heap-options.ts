import type { CompiledModule, SharedMemory } from '../wasm/webassembly.js';
import type { TierOptions } from './tiers.js';

/** How a Heap is made: how large it may be and how it divides its work. */
export interface HeapOptions {
  /** Most bytes of linear memory. @default 1 GiB; 256 KiB to 2 GiB */
  limit?: number;
  /** Bytes of linear memory at the start. @default 1 MiB */
  initial?: number;
  tiers?: TierOptions;
  /** After this time without a change in live bytes, blocks that are wholly free go back to the level that all threads share; 0 for never. @default 10,000 */
  idleMs?: number;
  /** Red zones, poison, and a ledger that knows who allocated what; slow. @default true when the environment has MILLRACE_DEBUG=1, else false */
  debug?: boolean;
}

/** What another thread needs to work on the same memory: give it to `Heap.attach` there. Survives structured clone. */
export interface HeapDescriptor {
  readonly memory: SharedMemory;
  readonly module: CompiledModule;
  readonly limit: number;
  readonly tiers: Required<TierOptions>;
  readonly idleMs: number;
  readonly debug: boolean;
  /** Constant tables that exist already. */
  readonly tables: readonly (readonly [name: string, address: number])[];
}
