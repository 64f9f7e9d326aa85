import { MemoryError } from '../../base/errors.js';
import { LinkBuffer } from '../link-buffer.js';
import { Landing, LANDING_SIZE } from './landing.js';
import { unwatch, watch, type Sweepable } from './sweep.js';

/** Bytes that a connection reads from the landing, and copies, before it books room of its own: one that sends little never does. */
const LANDED_MOST = 4096;

/** How long a connection that found the heap full waits before it tries again. */
const RETRY_MS = 10;

/** What an intake asks of its owner. */
export interface IntakeOwner {
  /** How many of the last readable bytes belong to a message cut in two. */
  readonly carry: number;
  /** There is more to read; false to stop reading. */
  arrived(): boolean;
  /** Go on reading after the intake itself had it stopped. */
  resumeReading(): void;
  fail(error: unknown): void;
  /** Points a read that is armed already at `view`; false when that cannot be done. */
  redirect(view: Uint8Array): boolean;
}

/**
 * Decides where the next read goes. A connection begins, and waits, on the shared landing, from which the few bytes that come are copied;
 * once it has read 4 KiB it books room of its own, and reads go there without a copy until it is idle again.
 *
 *     landing --- 4 KiB ----> own room, doubling as reads fill it --- about a second without a read ---> landing
 *        ^                                                                                                |
 *        +------------------------------------------------------------------------------------------------+
 *
 * When the heap is full reading stops, what has landed waits in memory of its own, and room is asked for again until there is some.
 */
export class Intake implements Sweepable {
  readonly input: LinkBuffer;
  /** The view that the next read fills. */
  view: Buffer;
  /** Whether Node has asked for it. */
  asked = false;
  readonly #owner: IntakeOwner;
  readonly #landing: Landing;
  #landed = true;
  #landedBytes = 0;
  #busy = false;
  #watched = false;
  #stash: Buffer | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(owner: IntakeOwner, input: LinkBuffer) {
    this.#owner = owner;
    this.input = input;
    this.#landing = Landing.of(input.heap);
    this.view = this.#landing.view;
  }

  /** What Node asks for before each read. */
  next(): Buffer {
    this.asked = true;
    return this.view;
  }

  /** A read has put `n` bytes into {@link view}. Gives false when reading must stop; either way `view` is where the next one goes. */
  read(n: number): boolean {
    this.#busy = true;
    try {
      if (!this.#landed) this.input.commit(n);
      else if (!this.#copyLanded(this.#landing.view, n)) return false;
      else if (this.#landedBytes < LANDED_MOST) {
        this.#watch();
        return this.#owner.arrived();
      }
      return this.#deliver();
    } catch (error) {
      // Bytes handed on must not be read over: whatever went wrong, the next read lands where nothing is kept.
      this.#land();
      this.#owner.fail(error);
      return false;
    }
  }

  /** A chunk that Node allocated: the way of reading that copies. Gives false when reading must stop. */
  copy(chunk: Uint8Array): boolean {
    this.#busy = true;
    try {
      if (!this.#copyLanded(chunk, chunk.length)) return false;
      this.#watch();
      return this.#owner.arrived();
    } catch (error) {
      this.#owner.fail(error);
      return false;
    }
  }

  sweep(): boolean {
    if (this.#busy) {
      this.#busy = false;
      return false;
    }
    if (!this.#landed && !this.#owner.redirect(this.#landing.view)) return false;
    this.#land();
    this.#landedBytes = 0;
    this.input.releaseRoom();
    this.#watched = false;
    return true;
  }

  /** The connection is closed: no read will come. */
  close(): void {
    clearTimeout(this.#retry);
    unwatch(this);
    this.#stash = undefined;
    this.input.releaseRoom();
  }

  #land(): void {
    this.#landed = true;
    this.view = this.#landing.view;
  }

  // Copies what landed into room of our own.
  #copyLanded(source: Uint8Array, n: number): boolean {
    this.#landedBytes += n;
    try {
      this.input.copyIn(source, n, this.#owner.carry);
    } catch (error) {
      if (!(error instanceof MemoryError)) throw error;
      this.#stash = Buffer.from(source.subarray(0, n));
      this.#wait();
      return false;
    }
    return true;
  }

  // Hands on what has come and books for the next read.
  #deliver(): boolean {
    const more = this.#owner.arrived();
    try {
      this.input.bookRead(this.#owner.carry);
    } catch (error) {
      if (!(error instanceof MemoryError)) throw error;
      this.#land();
      if (more) this.#wait();
      return false;
    }
    this.#landed = false;
    this.view = this.input.roomBuffer();
    this.#watch();
    return more;
  }

  #watch(): void {
    if (this.#watched) return;
    this.#watched = true;
    watch(this);
  }

  #wait(): void {
    this.#land();
    this.#retry = setTimeout(() => this.#tryAgain(), RETRY_MS);
  }

  // Reading is stopped, and the next read is armed on the landing: go on once there is room for a whole landing more.
  #tryAgain(): void {
    const stash = this.#stash;
    try {
      this.input.book((stash?.length ?? 0) + LANDING_SIZE, this.#owner.carry);
      this.#stash = undefined;
      this.#watch();
      if (stash !== undefined) {
        this.input.copyIn(stash, stash.length, this.#owner.carry);
        if (!this.#owner.arrived()) return;
      }
      this.#owner.resumeReading();
    } catch (error) {
      if (error instanceof MemoryError) this.#wait();
      else this.#owner.fail(error);
    }
  }
}
