import { ArgumentTypeError, checkInteger } from '../../base/arguments.js';
import { StreamError } from '../../base/errors.js';
import { Bytes, BytesMut } from '../../bytes/bytes.js';
import { ENCODE_SLACK, type ZstdEncodeContext } from '../../codec/zstd/encode-context.js';
import { ZstdContextPool } from '../../codec/zstd/encode-pool.js';
import { ZstdSettings, type ZstdFrameOptions, writeSkippable } from '../../codec/zstd/encode-settings.js';
import type { Heap } from '../../memory/heap.js';
import { HandBack, type BufferDone } from '../hand-back.js';
import type { StreamWriter } from '../stream-writer.js';
import { History } from './history.js';

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
}

/** Most bytes of a frame header. */
const HEADER = 18;

/**
 * Writes a Zstandard frame (RFC 8878) without doing any input or output: what goes in by `write` and `encodeBuffer` comes out by
 * `read`, in pooled memory. An adapter of this floor connects it to a file, a socket or a stream.
 *
 * Content is kept as far back as matches may reach, in one place that grows with the content up to one and a half windows. A stream of at most one block
 * is encoded in one shot, and its size declared. After an error every call throws the same error, until `reset`.
 */
export class ZstdWriter implements StreamWriter {
  readonly heap: Heap;
  readonly pool: ZstdContextPool;
  #settings!: ZstdSettings;
  #declared: number | undefined;
  #flushOnWrite = false;
  readonly #ownsPool: boolean;
  readonly #handBack: HandBack | undefined;
  #history!: History;
  /** Held from the first block of a stream to its end. */
  #context: ZstdEncodeContext | undefined;
  #output: Bytes[] = [];
  #pendingOutput = 0;
  #written = 0;
  #uncompressed = 0;
  #closed = false;
  #error: Error | undefined = undefined;

  /** @throws ArgumentRangeError `ERR_OUT_OF_RANGE`, ArgumentTypeError `ERR_INVALID_ARG_TYPE` */
  constructor(options: ZstdWriterOptions = {}) {
    this.#ownsPool = options.pool === undefined;
    this.pool = options.pool ?? new ZstdContextPool(options.heap ? { heap: options.heap } : {});
    this.heap = this.pool.heap;
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

  /** Always 0: the caller's thread encodes. */
  get outstanding(): number {
    return 0;
  }

  /** True when the frame is closed, all of it in the output. */
  get finished(): boolean {
    return this.#closed && this.#error === undefined;
  }

  /** Resolves at once, as there is no thread to wait for. */
  async ready(): Promise<void> {}

  /** Resolves at once, likewise. */
  async progress(): Promise<void> {}

  /**
   * Adds content. The source stays the caller's and can be reused on return.
   * @throws StreamError `ERR_STREAM_CLOSED`, `ERR_STREAM_SIZE` over the declared size; MemoryError `ERR_MEMORY_LIMIT`; whatever failed the writer before
   */
  write(source: Bytes | Uint8Array): void {
    checkSource(source);
    this.#check();
    try {
      this.#add(source);
      if (this.#flushOnWrite) this.#encodePending(false);
    } catch (error) {
      this.#fail(error);
    }
    this.#settle();
  }

  /**
   * Adds a buffer, after whatever was written before. Matches may reach back into it as long as the window, so its content is copied, once, and the buffer is free again
   * when this returns.
   *
   * A `Bytes` becomes the writer's, whatever happens, and is released. A `Uint8Array` is lent until `onBufferDone` is called with it: exactly
   * once, also when it is empty, and when this method throws.
   * @throws as {@link write}; StreamError `ERR_STREAM_CALLBACK` when `onBufferDone` threw
   */
  encodeBuffer(buffer: Bytes | Uint8Array): void {
    checkSource(buffer);
    const loan = buffer instanceof Bytes ? undefined : this.#handBack?.lend(buffer);
    const refusal = this.#refusal();
    if (refusal === undefined) {
      try {
        this.#add(buffer);
        if (this.#flushOnWrite) this.#encodePending(false);
      } catch (error) {
        this.#fail(error);
      }
    } else if (loan !== undefined) loan.error = refusal;
    if (loan !== undefined) loan.outstanding = 0;
    try {
      if (buffer instanceof Bytes) buffer.release(); // tells the owner of adopted memory, who may throw
    } catch (error) {
      this.#fail(error);
    }
    this.#handBack?.deliver();
    if (refusal !== undefined) throw refusal;
    if (this.#error !== undefined) throw this.#error;
  }

  /** Makes blocks of all content so far, so that a reader of the output can decode it. */
  flush(): void {
    this.#check();
    try {
      this.#encodePending(false);
    } catch (error) {
      this.#fail(error);
    }
    this.#settle();
  }

  /**
   * Ends the frame: what was gathered, the checksum, and padding where the options ask for it. The output is still to be read. Closing again does nothing.
   * @throws StreamError `ERR_STREAM_SIZE` when there is less content than declared
   */
  close(): void {
    if (this.#closed && this.#error === undefined) return;
    this.#check();
    try {
      const declared = this.#declared;
      if (declared !== undefined && this.#uncompressed < declared) throw wrongSize(declared, this.#uncompressed);
      this.#closed = true;
      if (this.#context !== undefined || this.#uncompressed > 0 || this.#settings.emptyFrame) {
        this.#encodePending(true);
        this.#pad();
      }
      this.#release();
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
    else this.#declared = undefined;
    this.#error = undefined;
    this.#closed = false;
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
    this.#history = new History(this.heap, 2 ** settings.windowLog, settings.blockLimit, (from, to) => {
      if (this.#context !== undefined) this.heap.kernels.zstdEncodeMoved(this.#context.address, from, to);
    });
  }

  #refusal(): Error | undefined {
    return this.#error ?? (this.#closed ? new StreamError('ERR_STREAM_CLOSED', 'the writer is closed') : undefined);
  }

  #check(): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
  }

  #settle(): void {
    this.#handBack?.deliver();
    if (this.#error !== undefined) throw this.#error;
  }

  #fail(error: unknown): void {
    if (this.#error !== undefined) return;
    this.#error = error as Error;
    this.#drop(this.#error);
  }

  #drop(error: Error): void {
    for (const piece of this.#output) piece.release();
    this.#output = [];
    this.#pendingOutput = 0;
    this.#release();
    this.#handBack?.fail(error);
  }

  // History and context go back as soon as the frame has no use for them.
  #release(): void {
    this.#history.release();
    if (this.#context !== undefined) this.pool.give(this.#context);
    this.#context = undefined;
  }

  // Takes content block by block; a full block waits until there is more, as it might be the last.
  #add(source: Bytes | Uint8Array): void {
    const length = source.length;
    const declared = this.#declared;
    if (declared !== undefined && this.#uncompressed + length > declared) throw wrongSize(declared, this.#uncompressed + length);
    const { blockLimit, dictionary, windowLog } = this.#settings;
    const history = this.#history;
    if (dictionary !== undefined && history.isEmpty) history.seed(dictionary.content, dictionary.length, 2 ** windowLog);
    for (let at = 0; at < length; ) {
      if (history.pending === blockLimit) this.#encodePending(false);
      const n = Math.min(length - at, blockLimit - history.pending);
      history.append(source, at, at + n);
      at += n;
    }
    this.#uncompressed += length;
  }

  #encodePending(isLast: boolean): void {
    const history = this.#history;
    const { heap } = this;
    const { kernels } = heap;
    const pending = history.pending;
    if (pending === 0 && !isLast) return;
    const capacity = HEADER + this.#settings.frameBound(pending) + ENCODE_SLACK + 8;
    const target = BytesMut.withCapacity(capacity, heap);
    try {
      let at = target.spareStart;
      const room = at + capacity;
      if (this.#context === undefined) {
        // All there is, or the size that was declared, decides how large tables are worth their while.
        const size = this.#declared ?? (isLast ? pending : -1);
        const { dictionary } = this.#settings;
        const scale = size < 0 || dictionary !== undefined ? 2 ** 31 - 1 : Math.min(size, 2 ** 31 - 1);
        this.#context = this.pool.take(this.#settings, scale);
        kernels.zstdEncodeBegin(this.#context.address, history.start, scale, dictionary?.address ?? 0, history.encodedEnd - history.start);
        at += kernels.zstdEncodeHeader(this.#context.address, at, size);
      }
      at += kernels.zstdEncodePart(this.#context.address, history.encodedEnd, history.end, isLast ? 1 : 0, at, room - at);
      history.encodedEnd = history.end;
      target.advanceMut(at - target.spareStart);
    } catch (error) {
      target.release();
      throw error;
    }
    this.#put(target.freeze());
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
