import { StreamError } from '../base/errors.js';

/**
 * Called once for each `Uint8Array` that a writer was given by `encodeBuffer`, in the order given and never two at a time,
 * when the writer does not need it any more: it may be written to at once.
 * `error` says why its data will not come out whole; undefined when it was encoded.
 */
export type BufferDone = (buffer: Uint8Array, error: Error | undefined) => void;

/** A buffer that a writer was lent, on its way back. */
export class Loan {
  readonly buffer: Uint8Array;
  /** Blocks of it that are not encoded yet, plus one while blocks are still being cut from it. */
  outstanding = 1;
  error: Error | undefined = undefined;

  constructor(buffer: Uint8Array) {
    this.buffer = buffer;
  }
}

/**
 * Gives lent buffers back: each exactly once, in the order of the loans, as soon as it and all before it are settled.
 * The callback may do what it likes, lending further buffers included: those wait until it has returned, so that calls never nest.
 */
export class HandBack {
  readonly #done: BufferDone;
  readonly #failed: (error: StreamError) => void;
  readonly #loans: Loan[] = [];
  #delivering = false;

  /**
   * @param done the user's callback
   * @param failed told when `done` threw; it may settle loans, which are then given back in their turn
   */
  constructor(done: BufferDone, failed: (error: StreamError) => void) {
    this.#done = done;
    this.#failed = failed;
  }

  /** Buffers lent and not given back. */
  get length(): number {
    return this.#loans.length;
  }

  /** Notes a loan. It ends when `outstanding` has come down to 0 and {@link deliver} is called. */
  lend(buffer: Uint8Array): Loan {
    const loan = new Loan(buffer);
    this.#loans.push(loan);
    return loan;
  }

  /** Says of every loan that is not settled that its data will not come out. */
  fail(error: Error): void {
    for (const loan of this.#loans) if (loan.outstanding > 0) loan.error ??= error;
  }

  /** Gives back what is settled, up to the first that is not. */
  deliver(): void {
    if (this.#delivering) return; // the loop below is further up the stack and comes to it
    this.#delivering = true;
    while (this.#loans.length > 0 && this.#loans[0]!.outstanding === 0) {
      const loan = this.#loans.shift()!;
      try {
        this.#done(loan.buffer, loan.error);
      } catch (cause) {
        this.#failed(new StreamError('ERR_STREAM_CALLBACK', 'onBufferDone threw', { cause }));
      }
    }
    this.#delivering = false;
  }
}
