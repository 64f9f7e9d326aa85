import { DEAD, LOCK, LOCK_STEALS, LOCK_WAITERS, SLOT_STATE, SLOT_TABLE, SLOT_WORDS } from './state.js';

// Own names for imported constants: V8 folds only those.
const WORD: number = LOCK;
const WAITERS: number = LOCK_WAITERS;

const SPINS = 200;
const WAIT_MS = 5;

/**
 * Waits in vain for one turn of a holder after which it is taken for dead, two seconds in all: sections under the lock last microseconds, a growth milliseconds. Waits are
 * counted and not the clock read: a machine that sleeps or a process that is stopped moves the clock for all threads at once, and says nothing about the holder.
 */
const STALLED_WAITS: number = 2000 / WAIT_MS;

/**
 * The lock over what the threads share. Its word names the holder and the turn, so that waiters can tell a holder that
 * has stalled from one that keeps coming back: when its slot is marked dead, or the very same turn outlasts two seconds of waiting, the
 * lock is taken from it.
 */
export class SharedLock {
  readonly #words: Int32Array;
  readonly #slot: number;
  #ticket = 0;
  #mine = 0;

  constructor(words: Int32Array, slot: number) {
    this.#words = words;
    this.#slot = slot;
  }

  /** A fresh word for one turn of this thread's: for who takes the lock with a kernel. */
  turn(): number {
    const ticket = (this.#ticket + 1) & 0x3f_ffff;
    this.#ticket = ticket;
    return (ticket << 8) | (this.#slot + 1);
  }

  /** Waits for the lock. Gives true when it was taken from a holder that died: what it guards may be half changed. */
  acquire(): boolean {
    const mine = this.turn();
    this.#mine = mine;
    return Atomics.compareExchange(this.#words, WORD, 0, mine) === 0 ? false : this.#wait(mine);
  }

  release(): void {
    const words = this.#words;
    // A holder that was stopped for so long that the lock was taken from it must not free the new holder's.
    Atomics.compareExchange(words, WORD, this.#mine, 0);
    if (Atomics.load(words, WAITERS) !== 0) Atomics.notify(words, WORD, 1);
  }

  #wait(mine: number): boolean {
    const words = this.#words;
    for (let i = 0; i < SPINS; i += 1) {
      if (Atomics.load(words, WORD) === 0 && Atomics.compareExchange(words, WORD, 0, mine) === 0) return false;
    }
    Atomics.add(words, WAITERS, 1);
    try {
      let seen = 0;
      let waits = 0;
      for (;;) {
        const holder = Atomics.compareExchange(words, WORD, 0, mine);
        if (holder === 0) return false;
        if (holder !== seen) {
          seen = holder;
          waits = 0;
        }
        const slot = (holder & 0xff) - 1;
        const dead = Atomics.load(words, SLOT_TABLE + slot * SLOT_WORDS + SLOT_STATE) === DEAD;
        if ((dead || waits >= STALLED_WAITS) && Atomics.compareExchange(words, WORD, holder, mine) === holder) {
          Atomics.add(words, LOCK_STEALS, 1);
          return true;
        }
        if (Atomics.wait(words, WORD, holder, WAIT_MS) === 'timed-out') waits += 1;
      }
    } finally {
      Atomics.sub(words, WAITERS, 1);
    }
  }
}
