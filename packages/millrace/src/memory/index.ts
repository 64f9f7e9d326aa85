export { Heap, defaultHeap, ALIGNMENT } from './heap.js';
export type { HeapOptions, HeapDescriptor } from './heap-options.js';
export type { TierOptions, TierAllocator } from './tiers.js';
export type { HeapStats, TierStats, HeapMap, MappedBlock } from './report.js';
export type { Leak, Ledger } from './ledger.js';
export type { SizeIndexKind } from './size-index.js';
export { LinearMemory, GUARD } from './linear-memory.js';
