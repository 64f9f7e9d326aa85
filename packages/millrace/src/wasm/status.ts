// The one place where a kernel's negative status becomes a typed error. The numbers are those of assembly/status.ts.
import { CodecError, type CodecErrorCode, type ErrorNumbers } from '../base/errors.js';

const CODES: readonly CodecErrorCode[] = [
  'ERR_CORRUPT',
  'ERR_TRUNCATED',
  'ERR_CHECKSUM',
  'ERR_UNSUPPORTED',
  'ERR_TOO_LARGE',
  'ERR_DESTINATION_TOO_SMALL',
];

/** What each reason of a report means, for the message. A kernel's reasons are listed beside it; each format has its hundred. */
const REASONS: Readonly<Record<number, string>> = {
  // assembly/snappy/format.ts
  1: 'the decoded length is not a varint of at most five bytes',
  2: 'the decoded length is over 2^32 - 1',
  3: 'the block ends inside an element',
  4: 'a literal is longer than the rest of the block',
  5: 'a copy reaches back before the first byte of the output',
  6: 'a copy has offset 0',
  7: 'a repeat comes before the first copy',
  8: 'an element produces more than the declared length',
  9: 'the block ends before the declared length is reached',
  10: 'the destination is smaller than the declared length',
};

/**
 * The error for a kernel's negative `status`, with the numbers that the kernel left in its report area.
 * @param memory the whole linear memory as it is now
 * @param report address of the report area that the kernel was given
 */
export function statusError(memory: Uint8Array, report: number, status: number): CodecError {
  const view = new DataView(memory.buffer, report, 32);
  const reason = view.getInt32(0, true);
  const numbers: { -readonly [Key in keyof ErrorNumbers]: ErrorNumbers[Key] } = {};
  const offset = view.getFloat64(8, true);
  const expected = view.getFloat64(16, true);
  const actual = view.getFloat64(24, true);
  if (!Number.isNaN(offset)) numbers.offset = offset;
  if (!Number.isNaN(expected)) numbers.expected = expected;
  if (!Number.isNaN(actual)) numbers.actual = actual;
  const code = CODES[-status - 1];
  if (code === undefined) throw new Error(`a kernel gave the unknown status ${status}`);
  const where = numbers.offset === undefined ? '' : ` at offset ${numbers.offset}`;
  return new CodecError(code, `${REASONS[reason] ?? `reason ${reason}`}${where}`, numbers);
}
