export { Heap, defaultHeap, ALIGNMENT, type HeapOptions, type HeapDescriptor, type TierOptions } from './heap.js';
export type { SizeIndexKind } from './size-index.js';
export { LinearMemory, GUARD } from './linear-memory.js';
