import type { Bytes } from 'millrace/bytes';
import { systemError, type CommandError } from '../exit.js';
import { SegmentEncoder, type SegmentFormat } from './segment-encoder.js';
import type { SegmentFile, SegmentFiles } from './segment-files.js';

/** Someone who waits for the first `bytes` appended bytes to be written. */
interface Waiter {
  readonly bytes: number;
  readonly settle: (written: boolean) => void;
}

/**
 * A log of compressed segments: blocks of whole messages go in, are compressed where they lie, here or in other threads, and are written in
 * the order of `append`, one write at a time. What counts as written has been taken by the file system.
 *
 *     append ──▶ last segment's encoder        (segments before it are finished and only drained)
 *                first segment's encoder ──take──writev──▶ its file
 */
export class SegmentLog {
  messagesWritten = 0;
  /** Uncompressed bytes written. */
  bytesWritten = 0;
  /** Compressed bytes written, headers and indexes included. */
  bytesOut = 0;
  /** Segments begun. */
  segments = 0;
  /** Called after each write, and when the log has failed: there is less to wait for. */
  onProgress: (() => void) | undefined;

  readonly #files: SegmentFiles;
  readonly #format: SegmentFormat;
  readonly #segmentBytes: number;
  readonly #encoders: SegmentEncoder[] = [];
  readonly #waiters: Waiter[] = [];
  /** Uncompressed bytes appended. */
  #appended = 0;
  #isRunning = false;
  #running: Promise<void> | undefined;
  #file: SegmentFile | undefined;
  #fileLength = 0;
  #failure: CommandError | undefined;

  /** @param segmentBytes compressed bytes after which a segment is closed */
  constructor(files: SegmentFiles, format: SegmentFormat, segmentBytes: number) {
    this.#files = files;
    this.#format = format;
    this.#segmentBytes = segmentBytes;
  }

  /** Why the log stopped, if it did. */
  get failure(): CommandError | undefined {
    return this.#failure;
  }

  /** Uncompressed bytes that were appended and are yet to be written. */
  get pendingBytes(): number {
    return this.#failure === undefined ? this.#appended - this.bytesWritten : 0;
  }

  /** Takes `block`, which holds `messages` whole messages. After a failure it is released unwritten. */
  append(block: Bytes, messages: number): void {
    if (this.#failure !== undefined) {
      block.release();
      return;
    }
    let encoder = this.#encoders.at(-1);
    if (encoder === undefined || encoder.length >= this.#segmentBytes) {
      encoder?.finish();
      encoder = new SegmentEncoder(this.#format);
      this.#encoders.push(encoder);
    }
    this.#appended += block.length;
    encoder.encode(block, messages);
    this.#start();
  }

  /** Resolves when everything appended so far is written; to false when that has failed. */
  written(): Promise<boolean> {
    if (this.#failure !== undefined) return Promise.resolve(false);
    if (this.pendingBytes === 0) return Promise.resolve(true);
    return new Promise((settle) => {
      this.#waiters.push({ bytes: this.#appended, settle });
    });
  }

  /** Closes the open segment, waits until everything is written, and gives the failure if there was one. */
  async close(): Promise<CommandError | undefined> {
    if (this.#failure === undefined) this.#encoders.at(-1)?.finish();
    this.#start();
    await this.#running;
    return this.#failure;
  }

  #start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#running = this.#run();
  }

  // Drains the first segment, then the next, until nothing is ready and nothing is under way.
  async #run(): Promise<void> {
    while (await this.#step());
  }

  // Does the next thing for the first segment; false when there is none to do.
  async #step(): Promise<boolean> {
    const encoder = this.#encoders[0];
    if (encoder === undefined) return this.#rest();
    const { chunks, messages, bytes } = encoder.take();
    try {
      if (chunks.length > 0) {
        await this.#write(chunks);
        this.messagesWritten += messages;
        this.bytesWritten += bytes;
      } else if (encoder.isDrained) {
        this.#encoders.shift();
        encoder.release();
        await this.#closeFile();
      } else if (encoder.isBusy) await encoder.progress();
      else return this.#rest();
    } catch (error) {
      await this.#fail(error);
    } finally {
      for (const chunk of chunks) chunk.release();
    }
    this.#settle();
    this.onProgress?.();
    return true;
  }

  // The flag falls in the very turn in which nothing was found to do, so that an append after it starts anew.
  #rest(): false {
    this.#isRunning = false;
    return false;
  }

  async #write(chunks: readonly Bytes[]): Promise<void> {
    if (this.#file === undefined) {
      this.#file = await this.#files.next();
      this.#fileLength = 0;
      this.segments += 1;
    }
    await this.#file.write(chunks.map((chunk) => chunk.toBuffer()));
    for (const chunk of chunks) {
      this.#fileLength += chunk.length;
      this.bytesOut += chunk.length;
    }
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #settle(): void {
    const failed = this.#failure !== undefined;
    const upTo = failed ? this.#appended : this.bytesWritten;
    while (this.#waiters.length > 0 && this.#waiters[0]!.bytes <= upTo) this.#waiters.shift()!.settle(!failed);
  }

  async #fail(error: unknown): Promise<void> {
    const name = this.#file?.name;
    this.#failure = systemError(name === undefined ? 'cannot open a new segment' : `cannot write segment ${name}`, error);
    for (const encoder of this.#encoders.splice(0)) encoder.release();
    // A part of a chunk may have reached the file: cut it off, so that the segment ends with its last complete chunk. Where even that fails,
    // readers find the end themselves.
    await this.#file?.truncate(this.#fileLength).catch(() => undefined);
    await this.#closeFile().catch(() => undefined);
  }
}
