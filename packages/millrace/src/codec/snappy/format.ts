// What Snappy and S2 blocks have in common outside their elements: the length that a block starts with (format_description.txt
// section 1), and the bounds that follow from the format.
import { CodecError } from '../../base/errors.js';

/** Which elements a block may hold: those of Snappy, or also the repeats that S2 adds. An S2 decoder reads both. */
export type Dialect = 'snappy' | 's2';

export const DIALECTS: readonly Dialect[] = ['snappy', 's2'];

/** How hard an encoder looks for matches: `better` and `best` take about two and ten times as long as `fast`. */
export type Level = 'fast' | 'better' | 'best';

export const LEVELS: readonly Level[] = ['fast', 'better', 'best'];

/** The most bytes that the length at the start of a block takes. */
export const MAX_HEADER = 5;

/** The longest source that a block can hold. */
export const MAX_LENGTH: number = 2 ** 32 - 1;

/** Bytes of the varint that holds `length`. */
export function headerSize(length: number): number {
  return length < 2 ** 7 ? 1 : length < 2 ** 14 ? 2 : length < 2 ** 21 ? 3 : length < 2 ** 28 ? 4 : 5;
}

/** Writes `length` as a varint to `u8` at `at` and gives where it ends. */
export function writeHeader(u8: Uint8Array, at: number, length: number): number {
  while (length >= 0x80) {
    u8[at] = (length % 0x80) | 0x80;
    at += 1;
    length = Math.floor(length / 0x80);
  }
  u8[at] = length;
  return at + 1;
}

/**
 * The most bytes that encoding `length` bytes can give: the length, and all of them as one literal. At most 10 more than `length`.
 * @returns -1 when that is over 2^32 - 1, which no block can hold
 */
export function maxEncodedLength(length: number): number {
  const tag = length === 0 ? 0 : length <= 60 ? 1 : length <= 2 ** 8 ? 2 : length <= 2 ** 16 ? 3 : length <= 2 ** 24 ? 4 : 5;
  const size = length + headerSize(length) + tag;
  return size > MAX_LENGTH ? -1 : size;
}

/**
 * The length that the block at [start, end) of `u8` declares: what it decodes to, if it is valid.
 * @throws CodecError `ERR_TRUNCATED` when it ends inside the length, `ERR_CORRUPT` for a length of more than 5 bytes or over 2^32 - 1
 */
export function readDecodedLength(u8: Uint8Array, start: number, end: number): number {
  // Up to 2 MiB - 1 in small integers: this is a tenth of the time of a short block.
  if (end - start > 3) {
    const first = u8[start]!;
    if (first < 0x80) return first;
    const second = u8[start + 1]!;
    if (second < 0x80) return (first & 0x7f) | (second << 7);
    const third = u8[start + 2]!;
    if (third < 0x80) return (first & 0x7f) | ((second & 0x7f) << 7) | (third << 14);
  }
  return readLongLength(u8, start, end);
}

function readLongLength(u8: Uint8Array, start: number, end: number): number {
  let length = 0;
  let scale = 1;
  for (let at = start; at < end; at += 1) {
    const byte = u8[at]!;
    if (at - start === MAX_HEADER - 1 && byte > 0x0f) {
      throw new CodecError('ERR_CORRUPT', 'the decoded length is not a varint of at most five bytes below 2^32', { offset: MAX_HEADER - 1, expected: 0x0f, actual: byte });
    }
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) return length;
    scale *= 0x80;
  }
  throw new CodecError('ERR_TRUNCATED', 'the block ends inside its decoded length', { offset: end - start });
}

/** Where the elements of a block start whose length {@link readDecodedLength} has read. */
export function skipHeader(u8: Uint8Array, start: number): number {
  while (u8[start]! >= 0x80) start += 1;
  return start + 1;
}
