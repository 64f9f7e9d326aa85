import { ArgumentRangeError, ArgumentTypeError, checkInteger } from '../../base/arguments.js';
import { StreamError } from '../../base/errors.js';
import { Bytes, BytesMut } from '../../bytes/bytes.js';
import { ZstdContextPool } from '../../codec/zstd/encode-pool.js';
import { ZstdSettings, type ZstdFrameOptions, writeSkippable } from '../../codec/zstd/encode-settings.js';
import type { Heap } from '../../memory/heap.js';
import { sharedPool, type WorkerPool } from '../../worker/pool.js';
import { MAX_WORKERS } from '../../worker/queue.js';
import { HandBack, type BufferDone, type Loan } from '../hand-back.js';
import type { StreamWriter } from '../stream-writer.js';
import type { FrameBody } from './frame-body.js';
import { ParallelFrame } from './parallel-frame.js';
import { SerialFrame } from './serial-frame.js';

/** What a {@link ZstdWriter} writes. */
export interface ZstdWriterOptions extends ZstdFrameOptions {
  /** Where content and output live. @default that of the pool, or defaultHeap() */
  heap?: Heap;
  /** Where the context comes from, which a stream keeps until it is closed. @default a pool of the writer's own */
  pool?: ZstdContextPool;
  /** Bytes of content that will be written: declared in the frame's header, and checked. @default undefined: not known */
  declaredSize?: number;
  /** Encode each `write` at once, instead of gathering a block. @default false */
  flushOnWrite?: boolean;
  /** Told when a `Uint8Array` given to `encodeBuffer` can be reused. @default none */
  onBufferDone?: BufferDone;
  /**
   * Buffers of at least so many bytes, in the heap, are encoded where they lie by `encodeBuffer`: without a copy, but their matches do not reach to what
   * came before. 1 to 2^31 - 1; the latter copies all. @default 1 MiB
   */
  inPlaceFrom?: number;
  /**
   * Parts of a frame to work on at a time, 1 to 32. With more than 1, content is cut into parts of half a window, at least 2 MiB (with `lowMemory` 512 KiB), for that many threads;
   * their output appears when they are done, in order. The frame is 1 to 2 % larger, and the same for any number of threads. A dictionary keeps a frame in the caller's thread.
   * @default 1, which starts no thread
   */
  concurrency?: number;
  /** The threads to use; must be of the same heap. @default those that all streams over the heap share */
  workers?: WorkerPool;
}

const IN_PLACE_FROM = 2 ** 20;

/**
 * Writes a Zstandard frame (RFC 8878) without doing any input or output: what goes in by `write` and `encodeBuffer` comes out by
 * `read`, in pooled memory. An adapter of this floor connects it to a file, a socket or a stream.
 *
 * Content that is copied is kept as far back as matches may reach, in one place that grows with the content up to one and a half windows. A stream of at most one block
 * is encoded in one shot, and its size declared. After an error every call throws the same error, until `reset`.
 */
export class ZstdWriter implements StreamWriter {
  readonly heap: Heap;
  readonly pool: ZstdContextPool;
  #settings!: ZstdSettings;
  #declared: number | undefined;
  #flushOnWrite = false;
  readonly #inPlaceFrom: number;
  readonly #concurrency: number;
  readonly #workers: WorkerPool | undefined;
  readonly #ownsPool: boolean;
  readonly #handBack: HandBack | undefined;
  #body!: FrameBody;
  #output: Bytes[] = [];
  #pendingOutput = 0;
  #written = 0;
  #uncompressed = 0;
  #closed = false;
  #ended = false;
  #error: Error | undefined = undefined;

  /** @throws ArgumentRangeError `ERR_OUT_OF_RANGE`, ArgumentTypeError `ERR_INVALID_ARG_TYPE` */
  constructor(options: ZstdWriterOptions = {}) {
    this.#ownsPool = options.pool === undefined;
    this.pool = options.pool ?? new ZstdContextPool(options.heap ? { heap: options.heap } : {});
    this.heap = this.pool.heap;
    this.#inPlaceFrom = checkInteger('inPlaceFrom', options.inPlaceFrom ?? IN_PLACE_FROM, 1, 2 ** 31 - 1);
    this.#concurrency = checkInteger('concurrency', options.concurrency ?? 1, 1, MAX_WORKERS);
    if (options.workers !== undefined && options.workers.heap !== this.heap) throw new ArgumentRangeError('workers', 'a pool over the same heap', 'another one');
    this.#workers = options.workers;
    this.#configure(options);
    if (options.onBufferDone !== undefined) this.#handBack = new HandBack(options.onBufferDone, (error) => this.#fail(error));
  }

  /** Bytes of output that wait to be read. */
  get pendingOutput(): number {
    return this.#pendingOutput;
  }

  /** Bytes of the frame so far, read or not. */
  get written(): number {
    return this.#written;
  }

  /** Bytes of content so far, encoded or not. */
  get uncompressed(): number {
    return this.#uncompressed;
  }

  /** True after `close`, until `reset`. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Parts under way in other threads; 0 without concurrency. */
  get outstanding(): number {
    return this.#body.outstanding;
  }

  /** True when the frame is closed and all of it has come to the output. */
  get finished(): boolean {
    return this.#ended && this.#error === undefined;
  }

  /** Resolves when another part would be encoded by a thread rather than by the caller: at once while threads are not busy, or without concurrency. */
  async ready(): Promise<void> {
    while (this.#body.busy) await this.#body.progress();
  }

  /** Resolves when the next part that is under way in another thread is encoded; at once when there is none. */
  progress(): Promise<void> {
    return this.#body.progress();
  }

  /**
   * Adds content. The source stays the caller's and can be reused on return.
   * @throws StreamError `ERR_STREAM_CLOSED`, `ERR_STREAM_SIZE` over the declared size; MemoryError `ERR_MEMORY_LIMIT`; whatever failed the writer before
   */
  write(source: Bytes | Uint8Array): void {
    checkSource(source);
    this.#check();
    try {
      this.#add(source);
      if (this.#flushOnWrite) this.#body.flush();
    } catch (error) {
      this.#fail(error);
    }
    this.#settle();
  }

  /**
   * Adds a buffer, after whatever was written before. In the heap and of at least `inPlaceFrom` bytes, or directly behind the buffer before it, it is encoded where it lies; otherwise
   * it is copied, as by {@link write}.
   *
   * A `Bytes` becomes the writer's, whatever happens, and its ranges are released when no match can reach them any more. A `Uint8Array` is lent, and not to be written to, until
   * `onBufferDone` is called with it: exactly once, as soon as it is encoded or copied, also when it is empty, when this method throws, and on `abort` and `reset`. Without that callback
   * it can be reused on return.
   * @throws as {@link write}; StreamError `ERR_STREAM_CALLBACK` when `onBufferDone` threw
   */
  encodeBuffer(buffer: Bytes | Uint8Array): void {
    checkSource(buffer);
    const loan = buffer instanceof Bytes ? undefined : this.#handBack?.lend(buffer);
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      if (loan !== undefined) {
        loan.error = refusal;
        loan.outstanding -= 1;
        this.#handBack!.deliver();
      }
      if (buffer instanceof Bytes) buffer.release();
      throw refusal;
    }
    // A handle of its own, so that the one given is used up here and now.
    let owner: Bytes | undefined;
    if (buffer instanceof Bytes) {
      owner = buffer.splitTo(buffer.length);
      buffer.release();
    }
    try {
      if (!this.#addInPlace(buffer, owner, loan)) {
        try {
          this.#add(owner ?? buffer);
        } finally {
          owner?.release(); // tells the owner of adopted memory, who may throw
        }
      }
      if (this.#flushOnWrite) this.#body.flush();
    } catch (error) {
      this.#fail(error);
    }
    if (loan !== undefined) loan.outstanding -= 1;
    this.#settle();
  }

  /** Makes blocks of all content so far, so that a reader of the output can decode it. */
  flush(): void {
    this.#check();
    try {
      this.#body.flush();
    } catch (error) {
      this.#fail(error);
    }
    this.#settle();
  }

  /**
   * Ends the frame: what was gathered, the checksum, and padding where the options ask for it. The output is still to be read; with concurrency its end comes only when
   * the last part is encoded, see {@link finished}. Closing again does nothing.
   * @throws StreamError `ERR_STREAM_SIZE` when there is less content than declared
   */
  close(): void {
    if (this.#closed && this.#error === undefined) return;
    this.#check();
    try {
      const declared = this.#declared;
      if (declared !== undefined && this.#uncompressed < declared) throw wrongSize(declared, this.#uncompressed);
      this.#closed = true;
      if (this.#body.begun || this.#settings.emptyFrame) this.#body.end();
    } catch (error) {
      this.#fail(error);
    }
    this.#settle();
  }

  /** Drops what is pending and fails the writer with `error`: what an adapter does when its output fails. */
  abort(error: Error = new StreamError('ERR_STREAM_ABORTED', 'the writer was aborted')): void {
    this.#fail(error);
    this.#handBack?.deliver();
  }

  /**
   * Drops what is pending, output that was not read included, and begins a new frame.
   * @param options for the frames from now on; @default those so far, without a declared size
   * @throws StreamError `ERR_STREAM_CALLBACK` when `onBufferDone` threw; the writer is failed then
   */
  reset(options?: ZstdFrameOptions & { declaredSize?: number; flushOnWrite?: boolean }): void {
    this.#drop(new StreamError('ERR_STREAM_ABORTED', 'the writer was reset'));
    if (options !== undefined) this.#configure(options);
    else {
      this.#declared = undefined;
      this.#begin();
    }
    this.#error = undefined;
    this.#closed = false;
    this.#ended = false;
    this.#written = 0;
    this.#uncompressed = 0;
    this.#handBack?.deliver();
    if (this.#error !== undefined) throw this.#error;
  }

  /** The next piece of the frame, the caller's to release; undefined when none is ready. @throws whatever failed the writer */
  read(): Bytes | undefined {
    if (this.#error !== undefined) throw this.#error;
    const piece = this.#output.shift();
    if (piece !== undefined) this.#pendingOutput -= piece.length;
    return piece;
  }

  /** All pieces that are ready, in order, the caller's to release; for a gathering write. @throws whatever failed the writer */
  take(): Bytes[] {
    if (this.#error !== undefined) throw this.#error;
    const pieces = this.#output;
    this.#output = [];
    this.#pendingOutput = 0;
    return pieces;
  }

  /** Gives back all memory; output that was not read is dropped. */
  [Symbol.dispose](): void {
    if (!this.finished || this.#pendingOutput > 0) this.abort(new StreamError('ERR_STREAM_CLOSED', 'the writer was disposed of'));
    if (this.#ownsPool) this.pool.trim();
  }

  #configure(options: ZstdFrameOptions & { declaredSize?: number; flushOnWrite?: boolean }): void {
    const settings = new ZstdSettings(options);
    const declared = options.declaredSize;
    if (declared !== undefined) checkInteger('declaredSize', declared, 0, Number.MAX_SAFE_INTEGER);
    this.#settings = settings;
    this.#declared = declared;
    this.#flushOnWrite = options.flushOnWrite ?? false;
    this.#begin();
  }

  #begin(): void {
    const put = (piece: Bytes): void => this.#put(piece);
    const settings = this.#settings;
    if (this.#concurrency === 1 || settings.dictionary !== undefined) {
      this.#body = new SerialFrame(this.pool, settings, this.#declared, this.#inPlaceFrom, put);
      return;
    }
    const threads = { workers: this.#workers ?? sharedPool(this.heap, this.#concurrency), concurrency: this.#concurrency };
    this.#body = new ParallelFrame(this.pool, settings, this.#declared, this.#inPlaceFrom, threads, put, () => this.#advance());
  }

  #refusal(): Error | undefined {
    return this.#error ?? (this.#closed ? new StreamError('ERR_STREAM_CLOSED', 'the writer is closed') : undefined);
  }

  #check(): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
  }

  #settle(): void {
    this.#advance();
    if (this.#error !== undefined) throw this.#error;
  }

  // Goes on as far as possible. Called by every method, and when a part is done later.
  #advance(): void {
    try {
      if (this.#error === undefined) this.#body.collect();
      if (this.#closed && !this.#ended && this.#error === undefined && this.#body.outstanding === 0) {
        this.#ended = true;
        this.#pad();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#handBack?.deliver();
  }

  #fail(error: unknown): void {
    if (this.#error !== undefined) return;
    this.#error = error as Error;
    this.#drop(this.#error);
  }

  #drop(error: Error): void {
    this.#handBack?.fail(error); // first, as what is dropped settles loans
    for (const piece of this.#output) piece.release();
    this.#output = [];
    this.#pendingOutput = 0;
    this.#body.release();
  }

  #add(source: Bytes | Uint8Array): void {
    this.#count(source.length);
    this.#body.append(source);
  }

  // Gives false where the buffer is to be copied; otherwise the owner is used up.
  #addInPlace(buffer: Bytes | Uint8Array, owner: Bytes | undefined, loan: Loan | undefined): boolean {
    const { length } = owner ?? buffer;
    if (length === 0) return false;
    const address = owner === undefined ? this.heap.addressOf(buffer as Uint8Array) : owner.block.heap === this.heap ? owner.start : -1;
    if (address < 0) return false;
    const content = { address, length, owner, loan };
    if (!this.#body.takes(content)) return false;
    try {
      this.#count(length);
    } catch (error) {
      owner?.release();
      throw error;
    }
    this.#body.add(content);
    return true;
  }

  #count(length: number): void {
    const total = this.#uncompressed + length;
    if (this.#declared !== undefined && total > this.#declared) throw wrongSize(this.#declared, total);
    this.#uncompressed = total;
  }

  #put(piece: Bytes): void {
    this.#output.push(piece);
    this.#pendingOutput += piece.length;
    this.#written += piece.length;
  }

  #pad(): void {
    const missing = this.#settings.padded(this.#written) - this.#written;
    if (missing === 0) return;
    const target = BytesMut.withCapacity(missing, this.heap);
    writeSkippable(this.heap.u8, target.spareStart, missing);
    target.advanceMut(missing);
    this.#put(target.freeze());
  }
}

function checkSource(source: Bytes | Uint8Array): void {
  if (!(source instanceof Bytes || source instanceof Uint8Array)) throw new ArgumentTypeError('source', 'a Bytes or a Uint8Array', source);
}

function wrongSize(expected: number, actual: number): StreamError {
  return new StreamError('ERR_STREAM_SIZE', `${expected} bytes of content were declared, not ${actual}`, { expected, actual });
}
