import { ArgumentTypeError, checkInteger } from '../base/arguments.js';
import { StreamError } from '../base/errors.js';
import { Bytes, BytesMut } from '../bytes/bytes.js';
import type { Heap } from '../memory/heap.js';
import { sharedPool } from '../worker/pool.js';
import { BlockJob, chunkBound, type BlockEngine } from './block-job.js';
import * as chunk from './chunk.js';
import { Gathered } from './gathered.js';
import { HandBack, type Loan } from './hand-back.js';
import { InlineEngine } from './inline-engine.js';
import { PieceQueue } from './piece-queue.js';
import { PoolEngine } from './pool-engine.js';
import type { StreamWriter } from './stream-writer.js';
import { putTrailer } from './trailer.js';
import { checkWriterOptions, type S2WriterOptions } from './writer-options.js';

/**
 * Writes a stream of the S2 or the Snappy framing format without doing any input or output: what goes in by `write` and `encodeBuffer`
 * comes out by `read`, as chunks in pooled memory. An adapter of this floor connects it to a file, a socket or a stream.
 *
 * An input nothing was written to gives an empty stream. After an error every call throws the same error, until `reset`.
 */
export class S2Writer implements StreamWriter {
  readonly heap: Heap;
  readonly blockSize: number;
  readonly #options: S2WriterOptions;
  readonly #dialect: chunk.StreamDialect;
  readonly #padding: number;
  readonly #engine: BlockEngine;
  readonly #handBack: HandBack | undefined;
  readonly #pieces: PieceQueue;
  readonly #gathered: Gathered;
  /** Whether the stream identifier was put before a piece. */
  #begun = false;
  #closed = false;
  #ended = false;
  #error: Error | undefined = undefined;

  /** @throws ArgumentRangeError `ERR_OUT_OF_RANGE` */
  constructor(options: S2WriterOptions = {}) {
    const { blockSize, padding, dialect, level, concurrency, heap } = checkWriterOptions(options);
    this.#options = options;
    this.heap = heap;
    this.blockSize = blockSize;
    this.#padding = padding;
    this.#dialect = dialect;
    this.#pieces = new PieceQueue(this.heap, blockSize);
    this.#gathered = new Gathered(heap, blockSize);
    const inline = new InlineEngine(heap, options.uncompressed === true ? undefined : { dialect, level }, options.encodeBlock);
    // Storing costs no more than a checksum: not worth another thread.
    if (concurrency === 1 || options.uncompressed === true || options.encodeBlock !== undefined) this.#engine = inline;
    else this.#engine = new PoolEngine(options.pool ?? sharedPool(heap, concurrency), inline, dialect, level, concurrency, blockSize, () => this.#advance());
    if (options.onBufferDone !== undefined) this.#handBack = new HandBack(options.onBufferDone, (error) => this.#fail(error));
  }

  /** Bytes of output that wait to be read. */
  get pendingOutput(): number {
    return this.#pieces.pending;
  }

  /** Bytes of the stream so far, read or not; gathered data is not in it. */
  get written(): number {
    return this.#pieces.written;
  }

  /** Uncompressed bytes that are in {@link written}. */
  get uncompressed(): number {
    return this.#pieces.uncompressed;
  }

  /** True after `close`, until `reset`. */
  get closed(): boolean {
    return this.#closed;
  }

  /** True when the stream is closed and all of it has come to the output. */
  get finished(): boolean {
    return this.#ended;
  }

  /** Blocks under way in other threads; 0 without concurrency. */
  get outstanding(): number {
    return this.#engine.outstanding;
  }

  /** Resolves when another block would be encoded by a thread rather than by the caller: at once while threads are not busy, or without concurrency. */
  async ready(): Promise<void> {
    // Blocks that are done and wait for one before them count as well: a thread that is held up must not make the others fill the memory.
    while (this.#pieces.jobs >= this.#engine.most) await this.#engine.progress();
  }

  /** Resolves when the next block that is under way in another thread is encoded; at once when there is none. */
  progress(): Promise<void> {
    return this.#engine.progress();
  }

  /**
   * Adds data, gathering it into blocks of the block size. Both kinds of source stay the caller's and can be reused on return;
   * whole blocks of a `Bytes` in the heap are encoded where they lie.
   * @throws StreamError `ERR_STREAM_CLOSED`; MemoryError `ERR_MEMORY_LIMIT`; whatever failed the writer before
   */
  write(source: Bytes | Uint8Array): void {
    checkSource(source);
    this.#check();
    try {
      this.#write(source);
    } catch (error) {
      this.#fail(error);
    }
    this.#settle();
  }

  /**
   * Adds a buffer without copying it where it lies in the heap, after whatever was written before: cut into blocks of the block size, the last
   * one shorter, never joined with other data.
   *
   * A `Bytes` becomes the writer's, whatever happens: it is released when its blocks are encoded (a block that does not compress goes out as a view
   * of it, and keeps its range alive until that is released). A `Uint8Array` is lent, and not to be written to, until `onBufferDone` is
   * called with it: exactly once, also when it is empty, when this method throws, and on `abort` and `reset`. Without that callback it can be reused on return.
   * @throws StreamError `ERR_STREAM_CLOSED`, or `ERR_STREAM_CALLBACK` when `onBufferDone` threw; MemoryError `ERR_MEMORY_LIMIT`; whatever
   * failed the writer before
   */
  encodeBuffer(buffer: Bytes | Uint8Array): void {
    checkSource(buffer);
    if (buffer instanceof Bytes) this.#encodeOwned(buffer);
    else this.#encodeLent(buffer);
    this.#settle();
  }

  #encodeOwned(buffer: Bytes): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      buffer.release();
      throw refusal;
    }
    // A handle of its own, so that the one given is used up here and now, whatever the writer does with the range.
    let kept: Bytes | undefined = buffer.splitTo(buffer.length);
    buffer.release();
    try {
      this.#flushGathered();
      if (kept.block.heap === this.heap) {
        const whole = kept;
        kept = undefined;
        this.#cut(whole);
      } else this.#cutLent(kept.toBuffer(), undefined);
    } catch (error) {
      this.#fail(error);
    }
    try {
      kept?.release(); // tells the owner of adopted memory, who may throw
    } catch (error) {
      this.#fail(error);
    }
  }

  #encodeLent(buffer: Uint8Array): void {
    const loan = this.#handBack?.lend(buffer);
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      // Refused, and given back all the same: whoever waits for it must not wait for ever.
      if (loan !== undefined) {
        loan.error = refusal;
        loan.outstanding -= 1;
        this.#handBack!.deliver();
      }
      throw refusal;
    }
    try {
      this.#flushGathered();
      this.#cutLent(buffer, loan);
    } catch (error) {
      this.#fail(error);
    }
    if (loan !== undefined) loan.outstanding -= 1;
  }

  /** Makes a chunk of what `write` has gathered. */
  flush(): void {
    this.#check();
    try {
      this.#flushGathered();
    } catch (error) {
      this.#fail(error);
    }
    this.#settle();
  }

  /**
   * Adds a chunk that readers who do not know it pass over. Data written before it stays before it.
   * @param id 0x80 to 0xfd, or 0xfe for padding; 0x99 is the index's
   * @param data at most 2^24 - 1 bytes; copied
   */
  addSkippableBlock(id: number, data: Uint8Array): void {
    checkInteger('id', id, chunk.CHUNK_SKIPPABLE, chunk.CHUNK_PADDING);
    if (!(data instanceof Uint8Array)) throw new ArgumentTypeError('data', 'a Uint8Array', data);
    checkInteger('data.length', data.length, 0, chunk.MAX_CHUNK_BODY);
    this.#check();
    try {
      this.#flushGathered();
      const target = this.#target(chunk.CHUNK_HEADER + data.length);
      const prefix = target.length;
      chunk.writeChunkHeader(target.block.u8, target.spareStart, id, data.length);
      target.advanceMut(chunk.CHUNK_HEADER);
      target.putSlice(data);
      this.#ready(target, prefix);
    } catch (error) {
      this.#fail(error);
    }
    this.#settle();
  }

  /**
   * Ends the stream: what was gathered, then padding and index where the options ask for them. The output is still to be read; with
   * concurrency its end comes only when the last block is encoded, see {@link finished}. Closing again does nothing.
   */
  close(): void {
    if (this.#closed && this.#error === undefined) return;
    this.#check();
    try {
      this.#flushGathered();
      this.#closed = true;
    } catch (error) {
      this.#fail(error);
    }
    this.#settle();
  }

  /**
   * Like {@link close}, and gives the index of the stream, as a chunk, whether or not it is also appended.
   * @throws StreamError `ERR_STREAM_BUSY` while blocks are under way in other threads: close, wait until it is {@link finished}, and call this then
   */
  closeIndex(): Uint8Array {
    this.close();
    if (!this.#ended) throw new StreamError('ERR_STREAM_BUSY', 'the index is not known before the last block is encoded', { actual: this.outstanding });
    return this.#pieces.index.encode();
  }

  /** Drops what is pending and fails the writer with `error`: what an adapter does when its output fails. Lent buffers are given back with it. */
  abort(error: Error = new StreamError('ERR_STREAM_ABORTED', 'the writer was aborted')): void {
    this.#fail(error);
    this.#handBack?.deliver();
  }

  /**
   * Drops what is pending, output that was not read included, and begins a new stream; lent buffers are given back with an error.
   * @throws StreamError `ERR_STREAM_CALLBACK` when `onBufferDone` threw; the writer is failed then
   */
  reset(): void {
    this.#drop(new StreamError('ERR_STREAM_ABORTED', 'the writer was reset'));
    this.#error = undefined;
    this.#closed = false;
    this.#ended = false;
    this.#begun = false;
    this.#pieces.reset(this.blockSize);
    this.#handBack?.deliver();
    if (this.#error !== undefined) throw this.#error;
  }

  /** The next piece of the stream, the caller's to release; undefined when none is ready. @throws whatever failed the writer */
  read(): Bytes | undefined {
    if (this.#error !== undefined) throw this.#error;
    return this.#pieces.shift();
  }

  /** All pieces of the stream that are ready, in order, the caller's to release; for a gathering write. @throws whatever failed the writer */
  take(): Bytes[] {
    if (this.#error !== undefined) throw this.#error;
    return this.#pieces.take();
  }

  /** Gives back all memory; output that was not read is dropped, and lent buffers are given back. Of a stream that is finished and read nothing is left to give back. */
  [Symbol.dispose](): void {
    if (this.#ended && this.#pieces.pending === 0) return;
    this.abort(new StreamError('ERR_STREAM_CLOSED', 'the writer was disposed of'));
  }

  /** Why the writer takes nothing any more. */
  #refusal(): Error | undefined {
    return this.#error ?? (this.#closed ? new StreamError('ERR_STREAM_CLOSED', 'the writer is closed') : undefined);
  }

  #check(): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
  }

  /** At the end of each call: goes on as far as possible, and reports what failed. */
  #settle(): void {
    this.#advance();
    if (this.#error !== undefined) throw this.#error;
  }

  /** Moves what is done to the output and gives buffers back. Called by every method, and by the engine when a job is done later. */
  #advance(): void {
    try {
      this.#pieces.collect();
      if (this.#closed && !this.#ended && this.#pieces.jobs === 0) {
        this.#ended = true;
        putTrailer(this.#pieces, this.heap, this.#options, this.#padding);
        this.#engine.release();
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
    this.#gathered.release();
    this.#handBack?.fail(error); // first, as what is dropped settles loans
    this.#pieces.drop();
    this.#engine.release();
  }

  #write(source: Bytes | Uint8Array): void {
    if (this.#options.flushOnWrite === true) {
      if (source instanceof Bytes && source.block.heap === this.heap) this.#cut(source.clone());
      else this.#cutLent(asView(source), undefined);
      return;
    }
    if (!(source instanceof Bytes) || source.block.heap !== this.heap || !this.#gathered.empty || source.length < this.blockSize) {
      this.#gather(asView(source));
      return;
    }
    const whole = source.length - (source.length % this.blockSize);
    this.#cut(source.slice(0, whole));
    if (whole < source.length) this.#gather(source.toBuffer().subarray(whole));
  }

  #gather(source: Uint8Array): void {
    for (let at = 0; at < source.length; ) {
      at = this.#gathered.put(source, at);
      if (this.#gathered.full) this.#flushGathered();
    }
  }

  #flushGathered(): void {
    const block = this.#gathered.take();
    if (block !== undefined) this.#cut(block);
  }

  /** Makes blocks of a handle, which is used up. */
  #cut(whole: Bytes): void {
    let rest: Bytes | undefined = whole;
    try {
      while (rest.length > this.blockSize) this.#block(rest.splitTo(this.blockSize), undefined);
      const last: Bytes = rest;
      rest = undefined;
      this.#block(last, undefined);
    } finally {
      rest?.release();
    }
  }

  /**
   * Makes blocks of memory that is not ours: in place where it is in the heap, else of copies. Also of copies where other threads would go on reading
   * when the caller is back and nothing tells it until when.
   */
  #cutLent(lent: Uint8Array, loan: Loan | undefined): void {
    const address = loan !== undefined || this.#engine.immediate ? this.heap.addressOf(lent) : -1;
    for (let at = 0; at < lent.length; at += this.blockSize) {
      const end = Math.min(lent.length, at + this.blockSize);
      if (address < 0) this.#block(Bytes.copyOf(lent.subarray(at, end), this.heap), loan);
      else this.#submit(address + at, end - at, undefined, loan);
    }
  }

  /** Makes a block of a handle, which is used up. */
  #block(owner: Bytes, loan: Loan | undefined): void {
    if (owner.length === 0) owner.release();
    else this.#submit(owner.start, owner.length, owner, loan);
  }

  #submit(source: number, length: number, owner: Bytes | undefined, loan: Loan | undefined): void {
    let target: BytesMut | undefined;
    let job: BlockJob;
    try {
      target = this.#target(chunkBound(length));
      job = new BlockJob(source, length, owner, loan, target, target.length);
      this.#engine.submit(job);
    } catch (error) {
      owner?.release();
      target?.release();
      throw error;
    }
    this.#pieces.push(job);
  }

  /** Memory for the next piece, the stream's identifier in it already if it is the first. */
  #target(capacity: number): BytesMut {
    const identifier = this.#begun ? 0 : chunk.IDENTIFIER_LENGTH;
    const target = BytesMut.withCapacity(identifier + capacity, this.heap);
    if (identifier > 0) target.putSlice(chunk.streamIdentifier(this.#dialect));
    this.#begun = true;
    return target;
  }

  /** Queues a piece that needs no encoding. */
  #ready(target: BytesMut, prefix: number): void {
    const job = new BlockJob(0, 0, undefined, undefined, target, prefix);
    job.done = true;
    this.#pieces.push(job);
  }
}

/** Writes streams of the Snappy framing format: an {@link S2Writer} whose dialect is fixed. */
export class SnappyWriter extends S2Writer {
  constructor(options: Omit<S2WriterOptions, 'dialect'> = {}) {
    super({ ...options, dialect: 'snappy' });
  }
}

function checkSource(source: Bytes | Uint8Array): void {
  if (!(source instanceof Bytes || source instanceof Uint8Array)) throw new ArgumentTypeError('source', 'a Bytes or a Uint8Array', source);
}

function asView(source: Bytes | Uint8Array): Uint8Array {
  return source instanceof Bytes ? source.toBuffer() : source;
}
