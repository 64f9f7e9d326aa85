import { maskedCrc32c } from '../codec/checksum/crc32c.js';
import { LEVELS, type Dialect, type Level } from '../codec/snappy/format.js';
import { decodeBlock, RawEncoder } from '../codec/snappy/raw.js';
import { decoderPool } from '../codec/zstd/decode-pool.js';
import { DECODE_SLACK as ZSTD_SLACK, RawDecoder } from '../codec/zstd/decode-raw.js';
import { ZstdEncodeContext } from '../codec/zstd/encode-context.js';
import { blockSettings, encodePart, settingsOfBlocks } from '../codec/zstd/encode-part.js';
import type { ZstdSettings } from '../codec/zstd/encode-settings.js';
import type { Heap } from '../memory/heap.js';

/** What a worker can do; see {@link Operations}. The low bits of an operation word; what is above them says how. */
export const ENCODE_BLOCK = 1;
export const DECODE_BLOCK = 2;
export const DECODE_ZSTD = 3;
export const ENCODE_ZSTD = 4;
const KIND = 15;
const SNAPPY = 16;
const UNCHECKED = 16;
const FIRST = 16;
const LAST = 32;
const LEVEL_SHIFT = 8;

/** The operation word for encoding a block, which must save something; its result is the block's length, or 0. */
export function encodeOperation(dialect: Dialect, level: Level): number {
  return ENCODE_BLOCK | (dialect === 'snappy' ? SNAPPY : 0) | (LEVELS.indexOf(level) << LEVEL_SHIFT);
}

/** The operation word for decoding a block; its result is the decoded length. */
export function decodeOperation(dialect: Dialect): number {
  return DECODE_BLOCK | (dialect === 'snappy' ? SNAPPY : 0);
}

/**
 * The operation word for decoding Zstandard frames that need no dictionary, with windows up to the default limit; its result is the decoded length. The
 * target's last {@link ZSTD_SLACK} bytes are not for output.
 */
export function zstdDecodeOperation(checksum: boolean): number {
  return DECODE_ZSTD | (checksum ? 0 : UNCHECKED);
}

/** The operation word for encoding a part of a Zstandard frame, see {@link encodePart}; its result is the size of its blocks. */
export function zstdEncodeOperation(settings: ZstdSettings, first: boolean, last: boolean): number {
  return ENCODE_ZSTD | (first ? FIRST : 0) | (last ? LAST : 0) | (blockSettings(settings) << LEVEL_SHIFT);
}

/** Does operations over addresses, in any thread: one object a thread, as it keeps the encoders' scratch. */
export class Operations {
  readonly #heap: Heap;
  readonly #encoders = new Map<number, RawEncoder>();
  #zstd: RawDecoder | undefined;
  #zstdUnchecked: RawDecoder | undefined;
  #zstdContext: ZstdEncodeContext | undefined;
  /** After {@link run} of a block: the masked CRC-32C of the uncompressed data, as 32 signed bits. */
  checksum = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /**
   * @param operation of {@link encodeOperation}, {@link decodeOperation}, {@link zstdDecodeOperation} or {@link zstdEncodeOperation}
   * @param before bytes before the source that may be referred to
   * @returns its result
   * @throws as the codec; MemoryError `ERR_MEMORY_LIMIT`
   */
  run(operation: number, source: number, sourceLength: number, target: number, targetCapacity: number, before: number): number {
    if ((operation & KIND) === ENCODE_BLOCK) {
      const encoded = this.#encoder(operation).tryEncode(source, sourceLength, target, targetCapacity);
      this.checksum = maskedCrc32c(this.#heap, source, sourceLength) | 0;
      return encoded;
    }
    if ((operation & KIND) === DECODE_ZSTD) {
      return this.#zstdDecoder(operation).decode(source, sourceLength, target, targetCapacity - ZSTD_SLACK, targetCapacity);
    }
    if ((operation & KIND) === ENCODE_ZSTD) {
      const part = { source, length: sourceLength, before, first: (operation & FIRST) !== 0, last: (operation & LAST) !== 0 };
      this.#zstdContext ??= new ZstdEncodeContext(this.#heap);
      return encodePart(this.#zstdContext, settingsOfBlocks(operation >> LEVEL_SHIFT), part, target, targetCapacity);
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

  #zstdDecoder(operation: number): RawDecoder {
    if ((operation & UNCHECKED) !== 0) return (this.#zstdUnchecked ??= new RawDecoder(this.#heap, { checksum: false }));
    return (this.#zstd ??= new RawDecoder(this.#heap));
  }

  /** Gives the scratch back. */
  release(): void {
    decoderPool(this.#heap).trim();
    for (const encoder of this.#encoders.values()) encoder.release();
    this.#encoders.clear();
    this.#zstdContext?.release();
  }
}
