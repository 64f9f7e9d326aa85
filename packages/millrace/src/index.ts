export { MillraceError, MemoryError, OwnershipError, CodecError, BufferError, StreamError, WorkerError } from './base/errors.js';
export type { ErrorNumbers, MemoryErrorCode, OwnershipErrorCode, CodecErrorCode, BufferErrorCode, StreamErrorCode, WorkerErrorCode } from './base/errors.js';
export { ArgumentRangeError, ArgumentTypeError } from './base/arguments.js';
export { Heap, defaultHeap } from './memory/heap.js';
export type { HeapOptions } from './memory/heap-options.js';
