import type { Heap } from '../../memory/heap.js';
import type { FrameScanner } from './scanner.js';

/** Most bytes of a message's payload where nothing else is said. */
export const DEFAULT_MAX_MESSAGE: number = 8 * 2 ** 20;

/** Most that the option may say: a whole message then has an address range of its own. */
export const MAX_MESSAGE_LIMIT: number = 2 ** 30;

/** What every framing can be told. */
export interface FramingOptions {
  /** Most bytes of a message's payload, 0 to 1 GiB: its header and delimiter do not count. @default 8 MiB */
  maxMessage?: number;
}

/**
 * How messages lie in a stream of bytes: one object without state for any number of streams. `FrameDecoder` and `FrameEncoder` do the
 * work for users; what stands here is what they are made of.
 */
export interface Framing {
  readonly name: string;
  readonly maxMessage: number;

  /** A scanner for one stream. */
  scanner(heap: Heap): FrameScanner;

  /** Where the payload of the complete message at `[start, end)` of `u8` begins. */
  payloadStart(u8: Uint8Array, start: number, end: number): number;

  /** Where it ends. */
  payloadEnd(u8: Uint8Array, start: number, end: number): number;

  /** Bytes that go before a payload of `length` bytes. @throws BufferError `ERR_MESSAGE_TOO_LARGE` when it cannot be framed */
  headerLength(length: number): number;

  /** Bytes that go after every payload. */
  readonly trailerLength: number;

  /** Writes the header of a payload of `length` bytes at `at`. */
  writeHeader(u8: Uint8Array, at: number, length: number): void;

  /** Writes what goes after a payload at `at`. */
  writeTrailer(u8: Uint8Array, at: number): void;

  /** @throws BufferError `ERR_FRAMING` when the bytes `[start, end)` of `u8` cannot be a payload */
  checkPayload(u8: Uint8Array, start: number, end: number): void;

  /** Whether a stream can be picked up again after a fault, by dropping bytes up to the end of a message. */
  readonly canResync: boolean;
}
