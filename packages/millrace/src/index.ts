export { MillraceError, MemoryError, OwnershipError, CodecError, BufferError } from './base/errors.js';
export type { ErrorNumbers, MemoryErrorCode, OwnershipErrorCode, CodecErrorCode, BufferErrorCode } from './base/errors.js';
export { ArgumentRangeError, ArgumentTypeError } from './base/arguments.js';
export { Heap, defaultHeap, type HeapOptions } from './memory/heap.js';
