import { Bytes } from '../bytes/bytes.js';
import type { Heap } from '../memory/heap.js';
import { DATA_HEADER, type BlockJob } from './block-job.js';
import { CHECKSUM, CHUNK_COMPRESSED, CHUNK_HEADER, CHUNK_UNCOMPRESSED, writeChunkHeader, writeUint32 } from './chunk.js';
import { S2Index } from './s2-index.js';

/**
 * The pieces of a stream between the writer that makes them and the reader that takes them away:
 *
 *     jobs:   | done | not done | done | ...     in the order of the stream, done in any order
 *     output: ... pieces whose predecessors are all done; their lengths and offsets are final
 */
export class PieceQueue {
  readonly #heap: Heap;
  readonly #jobs: BlockJob[] = [];
  #output: Bytes[] = [];
  readonly index: S2Index;
  /** Bytes in the output that were not taken away. */
  pending = 0;
  /** Bytes of the stream that have come to the output. */
  written = 0;
  /** Uncompressed bytes in them. */
  uncompressed = 0;

  constructor(heap: Heap, blockSize: number) {
    this.#heap = heap;
    this.index = new S2Index(blockSize);
  }

  /** Jobs whose pieces have not come to the output. */
  get jobs(): number {
    return this.#jobs.length;
  }

  push(job: BlockJob): void {
    this.#jobs.push(job);
    if (job.loan !== undefined) job.loan.outstanding += 1;
    this.collect();
  }

  /** Moves to the output what is done and has only done jobs before it. @throws what a job failed with */
  collect(): void {
    while (this.#jobs.length > 0 && this.#jobs[0]!.done) {
      const job = this.#jobs[0]!;
      if (job.error !== undefined) throw job.error;
      this.#jobs.shift();
      if (job.length > 0) this.#collectBlock(job);
      else this.put(job.target.freeze());
    }
  }

  #collectBlock(job: BlockJob): void {
    this.index.add(this.written + job.prefix, this.uncompressed);
    this.uncompressed += job.length;
    const { target, owner, loan } = job;
    const { u8 } = target.block;
    const at = target.spareStart;
    if (job.encoded > 0) writeChunkHeader(u8, at, CHUNK_COMPRESSED, CHECKSUM + job.encoded);
    else writeChunkHeader(u8, at, CHUNK_UNCOMPRESSED, CHECKSUM + job.length);
    writeUint32(u8, at + CHUNK_HEADER, job.checksum);
    target.advanceMut(DATA_HEADER + job.encoded);
    if (job.encoded === 0) {
      if (owner === undefined) {
        this.#heap.u8.copyWithin(target.spareStart, job.source, job.source + job.length);
        target.advanceMut(job.length);
      }
    }
    this.put(target.freeze());
    if (owner !== undefined) {
      if (job.encoded > 0) owner.release();
      else this.put(owner);
    }
    if (loan !== undefined) loan.outstanding -= 1;
  }

  /** Puts a piece at the end of the output; every job must have been collected. */
  put(piece: Bytes): void {
    this.written += piece.length;
    this.pending += piece.length;
    this.#output.push(piece);
  }

  /** The first piece of the output, the caller's. */
  shift(): Bytes | undefined {
    const piece = this.#output.shift();
    if (piece !== undefined) this.pending -= piece.length;
    return piece;
  }

  /** All of the output, the caller's. */
  take(): Bytes[] {
    const pieces = this.#output;
    this.#output = [];
    this.pending = 0;
    return pieces;
  }

  /** Releases everything; what is under way, when it is done. */
  drop(): void {
    for (const job of this.#jobs) {
      if (job.done) job.release();
      else job.abandoned = true;
    }
    this.#jobs.length = 0;
    for (const piece of this.take()) piece.release();
  }

  /** Begins a new stream. */
  reset(blockSize: number): void {
    this.drop();
    this.written = 0;
    this.uncompressed = 0;
    this.index.clear(blockSize);
  }
}
