import { ArgumentRangeError, checkInteger } from '../base/arguments.js';
import { encodeIndex, loadIndex, MAX_INDEX_ENTRIES } from './s2-index-format.js';

/** Uncompressed bytes that lie at least between two entries of an index built here: closer ones cost more than they save. */
export const MIN_INDEX_DISTANCE = 1_048_576;

/** A place where decoding can begin. */
export interface IndexPosition {
  /** Offset in the stream: of a data chunk, or 0, the stream's start. */
  readonly compressed: number;
  /** Offset in the uncompressed data of the first byte of that chunk. */
  readonly uncompressed: number;
}

/** The index as others print it (klauspost/compress `Index.JSON`). */
export interface IndexJson {
  readonly total_uncompressed: number;
  readonly total_compressed: number;
  readonly offsets: readonly { readonly compressed: number; readonly uncompressed: number }[];
  readonly est_block_uncompressed: number;
}

/** Where the data chunks of a stream lie, so that reading can begin in its middle. */
export class S2Index {
  /** Bytes of the whole stream's data; -1 while unknown. */
  totalUncompressed = -1;
  /** Bytes of the stream; -1 where unknown, as for a padded one. */
  totalCompressed = -1;
  /** Usual distance of entries in uncompressed bytes: what their encoded offsets are predicted from. */
  blockEstimate: number;
  // Structure of arrays; both strictly ascending and of one length.
  readonly #compressed: number[] = [];
  readonly #uncompressed: number[] = [];
  #distance = MIN_INDEX_DISTANCE;

  /** @param blockEstimate the block size of the stream, 0 when it is not known yet */
  constructor(blockEstimate = 0) {
    this.blockEstimate = checkInteger('blockEstimate', blockEstimate, 0, Number.MAX_SAFE_INTEGER);
  }

  /** Entries in the index. */
  get length(): number {
    return this.#compressed.length;
  }

  /** The `i`-th entry. @throws ArgumentRangeError `ERR_OUT_OF_RANGE` */
  at(i: number): IndexPosition {
    checkInteger('i', i, 0, this.length - 1);
    return { compressed: this.#compressed[i]!, uncompressed: this.#uncompressed[i]! };
  }

  /**
   * Notes a data chunk; call it for each, in order: it keeps those that are far enough apart, and halves them when they become too many.
   * @param compressed offset of the chunk in the stream
   * @param uncompressed offset of its data in the uncompressed data
   */
  add(compressed: number, uncompressed: number): void {
    const last = this.length - 1;
    if (last >= 0) {
      // After an empty chunk: the later start saves a reader that chunk.
      if (this.#uncompressed[last] === uncompressed) {
        this.#compressed[last] = compressed;
        return;
      }
      if (uncompressed - this.#uncompressed[last]! < this.#distance) return;
    }
    if (last + 1 === MAX_INDEX_ENTRIES) {
      this.#halve();
      if (uncompressed - this.#uncompressed.at(-1)! < this.#distance) return;
    }
    this.push(compressed, uncompressed);
    if (this.length === 2) this.blockEstimate = this.#uncompressed[1]! - this.#uncompressed[0]!;
  }

  /** Appends an entry as it is: for loading, where the distances are another writer's choice. */
  push(compressed: number, uncompressed: number): void {
    this.#compressed.push(compressed);
    this.#uncompressed.push(uncompressed);
  }

  #halve(): void {
    const kept = this.length >>> 1;
    for (let i = 0; i < kept; i += 1) {
      this.#compressed[i] = this.#compressed[2 * i]!;
      this.#uncompressed[i] = this.#uncompressed[2 * i]!;
    }
    this.#compressed.length = kept;
    this.#uncompressed.length = kept;
    this.#distance *= 2;
    this.blockEstimate *= 2;
  }

  /**
   * The last place at or before `offset` from which decoding can begin.
   * @param offset in the uncompressed data, 0 to its length; negative counts from the end, -1 being the last byte
   * @throws ArgumentRangeError `ERR_OUT_OF_RANGE` for an offset outside the data
   */
  find(offset: number): IndexPosition {
    if (this.totalUncompressed < 0) throw new ArgumentRangeError('offset', 'one into a stream of known length', offset);
    checkInteger('offset', offset, -this.totalUncompressed, this.totalUncompressed);
    const wanted = offset < 0 ? this.totalUncompressed + offset : offset;
    // First entry beyond the wanted offset.
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#uncompressed[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low === 0 ? { compressed: 0, uncompressed: 0 } : this.at(low - 1);
  }

  /** Forgets the entries and totals. */
  clear(blockEstimate: number): void {
    this.#compressed.length = 0;
    this.#uncompressed.length = 0;
    this.#distance = MIN_INDEX_DISTANCE;
    this.totalCompressed = -1;
    this.totalUncompressed = -1;
    this.blockEstimate = blockEstimate;
  }

  /** The index as a chunk, as it stands at the end of a stream or in a file of its own. */
  encode(): Uint8Array {
    return encodeIndex(this);
  }

  /**
   * Reads an index from the chunk that begins at `chunk[0]`; what follows the chunk is not looked at.
   * @throws CodecError `ERR_TRUNCATED`, `ERR_CORRUPT`, or `ERR_UNSUPPORTED` for a chunk 0x99 that holds something else; the offset is in `chunk`
   */
  static load(chunk: Uint8Array): S2Index {
    return loadIndex(chunk, new S2Index());
  }

  /** For `JSON.stringify`; the names are those other tools print. */
  toJSON(): IndexJson {
    return {
      total_uncompressed: this.totalUncompressed,
      total_compressed: this.totalCompressed,
      offsets: this.#compressed.map((compressed, i) => ({ compressed, uncompressed: this.#uncompressed[i]! })),
      est_block_uncompressed: this.blockEstimate,
    };
  }
}
