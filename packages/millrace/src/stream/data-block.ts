import { CodecError } from '../base/errors.js';
import { BytesMut } from '../bytes/bytes.js';
import { maskedCrc32c } from '../codec/checksum/crc32c.js';
import type { Dialect } from '../codec/snappy/format.js';
import { checkBlock, DECODE_SLACK, decodeBlock } from '../codec/snappy/raw.js';
import type { Heap } from '../memory/heap.js';
import { CHECKSUM, CHUNK_HEADER } from './chunk.js';

/** A compressed chunk's block that lies whole in the heap. */
export interface DataBlock {
  /** Address and length of the block. */
  readonly at: number;
  readonly length: number;
  /** Bytes that it says it decodes to. */
  readonly size: number;
  /** The masked CRC-32C that the chunk says its data has; undefined when it is not to be checked. */
  readonly checksum: number | undefined;
  readonly dialect: Dialect;
  /** Offset of the chunk in the stream, for errors. */
  readonly start: number;
}

/** Output by input over which a block is checked before its output is allocated: Snappy's elements give at most 64 / 3. */
const PLAUSIBLE_RATIO = 22;

/**
 * Makes sure that a block which claims much is what it says, before memory is allocated for it.
 * @throws CodecError as {@link decodeDataBlock}
 */
export function checkClaim(heap: Heap, block: DataBlock): void {
  if (block.size <= block.length * PLAUSIBLE_RATIO) return;
  try {
    checkBlock(heap, block.at, block.length, block.dialect);
  } catch (error) {
    throw blockError(error, block.start);
  }
}

/** Memory for a block's data, with what the decoder likes to have behind it. @throws MemoryError `ERR_MEMORY_LIMIT` */
export function dataTarget(heap: Heap, block: DataBlock): BytesMut {
  return BytesMut.withCapacity(block.size + DECODE_SLACK, heap);
}

/**
 * Decodes a block to `target`, which is released when that fails.
 * @throws CodecError `ERR_CORRUPT` with the offset in the stream; `ERR_CHECKSUM`
 */
export function decodeDataBlock(heap: Heap, block: DataBlock, target: BytesMut): void {
  let size = 0;
  try {
    try {
      size = decodeBlock(heap, block.at, block.length, target.spareStart, block.size + DECODE_SLACK, block.dialect);
    } catch (error) {
      throw blockError(error, block.start);
    }
    if (block.checksum !== undefined) compareChecksums(block.checksum, maskedCrc32c(heap, target.spareStart, size), block.start);
  } catch (error) {
    target.release();
    throw error;
  }
  target.advanceMut(size);
}

/** @throws CodecError `ERR_CHECKSUM` */
export function compareChecksums(expected: number, actual: number, start: number): void {
  if (actual === expected) return;
  throw new CodecError('ERR_CHECKSUM', `the data of the chunk at offset ${start} does not have its checksum`, { offset: start, expected, actual });
}

/** A block's error with its offset in the stream. A block that ends early in a chunk that is there whole is corrupt. */
export function blockError(error: unknown, start: number): unknown {
  if (!(error instanceof CodecError)) return error;
  const offset = start + CHUNK_HEADER + CHECKSUM + (error.offset ?? 0);
  const code = error.code === 'ERR_TRUNCATED' ? 'ERR_CORRUPT' : error.code;
  return new CodecError(code, `in the block of the chunk at offset ${start}: ${error.message}`, { offset, cause: error });
}
