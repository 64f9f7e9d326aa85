import { checkOneOf } from '../../base/arguments.js';
import { type Bytes, BytesMut } from '../../bytes/bytes.js';
import { copyIn } from '../../bytes/copy.js';
import { defaultHeap, type Heap } from '../../memory/heap.js';
import { statusError } from '../../wasm/status.js';
import { Scratch, type Source, sourceLength } from '../source.js';
import { DIALECTS, type Dialect, MAX_HEADER, writeHeader } from './format.js';
import { ENCODE_SLACK, tooSmall } from './raw.js';

/** What an LZ4 conversion is made with. */
export interface LZ4ConverterOptions {
  /** What LZ4 blocks become. @default 's2' */
  dialect?: Dialect;
  /** Where scratch and pooled output live. @default defaultHeap() */
  heap?: Heap;
}

/**
 * Turns LZ4 blocks (lz4_Block_format.md; without a frame and without a length before them) into Snappy or S2 blocks that decode to the same,
 * without decoding them: a service that stores or forwards one can take the other. S2 gives about the size of the LZ4 block; Snappy needs
 * a copy for each 64 bytes, which long runs feel. Scratch of up to 128 KiB is kept until {@link release}.
 */
export class LZ4Converter {
  readonly dialect: Dialect;
  readonly heap: Heap;
  readonly #input: Scratch;

  /** @throws ArgumentRangeError `ERR_OUT_OF_RANGE` for an unknown dialect */
  constructor(options: LZ4ConverterOptions = {}) {
    this.dialect = checkOneOf('dialect', options.dialect ?? 's2', DIALECTS);
    this.heap = options.heap ?? defaultHeap();
    this.#input = new Scratch(this.heap);
  }

  /**
   * Converts an LZ4 block into pooled memory; what is not needed of it has gone back.
   * @throws CodecError `ERR_CORRUPT`, `ERR_TRUNCATED` with the offset in `source` of the sequence at fault; `ERR_TOO_LARGE` when it decodes to
   *   more than 2^32 - 1 bytes
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  convert(source: Source): Bytes {
    const out = BytesMut.withCapacity(0, this.heap);
    try {
      this.convertAppend(source, out);
      return out.freeze();
    } catch (error) {
      out.release();
      throw error;
    }
  }

  /** Converts into a Buffer of its own, outside the heap. @throws CodecError as {@link convert} */
  convertToBuffer(source: Source): Buffer {
    const bytes = this.convert(source);
    const copy = bytes.copyToBuffer();
    bytes.release();
    return copy;
  }

  /**
   * Converts into `target` from its start. Gives the bytes written.
   * @throws CodecError `ERR_DESTINATION_TOO_SMALL` with the length that would do as `expected`; others as {@link convert}
   */
  convertInto(source: Source, target: Uint8Array): number {
    const bytes = this.convert(source);
    try {
      if (bytes.length > target.length) throw tooSmall(bytes.length, target.length);
      copyIn(bytes.toBuffer(), target, 0);
      return bytes.length;
    } finally {
      bytes.release();
    }
  }

  /** Converts to the end of `target`, which grows. Gives the bytes appended. @throws CodecError as {@link convert}; nothing is appended then */
  convertAppend(source: Source, target: BytesMut): number {
    const length = sourceLength(source);
    if (target.block.heap !== this.heap) {
      const bytes = this.convert(source);
      const { length: size } = bytes;
      try {
        target.putRange(bytes.block, bytes.start, bytes.end);
      } finally {
        bytes.release();
      }
      return size;
    }
    const { heap } = this;
    const { kernels } = heap;
    const s2 = this.dialect === 's2' ? 1 : 0;
    try {
      const src = this.#input.place(source);
      const status = kernels.lz4Measure(s2, src, length, heap.report);
      if (status < 0) throw statusError(heap.u8, heap.report, status);
      const measured = new DataView(heap.u8.buffer, heap.report);
      const decoded = measured.getFloat64(8, true);
      target.reserve(MAX_HEADER + measured.getFloat64(16, true) + ENCODE_SLACK);
      const start = target.spareStart;
      const body = writeHeader(heap.u8, start, decoded);
      const size = body - start + kernels.lz4Convert(s2, src, length, body, start + target.spareLength);
      target.advanceMut(size);
      return size;
    } finally {
      this.#input.settle();
    }
  }

  /** Gives scratch back; the converter may be used again. */
  release(): void {
    this.#input.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
