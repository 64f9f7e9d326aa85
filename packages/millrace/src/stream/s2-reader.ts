import { ArgumentRangeError, ArgumentTypeError, checkInteger } from '../base/arguments.js';
import { CodecError, StreamError } from '../base/errors.js';
import { Bytes } from '../bytes/bytes.js';
import { maskedCrc32c } from '../codec/checksum/crc32c.js';
import { MAX_HEADER, maxEncodedLength, readDecodedLength } from '../codec/snappy/format.js';
import { defaultHeap, type Heap } from '../memory/heap.js';
import { ChunkScanner } from './chunk-scanner.js';
import * as chunk from './chunk.js';
import { blockError, checkClaim, compareChecksums, dataTarget, decodeDataBlock, type DataBlock } from './data-block.js';
import { PendingBlock } from './pending-block.js';
import type { S2Index } from './s2-index.js';

/** Blocks of at least this many bytes of data are worth another thread: 100 microseconds of decoding, of which handing over takes some 15. */
const DEFER_FROM = 262_144;

/** What reading a chunk gives when it is not there whole yet. */
const MORE = 0;
/** What it gives when the chunk holds no data to hand on. */
const NOTHING = 1;

/** Called with a skippable chunk's body. The handle is the reader's: `clone()` what is to be kept. What it throws fails the reader. */
export type SkippableCallback = (body: Bytes, id: number) => void;

/** What an S2Reader accepts. */
export interface S2ReaderOptions {
  /** Where blocks are decoded. @default defaultHeap() */
  heap?: Heap;
  /** Streams that are read: 's2' reads both, 'snappy' refuses those of S2. @default 's2' */
  dialect?: chunk.StreamDialect;
  /** Most bytes in a block, 1 to 4 MiB (a Snappy stream's may have at most 64 KiB in any case). @default 4 MiB */
  maxBlockSize?: number;
  /** Take a stream that begins with any chunk, as of `dialect`: for streams that are forwarded from their middle. @default false */
  ignoreStreamIdentifier?: boolean;
  /** Do not check the data against its checksums. @default false */
  ignoreChecksum?: boolean;
  /** Filled with where the blocks lie, read or skipped; its totals are set by `end`. @default none */
  index?: S2Index;
  /** What to do with skippable chunks, by id, 0x80 to 0xfd; those without an entry are passed over. @default none */
  onSkippable?: ReadonlyMap<number, SkippableCallback>;
}

/**
 * Reads streams of the Snappy framing format and of S2, one after the other in any number, without doing any input or output:
 * `feed` it pieces of any size, `read` decoded blocks until there are no more, and `end` it where the input ends.
 * After an error every call throws the same error; what was read before it is right.
 */
export class S2Reader {
  readonly heap: Heap;
  readonly #scanner: ChunkScanner;
  readonly #accepted: chunk.StreamDialect;
  readonly #maxBlockSize: number;
  readonly #ignoreIdentifier: boolean;
  readonly #checks: boolean;
  readonly #index: S2Index | undefined;
  readonly #skippable: ReadonlyMap<number, SkippableCallback> | undefined;
  #identified: boolean;
  #dialect: chunk.StreamDialect;
  #limit: number;
  #skip = 0;
  #position = 0;
  #error: Error | undefined = undefined;

  constructor(options: S2ReaderOptions = {}) {
    this.heap = options.heap ?? defaultHeap();
    this.#scanner = new ChunkScanner(this.heap);
    this.#accepted = options.dialect ?? 's2';
    if (this.#accepted !== 's2' && this.#accepted !== 'snappy') throw new ArgumentRangeError('dialect', "'s2' or 'snappy'", options.dialect);
    this.#maxBlockSize = checkInteger('maxBlockSize', options.maxBlockSize ?? chunk.MAX_S2_BLOCK, 1, chunk.MAX_S2_BLOCK);
    this.#ignoreIdentifier = options.ignoreStreamIdentifier ?? false;
    this.#identified = this.#ignoreIdentifier;
    this.#checks = !(options.ignoreChecksum ?? false);
    this.#index = options.index;
    this.#skippable = options.onSkippable;
    for (const id of this.#skippable?.keys() ?? []) checkInteger('id', id, chunk.CHUNK_SKIPPABLE, chunk.CHUNK_PADDING - 1);
    this.#dialect = this.#accepted;
    this.#limit = Math.min(this.#maxBlockSize, chunk.maxBlock(this.#dialect));
  }

  /** Offset in the uncompressed data of the next byte that `read` gives. */
  get position(): number {
    return this.#position;
  }

  /** Offset in the stream of the end of the last chunk that was read and found right: where a torn or broken stream can be cut off. */
  get completeLength(): number {
    return this.#scanner.complete;
  }

  /** Offset in the stream up to which input was taken in. */
  get consumed(): number {
    return this.#scanner.position;
  }

  /** What the stream is, by its last identifier. */
  get dialect(): chunk.StreamDialect {
    return this.#dialect;
  }

  /**
   * Gives the reader more of the stream, in pieces of any size.
   *
   * A `Bytes` becomes the reader's, also when it throws: it is released when used up, and blocks that lie in it whole are decoded
   * where they are, or handed on as views of it where they are stored uncompressed. A `Uint8Array` is borrowed, and not to be written to, until `read`
   * gives undefined; it is copied.
   * @throws the error that failed the reader before
   */
  feed(input: Bytes | Uint8Array): void {
    if (input instanceof Bytes) {
      if (this.#error !== undefined) input.release();
      this.#check();
      this.#scanner.feed(input);
    } else if (input instanceof Uint8Array) {
      this.#check();
      this.#scanner.feedBorrowed(input);
    } else throw new ArgumentTypeError('input', 'a Bytes or a Uint8Array', input);
  }

  /**
   * The next decoded block, at most `maxBlockSize` bytes and never empty; the caller's to release. Undefined: more input is needed.
   * @throws CodecError with the offset in the stream: `ERR_CORRUPT`, `ERR_UNSUPPORTED` for a reserved chunk, `ERR_TOO_LARGE` for a block over
   * the limit, `ERR_CHECKSUM`
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   * @throws StreamError `ERR_STREAM_CALLBACK` when a callback threw
   */
  read(): Bytes | undefined {
    return this.#next(false) as Bytes | undefined;
  }

  /**
   * The same, except that it leaves large blocks to the caller to decode. `position` and {@link completeLength} count those as read.
   * @internal
   */
  readOrDefer(): Bytes | PendingBlock | undefined {
    return this.#next(true);
  }

  #next(defer: boolean): Bytes | PendingBlock | undefined {
    this.#check();
    try {
      for (;;) {
        if (!this.#scanner.open) {
          if (!this.#scanner.nextChunk()) return undefined;
          this.#checkHeader();
        }
        const bytes = this.#readBody(defer);
        if (bytes === MORE) return undefined;
        if (bytes !== NOTHING) return bytes;
      }
    } catch (error) {
      this.#error = error as Error;
      throw error;
    }
  }

  /**
   * Passes over the next `n` bytes of uncompressed data. Blocks that lie in them whole are neither decoded nor checked.
   * @param n 0 to 2^53 - 1; may be more than was fed so far
   */
  skip(n: number): void {
    this.#check();
    this.#skip += checkInteger('n', n, 0, Number.MAX_SAFE_INTEGER);
  }

  /** Passes over all data that is left, however much it is: for those who want to know only the stream's structure. */
  skipAll(): void {
    this.#check();
    this.#skip = Number.POSITIVE_INFINITY;
  }

  /**
   * Says that the input ends here; call it when `read` gave undefined. The reader's memory is given back.
   * @throws CodecError `ERR_TRUNCATED`: inside a chunk, with the chunk's start as `offset`, its length and how much of it is there; or
   * before the end of what was to be skipped
   */
  end(): void {
    this.#check();
    try {
      this.#scanner.end();
      if (this.#skip > 0 && this.#skip < Number.POSITIVE_INFINITY) {
        throw new CodecError('ERR_TRUNCATED', `the stream ends ${this.#skip} bytes before the position skipped to`, {
          offset: this.#scanner.position,
          expected: this.#position + this.#skip,
          actual: this.#position,
        });
      }
    } catch (error) {
      this.#error = error as Error;
      throw error;
    }
    if (this.#index !== undefined) {
      this.#index.totalUncompressed = this.#position;
      this.#index.totalCompressed = this.#scanner.position;
    }
    this.release();
  }

  /** Drops all input and state and begins anew, with a stream or, from `at`, in the middle of one whose identifier is known. */
  reset(at?: { readonly compressed: number; readonly uncompressed: number; readonly dialect: chunk.StreamDialect }): void {
    this.#scanner.reset(at?.compressed ?? 0);
    this.#error = undefined;
    this.#skip = 0;
    this.#position = at?.uncompressed ?? 0;
    this.#identified = this.#ignoreIdentifier || (at !== undefined && at.compressed > 0);
    this.#setDialect(at?.dialect ?? this.#accepted);
  }

  /** Gives back the reader's memory and input; nothing can be read any more. Safe to call again. */
  release(): void {
    this.#scanner.reset(this.#scanner.complete);
    this.#error ??= new StreamError('ERR_STREAM_CLOSED', 'the reader is closed');
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #check(): void {
    if (this.#error !== undefined) throw this.#error;
  }

  #setDialect(dialect: chunk.StreamDialect): void {
    this.#dialect = dialect;
    this.#limit = Math.min(this.#maxBlockSize, chunk.maxBlock(dialect));
  }

  #fault(code: 'ERR_CORRUPT' | 'ERR_UNSUPPORTED', message: string): CodecError {
    return new CodecError(code, `${message}, at offset ${this.#scanner.start}`, { offset: this.#scanner.start });
  }

  /** Refuses a chunk by its header alone, before its body is waited for. */
  #checkHeader(): void {
    const { type, length } = this.#scanner;
    if (!this.#identified && type !== chunk.CHUNK_IDENTIFIER) throw this.#fault('ERR_CORRUPT', 'the stream does not begin with its identifier');
    if (type <= chunk.CHUNK_UNCOMPRESSED) {
      if (length < chunk.CHECKSUM) throw this.#fault('ERR_CORRUPT', 'a data chunk is too short for its checksum');
      const body = length - chunk.CHECKSUM;
      const most = type === chunk.CHUNK_COMPRESSED ? maxEncodedLength(this.#limit) : this.#limit;
      if (body > most) throw this.#tooLarge(body, most);
    } else if (type < chunk.CHUNK_SKIPPABLE) throw this.#fault('ERR_UNSUPPORTED', `chunk type 0x${type.toString(16)} is reserved`);
    else if (type === chunk.CHUNK_IDENTIFIER && length !== chunk.IDENTIFIER_LENGTH - chunk.CHUNK_HEADER) {
      throw this.#fault('ERR_CORRUPT', 'a stream identifier has the wrong length');
    }
  }

  #tooLarge(actual: number, expected: number): CodecError {
    const { start } = this.#scanner;
    return new CodecError('ERR_TOO_LARGE', `the block at offset ${start} has ${actual} bytes, over the limit of ${expected}`, { offset: start, expected, actual });
  }

  #readBody(defer: boolean): Bytes | PendingBlock | typeof NOTHING | typeof MORE {
    switch (this.#scanner.type) {
      case chunk.CHUNK_COMPRESSED:
        return this.#readCompressed(defer);
      case chunk.CHUNK_UNCOMPRESSED:
        return this.#readUncompressed();
      case chunk.CHUNK_IDENTIFIER:
        return this.#readIdentifier();
      default:
        return this.#readSkippable();
    }
  }

  #readCompressed(defer: boolean): Bytes | PendingBlock | typeof NOTHING | typeof MORE {
    const scanner = this.#scanner;
    if (!scanner.want(Math.min(scanner.length, chunk.CHECKSUM + MAX_HEADER), false)) return MORE;
    const n = this.#declaredLength();
    if (n > this.#limit) throw this.#tooLarge(n, this.#limit);
    this.#note(n);
    if (this.#skip > 0 && this.#skip >= n) return this.#skipChunk(n);
    if (!scanner.want(scanner.length, true)) return MORE;
    const block: DataBlock = {
      at: scanner.at + chunk.CHECKSUM,
      length: scanner.length - chunk.CHECKSUM,
      size: n,
      checksum: this.#checks ? chunk.readUint32(scanner.u8, scanner.at) : undefined,
      dialect: this.#dialect,
      start: scanner.start,
    };
    checkClaim(this.heap, block);
    if (defer && n >= DEFER_FROM) return this.#defer(block);
    const output = dataTarget(this.heap, block);
    decodeDataBlock(this.heap, block, output);
    scanner.finish();
    return this.#give(output.freeze());
  }

  #defer(block: DataBlock): PendingBlock {
    const body = this.#scanner.take(chunk.CHECKSUM);
    const skip = this.#skip; // less than the block has, or it would have been passed over
    this.#skip = 0;
    this.#position += block.size;
    return new PendingBlock(this.heap, { ...block, at: body.start }, body, skip);
  }

  /** Notes a data chunk in the index; a second time does no harm. */
  #note(n: number): void {
    const index = this.#index;
    if (index === undefined) return;
    if (index.length === 0 && index.blockEstimate === 0) index.blockEstimate = n;
    index.add(this.#scanner.start, this.#position);
  }

  #declaredLength(): number {
    const { u8, at, length } = this.#scanner;
    try {
      // No more of the block need be there than the varint can have.
      return readDecodedLength(u8, at + chunk.CHECKSUM, at + Math.min(length, chunk.CHECKSUM + MAX_HEADER));
    } catch (error) {
      throw blockError(error, this.#scanner.start);
    }
  }

  #readUncompressed(): Bytes | typeof NOTHING | typeof MORE {
    const scanner = this.#scanner;
    const n = scanner.length - chunk.CHECKSUM;
    this.#note(n);
    if (this.#skip > 0 && this.#skip >= n) return this.#skipChunk(n);
    if (!scanner.want(scanner.length, true)) return MORE;
    if (this.#checks) {
      const actual = maskedCrc32c(this.heap, scanner.at + chunk.CHECKSUM, n);
      compareChecksums(chunk.readUint32(scanner.u8, scanner.at), actual, scanner.start);
    }
    return this.#give(scanner.take(chunk.CHECKSUM));
  }

  #skipChunk(n: number): typeof NOTHING {
    this.#skip -= n;
    this.#position += n;
    this.#scanner.finish();
    return NOTHING;
  }

  /** Hands a block on, without what is to be skipped of it. */
  #give(bytes: Bytes): Bytes | typeof NOTHING {
    this.#position += bytes.length;
    if (this.#skip > 0) {
      bytes.advance(this.#skip);
      this.#skip = 0;
    }
    if (bytes.length > 0) return bytes;
    bytes.release();
    return NOTHING;
  }

  #readIdentifier(): typeof NOTHING | typeof MORE {
    const scanner = this.#scanner;
    if (!scanner.want(scanner.length, false)) return MORE;
    const dialect = chunk.identifiedDialect(scanner.u8, scanner.at);
    if (dialect === undefined) throw this.#fault('ERR_CORRUPT', 'the stream identifier names no known format');
    if (dialect === 's2' && this.#accepted === 'snappy') throw this.#fault('ERR_UNSUPPORTED', 'the stream is of S2, not Snappy');
    this.#setDialect(dialect);
    this.#identified = true;
    scanner.finish();
    return NOTHING;
  }

  #readSkippable(): typeof NOTHING | typeof MORE {
    const scanner = this.#scanner;
    const callback = this.#skippable?.get(scanner.type);
    if (callback === undefined) {
      scanner.finish();
      return NOTHING;
    }
    if (scanner.length > 0 && !scanner.want(scanner.length, true)) return MORE;
    const { type } = scanner;
    const body = scanner.length > 0 ? scanner.take(0) : this.#emptyBody();
    try {
      callback(body, type);
    } catch (cause) {
      throw new StreamError('ERR_STREAM_CALLBACK', `the callback for skippable chunks 0x${type.toString(16)} threw`, { cause });
    } finally {
      body.release();
    }
    return NOTHING;
  }

  #emptyBody(): Bytes {
    this.#scanner.finish();
    return Bytes.empty();
  }
}

/** Reads streams of the Snappy framing format and refuses those of S2: an {@link S2Reader} whose dialect is fixed. */
export class SnappyReader extends S2Reader {
  constructor(options: Omit<S2ReaderOptions, 'dialect'> = {}) {
    super({ ...options, dialect: 'snappy' });
  }
}
