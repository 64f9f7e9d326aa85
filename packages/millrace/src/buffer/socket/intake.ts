import { MemoryError } from '../../base/errors.js';
import { LinkBuffer } from '../link-buffer.js';
import type { LinkSetup } from './setup.js';
import { unwatch, watch, type Sweepable } from './sweep.js';

/** Bytes that a connection reads from the landing, and copies, before it books room of its own: one that sends little never does. */
const LANDED_MOST = 4096;
/** Doublings of that for a connection which has gone back to the landing as often. */
const MOST_DOUBLINGS = 8;

// What a link knows about itself in one number, as ten thousand idle ones should cost little. The bits from RETURNS on count doublings.
/** Something was read since the last sweep. */
const BUSY = 1;
/** The sweep has this connection on its list. */
const WATCHED = 2;
/** Reads go straight into the heap. */
export const DIRECT = 4;
/** The socket is closed. */
export const CLOSED = 8;
/** The way out is shut: Node ended it with the way in, as it does where half-open is not allowed. */
export const SHUT = 16;
/** Somebody was told to stop writing, and waits for `drain`. */
export const WANTS_DRAIN = 32;
/** The next read goes to the landing. */
const LANDED = 64;
const RETURNS = 7;

/** A connection that waits for memory. */
class Stall {
  readonly abort: AbortController = new AbortController();
  /** What has come meanwhile, in memory of its own. TLS gives all that it has decrypted, also when told to stop. */
  readonly stash: Buffer[] = [];
}

/**
 * The half of a link that decides where the next read goes. A connection begins, and waits, on the shared landing, from which the few bytes that
 * come are copied; once it has read 4 KiB it books room of its own, and reads go there without a copy until it is idle again.
 *
 *     landing --- 4 KiB ----> own room, doubling as reads fill it --- about a second without a read ---> landing
 *        ^                                                                                                |
 *        +------------------------------------------------------------------------------------------------+
 *
 * When the heap is full reading stops, what has landed waits in memory of its own, and reading goes on as soon as there is room.
 */
export abstract class Intake implements Sweepable {
  /** What has been read and not consumed. Do not book or commit. */
  readonly input: LinkBuffer;
  /**
   * How many of the last readable bytes are the beginning of a message whose end has not come: {@link FrameScanner.pending}. When the next read
   * needs new room, these are copied in front of it, so that the message lies in one piece. @default 0
   */
  carry = 0;
  /** @internal */
  protected readonly setup: LinkSetup;
  /** @internal */
  protected state: number = LANDED;
  // Bytes that have landed since the connection came to the landing.
  #landed = 0;
  #stall: Stall | undefined = undefined;

  constructor(setup: LinkSetup) {
    this.setup = setup;
    this.input = new LinkBuffer(setup.settings);
    setup.landing.enter();
  }

  /** @internal There is more to read; false to stop reading. */
  protected abstract arrived(): boolean;

  /** @internal Closes with `error`. */
  protected abstract fail(error: unknown): void;

  /** @internal Points the read that is awaited at `view`; false when that cannot be done. */
  protected abstract redirect(view: Uint8Array): boolean;

  /** Goes on reading. */
  abstract resume(): void;

  /** @internal What the next read fills. */
  get view(): Buffer {
    return (this.state & LANDED) !== 0 ? this.setup.landing.view : this.input.roomBuffer();
  }

  /** @internal A read has put `n` bytes into {@link view}. Gives false when reading must stop; either way `view` is where the next one goes. */
  read(n: number): boolean {
    this.state |= BUSY;
    const { landing } = this.setup;
    try {
      if ((this.state & LANDED) === 0) this.input.commit(n);
      else {
        if (!this.keep(landing.view, n)) return false;
        this.#landed += n;
        if (this.#landed < LANDED_MOST << (this.state >> RETURNS)) return this.arrived();
      }
      return this.deliver();
    } catch (error) {
      // Bytes handed on must not be read over: whatever went wrong, the next read lands where nothing is kept.
      this.land();
      this.fail(error);
      return false;
    }
  }

  /** @internal A chunk that Node allocated: the way of reading that copies. Gives false when reading must stop. */
  copy(chunk: Uint8Array): boolean {
    try {
      return this.keep(chunk, chunk.length) && this.arrived();
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  /** @internal */
  sweep(): boolean {
    if ((this.state & BUSY) !== 0) {
      this.state &= ~BUSY;
      return false;
    }
    if ((this.state & LANDED) === 0 && !this.redirect(this.setup.landing.view)) return false;
    this.land();
    this.#landed = 0;
    // Each return costs Node a few bytes: a connection that wakes and sleeps by turns soon stays on the landing.
    if (this.state >> RETURNS < MOST_DOUBLINGS) this.state += 1 << RETURNS;
    this.input.releaseRoom();
    this.state &= ~WATCHED;
    return true;
  }

  /** @internal The connection is closed: no read will come. */
  protected closeIntake(): void {
    const stall = this.#stall;
    this.#stall = undefined;
    stall?.abort.abort();
    if ((this.state & WATCHED) !== 0) unwatch(this);
    this.input.close();
    this.setup.landing.leave();
  }

  private land(): void {
    this.state |= LANDED;
  }

  // Copies what Node has read to where it can stay. False when there is no memory for it: it is copied, and handed on, as soon as there is.
  private keep(source: Uint8Array, n: number): boolean {
    if (this.#stall === undefined) {
      try {
        this.input.copyIn(source, n, this.carry, this.setup.landing.kept);
        return true;
      } catch (error) {
        if (!(error instanceof MemoryError)) throw error;
        this.wait();
      }
    }
    this.#stall!.stash.push(Buffer.from(source.subarray(0, n)));
    return false;
  }

  // Hands on what has come and books for the next read.
  private deliver(): boolean {
    const more = this.arrived();
    try {
      this.input.bookRead(this.carry);
    } catch (error) {
      if (!(error instanceof MemoryError)) throw error;
      this.land();
      if (more) this.wait();
      return false;
    }
    this.state &= ~LANDED;
    this.watch();
    return more;
  }

  private watch(): void {
    if ((this.state & WATCHED) !== 0) return;
    this.state |= WATCHED;
    watch(this);
  }

  // Reading stops, and what comes all the same lands: waits for memory in a line with all others, then goes on.
  private wait(): void {
    this.land();
    this.#stall = new Stall();
    void this.goOnWhenFree(this.#stall);
  }

  private async goOnWhenFree(stall: Stall): Promise<void> {
    const { input } = this;
    try {
      // What has come is handed on in one piece, so there must be room for all of it.
      do await input.bookWhenFree(Math.max(input.bookingSize, bytesOf(stall.stash)), stall.abort.signal);
      while (input.roomLength < bytesOf(stall.stash));
      stall.abort.signal.throwIfAborted();
      this.#stall = undefined;
      this.watch();
      for (const chunk of stall.stash) input.copyIn(chunk, chunk.length, this.carry, this.setup.landing.kept);
      if (stall.stash.length === 0 || this.arrived()) this.resume();
    } catch (error) {
      if (stall.abort.signal.aborted) input.releaseRoom(); // closed meanwhile
      else this.fail(error);
    }
  }
}

function bytesOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}
