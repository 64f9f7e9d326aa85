// Blocks from address to address: what the stream formats and the user's face build on. Nothing here allocates for a call, except
// where a comment says so.
import { ArgumentRangeError, checkOneOf } from '../../base/arguments.js';
import { CodecError } from '../../base/errors.js';
import type { Heap } from '../../memory/heap.js';
import type { Kernels } from '../../wasm/kernels.js';
import { statusError } from '../../wasm/status.js';
import type { S2Dictionary } from './dictionary.js';
import { dictionaryKernel, encodeKernel, type EncodeKernel } from './levels.js';
import { DIALECTS, type Dialect, LEVELS, type Level, maxEncodedLength, readDecodedLength, skipHeader, writeHeader } from './format.js';

const TABLES_SIZE = 272;

/** Encoders do not look for matches in less; see assembly/snappy/format.ts. */
const MIN_COMPRESSIBLE = 32;

/** A destination with this many bytes more than the decoded length keeps the decoder in its fast loop to the end. */
export const DECODE_SLACK = 128;

/** A destination with this many bytes over `maxEncodedLength` lets an encoder store whole vectors to the end. */
export const ENCODE_SLACK = 65;

/** Which blocks a {@link RawEncoder} writes. */
export interface RawEncoderOptions {
  /** @default 's2' */
  dialect?: Dialect;
  /** @default 'fast' */
  level?: Level;
  /** A dictionary in the same heap, for the S2 dialect; decoders need the same. @default none */
  dictionary?: S2Dictionary;
}

/** @throws ArgumentRangeError where a dictionary cannot be used: it lies in another heap, or the dialect is Snappy, which has none */
function checkDictionary(heap: Heap, dialect: Dialect, dictionary: S2Dictionary | undefined): void {
  if (dictionary === undefined) return;
  if (dialect !== 's2') throw new ArgumentRangeError('dialect', "'s2' with a dictionary", dialect);
  if (dictionary.heap !== heap) throw new ArgumentRangeError('dictionary', 'in the heap it is used with', 'one in another heap');
}

/** Encodes blocks, one after the other, with a hash table that it keeps in the heap until {@link RawEncoder.release}. */
export class RawEncoder {
  readonly #heap: Heap;
  readonly #kernel: EncodeKernel;
  #table = 0;
  #tableSize = 0;

  /** @throws ArgumentRangeError `ERR_OUT_OF_RANGE` for an unknown dialect or level */
  constructor(heap: Heap, options: RawEncoderOptions = {}) {
    this.#heap = heap;
    const dialect = checkOneOf('dialect', options.dialect ?? 's2', DIALECTS);
    const level = checkOneOf('level', options.level ?? 'fast', LEVELS);
    const { dictionary } = options;
    checkDictionary(heap, dialect, dictionary);
    this.#kernel = dictionary === undefined ? encodeKernel(heap.kernels, dialect, level) : dictionaryKernel(heap, dictionary, level);
  }

  /**
   * Encodes `[src, src + srcLength)` as a whole block, length included, to `dst`; the two ranges must not overlap. Where matches
   * save nothing the block is one literal. With `dstCapacity` of at least `maxEncodedLength(srcLength)` nothing is allocated and
   * nothing can fail; with less the block is encoded elsewhere first, and copied if it fits.
   * @returns the block's length
   * @throws CodecError `ERR_DESTINATION_TOO_SMALL`, with the length that would do as `expected`
   */
  encode(src: number, srcLength: number, dst: number, dstCapacity: number): number {
    if (dstCapacity < maxEncodedLength(srcLength)) return this.#throughScratch(src, srcLength, dst, dstCapacity, true);
    const size = this.tryEncode(src, srcLength, dst, dstCapacity);
    if (size > 0) return size;
    const body = writeHeader(this.#heap.u8, dst, srcLength);
    if (srcLength === 0) return body - dst;
    return body - dst + this.#heap.kernels.snappyLiteral(src, srcLength, body);
  }

  /**
   * The same, but gives 0 where the block would not save more than `srcLength / 32 + 5` bytes; `[dst, dst + dstCapacity)` then holds
   * anything.
   * @throws CodecError `ERR_DESTINATION_TOO_SMALL`
   */
  tryEncode(src: number, srcLength: number, dst: number, dstCapacity: number): number {
    if (dstCapacity < maxEncodedLength(srcLength)) return this.#throughScratch(src, srcLength, dst, dstCapacity, false);
    if (srcLength < MIN_COMPRESSIBLE) return 0;
    const heap = this.#heap;
    const bits = this.#kernel.tableBits(srcLength);
    const tableSize = this.#kernel.tableSize(bits);
    if (tableSize > this.#tableSize) this.#growTable(tableSize);
    const body = writeHeader(heap.u8, dst, srcLength);
    const size = this.#kernel.encode(src, srcLength, body, dst + dstCapacity, this.#table, bits);
    return size === 0 ? 0 : body - dst + size;
  }

  /** Gives the hash table back. The encoder may be used again: it then takes a new one. */
  release(): void {
    this.#kernel.release?.();
    this.#freeTable();
  }

  #freeTable(): void {
    if (this.#tableSize > 0) this.#heap.free(this.#table, this.#tableSize);
    this.#table = 0;
    this.#tableSize = 0;
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #growTable(size: number): void {
    this.#freeTable();
    this.#table = this.#heap.allocate(size);
    this.#tableSize = this.#heap.roundUp(size);
  }

  #throughScratch(src: number, srcLength: number, dst: number, dstCapacity: number, whole: boolean): number {
    const capacity = maxEncodedLength(srcLength);
    const scratch = this.#heap.allocate(capacity);
    try {
      const size = whole ? this.encode(src, srcLength, scratch, capacity) : this.tryEncode(src, srcLength, scratch, capacity);
      if (size > dstCapacity) throw tooSmall(size, dstCapacity);
      this.#heap.u8.copyWithin(dst, scratch, scratch + size);
      return size;
    } finally {
      this.#heap.free(scratch, this.#heap.roundUp(capacity));
    }
  }
}

/** The error for a destination of `actual` bytes where `expected` are needed. */
export function tooSmall(expected: number, actual: number): CodecError {
  return new CodecError('ERR_DESTINATION_TOO_SMALL', `the destination has ${actual} bytes, ${expected} are needed`, { expected, actual });
}

/**
 * What the block at `src` declares to decode to, in bytes; nothing but the declaration is looked at.
 * @throws CodecError `ERR_TRUNCATED`, `ERR_CORRUPT`
 */
export function decodedLength(heap: Heap, src: number, srcLength: number): number {
  return readDecodedLength(heap.u8, src, src + srcLength);
}

/** Decodes blocks of one dialect, one after the other. It holds no memory. */
export class RawDecoder {
  readonly #heap: Heap;
  readonly #kernels: Kernels;
  readonly #s2: boolean;
  readonly #tables: number;
  readonly #dictionary: S2Dictionary | undefined;

  /**
   * @param dictionary the one that blocks were encoded with, in the same heap, for the S2 dialect
   * @throws ArgumentRangeError `ERR_OUT_OF_RANGE` for an unknown dialect, or a dictionary that cannot be used
   */
  constructor(heap: Heap, dialect: Dialect, dictionary?: S2Dictionary) {
    checkDictionary(heap, dialect, dictionary);
    this.#dictionary = dictionary;
    this.#heap = heap;
    this.#kernels = heap.kernels;
    this.#s2 = checkOneOf('dialect', dialect, DIALECTS) === 's2';
    this.#tables = heap.table('snappy', TABLES_SIZE, heap.kernels.snappyTables);
  }

  /**
   * Decodes the block `[src, src + srcLength)` to `dst`; the two ranges must not overlap. All of `[dst, dst + dstCapacity)` may be
   * overwritten, nothing outside it: with {@link DECODE_SLACK} bytes over the decoded length the decoder is fastest.
   * @returns the decoded length
   * @throws CodecError `ERR_DESTINATION_TOO_SMALL` with the declared length as `expected`; `ERR_TRUNCATED`, `ERR_CORRUPT` with the offset in
   *   the block of the element at fault. The destination's contents are arbitrary then
   */
  decode(src: number, srcLength: number, dst: number, dstCapacity: number): number {
    const heap = this.#heap;
    const end = src + srcLength;
    const limit = dst + dstCapacity;
    const dictionary = this.#dictionary;
    const result = dictionary !== undefined
      ? this.#kernels.s2DecodeDictionary(src, end, dst, limit, dictionary.address, dictionary.length, dictionary.repeatOffset, this.#tables, heap.report)
      : this.#s2
      ? this.#kernels.s2Decode(src, end, dst, limit, this.#tables, heap.report)
      : this.#kernels.snappyDecode(src, end, dst, limit, this.#tables, heap.report);
    if (result < 0) throw statusError(heap.u8, heap.report, result);
    return result;
  }

  /**
   * Checks that the block `[src, src + srcLength)` is valid and decodes to what it declares, without decoding it: for a destination
   * that is to be allocated only when that is true.
   * @returns the decoded length
   * @throws CodecError as {@link decode}
   */
  check(src: number, srcLength: number): number {
    const heap = this.#heap;
    const end = src + srcLength;
    const length = readDecodedLength(heap.u8, src, end);
    const status = this.#kernels.snappyCheck(src, skipHeader(heap.u8, src), end, length, this.#s2 ? 1 : 0, this.#dictionary?.length ?? 0, this.#dictionary?.repeatOffset ?? 0, heap.report);
    if (status < 0) throw statusError(heap.u8, heap.report, status);
    return length;
  }
}

// The decoders of the heap that was used last: a thread rarely has two.
let lastHeap: Heap | undefined;
let lastDecoders: Readonly<Record<Dialect, RawDecoder>> | undefined;

function decoder(heap: Heap, dialect: Dialect): RawDecoder {
  if (heap !== lastHeap || lastDecoders === undefined) {
    lastDecoders = { snappy: new RawDecoder(heap, 'snappy'), s2: new RawDecoder(heap, 's2') };
    lastHeap = heap;
  }
  return lastDecoders[dialect];
}

/** {@link RawDecoder.decode}, without a decoder of one's own. */
export function decodeBlock(heap: Heap, src: number, srcLength: number, dst: number, dstCapacity: number, dialect: Dialect): number {
  return decoder(heap, dialect).decode(src, srcLength, dst, dstCapacity);
}

/** {@link RawDecoder.check}, without a decoder of one's own. */
export function checkBlock(heap: Heap, src: number, srcLength: number, dialect: Dialect): number {
  return decoder(heap, dialect).check(src, srcLength);
}
