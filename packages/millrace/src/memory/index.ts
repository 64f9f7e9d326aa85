export { Heap, defaultHeap, ALIGNMENT, type HeapOptions } from './heap.js';
export { LinearMemory, GUARD } from './linear-memory.js';
