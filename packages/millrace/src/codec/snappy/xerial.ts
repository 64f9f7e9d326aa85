// The framing of snappy-java (org.xerial.snappy.SnappyOutputStream), which Kafka's Java clients write:
//
//     82 'S' 'N' 'A' 'P' 'P' 'Y' 00   version int32BE (1)   least compatible version int32BE (1)
//     [ length int32BE, Snappy block of that length ]*
//
// Other clients write raw Snappy blocks under the same Kafka codec number, so that a reader takes both.
import { ArgumentTypeError, checkInteger } from '../../base/arguments.js';
import { CodecError } from '../../base/errors.js';
import { type Bytes, BytesMut } from '../../bytes/bytes.js';
import { copyIn } from '../../bytes/copy.js';
import { View } from '../../bytes/view.js';
import { defaultHeap, type Heap } from '../../memory/heap.js';
import { Scratch, type Source, sourceLength } from '../source.js';
import { type Level, MAX_HEADER, maxEncodedLength, readDecodedLength, writeHeader } from './format.js';
import { DECODE_SLACK, ENCODE_SLACK, RawDecoder, RawEncoder, tooSmall } from './raw.js';

const MAGIC: readonly number[] = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00];
const VERSIONS: readonly number[] = [0, 0, 0, 1, 0, 0, 0, 1];
const HEAD = 16;
const PREFIX = 4;
const MAX_VARINT = 10;

/** What xerial framing is written and read with. */
export interface XerialOptions {
  /** @default 'fast' */
  level?: Level;
  /** Bytes of a block before it is encoded, 1 KiB to 512 MiB. @default 32 KiB, as snappy-java has it */
  blockSize?: number;
  /** The most bytes that a call may decode to where it allocates the output itself. @default 64 MiB */
  maxOutput?: number;
  /** Where scratch and pooled output live. @default defaultHeap() */
  heap?: Heap;
}

/** Whether `source` starts as xerial framing does; otherwise it can only be a raw block. */
export function isXerial(source: Source): boolean {
  const length = sourceLength(source);
  const [u8, start] = source instanceof View ? [source.block.u8, source.start] : [source, 0];
  return length >= MAGIC.length && MAGIC.every((byte, i) => u8[start + i] === byte);
}

/**
 * Encodes xerial framing, and decodes it and raw Snappy blocks. What was written by concatenating outputs, with or without their heads, is
 * read as a whole. Scratch of up to 128 KiB and a hash table are kept until {@link release}.
 */
export class XerialCodec {
  readonly blockSize: number;
  readonly maxOutput: number;
  readonly heap: Heap;
  readonly #encoder: RawEncoder;
  readonly #decoder: RawDecoder;
  readonly #input: Scratch;

  /** @throws ArgumentRangeError `ERR_OUT_OF_RANGE` */
  constructor(options: XerialOptions = {}) {
    this.blockSize = checkInteger('blockSize', options.blockSize ?? 32_768, 1024, 2 ** 29);
    this.maxOutput = checkInteger('maxOutput', options.maxOutput ?? 2 ** 26, 0, 2 ** 31 - 1);
    this.heap = options.heap ?? defaultHeap();
    this.#encoder = new RawEncoder(this.heap, { dialect: 'snappy', level: options.level ?? 'fast' });
    // Readers in the field take S2's repeats here; writers do not write them.
    this.#decoder = new RawDecoder(this.heap, 's2');
    this.#input = new Scratch(this.heap);
  }

  /** The most bytes that encoding `length` bytes can give. */
  maxEncodedLength(length: number): number {
    const whole = Math.floor(length / this.blockSize);
    const rest = length % this.blockSize;
    return HEAD + whole * (PREFIX + maxEncodedLength(this.blockSize)) + (rest === 0 ? 0 : PREFIX + maxEncodedLength(rest));
  }

  /** Encodes `source` into pooled memory; what is not needed of it has gone back. @throws MemoryError `ERR_MEMORY_LIMIT` */
  encode(source: Source): Bytes {
    const out = BytesMut.withCapacity(this.maxEncodedLength(sourceLength(source)) + ENCODE_SLACK, this.heap);
    return finish(out, () => this.encodeAppend(source, out));
  }

  /** Encodes `source` into a Buffer of its own, outside the heap. */
  encodeToBuffer(source: Source): Buffer {
    return intoBuffer(this.encode(source));
  }

  /**
   * Encodes `source` into `target` from its start. Gives the bytes written.
   * @throws CodecError `ERR_DESTINATION_TOO_SMALL` with the length that would do as `expected`
   */
  encodeInto(source: Source, target: Uint8Array): number {
    checkTarget(target);
    return intoTarget(this.encode(source), target);
  }

  /** Encodes `source` to the end of `target`, a BytesMut of the codec's heap. Gives the bytes appended. */
  encodeAppend(source: Source, target: BytesMut): number {
    const length = sourceLength(source);
    checkHeap(this.heap, target);
    target.reserve(this.maxEncodedLength(length) + ENCODE_SLACK);
    const before = target.length;
    try {
      const src = this.#input.place(source);
      target.putSlice(Uint8Array.from([...MAGIC, ...VERSIONS]));
      for (let at = 0; at < length; at += this.blockSize) {
        const prefix = target.spareStart;
        const size = this.#encoder.encode(src + at, Math.min(this.blockSize, length - at), prefix + PREFIX, target.spareLength - PREFIX);
        writeInt32(this.heap.u8, prefix, size);
        target.advanceMut(PREFIX + size);
      }
      return target.length - before;
    } catch (error) {
      target.truncate(before);
      throw error;
    } finally {
      this.#input.settle();
    }
  }

  /**
   * Decodes xerial framing, or a raw block, into pooled memory.
   * @throws CodecError `ERR_TOO_LARGE` over {@link maxOutput}; `ERR_CORRUPT`, `ERR_TRUNCATED` with the offset in `source`
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  decode(source: Source): Bytes {
    const out = BytesMut.withCapacity(0, this.heap);
    return finish(out, () => this.decodeAppend(source, out));
  }

  /** Decodes into a Buffer of its own, outside the heap. @throws CodecError as {@link decode} */
  decodeToBuffer(source: Source): Buffer {
    return intoBuffer(this.decode(source));
  }

  /**
   * Decodes into `target` from its start. Gives the bytes written.
   * @throws CodecError `ERR_DESTINATION_TOO_SMALL` with the length that would do as `expected`; others as {@link decode}
   */
  decodeInto(source: Source, target: Uint8Array): number {
    checkTarget(target);
    return intoTarget(this.decode(source), target);
  }

  /**
   * Decodes to the end of `target`, a BytesMut of the codec's heap. Gives the bytes appended. Every block is checked before room is made for
   * it: nothing is allocated for a length that is merely declared.
   * @throws CodecError as {@link decode}; nothing is appended then
   */
  decodeAppend(source: Source, target: BytesMut): number {
    const length = sourceLength(source);
    checkHeap(this.heap, target);
    const before = target.length;
    try {
      const src = this.#input.place(source);
      if (isXerial(source)) this.#decodeBlocks(src, length, target);
      else this.#decodeRaw(src, length, target);
      return target.length - before;
    } catch (error) {
      target.truncate(before);
      throw error;
    } finally {
      this.#input.settle();
    }
  }

  /** Gives scratch and hash table back; the codec may be used again. */
  release(): void {
    this.#encoder.release();
    this.#input.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #decodeBlocks(src: number, length: number, target: BytesMut): void {
    const before = target.length;
    if (length < HEAD) throw truncated(length, HEAD, length);
    let at = HEAD;
    while (at < length) {
      if (length - at < PREFIX) throw truncated(at, PREFIX, length - at);
      const u8 = this.heap.u8;
      // snappy-java takes a head between blocks for the start of a concatenated output.
      if (length - at >= HEAD && MAGIC.every((byte, i) => u8[src + at + i] === byte)) {
        at += HEAD;
        continue;
      }
      const size = readUint32(u8, src + at);
      if (size > length - at - PREFIX) throw truncated(at, size, length - at - PREFIX);
      at += PREFIX;
      this.#decodeBlock(src + at, size, at, target, before);
      at += size;
    }
  }

  #decodeRaw(src: number, length: number, target: BytesMut): void {
    const u8 = this.heap.u8;
    let header = 0;
    while (header < length && header < MAX_VARINT && u8[src + header]! >= 0x80) header += 1;
    if (header < MAX_HEADER || header >= length || header >= MAX_VARINT) {
      this.#decodeBlock(src, length, 0, target, target.length);
      return;
    }
    // The length in more bytes than a block may use. Readers of this framing take that as long as it means no more than 32 bits.
    for (let i = MAX_HEADER; i <= header; i += 1) {
      if ((u8[src + i]! & 0x7f) !== 0) throw new CodecError('ERR_CORRUPT', 'the decoded length is over 2^32 - 1', { offset: i });
    }
    const short = Uint8Array.from(u8.subarray(src, src + MAX_HEADER));
    short[MAX_HEADER - 1]! &= 0x7f;
    const declared = readDecodedLength(short, 0, MAX_HEADER);
    const block = BytesMut.withCapacity(length + MAX_HEADER, this.heap);
    try {
      const start = block.spareStart;
      block.advanceMut(writeHeader(this.heap.u8, start, declared) - start);
      block.putSlice(this.heap.u8.subarray(src + header + 1, src + length));
      this.#decodeBlock(block.start, block.length, 0, target, target.length);
    } finally {
      block.release();
    }
  }

  #decodeBlock(src: number, size: number, offset: number, target: BytesMut, before: number): void {
    try {
      const length = this.#decoder.check(src, size);
      const total = target.length - before + length;
      if (total > this.maxOutput) {
        throw new CodecError('ERR_TOO_LARGE', `the blocks decode to ${total} bytes, and maxOutput is ${this.maxOutput}`, { expected: this.maxOutput, actual: total });
      }
      target.reserve(length + DECODE_SLACK);
      this.#decoder.decode(src, size, target.spareStart, target.spareLength);
      target.advanceMut(length);
    } catch (error) {
      if (!(error instanceof CodecError) || error.offset === undefined || offset === 0) throw error;
      throw new CodecError(error.code, `${error.message} of the block at ${offset}`, {
        offset: offset + error.offset,
        ...(error.expected === undefined ? {} : { expected: error.expected }),
        ...(error.actual === undefined ? {} : { actual: error.actual }),
      });
    }
  }
}

function finish(out: BytesMut, fill: () => number): Bytes {
  try {
    fill();
    return out.freeze();
  } catch (error) {
    out.release();
    throw error;
  }
}

function intoBuffer(bytes: Bytes): Buffer {
  const copy = bytes.copyToBuffer();
  bytes.release();
  return copy;
}

function intoTarget(bytes: Bytes, target: Uint8Array): number {
  try {
    if (bytes.length > target.length) throw tooSmall(bytes.length, target.length);
    copyIn(bytes.toBuffer(), target, 0);
    return bytes.length;
  } finally {
    bytes.release();
  }
}

function checkTarget(target: Uint8Array): void {
  if (!(target instanceof Uint8Array)) throw new ArgumentTypeError('target', 'a Uint8Array', target);
}

function checkHeap(heap: Heap, target: BytesMut): void {
  if (target.block.heap !== heap) throw new ArgumentTypeError('target', "a BytesMut of the codec's heap", target);
}

function truncated(offset: number, expected: number, actual: number): CodecError {
  return new CodecError('ERR_TRUNCATED', `the framing ends inside a block or its length, at offset ${offset}`, { offset, expected, actual });
}

function writeInt32(u8: Uint8Array, at: number, value: number): void {
  u8[at] = value >>> 24;
  u8[at + 1] = value >>> 16;
  u8[at + 2] = value >>> 8;
  u8[at + 3] = value;
}

function readUint32(u8: Uint8Array, at: number): number {
  return ((u8[at]! << 24) | (u8[at + 1]! << 16) | (u8[at + 2]! << 8) | u8[at + 3]!) >>> 0;
}
