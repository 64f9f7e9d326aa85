import type { Socket } from 'node:net';
import type { Heap } from '../../memory/heap.js';
import type { Bytes } from '../../bytes/bytes.js';
import { LinkBuffer, type LinkBufferOptions } from '../link-buffer.js';
import { CLOSED, DIRECT, Intake, SHUT, WANTS_DRAIN } from './intake.js';
import { canReadInPlace, READER, readInPlace, redirect } from './onread.js';
import { Outlet, type Writer } from './outlet.js';
import type { LinkSetup } from './setup.js';

/** What happens on a link. One object may serve any number of links. `Data` is what the user keeps with each: {@link Link.data}. */
export interface LinkHandlers<Data = unknown> {
  /**
   * Called once for each link, before anything is read. What it gives is the link's `data` from then on. What it throws destroys the link and reaches whoever made it.
   * @default `data` is undefined until it is set
   */
  open?(link: Link): Data;
  /**
   * More is readable in `link.input`. Give false to stop reading until {@link Link.resume}. What this throws destroys the link with that
   * error, so a scanner's fault may simply pass.
   */
  data(link: Link<Data>): boolean | void;
  /** The peer has sent all it will: what is readable now is the rest. */
  end?(link: Link<Data>): void;
  /** Fewer bytes than `highWaterMark` wait to be written, after {@link Link.flush} gave false. */
  drain?(link: Link<Data>): void;
  /**
   * The link is closed, with the error that ended it if there was one. What is still readable goes back after this.
   */
  close?(link: Link<Data>, error: Error | undefined): void;
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

/** The option that has Node read into our memory: `net.connect({ onread })`. */
export interface OnRead {
  buffer: () => Uint8Array;
  callback: (n: number) => boolean;
}

// Functions that all links share, as ten thousand idle ones should cost little.
interface Linked {
  [READER]: Link;
}

function onData(this: Socket, chunk: Buffer): void {
  if (!(this as unknown as Linked)[READER].copy(chunk)) this.pause();
}

function onEnd(this: Socket): void {
  (this as unknown as Linked)[READER].ended();
}

function onError(this: Socket, error: Error): void {
  (this as unknown as Linked)[READER].failed(error);
}

function onClose(this: Socket): void {
  (this as unknown as Linked)[READER].closed();
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
export class Link<Data = unknown> extends Intake implements Writer {
  readonly socket: Socket;
  /** Whatever the user keeps with a link: what {@link LinkHandlers.open} gave. */
  data: Data = undefined as Data;
  #output: LinkBuffer | undefined = undefined;
  #outlet: Outlet | undefined = undefined;
  #error: Error | undefined = undefined;

  /** Users call `attach`, `connectLink`, `connectTlsLink` or `linkServer`. */
  private constructor(setup: LinkSetup, connect: ((link: Link) => Socket) | undefined, accepted: Socket | undefined) {
    super(setup);
    const socket = accepted ?? connect!(this);
    const direct = !setup.copies && (accepted === undefined || canReadInPlace(accepted));
    this.socket = socket;
    (socket as unknown as Linked)[READER] = this;
    if (direct) this.state |= DIRECT;
    if (direct && accepted !== undefined) readInPlace(accepted);
    socket.on('end', onEnd);
    socket.on('error', onError);
    socket.on('close', onClose);
    // Nothing comes this way where reads are direct, unless Node should read in a way of its own after all: then it is copied, and not lost.
    if (accepted !== undefined || !direct) socket.on('data', onData);
  }

  /** @internal A link over a socket that there is. */
  static over<Data>(socket: Socket, setup: LinkSetup): Link<Data> {
    return new Link<Data>(setup, undefined, socket).#open();
  }

  /** @internal A link over a socket that `connect` makes, with the `onread` it is given if there is one. */
  static connecting<Data>(setup: LinkSetup, connect: (onread: OnRead | undefined) => Socket): Link<Data> {
    return new Link<Data>(setup, (link) => connect(setup.copies ? undefined : { buffer: () => link.view, callback: (n) => link.read(n) }), undefined).#open();
  }

  #open(): this {
    const { handlers } = this.setup;
    if (handlers.open === undefined) return this;
    try {
      this.data = handlers.open(this) as Data;
    } catch (error) {
      this.fail(error);
      throw error;
    }
    return this;
  }

  get heap(): Heap {
    return this.input.heap;
  }

  get highWaterMark(): number {
    return this.setup.highWaterMark;
  }

  /** Whether reads go straight into the heap. */
  get direct(): boolean {
    return (this.state & DIRECT) !== 0;
  }

  get isClosed(): boolean {
    return (this.state & CLOSED) !== 0;
  }

  // ---- reading -----------------------------------------------------------------------------------------------------

  /** Stops reading. */
  pause(): void {
    this.socket.pause();
  }

  /** Goes on reading. */
  resume(): void {
    if (!this.isClosed) this.socket.resume();
  }

  /** @internal */
  protected arrived(): boolean {
    if (this.socket.destroyed) return false;
    return this.setup.handlers.data(this) !== false;
  }

  /** @internal */
  protected fail(error: unknown): void {
    this.destroy(error instanceof Error ? error : new Error(String(error)));
  }

  /** @internal */
  protected redirect(view: Uint8Array): boolean {
    return redirect(this.socket, view);
  }

  // ---- writing -----------------------------------------------------------------------------------------------------

  /** What is to be written: nothing of it leaves before {@link flush}. */
  get output(): LinkBuffer {
    return (this.#output ??= new LinkBuffer(this.setup.settings));
  }

  /** Bytes flushed and not yet written out. */
  get pendingBytes(): number {
    return this.#outlet === undefined ? 0 : this.#outlet.pendingBytes;
  }

  /**
   * Writes out what {@link output} holds, in one writev. Its memory is pinned until Node has written it.
   * @returns false when `highWaterMark` bytes or more wait to be written: time to stop until `drain`. After the link has closed, nothing is written.
   */
  flush(): boolean {
    const output = this.#output;
    if (output === undefined) return true;
    output.flush();
    if (output.length > 0) {
      if ((this.state & (CLOSED | SHUT)) !== 0 || this.socket.destroyed || this.socket.writableEnded) output.skip(output.length);
      else (this.#outlet ??= new Outlet(this)).write(output);
    }
    if (this.pendingBytes < this.setup.highWaterMark) return true;
    this.state |= WANTS_DRAIN;
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
    if (this.isClosed) return;
    this.#error ??= error;
    this.socket.destroy(error);
  }

  /** @internal The peer has sent all it will. */
  ended(): void {
    if (!this.socket.allowHalfOpen) this.state |= SHUT;
    this.call(this.setup.handlers.end);
    if (!this.setup.allowHalfOpen && !this.socket.destroyed) this.end();
  }

  /** @internal */
  failed(error: Error): void {
    this.#error ??= error;
  }

  /** @internal The handle is closed: Node neither reads nor writes any more. */
  closed(): void {
    this.state |= CLOSED;
    try {
      this.setup.handlers.close?.(this, this.#error);
    } finally {
      this.closeIntake();
      this.#outlet?.close();
      this.#output?.close();
    }
  }

  /** @internal A write is done: whoever was told to stop may go on once enough of them are. */
  written(): void {
    const { pendingBytes } = this;
    if (pendingBytes === 0) {
      this.#outlet = undefined;
      const output = this.#output!;
      if (output.mallocLength === 0) output.releaseRoom();
    }
    if ((this.state & WANTS_DRAIN) === 0 || pendingBytes >= this.setup.highWaterMark || this.isClosed) return;
    this.state &= ~WANTS_DRAIN;
    this.call(this.setup.handlers.drain);
  }

  private call(handler: ((link: Link) => void) | undefined): void {
    try {
      handler?.call(this.setup.handlers, this);
    } catch (error) {
      this.fail(error);
    }
  }
}
