import type { Bytes, BytesMut } from '../bytes/bytes.js';
import { maxEncodedLength } from '../codec/snappy/format.js';
import { ENCODE_SLACK } from '../codec/snappy/raw.js';
import { CHECKSUM, CHUNK_HEADER } from './chunk.js';
import type { Loan } from './hand-back.js';

/** Bytes before the block in a data chunk. */
export const DATA_HEADER: number = CHUNK_HEADER + CHECKSUM;

/** Bytes that a chunk of `n` uncompressed bytes can need, so that encoding never runs out of room, and is fastest. */
export function chunkBound(n: number): number {
  return DATA_HEADER + maxEncodedLength(n) + ENCODE_SLACK;
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
  /** Set by the engine: the length of the block it made, behind the prefix and {@link DATA_HEADER} bytes; 0 when the data is to be stored as it is. */
  encoded = 0;
  /** Set by the engine: the masked CRC-32C of the source. */
  checksum = 0;
  /** Set by the engine when it is through with source and target. */
  done = false;
  /** Set by the engine when the block could not be encoded. */
  error: Error | undefined = undefined;
  /** Nobody wants the piece any more; the engine releases it when it is done. */
  abandoned = false;

  constructor(source: number, length: number, owner: Bytes | undefined, loan: Loan | undefined, target: BytesMut, prefix: number) {
    this.source = source;
    this.length = length;
    this.owner = owner;
    this.loan = loan;
    this.target = target;
    this.prefix = prefix;
  }

  /** Gives back what a piece that will not be put out holds; it must be done. */
  release(): void {
    this.owner?.release();
    this.target.release();
    if (this.loan !== undefined) this.loan.outstanding -= 1;
  }
}

/** What encodes blocks: the calling thread, or several others. */
export interface BlockEngine {
  /** Starts a job. It may be done on return or later, in any order; `done` says so, and the engine tells its writer when one is done later. */
  submit(job: BlockJob): void;
  /** Whether every job is done when `submit` returns. */
  readonly immediate: boolean;
  /** Jobs that are not done. */
  readonly outstanding: number;
  /** Jobs to have under way; a further one is done by the caller. */
  readonly most: number;
  /** Resolves when the next job is done; at once when none is outstanding. */
  progress(): Promise<void>;
  /** Gives back its memory; usable again afterwards. */
  release(): void;
}
