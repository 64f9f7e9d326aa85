/** The numbers an error carries: what was wanted, what was there, and where. Units are bytes unless the message says otherwise. */
export interface ErrorNumbers {
  /** Byte offset in the input at which the fault was found. */
  readonly offset?: number;
  readonly expected?: number;
  readonly actual?: number;
  /** What brought the error about, where that was another one. */
  readonly cause?: unknown;
}

/**
 * Base of the errors that correct programs can meet: limits, corrupt input, ownership faults found at run time.
 * `code` is stable across versions; messages are not.
 */
export class MillraceError<Code extends string = string> extends Error {
  readonly code: Code;
  // Declared only: a number that an error does not carry is no property of it, and does not clutter what console.log shows.
  declare readonly offset: number | undefined;
  declare readonly expected: number | undefined;
  declare readonly actual: number | undefined;

  constructor(code: Code, message: string, numbers: ErrorNumbers = {}) {
    super(message, 'cause' in numbers ? { cause: numbers.cause } : undefined);
    this.name = new.target.name;
    this.code = code;
    if (numbers.offset !== undefined) this.offset = numbers.offset;
    if (numbers.expected !== undefined) this.expected = numbers.expected;
    if (numbers.actual !== undefined) this.actual = numbers.actual;
  }
}

/** Codes of {@link MemoryError}. */
export type MemoryErrorCode =
  /** The heap's byte limit is reached: `expected` bytes were asked for, `actual` could still be had. */
  | 'ERR_MEMORY_LIMIT'
  /** A range that is already free, or overlaps one that is, was freed. */
  | 'ERR_DOUBLE_FREE'
  /** A range that was never allocated from this heap was freed. */
  | 'ERR_FOREIGN_FREE'
  /** All places for threads in this memory are taken. */
  | 'ERR_THREADS'
  /** Debug mode: bytes around an allocation were overwritten. */
  | 'ERR_RED_ZONE'
  /** An audit found the allocator's own structure broken. */
  | 'ERR_AUDIT';

/** Faults of the memory floor. */
export class MemoryError extends MillraceError<MemoryErrorCode> {}

/** Codes of {@link OwnershipError}. */
export type OwnershipErrorCode =
  /** The handle was released, frozen or taken before: it covers nothing any more. */
  | 'ERR_RELEASED'
  /** The range does not lie inside the handle or block it was used with. */
  | 'ERR_FOREIGN_RANGE'
  /** The operation needs a range that nothing else covers. */
  | 'ERR_NOT_UNIQUE';

/** Misuse of handles: use after release, double release, ranges of another block. Thrown in every mode. */
export class OwnershipError extends MillraceError<OwnershipErrorCode> {}

/** Codes of {@link CodecError}. */
export type CodecErrorCode =
  /** The input breaks its format's rules at `offset`. */
  | 'ERR_CORRUPT'
  /** The input ends before its format allows. */
  | 'ERR_TRUNCATED'
  /** A checksum stored in the input (`expected`) is not that of the data (`actual`). */
  | 'ERR_CHECKSUM'
  /** The input uses a part of its format that is reserved or not supported. */
  | 'ERR_UNSUPPORTED'
  /** A size is over the limit in force: `actual` against `expected`, the limit. */
  | 'ERR_TOO_LARGE'
  /** The destination holds `actual` bytes; `expected` would do. */
  | 'ERR_DESTINATION_TOO_SMALL'
  /** The input was written with a dictionary that is not there: `expected` is its ID. */
  | 'ERR_DICTIONARY';

/** Input that cannot be decoded, and output that has no room. */
export class CodecError extends MillraceError<CodecErrorCode> {}

/** Codes of {@link BufferError}. */
export type BufferErrorCode =
  /** `expected` bytes were asked for and `actual` are there; nothing was consumed. */
  | 'ERR_INSUFFICIENT_DATA'
  /** `expected` bytes were to be written and only `actual` fit; nothing was written. */
  | 'ERR_NO_ROOM'
  /** A message is longer than the limit: `actual` against `expected`, the limit. */
  | 'ERR_MESSAGE_TOO_LARGE'
  /** The input ended inside a message. */
  | 'ERR_TORN_MESSAGE'
  /** The bytes break the framing's rules at `offset`. */
  | 'ERR_FRAMING'
  /** The buffer, or the source behind it, was closed. */
  | 'ERR_CLOSED';

/** Faults of buffers and framings. */
export class BufferError extends MillraceError<BufferErrorCode> {}

/** Codes of {@link StreamError}. */
export type StreamErrorCode =
  /** The writer or reader was closed before. */
  | 'ERR_STREAM_CLOSED'
  /** The data was dropped by `abort` or `reset` before it was encoded. */
  | 'ERR_STREAM_ABORTED'
  /** Blocks are under way in other threads; what was asked for is not known before they are done. */
  | 'ERR_STREAM_BUSY'
  /** The content has not the size that was declared: `actual` against `expected`. */
  | 'ERR_STREAM_SIZE'
  /** A callback of the user threw; `cause` is what it threw. */
  | 'ERR_STREAM_CALLBACK';

/** Faults of stream writers and readers that are not in the data. */
export class StreamError extends MillraceError<StreamErrorCode> {}

/** Codes of {@link WorkerError}. */
export type WorkerErrorCode =
  /** A thread of a pool ended unasked, with `actual` as its exit code; `cause` is what it died of, if it said. */
  'ERR_WORKER_DIED';

/** Faults of worker threads. No job is lost by them. */
export class WorkerError extends MillraceError<WorkerErrorCode> {}
