import { maskedCrc32c } from '../codec/checksum/crc32c.js';
import { LEVELS, type Dialect, type Level } from '../codec/snappy/format.js';
import { decodeBlock, RawEncoder } from '../codec/snappy/raw.js';
import type { Heap } from '../memory/heap.js';

/** What a worker can do; see {@link Operations}. The low bits of an operation word; what is above them says how. */
export const ENCODE_BLOCK = 1;
export const DECODE_BLOCK = 2;
const KIND = 15;
const SNAPPY = 16;
const LEVEL_SHIFT = 8;

/** The operation word for encoding a block, which must save something; its result is the block's length, or 0. */
export function encodeOperation(dialect: Dialect, level: Level): number {
  return ENCODE_BLOCK | (dialect === 'snappy' ? SNAPPY : 0) | (LEVELS.indexOf(level) << LEVEL_SHIFT);
}

/** The operation word for decoding a block; its result is the decoded length. */
export function decodeOperation(dialect: Dialect): number {
  return DECODE_BLOCK | (dialect === 'snappy' ? SNAPPY : 0);
}

/** Does operations over addresses, in any thread: one object a thread, as it keeps the encoders' scratch. */
export class Operations {
  readonly #heap: Heap;
  readonly #encoders = new Map<number, RawEncoder>();
  /** After {@link run}: the masked CRC-32C of the uncompressed data, as 32 signed bits. */
  checksum = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /**
   * @param operation of {@link encodeOperation} or {@link decodeOperation}
   * @returns its result
   * @throws as the codec; MemoryError `ERR_MEMORY_LIMIT`
   */
  run(operation: number, source: number, sourceLength: number, target: number, targetCapacity: number): number {
    if ((operation & KIND) === ENCODE_BLOCK) {
      const encoded = this.#encoder(operation).tryEncode(source, sourceLength, target, targetCapacity);
      this.checksum = maskedCrc32c(this.#heap, source, sourceLength) | 0;
      return encoded;
    }
    const dialect = (operation & SNAPPY) === 0 ? 's2' : 'snappy';
    const decoded = decodeBlock(this.#heap, source, sourceLength, target, targetCapacity, dialect);
    this.checksum = maskedCrc32c(this.#heap, target, decoded) | 0;
    return decoded;
  }

  #encoder(operation: number): RawEncoder {
    let encoder = this.#encoders.get(operation);
    if (encoder === undefined) {
      encoder = new RawEncoder(this.#heap, { dialect: (operation & SNAPPY) === 0 ? 's2' : 'snappy', level: LEVELS[operation >> LEVEL_SHIFT]! });
      this.#encoders.set(operation, encoder);
    }
    return encoder;
  }

  /** Gives the scratch back. */
  release(): void {
    for (const encoder of this.#encoders.values()) encoder.release();
    this.#encoders.clear();
  }
}
