// The index chunk of S2 streams. There is no specification apart from its first writer's README, section "Index format" (klauspost/compress s2):
//
//     0      1        4          10                                          length - 6
//     | 0x99 | length | s2idx\0 | totals, estimate, count | flag | offsets | size u32 | \0xdi2s |
//
// Numbers are zigzag varints. `size` counts the whole chunk, so that an index can be found from the end of a file.
import { CodecError } from '../base/errors.js';
import { CHUNK_HEADER, CHUNK_INDEX, MAX_CHUNK_BODY, readUint32, writeChunkHeader, writeUint32 } from './chunk.js';
import type { S2Index } from './s2-index.js';
import { pushVarint, VarintCursor } from './varint.js';

const WORD = [0x73, 0x32, 0x69, 0x64, 0x78, 0x00]; // s2idx\0
const TRAILER = [0x00, 0x78, 0x64, 0x69, 0x32, 0x73]; // \0xdi2s
const HEAD = CHUNK_HEADER + WORD.length;
const TAIL = 4 + TRAILER.length;

/** Most entries an index may have; its readers refuse more. */
export const MAX_INDEX_ENTRIES = 65_536;

/** Bytes at the end of a stream that tell whether an index stands there, and how long it is; see {@link indexLengthFromTail}. */
export const INDEX_TAIL: number = TAIL;

function hasWord(u8: Uint8Array, at: number, word: readonly number[]): boolean {
  return word.every((byte, i) => u8[at + i] === byte);
}

function wrap(payload: readonly number[] | Uint8Array): Uint8Array {
  const chunk = new Uint8Array(HEAD + payload.length + TAIL);
  writeChunkHeader(chunk, 0, CHUNK_INDEX, chunk.length - CHUNK_HEADER);
  chunk.set(WORD, CHUNK_HEADER);
  chunk.set(payload, HEAD);
  writeUint32(chunk, chunk.length - TAIL, chunk.length);
  chunk.set(TRAILER, chunk.length - TRAILER.length);
  return chunk;
}

/** See {@link S2Index.encode}. */
export function encodeIndex(index: S2Index): Uint8Array {
  const out: number[] = [];
  const estimate = index.blockEstimate;
  const count = index.length;
  pushVarint(out, index.totalUncompressed);
  pushVarint(out, index.totalCompressed);
  pushVarint(out, estimate);
  pushVarint(out, count);

  const entries = Array.from({ length: count }, (_, i) => index.at(i));
  const irregular = entries.some((entry, i) => entry.uncompressed !== (i === 0 ? 0 : entries[i - 1]!.uncompressed + estimate));
  out.push(irregular ? 1 : 0);
  if (irregular) {
    for (let i = 0; i < count; i += 1) {
      pushVarint(out, entries[i]!.uncompressed - (i === 0 ? 0 : entries[i - 1]!.uncompressed + estimate));
    }
  }
  let predicted = Math.trunc(estimate / 2);
  for (let i = 0; i < count; i += 1) {
    let delta = entries[i]!.compressed;
    if (i > 0) {
      delta -= entries[i - 1]!.compressed + predicted;
      predicted += Math.trunc(delta / 2);
    }
    pushVarint(out, delta);
  }
  return wrap(out);
}

/** The body's end, the whole chunk being there and being an index. */
function checkFrame(chunk: Uint8Array): number {
  if (chunk.length < HEAD + TAIL) {
    throw new CodecError('ERR_TRUNCATED', 'shorter than any index', { offset: 0, expected: HEAD + TAIL, actual: chunk.length });
  }
  if (chunk[0] !== CHUNK_INDEX) throw new CodecError('ERR_CORRUPT', 'not an index chunk', { offset: 0, expected: CHUNK_INDEX, actual: chunk[0]! });
  const end = CHUNK_HEADER + (readUint32(chunk, 0) >>> 8);
  if (chunk.length < end) {
    throw new CodecError('ERR_TRUNCATED', `the index chunk has ${end} bytes, of which ${chunk.length} are there`, { offset: 0, expected: end, actual: chunk.length });
  }
  if (!hasWord(chunk, CHUNK_HEADER, WORD)) throw new CodecError('ERR_UNSUPPORTED', 'chunk 0x99 does not hold an S2 index', { offset: CHUNK_HEADER });
  if (end < HEAD + TAIL || !hasWord(chunk, end - TRAILER.length, TRAILER)) {
    throw new CodecError('ERR_CORRUPT', 'the index does not end with its trailer', { offset: Math.max(HEAD, end - TRAILER.length) });
  }
  return end;
}

function checked(value: number, minimum: number, maximum: number, offset: number, what: string): number {
  if (value < minimum || value > maximum) {
    throw new CodecError('ERR_CORRUPT', `${what} of the index is ${value}`, { offset, actual: value, expected: value < minimum ? minimum : maximum });
  }
  return value;
}

/** See {@link S2Index.load}. Fills `index`, which is new, and gives it back. */
export function loadIndex(chunk: Uint8Array, index: S2Index): S2Index {
  const end = checkFrame(chunk) - TAIL;
  const cursor = new VarintCursor(chunk, HEAD, end);
  const next = (minimum: number, maximum: number, what: string): number => checked(cursor.next(), minimum, maximum, cursor.at, what);

  index.totalUncompressed = next(0, Number.MAX_SAFE_INTEGER, 'the uncompressed size');
  index.totalCompressed = next(-1, Number.MAX_SAFE_INTEGER, 'the compressed size');
  const estimate = next(0, Number.MAX_SAFE_INTEGER, 'the block size');
  index.blockEstimate = estimate;
  const count = next(0, MAX_INDEX_ENTRIES, 'the number of entries');
  const irregular = checked(cursor.byte(), 0, 1, cursor.at - 1, 'the flag') === 1;

  // Each entry has a byte at least: more of them are a claim that no memory is spent on.
  if (count > end - cursor.at) {
    throw new CodecError('ERR_TRUNCATED', `the index says that it has ${count} entries`, { offset: cursor.at, expected: count, actual: end - cursor.at });
  }
  const uncompressed: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const delta = irregular ? cursor.next() : 0;
    const least = i === 0 ? 0 : uncompressed[i - 1]! + 1;
    const value = (i === 0 ? 0 : uncompressed[i - 1]! + estimate) + delta;
    uncompressed.push(checked(value, least, Number.MAX_SAFE_INTEGER, cursor.at, 'an uncompressed offset'));
  }
  let predicted = Math.trunc(estimate / 2);
  let previous = -1;
  for (let i = 0; i < count; i += 1) {
    const delta = cursor.next();
    const value = i === 0 ? delta : previous + predicted + delta;
    if (i > 0) predicted += Math.trunc(delta / 2);
    previous = checked(value, previous + 1, Number.MAX_SAFE_INTEGER, cursor.at, 'a compressed offset');
    index.push(value, uncompressed[i]!);
  }
  if (cursor.at !== end) throw new CodecError('ERR_CORRUPT', 'the index holds more than its entries', { offset: cursor.at, expected: end, actual: cursor.at });
  const size = readUint32(chunk, end);
  if (size !== end + TAIL) throw new CodecError('ERR_CORRUPT', `the index says that it has ${size} bytes`, { offset: end, expected: end + TAIL, actual: size });
  return index;
}

/**
 * How many bytes at the end of a stream are an index: 0 when there is none.
 * @param tail the stream's last {@link INDEX_TAIL} bytes, or more of its end
 */
export function indexLengthFromTail(tail: Uint8Array): number {
  if (tail.length < TAIL || !hasWord(tail, tail.length - TRAILER.length, TRAILER)) return 0;
  const size = readUint32(tail, tail.length - TAIL);
  return size >= HEAD + TAIL && size <= CHUNK_HEADER + MAX_CHUNK_BODY ? size : 0;
}

/**
 * An index without the 20 bytes that are the same in each: a view of `chunk`. {@link restoreIndexHeaders} puts them back.
 * @throws CodecError as {@link S2Index.load}, for a chunk that is no index
 */
export function stripIndexHeaders(chunk: Uint8Array): Uint8Array {
  return chunk.subarray(HEAD, checkFrame(chunk) - TAIL);
}

/** The index chunk of which {@link stripIndexHeaders} gave `stripped`: a copy. */
export function restoreIndexHeaders(stripped: Uint8Array): Uint8Array {
  return wrap(stripped);
}
