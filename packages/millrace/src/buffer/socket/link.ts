import type { Socket } from 'node:net';
import { defaultHeap, type Heap } from '../../memory/heap.js';
import type { Bytes } from '../../bytes/bytes.js';
import { checkInteger } from '../../base/arguments.js';
import { LinkBuffer, type LinkBufferOptions } from '../link-buffer.js';
import { Intake, type IntakeOwner } from './intake.js';

/** What happens on a link. One object may serve any number of links. */
export interface LinkHandlers {
  /**
   * More is readable in `link.input`. Give false to stop reading until {@link Link.resume}. What this throws destroys the link with that
   * error, so a scanner's fault may simply pass.
   */
  data(link: Link): boolean | void;
  /** The peer has sent all it will: what is readable now is the rest. */
  end?(link: Link): void;
  /** Fewer bytes than `highWaterMark` wait to be written, after {@link Link.flush} gave false. */
  drain?(link: Link): void;
  /**
   * The link is closed, with the error that ended it if there was one. What is still readable goes back after this.
   */
  close?(link: Link, error: Error | undefined): void;
}

/** How a link reads and writes. */
export interface LinkOptions extends Omit<LinkBufferOptions, 'heap' | 'maxBook'> {
  /** Bytes of the largest booking that reads can grow to: larger ones cost cache misses and memory and save little. @default 1 MiB */
  maxBook?: number;
  /** Where the bytes live. @default defaultHeap() */
  heap?: Heap;
  /** Bytes waiting to be written from which on {@link Link.flush} gives false. @default 1 MiB */
  highWaterMark?: number;
  /** Keep the way out open after the peer has ended, until {@link Link.end}. @default false: what is written by then is sent, then the link ends too */
  allowHalfOpen?: boolean;
  /** `'copy'` forgoes reading straight into the heap: for comparison and tests. @default 'auto' */
  reading?: 'auto' | 'copy';
}

// One function for all links, as ten thousand idle ones should cost little.
const links = new WeakMap<Socket, Link>();

function onEnd(this: Socket): void {
  links.get(this)?.ended();
}

function onError(this: Socket, error: Error): void {
  links.get(this)?.failed(error);
}

function onClose(this: Socket): void {
  links.get(this)?.closed();
}

/**
 * A socket whose bytes are read into one LinkBuffer and written from another.
 *
 *     socket --read--> input   --- handlers.data: next, until, frames ...
 *     socket <-writev- output  <-- malloc, writeBytes ..., flush
 *
 * What is written stays pinned until Node has written it. When the socket closes, by either side or by a fault, whatever the link
 * holds goes back; handles that were taken from `input` are their takers'.
 */
export class Link implements IntakeOwner {
  readonly socket: Socket;
  readonly heap: Heap;
  /** What has been read and not consumed. Do not book or commit. */
  readonly input: LinkBuffer;
  readonly highWaterMark: number;
  /**
   * How many of the last readable bytes are the beginning of a message whose end has not come: {@link FrameScanner.pending}. When the next read
   * needs new room, these are copied in front of it, so that the message lies in one piece. @default 0
   */
  carry = 0;
  /** Whether reads go straight into the heap. */
  direct = false;
  /** Bytes flushed and not yet written out. */
  pendingBytes = 0;
  /** Whatever the user keeps with a link. */
  data: unknown;
  readonly #handlers: LinkHandlers;
  readonly #intake: Intake;
  #output: LinkBuffer | undefined;
  readonly #options: LinkOptions;
  // Handles given to Node, in batches, oldest first; a batch goes back when its write has been called back.
  readonly #batches: Bytes[][] = [];
  #wantsDrain = false;
  #error: Error | undefined;
  #closed = false;
  // The way out is shut: Node ended it with the way in, as it does where half-open is not allowed.
  #shut = false;

  /** Users call `attach`, `connectLink`, `connectTlsLink` or `linkServer`. */
  constructor(makeSocket: (link: Link) => Socket, handlers: LinkHandlers, options: LinkOptions) {
    const { heap = defaultHeap(), highWaterMark = 2 ** 20 } = options;
    this.heap = heap;
    this.highWaterMark = checkInteger('highWaterMark', highWaterMark, 1, Number.MAX_SAFE_INTEGER);
    this.#handlers = handlers;
    this.#options = options;
    const { minBook = 8192, maxBook = Math.max(minBook, 2 ** 20), copyBelow = 4096 } = options;
    this.input = new LinkBuffer({ heap, minBook, maxBook, copyBelow });
    this.#intake = new Intake(this, this.input);
    this.socket = makeSocket(this);
    const { socket } = this;
    links.set(socket, this);
    socket.on('end', onEnd);
    socket.on('error', onError);
    socket.on('close', onClose);
  }

  /** What is to be written: nothing of it leaves before {@link flush}. */
  get output(): LinkBuffer {
    this.#output ??= new LinkBuffer({ heap: this.heap, ...(this.#options.copyBelow === undefined ? {} : { copyBelow: this.#options.copyBelow }) });
    return this.#output;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  // ---- reading -----------------------------------------------------------------------------------------------------

  /** The option that has Node read into our memory. */
  get onread(): { buffer: () => Uint8Array; callback: (n: number) => boolean } {
    const intake = this.#intake;
    return { buffer: () => intake.next(), callback: (n) => intake.read(n) };
  }

  /** @internal Whether Node has asked for memory to read into. */
  get wasAsked(): boolean {
    return this.#intake.asked;
  }

  /** Reads from 'data' events instead: one copy. */
  listen(): void {
    this.socket.on('data', (chunk: Buffer) => {
      if (!this.#intake.copy(chunk)) this.socket.pause();
    });
  }

  /** Stops reading. */
  pause(): void {
    this.socket.pause();
  }

  /** Goes on reading. */
  resume(): void {
    if (!this.#closed) this.socket.resume();
  }

  /** @internal */
  arrived(): boolean {
    if (this.socket.destroyed) return false;
    return this.#handlers.data(this) !== false;
  }

  /** @internal */
  resumeReading(): void {
    this.resume();
  }

  /** @internal */
  fail(error: unknown): void {
    this.destroy(error instanceof Error ? error : new Error(String(error)));
  }

  /** @internal */
  redirect(view: Uint8Array): boolean {
    if (!this.direct) return true;
    // Not documented; without it an idle connection keeps the room it booked last.
    const handle = (this.socket as unknown as { _handle?: { useUserBuffer?: (view: Uint8Array) => void } | null })._handle;
    if (!handle || typeof handle.useUserBuffer !== 'function') return false;
    handle.useUserBuffer(view);
    return true;
  }

  // ---- writing -----------------------------------------------------------------------------------------------------

  /**
   * Writes out what {@link output} holds, in one writev. Its memory is pinned until Node has written it.
   * @returns false when `highWaterMark` bytes or more wait to be written: time to stop until `drain`. After the link has closed, nothing is written.
   */
  flush(): boolean {
    const output = this.#output;
    if (output === undefined) return this.pendingBytes < this.highWaterMark;
    output.flush();
    if (output.length > 0) {
      if (this.#closed || this.#shut || this.socket.destroyed || this.socket.writableEnded) output.skip(output.length);
      else this.#write(output);
    }
    if (this.pendingBytes < this.highWaterMark) return true;
    this.#wantsDrain = true;
    return false;
  }

  /** Writes `bytes` out, after what {@link output} holds: the handle is the link's from now on. @returns as {@link flush} */
  send(bytes: Bytes): boolean {
    this.output.writeBytes(bytes);
    return this.flush();
  }

  /** Flushes, then tells the peer that nothing more will come. */
  end(): void {
    this.flush();
    this.socket.end();
  }

  /** Closes at once, whatever waits. */
  destroy(error?: Error): void {
    if (this.#closed) return;
    this.#error ??= error;
    this.socket.destroy(error);
  }

  // Gives all of `output` to Node.
  #write(output: LinkBuffer): void {
    const { socket } = this;
    const batch: Bytes[] = [];
    this.#batches.push(batch);
    socket.cork();
    for (let part = output.nextPart(); part !== undefined; part = output.nextPart()) {
      batch.push(part);
      this.pendingBytes += part.length;
      if (output.length > 0) socket.write(part.toBuffer());
      else socket.write(part.toBuffer(), () => this.#written(batch));
    }
    socket.uncork();
  }

  #written(batch: Bytes[]): void {
    // Node calls back in order, so the batch is the oldest; or the link has closed and it went back then.
    if (this.#batches[0] === batch) this.#batches.shift();
    this.#unpin(batch);
    if (!this.#wantsDrain || this.pendingBytes >= this.highWaterMark || this.#closed) return;
    this.#wantsDrain = false;
    this.#call(() => this.#handlers.drain?.(this));
  }

  #unpin(batch: Bytes[]): void {
    for (const bytes of batch) {
      this.pendingBytes -= bytes.length;
      bytes.release();
    }
    batch.length = 0;
  }

  /** @internal */
  ended(): void {
    this.#shut = !this.socket.allowHalfOpen;
    this.#call(() => this.#handlers.end?.(this));
    if (!(this.#options.allowHalfOpen ?? false) && !this.socket.destroyed) this.end();
  }

  /** @internal */
  failed(error: Error): void {
    this.#error ??= error;
  }

  /** @internal The handle is closed: Node neither reads nor writes any more. */
  closed(): void {
    this.#closed = true;
    for (const batch of this.#batches) this.#unpin(batch);
    this.#batches.length = 0;
    try {
      this.#handlers.close?.(this, this.#error);
    } finally {
      this.#intake.close();
      this.input.close();
      this.#output?.close();
    }
  }

  #call(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      this.fail(error);
    }
  }
}
