import { open } from 'node:fs/promises';
import { BytesMut, type Bytes } from 'millrace/bytes';
import type { Heap } from 'millrace/memory';
import { CodecError } from 'millrace';
import { S2Reader } from 'millrace/stream';
import { systemError } from '../exit.js';
import { decodeMetadata, HEADER_CHUNK_ID, isSegmentHeader, isSegmentTotals, TOTALS_CHUNK_ID, type SegmentHeader, type SegmentTotals } from './metadata.js';

const INDEX_CHUNK_ID = 0x99;
/** Bytes asked for in one read. */
const READ_BYTES = 1 << 20;

/** A segment being read: its blocks in order, and what was learnt on the way. */
export class SegmentReader {
  /** Undefined in a stream that another program wrote. */
  header: SegmentHeader | undefined;
  totals: SegmentTotals | undefined;
  hasIndex = false;
  /** Bytes of the file that were read. */
  fileBytes = 0;
  /** Offset after the last complete, sound chunk. */
  validBytes = 0;
  /** Uncompressed bytes in sound chunks. */
  bytes = 0;
  /** What is wrong after `validBytes`; `ERR_TRUNCATED` for a torn tail. */
  fault: CodecError | undefined;

  readonly #path: string;
  readonly #heap: Heap;

  constructor(path: string, heap: Heap) {
    this.#path = path;
    this.#heap = heap;
  }

  /**
   * The uncompressed blocks in order, each the caller's to release. Ends at the first fault, which is then in `fault`.
   * @throws CommandError exit code 1 for faults of the file system
   */
  async *blocks(): AsyncGenerator<Bytes, void> {
    const reader = new S2Reader({
      heap: this.#heap,
      onSkippable: new Map([
        [HEADER_CHUNK_ID, (body: Bytes) => this.#onHeader(decodeMetadata(body.toBuffer()))],
        [TOTALS_CHUNK_ID, (body: Bytes) => this.#onTotals(decodeMetadata(body.toBuffer()))],
        [
          INDEX_CHUNK_ID,
          () => {
            this.hasIndex = true;
          },
        ],
      ]),
    });
    const file = await open(this.#path, 'r').catch((error: unknown) => {
      throw systemError(`cannot open ${this.#path}`, error);
    });
    try {
      for (;;) {
        const input = await this.#read(file);
        if (input === undefined) break;
        reader.feed(input);
        for (;;) {
          const block = reader.read();
          this.validBytes = reader.completeLength;
          if (block === undefined) break;
          this.bytes += block.length;
          yield block;
        }
      }
      reader.end();
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      this.fault = error;
      this.fileBytes = (await file.stat()).size;
    } finally {
      reader.release();
      await file.close();
    }
  }

  async #read(file: Awaited<ReturnType<typeof open>>): Promise<Bytes | undefined> {
    const target = BytesMut.withCapacity(READ_BYTES, this.#heap);
    try {
      // The view is Node's until the read is over, and the handle stays here for as long.
      const { u8 } = target.block;
      const { bytesRead } = await file.read(u8, target.spareStart, READ_BYTES);
      this.fileBytes += bytesRead;
      if (bytesRead === 0) {
        target.release();
        return undefined;
      }
      target.advanceMut(bytesRead);
      return target.freeze();
    } catch (error) {
      target.release();
      throw systemError(`cannot read ${this.#path}`, error);
    }
  }

  #onHeader(value: unknown): void {
    if (isSegmentHeader(value)) this.header = value;
  }

  #onTotals(value: unknown): void {
    if (isSegmentTotals(value)) this.totals = value;
  }
}
