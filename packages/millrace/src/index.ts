export { MillraceError, MemoryError, OwnershipError, CodecError, BufferError, StreamError, WorkerError } from './base/errors.js';
export type { ErrorNumbers, MemoryErrorCode, OwnershipErrorCode, CodecErrorCode, BufferErrorCode, StreamErrorCode, WorkerErrorCode } from './base/errors.js';
export { ArgumentRangeError, ArgumentTypeError } from './base/arguments.js';
export { Heap, defaultHeap, type HeapOptions } from './memory/heap.js';
