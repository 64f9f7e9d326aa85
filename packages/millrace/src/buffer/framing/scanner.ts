import { ArgumentRangeError } from '../../base/arguments.js';
import type { BufferError } from '../../base/errors.js';
import type { Heap } from '../../memory/heap.js';
import { torn } from './fault.js';
import type { Framing } from './framing.js';

/**
 * Finds message boundaries in a stream that arrives in pieces, without I/O and without holding any of it: each piece is a range of
 * the heap's memory, looked at once, when it arrives. A whole piece costs one call of a kernel, however many messages it has.
 *
 *     stream   |-- message --|-- message --|-- mess .
 *     pieces   [        ][           ][             ]
 *     scan()        0         2nd: 5        3rd: 9          offset in the piece after its last complete message
 *
 * A fault is thrown by the scan that meets it, unless messages ended before it in the same piece: then that scan gives those, `fault` is
 * set, and the next call throws it. What was complete before a fault is therefore never lost.
 */
export abstract class FrameScanner<F extends Framing = Framing> {
  readonly heap: Heap;
  readonly framing: F;
  /** Messages that ended in the last scan. */
  messages = 0;
  /** Stream offset after the last complete message: where the message under way starts. */
  offset = 0;
  /** Bytes scanned since then. */
  pending = 0;
  /** What is wrong with the bytes that follow `offset`; no further byte is looked at. */
  fault: BufferError | undefined;

  constructor(heap: Heap, framing: F) {
    this.heap = heap;
    this.framing = framing;
  }

  /** Most bytes of a message's payload: its header and delimiter do not count. */
  get maxMessage(): number {
    return this.framing.maxMessage;
  }

  /**
   * Takes in the next `length` bytes of the stream, at `address`, and gives the offset in them after the last complete message: 0 when
   * none ended here. `messages` says how many did.
   * @throws BufferError `ERR_MESSAGE_TOO_LARGE`, `ERR_FRAMING`: at once, or at the next call when messages ended before the fault
   */
  scan(address: number, length: number): number {
    return this.take(address, length, 0, 0);
  }

  /**
   * The same, and writes the offset after each message into the table at `table`: `capacity` numbers of 32 bits in the heap's memory.
   * Stops when the table is full (`messages === capacity`); go on from the offset given.
   */
  scanInto(address: number, length: number, table: number, capacity: number): number {
    if (capacity < 1) throw new ArgumentRangeError('capacity', 'at least 1', capacity);
    return this.take(address, length, table, capacity);
  }

  /**
   * The stream has ended. Gives how many messages end with it: 1 for a last line without its delimiter, where that is allowed, else 0.
   * @throws BufferError `ERR_TORN_MESSAGE` inside a message; a fault not thrown yet
   */
  finish(): number {
    if (this.fault) throw this.fault;
    if (this.pending > 0) throw torn(this.offset, this.pending, this.pendingTotal());
    return 0;
  }

  /** Forgets everything, for a new stream. */
  reset(): void {
    this.messages = 0;
    this.offset = 0;
    this.pending = 0;
    this.fault = undefined;
  }

  /** Bytes of the whole message under way, where that is known. */
  protected abstract pendingTotal(): number | undefined;

  /** Scans one piece: sets messages, offset, pending, fault. */
  protected abstract run(address: number, length: number, table: number, capacity: number): number;

  private take(address: number, length: number, table: number, capacity: number): number {
    if (this.fault) throw this.fault;
    // What lies outside the memory would trap; what lies inside it can only be read.
    if (!(address >= 0 && length >= 0 && address + length <= this.heap.u8.length)) {
      throw new ArgumentRangeError('address and length', 'a range of the heap', `${address} and ${length}`);
    }
    const end = this.run(address, length, table, capacity);
    if (this.fault && this.messages === 0) throw this.fault;
    return end;
  }

  /** Records that `messages` ended in a piece of `length` bytes, the last of them at `end`, and gives `end`. */
  protected advance(length: number, messages: number, end: number): number {
    this.messages = messages;
    if (messages === 0) {
      this.pending += length;
      return 0;
    }
    this.offset += this.pending + end;
    this.pending = length - end;
    return end;
  }
}
