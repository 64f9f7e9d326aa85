import type { Bytes, BytesMut } from '../bytes/bytes.js';
import { maskedCrc32c } from '../codec/checksum/crc32c.js';
import { maxEncodedLength } from '../codec/snappy/format.js';
import type { RawEncoder } from '../codec/snappy/raw.js';
import type { Heap } from '../memory/heap.js';
import { CHECKSUM, CHUNK_COMPRESSED, CHUNK_HEADER, CHUNK_UNCOMPRESSED, writeChunkHeader, writeUint32 } from './chunk.js';
import type { Loan } from './hand-back.js';

/** Bytes before the block in a data chunk. */
export const DATA_HEADER: number = CHUNK_HEADER + CHECKSUM;

/** Bytes that a chunk of `n` uncompressed bytes can need, so that encoding never runs out of room. */
export function chunkBound(n: number): number {
  return DATA_HEADER + maxEncodedLength(n);
}

/**
 * Makes a data chunk of `[source, source + n)` at `target`: header, checksum and, when that is shorter, the compressed block.
 * Pure work over addresses, so that any thread that has the memory can do it.
 * @param encoder none to store every block uncompressed
 * @param capacity at least `chunkBound(n)`
 * @returns the chunk's length, or 0: the header of an uncompressed chunk was written, and its data is to follow
 */
export function encodeChunk(heap: Heap, encoder: RawEncoder | undefined, source: number, n: number, target: number, capacity: number): number {
  const packed = encoder === undefined ? 0 : encoder.tryEncode(source, n, target + DATA_HEADER, capacity - DATA_HEADER);
  const checksum = maskedCrc32c(heap, source, n);
  const { u8 } = heap;
  if (packed > 0) writeChunkHeader(u8, target, CHUNK_COMPRESSED, CHECKSUM + packed);
  else writeChunkHeader(u8, target, CHUNK_UNCOMPRESSED, CHECKSUM + n);
  writeUint32(u8, target + CHUNK_HEADER, checksum);
  return packed > 0 ? DATA_HEADER + packed : 0;
}

/** One piece of a stream on its way out: a block to encode, or bytes that are ready. */
export class BlockJob {
  /** Address and length of the uncompressed data; no bytes for a piece that holds no data. */
  readonly source: number;
  readonly length: number;
  /** What covers the source when the library owns it: released after encoding, or put out as it is when it does not compress. */
  readonly owner: Bytes | undefined;
  /** Whose block it is when the source is lent. */
  readonly loan: Loan | undefined;
  /** Where the chunk goes: `prefix` bytes that stand there already, then the chunk. */
  readonly target: BytesMut;
  readonly prefix: number;
  /** Set by the engine: the chunk's length, as {@link encodeChunk} gives it. */
  encoded = 0;
  /** Set by the engine when it is through with source and target. */
  done = false;

  constructor(source: number, length: number, owner: Bytes | undefined, loan: Loan | undefined, target: BytesMut, prefix: number) {
    this.source = source;
    this.length = length;
    this.owner = owner;
    this.loan = loan;
    this.target = target;
    this.prefix = prefix;
  }
}

/** What encodes blocks: the calling thread, or several others. */
export interface BlockEngine {
  /** Starts a job. It may be done on return or later, in any order; `done` says so. */
  submit(job: BlockJob): void;
  /** Gives back its memory; usable again afterwards. */
  release(): void;
}
