import { ArgumentTypeError, checkInteger, checkOneOf } from '../../base/arguments.js';
import { CodecError } from '../../base/errors.js';
import { type Bytes, BytesMut } from '../../bytes/bytes.js';
import { copyIn } from '../../bytes/copy.js';
import { View } from '../../bytes/view.js';
import { defaultHeap, type Heap } from '../../memory/heap.js';
import { addressIn, Scratch, type Source, sourceLength } from '../source.js';
import type { S2Dictionary } from './dictionary.js';
import { DIALECTS, type Dialect, type Level, maxEncodedLength, readDecodedLength, skipHeader, writeHeader } from './format.js';
import { DECODE_SLACK, ENCODE_SLACK, RawDecoder, RawEncoder, tooSmall } from './raw.js';

/** Which blocks are written, and where they go. */
export interface BlockCodecOptions {
  /** Snappy blocks are read by every Snappy and S2 decoder, S2 blocks, which are smaller, by S2 decoders. @default 's2' */
  dialect?: Dialect;
  /** @default 'fast' */
  level?: Level;
  /** A dictionary in the same heap, for the S2 dialect: blocks encoded with it are decoded with it. The codec does not own it. @default none */
  dictionary?: S2Dictionary;
  /** The most bytes that a call may decode to where it allocates the output itself. @default 64 MiB */
  maxOutput?: number;
  /** Where scratch and pooled output live. @default defaultHeap() */
  heap?: Heap;
}

// Declared lengths above this, and far above the block's own, are believed only after the block was walked.
const BELIEVED = 64 * 1024;

/**
 * Encodes and decodes Snappy or S2 blocks (format_description.txt): whole messages, without a checksum.
 *
 * Every operation comes in four forms, by where the output goes: a new handle on pooled memory (`encode`), the caller's buffer
 * (`encodeInto`), the end of a BytesMut (`encodeAppend`), or a Buffer of its own (`encodeToBuffer`). Sources and destinations in the codec's
 * heap are used in place; memory from elsewhere is copied in and out, which costs a fraction of the coding. A source and a
 * destination must not overlap.
 *
 * A codec keeps its hash table and up to 256 KiB of scratch until {@link release}.
 */
export class BlockCodec {
  readonly dialect: Dialect;
  readonly level: Level;
  readonly maxOutput: number;
  readonly dictionary: S2Dictionary | undefined;
  #heap: Heap | undefined;
  #rawEncoder: RawEncoder | undefined;
  #rawDecoder: RawDecoder | undefined;
  #input: Scratch | undefined;
  #output: Scratch | undefined;

  /** @throws ArgumentRangeError `ERR_OUT_OF_RANGE` for an unknown dialect or level, or a limit outside 0 to 2^31 - 1 */
  constructor(options: BlockCodecOptions = {}) {
    this.dialect = checkOneOf('dialect', options.dialect ?? 's2', DIALECTS);
    this.level = options.level ?? 'fast';
    this.maxOutput = checkInteger('maxOutput', options.maxOutput ?? 2 ** 26, 0, 2 ** 31 - 1);
    this.dictionary = options.dictionary;
    this.#heap = options.heap ?? options.dictionary?.heap;
  }

  /** The heap this codec works in. */
  get heap(): Heap {
    this.#heap ??= defaultHeap();
    return this.#heap;
  }

  /**
   * Encodes `source` into pooled memory; what the block does not need of it has gone back.
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  encode(source: Source): Bytes {
    const out = BytesMut.withCapacity(maxEncodedLength(sourceLength(source)) + ENCODE_SLACK, this.heap);
    try {
      this.#encodeSpare(source, out);
      return out.freeze();
    } catch (error) {
      out.release();
      throw error;
    }
  }

  /**
   * Encodes `source` into `target` from its start. `maxEncodedLength(source.length)` bytes always do.
   * @returns the bytes written
   * @throws CodecError `ERR_DESTINATION_TOO_SMALL` with the length that would do as `expected`
   */
  encodeInto(source: Source, target: Uint8Array): number {
    const length = sourceLength(source);
    checkTarget(target);
    const input = (this.#input ??= new Scratch(this.heap));
    try {
      const src = input.place(source);
      const own = addressIn(this.heap, target);
      if (own >= 0) return this.#encoder().encode(src, length, own, target.length);
      const output = (this.#output ??= new Scratch(this.heap));
      const capacity = maxEncodedLength(length) + ENCODE_SLACK;
      const dst = output.take(capacity);
      const size = this.#encoder().encode(src, length, dst, capacity);
      if (size > target.length) throw tooSmall(size, target.length);
      copyOut(this.heap, dst, size, target);
      return size;
    } finally {
      this.#settle();
    }
  }

  /** Encodes `source` to the end of `target`, which grows where it must. Gives the bytes appended. */
  encodeAppend(source: Source, target: BytesMut): number {
    const bound = maxEncodedLength(sourceLength(source)) + ENCODE_SLACK;
    if (target.block.heap !== this.heap) return this.#appendForeign(this.encode(source), target);
    target.reserve(bound);
    return this.#encodeSpare(source, target);
  }

  /** Encodes `source` into a Buffer of its own, outside the heap. */
  encodeToBuffer(source: Source): Buffer {
    const length = sourceLength(source);
    const input = (this.#input ??= new Scratch(this.heap));
    const output = (this.#output ??= new Scratch(this.heap));
    try {
      const src = input.place(source);
      const capacity = maxEncodedLength(length) + ENCODE_SLACK;
      const dst = output.take(capacity);
      const size = this.#encoder().encode(src, length, dst, capacity);
      const result = Buffer.allocUnsafe(size);
      copyOut(this.heap, dst, size, result);
      return result;
    } finally {
      this.#settle();
    }
  }

  /**
   * What the block `source` says it decodes to, in bytes; nothing but that is looked at.
   * @throws CodecError `ERR_TRUNCATED`, `ERR_CORRUPT`
   */
  decodedLength(source: Source): number {
    const length = sourceLength(source);
    if (source instanceof View) return readDecodedLength(source.block.u8, source.start, source.end);
    return readDecodedLength(source, 0, length);
  }

  /**
   * Decodes the block `source` into pooled memory. Memory is allocated only for what the block really holds, up to {@link maxOutput}.
   * @throws CodecError `ERR_TOO_LARGE`; `ERR_CORRUPT`, `ERR_TRUNCATED` with the offset in the block of the element at fault
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  decode(source: Source): Bytes {
    const input = (this.#input ??= new Scratch(this.heap));
    try {
      const size = sourceLength(source);
      const src = input.place(source);
      const length = this.#believable(src, size);
      const out = BytesMut.withCapacity(length + DECODE_SLACK, this.heap);
      try {
        out.advanceMut(this.#decoder().decode(src, size, out.spareStart, out.spareLength));
        return out.freeze();
      } catch (error) {
        out.release();
        throw error;
      }
    } finally {
      this.#settle();
    }
  }

  /**
   * Decodes the block `source` into `target` from its start; all of `target` may be overwritten.
   * @returns the bytes written
   * @throws CodecError `ERR_DESTINATION_TOO_SMALL` with the declared length as `expected`; `ERR_CORRUPT`, `ERR_TRUNCATED`
   */
  decodeInto(source: Source, target: Uint8Array): number {
    const size = sourceLength(source);
    checkTarget(target);
    const own = addressIn(this.heap, target);
    const length = this.decodedLength(source);
    if (length > target.length) throw tooSmall(length, target.length);
    const input = (this.#input ??= new Scratch(this.heap));
    try {
      const src = input.place(source);
      if (own >= 0) return this.#decoder().decode(src, size, own, target.length);
      const output = (this.#output ??= new Scratch(this.heap));
      const dst = output.take(length + DECODE_SLACK);
      copyOut(this.heap, dst, this.#decoder().decode(src, size, dst, length + DECODE_SLACK), target);
      return length;
    } finally {
      this.#settle();
    }
  }

  /**
   * Decodes the block `source` to the end of `target`, which grows where it must, within {@link maxOutput}. Gives the bytes appended.
   * @throws CodecError as {@link decode}; nothing is appended then
   */
  decodeAppend(source: Source, target: BytesMut): number {
    if (target.block.heap !== this.heap) return this.#appendForeign(this.decode(source), target);
    const input = (this.#input ??= new Scratch(this.heap));
    try {
      const size = sourceLength(source);
      const src = input.place(source);
      const length = this.#believable(src, size);
      target.reserve(length + DECODE_SLACK);
      const decoded = this.#decoder().decode(src, size, target.spareStart, target.spareLength);
      target.advanceMut(decoded);
      return decoded;
    } finally {
      this.#settle();
    }
  }

  /** Decodes the block `source` into a Buffer of its own, outside the heap. @throws CodecError as {@link decode} */
  decodeToBuffer(source: Source): Buffer {
    const input = (this.#input ??= new Scratch(this.heap));
    const output = (this.#output ??= new Scratch(this.heap));
    try {
      const size = sourceLength(source);
      const src = input.place(source);
      const length = this.#believable(src, size);
      const dst = output.take(length + DECODE_SLACK);
      const decoded = this.#decoder().decode(src, size, dst, length + DECODE_SLACK);
      const result = Buffer.allocUnsafe(decoded);
      copyOut(this.heap, dst, decoded, result);
      return result;
    } finally {
      this.#settle();
    }
  }

  /** The size of the block that `source` would be encoded to at this level, or -1 where that saves nothing. */
  estimateSize(source: Source): number {
    const length = sourceLength(source);
    const input = (this.#input ??= new Scratch(this.heap));
    const output = (this.#output ??= new Scratch(this.heap));
    try {
      const src = input.place(source);
      const capacity = maxEncodedLength(length) + ENCODE_SLACK;
      const size = this.#encoder().tryEncode(src, length, output.take(capacity), capacity);
      return size === 0 || size >= length ? -1 : size;
    } finally {
      this.#settle();
    }
  }

  /**
   * One block that decodes to what the given blocks decode to, one after the other: nothing is encoded again. Each block is checked
   * first, since a fault in one would otherwise reach into another. Not with a dictionary, which only a block's start can reach.
   * @throws CodecError `ERR_UNSUPPORTED` with a dictionary; `ERR_CORRUPT`, `ERR_TRUNCATED`; `ERR_TOO_LARGE` when the whole would be over 2^32 - 1
   */
  concatenate(blocks: readonly Source[]): Bytes {
    if (this.dictionary !== undefined) throw new CodecError('ERR_UNSUPPORTED', 'blocks with a dictionary cannot be concatenated');
    let total = 0;
    let size = 0;
    for (const block of blocks) {
      size += sourceLength(block);
      total += this.#check(block);
    }
    if (total > 2 ** 32 - 1) {
      throw new CodecError('ERR_TOO_LARGE', `the blocks decode to ${total} bytes together, and a block holds no more than 2^32 - 1`, { expected: 2 ** 32 - 1, actual: total });
    }
    const out = BytesMut.withCapacity(size + 5, this.heap);
    const start = out.spareStart;
    out.advanceMut(writeHeader(this.heap.u8, start, total) - start);
    for (const block of blocks) {
      if (block instanceof View) out.putRange(block.block, skipHeader(block.block.u8, block.start), block.end);
      else out.putSlice(block.subarray(skipHeader(block, 0)));
    }
    return out.freeze();
  }

  /** Gives scratch and hash table back. The codec may be used again: it then takes new ones. */
  release(): void {
    this.#rawEncoder?.release();
    this.#input?.release();
    this.#output?.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #encoder(): RawEncoder {
    return (this.#rawEncoder ??= new RawEncoder(this.heap, {
      dialect: this.dialect,
      level: this.level,
      ...(this.dictionary === undefined ? {} : { dictionary: this.dictionary }),
    }));
  }

  #decoder(): RawDecoder {
    return (this.#rawDecoder ??= new RawDecoder(this.heap, this.dialect, this.dictionary));
  }

  #encodeSpare(source: Source, out: BytesMut): number {
    const input = (this.#input ??= new Scratch(this.heap));
    try {
      const size = this.#encoder().encode(input.place(source), sourceLength(source), out.spareStart, out.spareLength);
      out.advanceMut(size);
      return size;
    } finally {
      this.#settle();
    }
  }

  #appendForeign(result: Bytes, target: BytesMut): number {
    try {
      target.putRange(result.block, result.start, result.end);
      return result.length;
    } finally {
      result.release();
    }
  }

  // The declared length, once it is within the limit and, where it is far above the block's own, found to be true.
  #believable(src: number, size: number): number {
    const length = readDecodedLength(this.heap.u8, src, src + size);
    if (length > this.maxOutput) {
      throw new CodecError('ERR_TOO_LARGE', `the block declares ${length} bytes, and maxOutput is ${this.maxOutput}`, { expected: this.maxOutput, actual: length });
    }
    if (length > BELIEVED && length > size * 8) this.#decoder().check(src, size);
    return length;
  }

  #check(block: Source): number {
    const input = (this.#input ??= new Scratch(this.heap));
    try {
      return this.#decoder().check(input.place(block), sourceLength(block));
    } finally {
      this.#settle();
    }
  }

  #settle(): void {
    this.#input?.settle();
    this.#output?.settle();
  }
}

function checkTarget(target: Uint8Array): void {
  if (!(target instanceof Uint8Array)) throw new ArgumentTypeError('target', 'a Uint8Array', target);
}

function copyOut(heap: Heap, address: number, length: number, target: Uint8Array): void {
  copyIn(heap.u8.subarray(address, address + length), target, 0);
}

/** The codec of S2 blocks with the default options, in the default heap. */
export const s2: BlockCodec = /* @__PURE__ */ new BlockCodec({ dialect: 's2' });

/** The codec of Snappy blocks with the default options, in the default heap. */
export const snappy: BlockCodec = /* @__PURE__ */ new BlockCodec({ dialect: 'snappy' });
