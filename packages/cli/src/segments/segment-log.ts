import type { Bytes } from 'millrace/bytes';
import { systemError, type CommandError } from '../exit.js';
import { SegmentEncoder } from './segment-encoder.js';
import type { SegmentFile, SegmentFiles } from './segment-files.js';

/** What a queued piece of output is worth once it is written. */
interface QueuedOutput {
  /** Chunks in the heap, released when written. Empty for `roll`. */
  readonly chunks: readonly Bytes[];
  readonly messages: number;
  /** Uncompressed bytes in the chunks. */
  readonly bytes: number;
  /** The segment ends after these chunks. */
  readonly roll: boolean;
  /** Told whether everything up to here is written. */
  readonly settled: ((written: boolean) => void) | undefined;
}

/** Most pieces taken into one writev. */
const MAX_PIECES = 64;

/**
 * A log of compressed segments: blocks of whole messages go in, are compressed where they lie, and are written in the order of
 * `append`, one write at a time. What counts as written has been taken by the file system.
 *
 *     append ──▶ encoder ──▶ queue of chunks ──writev──▶ segment file ──roll──▶ next segment
 *                                └─ pendingBytes: the caller waits while it is above its limit
 */
export class SegmentLog {
  messagesWritten = 0;
  /** Uncompressed bytes written. */
  bytesWritten = 0;
  /** Compressed bytes written, headers and indexes included. */
  bytesOut = 0;
  segments = 0;
  /** Compressed bytes in memory, waiting to be written. */
  pendingBytes = 0;
  /** Called after each write, and when the log has failed: there is less to wait for. */
  onProgress: (() => void) | undefined;

  readonly #files: SegmentFiles;
  readonly #segmentBytes: number;
  readonly #encoder: SegmentEncoder;
  readonly #queue: QueuedOutput[] = [];
  #running: Promise<void> | undefined;
  #file: SegmentFile | undefined;
  #fileLength = 0;
  #failure: CommandError | undefined;

  /** @param segmentBytes compressed bytes after which a segment is closed */
  constructor(files: SegmentFiles, encoder: SegmentEncoder, segmentBytes: number) {
    this.#files = files;
    this.#encoder = encoder;
    this.#segmentBytes = segmentBytes;
  }

  /** Why the log stopped, if it did. */
  get failure(): CommandError | undefined {
    return this.#failure;
  }

  /** Takes `block`, which holds `messages` whole messages, compresses it at once and releases it. After a failure it is released unwritten. */
  append(block: Bytes, messages: number): void {
    if (this.#failure !== undefined) {
      block.release();
      return;
    }
    const bytes = block.length;
    this.#enqueue({ chunks: this.#encoder.encode(block, messages), messages, bytes, roll: false, settled: undefined });
    if (this.#encoder.segmentLength >= this.#segmentBytes) this.#roll();
  }

  /** Resolves when everything appended so far is written; to false when that has failed. */
  written(): Promise<boolean> {
    if (this.#failure !== undefined) return Promise.resolve(false);
    if (this.#running === undefined) return Promise.resolve(true);
    return new Promise((settled) => {
      this.#enqueue({ chunks: [], messages: 0, bytes: 0, roll: false, settled });
    });
  }

  /** Closes the open segment, waits until everything is written, and gives the failure if there was one. */
  async close(): Promise<CommandError | undefined> {
    if (this.#failure === undefined && this.#encoder.segmentLength > 0) this.#roll();
    while (this.#running !== undefined) await this.#running;
    this.#encoder.release();
    return this.#failure;
  }

  #roll(): void {
    this.#enqueue({ chunks: this.#encoder.finish(), messages: 0, bytes: 0, roll: true, settled: undefined });
  }

  #enqueue(output: QueuedOutput): void {
    for (const chunk of output.chunks) this.pendingBytes += chunk.length;
    this.#queue.push(output);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    try {
      while (this.#queue.length > 0 && this.#failure === undefined) await this.#writeSome();
    } finally {
      this.#running = undefined;
    }
  }

  async #writeSome(): Promise<void> {
    const rolling = this.#queue.findIndex((output) => output.roll);
    const batch = this.#queue.splice(0, Math.min(rolling < 0 ? this.#queue.length : rolling + 1, MAX_PIECES));
    const chunks = batch.flatMap((output) => output.chunks);
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    try {
      if (length > 0 && this.#file === undefined) {
        this.#file = await this.#files.next();
        this.#fileLength = 0;
        this.segments += 1;
      }
      if (length > 0) await this.#file!.write(chunks.map((chunk) => chunk.toBuffer()));
      this.#fileLength += length;
      this.bytesOut += length;
      for (const output of batch) {
        this.messagesWritten += output.messages;
        this.bytesWritten += output.bytes;
      }
      if (batch.at(-1)!.roll) {
        const file = this.#file!;
        this.#file = undefined;
        await file.close();
      }
    } catch (error) {
      await this.#fail(error);
    } finally {
      this.pendingBytes -= length;
      for (const chunk of chunks) chunk.release();
    }
    for (const output of batch) output.settled?.(this.#failure === undefined);
    this.onProgress?.();
  }

  async #fail(error: unknown): Promise<void> {
    const name = this.#file?.name;
    this.#failure = systemError(name === undefined ? 'cannot open a new segment' : `cannot write segment ${name}`, error);
    for (const output of this.#queue.splice(0)) {
      for (const chunk of output.chunks) {
        this.pendingBytes -= chunk.length;
        chunk.release();
      }
      output.settled?.(false);
    }
    // A part of a chunk may have reached the file: cut it off, so that the segment ends with its last complete chunk. Where even that fails,
    // readers find the end themselves.
    await this.#file?.truncate(this.#fileLength).catch(() => undefined);
    await this.#file?.close().catch(() => undefined);
    this.#file = undefined;
  }
}
