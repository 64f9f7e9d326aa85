import { ArgumentTypeError } from '../../base/arguments.js';
import { CodecError, StreamError } from '../../base/errors.js';
import { Bytes, BytesMut } from '../../bytes/bytes.js';
import type { DecoderContext } from '../../codec/zstd/decode-pool.js';
import { RawDecoder, type RawDecoderOptions } from '../../codec/zstd/decode-raw.js';
import { defaultHeap, type Heap } from '../../memory/heap.js';
import { statusError } from '../../wasm/status.js';
import { InputQueue } from './input-queue.js';
import { OutputWindow } from './output-window.js';

const MAX_BLOCK = 131_072;
const BLOCK_HEADER = 3;
const CHECKSUM = 4;
/** What is looked at first of a frame: the shortest start that says how long its header is. */
const FRAME_START = 5;

const RLE = 1;
const COMPRESSED = 2;
const RESERVED = 3;

// A parsed header in memory: assembly/zstd/decode-header.ts. And the report area.
const KIND_SKIPPABLE = 2;
const CHECKSUMMED = 2;
const CONTENT_KNOWN = 4;
const REPORT_OFFSET = 8;
const REPORT_EXPECTED = 16;
const TRUNCATED = -2;

/** What comes next in the input. */
const BETWEEN_FRAMES = 0;
const SKIPPING = 1;
const BEFORE_BLOCK = 2;
const BEFORE_CHECKSUM = 3;

/** What a ZstdReader accepts. */
export interface ZstdReaderOptions extends RawDecoderOptions {
  /** Where windows, contexts and output live. @default defaultHeap() */
  heap?: Heap;
}

/**
 * Reads Zstandard frames, one after the other in any number, without doing any input or output: `feed` it pieces of any size, `read` what
 * they decode to until there is no more, and `end` it where the input ends. A block comes out as soon as its last byte is in.
 *
 * Its memory is the window of the frame and one block, as far as the frame has really produced so much, and a decoder context while it
 * is inside a frame. It decodes a block only when the one before was read, so a reader that stops reading stops the growth.
 * After an error every call throws the same error; what was read before it is right, but for the checksum of the frame.
 */
export class ZstdReader {
  readonly heap: Heap;
  readonly #raw: RawDecoder;
  readonly #dictionaries: boolean;
  readonly #verify: number;
  readonly #input: InputQueue;
  readonly #window: OutputWindow;
  readonly #report: DataView;
  #context: DecoderContext | undefined;
  #state: typeof BETWEEN_FRAMES | typeof SKIPPING | typeof BEFORE_BLOCK | typeof BEFORE_CHECKSUM = BETWEEN_FRAMES;
  #headerWanted = FRAME_START;
  #toSkip = 0;
  #blockMax = 0;
  #checksummed = false;
  #complete = 0;
  #position = 0;
  #error: Error | undefined;

  constructor(options: ZstdReaderOptions = {}) {
    this.heap = options.heap ?? defaultHeap();
    this.#raw = new RawDecoder(this.heap, options);
    this.#dictionaries = (options.dictionaries ?? []).length > 0;
    this.#verify = options.checksum === false ? 0 : 1;
    this.#input = new InputQueue(this.heap);
    this.#window = new OutputWindow(this.heap);
    this.#report = new DataView(this.heap.u8.buffer, this.heap.report, 32);
  }

  /** Offset in the decoded data of the next byte that is read. */
  get position(): number {
    return this.#position;
  }

  /** Offset in the stream up to which input was used. */
  get consumed(): number {
    return this.#input.position;
  }

  /** Offset in the stream of the end of the last frame that was read and found right: where a torn stream can be cut off. */
  get completeLength(): number {
    return this.#complete;
  }

  /**
   * Gives the reader more of the stream, in pieces of any size.
   *
   * A `Bytes` becomes the reader's, also when it throws: it is released when used up, and blocks that lie in it whole are decoded from where they
   * are. A `Uint8Array` is borrowed, and not to be written to, until a read gives nothing; it is copied.
   * @throws the error that failed the reader before
   */
  feed(input: Bytes | Uint8Array): void {
    if (input instanceof Bytes) {
      if (this.#error !== undefined) {
        input.release();
        throw this.#error;
      }
      this.#input.feed(input);
    } else if (input instanceof Uint8Array) {
      if (this.#error !== undefined) throw this.#error;
      this.#input.feedBorrowed(input);
    } else throw new ArgumentTypeError('input', 'a Bytes or a Uint8Array', input);
  }

  /**
   * What has been decoded and not read, at most one block and never empty: a copy of the caller's, to be released. Undefined: more input is needed.
   * @throws CodecError with the offset in the stream: `ERR_CORRUPT`, `ERR_CHECKSUM`, `ERR_UNSUPPORTED`, `ERR_DICTIONARY`, `ERR_TOO_LARGE` for a window
   * over the limit
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  read(): Bytes | undefined {
    if (!this.#fill()) return undefined;
    const { drained, pending } = this.#window;
    const out = BytesMut.withCapacity(pending, this.heap);
    this.heap.u8.copyWithin(out.spareStart, drained, drained + pending);
    out.advanceMut(pending);
    this.#drain(pending);
    return out.freeze();
  }

  /** The same in a Buffer of its own, outside the heap. @throws as {@link read} */
  readBuffer(): Buffer | undefined {
    if (!this.#fill()) return undefined;
    const buffer = Buffer.allocUnsafe(this.#window.pending);
    this.readInto(buffer);
    return buffer;
  }

  /**
   * Copies what has been decoded and not read to the start of `target`, as much as it takes of at most one block.
   * @returns bytes written; 0: more input is needed
   * @throws as {@link read}
   */
  readInto(target: Uint8Array): number {
    if (target.length === 0 || !this.#fill()) return 0;
    const { drained, pending } = this.#window;
    const n = Math.min(pending, target.length);
    Buffer.prototype.copy.call(this.heap.u8, target, 0, drained, drained + n);
    this.#drain(n);
    return n;
  }

  /**
   * Says that the input ends here; call it when a read gave nothing. The reader's memory is given back.
   * @throws CodecError `ERR_TRUNCATED` inside a frame, with its offset so far
   */
  end(): void {
    if (this.#error !== undefined) throw this.#error;
    if (this.#state !== BETWEEN_FRAMES || !this.#input.isEmpty) {
      const offset = this.#input.position + this.#input.held;
      this.#error = new CodecError('ERR_TRUNCATED', `the input ends inside a frame, at offset ${offset}`, { offset });
      this.#letGo();
      throw this.#error;
    }
    this.release();
  }

  /** Drops all input and state and begins anew. */
  reset(): void {
    this.#letGo();
    this.#error = undefined;
    this.#input.position = 0;
    this.#complete = 0;
    this.#position = 0;
  }

  /** Gives back the reader's memory and input; nothing can be read any more. Safe to call again. */
  release(): void {
    this.#letGo();
    this.#error ??= new StreamError('ERR_STREAM_CLOSED', 'the reader is closed');
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #letGo(): void {
    this.#input.release();
    this.#window.release();
    this.#leaveFrame();
    this.#state = BETWEEN_FRAMES;
    this.#headerWanted = FRAME_START;
  }

  #leaveFrame(): void {
    if (this.#context !== undefined) this.#raw.pool.release(this.#context);
    this.#context = undefined;
  }

  #drain(n: number): void {
    this.#window.drained += n;
    this.#position += n;
  }

  // Decodes until there is something to read. False: more input is needed.
  #fill(): boolean {
    if (this.#error !== undefined) throw this.#error;
    try {
      while (this.#window.pending === 0) if (!this.#step()) return false;
      return true;
    } catch (error) {
      this.#error = error as Error;
      this.#letGo();
      throw error;
    }
  }

  #step(): boolean {
    switch (this.#state) {
      case BETWEEN_FRAMES:
        return this.#readHeader();
      case SKIPPING:
        this.#toSkip -= this.#input.drop(this.#toSkip);
        if (this.#toSkip > 0) return false;
        this.#finishFrame();
        return true;
      case BEFORE_BLOCK:
        return this.#readBlock();
      default:
        return this.#readChecksum();
    }
  }

  #readHeader(): boolean {
    const input = this.#input;
    const { kernels, report } = this.heap;
    const had = input.want(this.#headerWanted);
    if (!had && input.held === 0) return false;
    // Fewer bytes than wanted may still show that this is no frame.
    if (!had) input.want(input.held);
    this.#context ??= this.#raw.pool.acquire();
    const to = kernels.zstdStreamHeader(this.#context.address);
    const size = kernels.zstdHeader(input.at, had ? this.#headerWanted : input.held, to, report);
    if (size === TRUNCATED) {
      if (had) this.#headerWanted = this.#report.getFloat64(REPORT_EXPECTED, true);
      return had;
    }
    if (size < 0) throw this.#failure(size, input.position);
    this.#startFrame(new DataView(this.heap.u8.buffer, to, 32));
    input.consume(size);
    this.#headerWanted = FRAME_START;
    return true;
  }

  #startFrame(header: DataView): void {
    const content = Number(header.getBigUint64(16, true));
    if (header.getUint32(0, true) === KIND_SKIPPABLE) {
      this.#leaveFrame();
      this.#toSkip = content;
      this.#state = SKIPPING;
      return;
    }
    const context = this.#context!;
    const window = Number(header.getBigUint64(8, true));
    const { position } = this.#input;
    if (window > this.#raw.maxWindow) {
      throw new CodecError('ERR_TOO_LARGE', `the frame at offset ${position} needs a window of ${window} bytes, over the limit of ${this.#raw.maxWindow}`, {
        offset: position,
        expected: this.#raw.maxWindow,
        actual: window,
      });
    }
    const id = header.getUint32(24, true);
    const dictionary = this.#dictionaries || id !== 0 ? this.#raw.dictionary(id, position) : 0;
    this.#raw.pool.useDictionary(context, dictionary);
    this.#blockMax = Math.min(window, MAX_BLOCK);
    if (this.#blockMax > context.literalsSize) this.#raw.pool.growLiterals(context, this.#blockMax);
    const flags = header.getUint32(28, true);
    this.#checksummed = (flags & CHECKSUMMED) !== 0;
    this.#window.start(window, (flags & CONTENT_KNOWN) === 0 ? undefined : content);
    this.heap.kernels.zstdStreamStart(context.address, this.#window.address, this.#verify);
    this.#state = BEFORE_BLOCK;
  }

  #readBlock(): boolean {
    const input = this.#input;
    if (!input.want(BLOCK_HEADER)) return false;
    const { heap } = this;
    const bits = heap.u8[input.at]! | (heap.u8[input.at + 1]! << 8) | (heap.u8[input.at + 2]! << 16);
    const type = (bits >> 1) & 3;
    const size = bits >> 3;
    // The kernel refuses these by the header alone: their bodies are not waited for.
    const refused = type === RESERVED || size > this.#blockMax;
    const body = refused ? 0 : type === RLE ? 1 : size;
    if (!input.want(BLOCK_HEADER + body)) return false;
    const context = this.#context!.address;
    const window = this.#window;
    if (!refused) window.reserve(type === COMPRESSED ? this.#blockMax : size, context);
    const produced = heap.kernels.zstdStreamBlock(context, bits, input.at + BLOCK_HEADER, window.out, window.limit, window.writable, heap.report);
    if (produced < 0) throw this.#failure(produced, input.position);
    input.consume(BLOCK_HEADER + body);
    window.out += produced;
    if ((bits & 1) !== 0) {
      // Where the checksum is there already, it is checked before the last block is handed on.
      this.#state = BEFORE_CHECKSUM;
      this.#readChecksum();
    }
    return true;
  }

  #readChecksum(): boolean {
    const input = this.#input;
    if (this.#checksummed && !input.want(CHECKSUM)) return false;
    const status = this.heap.kernels.zstdStreamEnd(this.#context!.address, input.at, this.heap.report);
    if (status < 0) throw this.#failure(status, input.position);
    if (this.#checksummed) input.consume(CHECKSUM);
    this.#leaveFrame();
    this.#finishFrame();
    return true;
  }

  #finishFrame(): void {
    this.#state = BETWEEN_FRAMES;
    this.#complete = this.#input.position;
  }

  // The error for a status, with the offset in the stream: the kernel counts from what it was given, which lies at `base`.
  #failure(status: number, base: number): CodecError {
    this.#report.setFloat64(REPORT_OFFSET, base + this.#report.getFloat64(REPORT_OFFSET, true), true);
    return statusError(this.heap.u8, this.heap.report, status);
  }
}
