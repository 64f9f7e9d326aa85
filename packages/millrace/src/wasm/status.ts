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
  1: 'the decoded length is not a varint of at most five bytes below 2^32',
  2: 'the decoded length is over 2^32 - 1',
  3: 'the block ends inside an element',
  4: 'a literal is longer than the rest of the block',
  5: 'a copy reaches back before the first byte of the output',
  6: 'a copy has offset 0',
  7: 'a repeat comes before the first copy',
  8: 'an element produces more than the declared length',
  9: 'the block ends before the declared length is reached',
  10: 'the destination is smaller than the declared length',
  11: 'the LZ4 block ends inside a sequence',
  12: 'the block ends inside its decoded length',

  // assembly/zstd/decode-reasons.ts
  200: 'this is not a Zstandard frame',
  201: 'this is a frame of a Zstandard version before 0.8, which is not supported',
  202: 'a reserved bit of the frame header is set',
  203: 'the window is over the limit',
  204: 'the input ends inside a frame header',
  205: 'the input ends inside a block',
  206: 'the block type is reserved',
  207: 'a block is larger than its frame allows',
  208: 'the content is not as long as the frame header declares',
  209: 'the content checksum is wrong',
  210: 'the input ends inside the content checksum',
  211: 'the input ends inside a skippable frame',
  212: 'the destination is smaller than the content',
  220: 'a literals section has a wrong header or is cut off',
  221: 'a literals section holds more than a block may',
  222: 'a Huffman tree description is wrong',
  223: 'a block uses the Huffman tree of one before, and there is none',
  224: 'Huffman-coded literals do not fit their stream',
  230: 'a sequences section is cut off',
  231: 'reserved bits of a sequences section are set',
  232: 'an FSE table description is wrong',
  233: 'a block uses the FSE table of one before, and there is none',
  234: 'the sequences do not fit their bit stream',
  235: 'a match has offset 0',
  236: 'a match reaches back before the window or the first byte',
  237: 'the sequences take more literals than there are',
  238: 'a block produces more than it may',
  239: 'something follows the literals of a block without sequences',
  250: 'the entropy tables of the dictionary are wrong',
  251: 'a repeat offset of the dictionary reaches back before its content',
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
