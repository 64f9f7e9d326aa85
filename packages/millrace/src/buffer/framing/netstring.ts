import { checkInteger } from '../../base/arguments.js';
import type { Heap } from '../../memory/heap.js';
import { tooLarge } from './fault.js';
import { DEFAULT_MAX_MESSAGE, MAX_MESSAGE_LIMIT, type Framing, type FramingOptions } from './framing.js';
import { PrefixScanner } from './prefix-scanner.js';

const COLON = 0x3a;
const COMMA = 0x2c;
const ZERO = 0x30;

/** Netstrings (D. J. Bernstein, 1997): a decimal length, a colon, the payload, a comma. */
export class NetstringFraming implements Framing {
  readonly name = 'netstring';
  readonly maxMessage: number;
  readonly trailerLength = 1;
  readonly canResync = false;

  /** @throws ArgumentRangeError `ERR_OUT_OF_RANGE` */
  constructor(options: FramingOptions = {}) {
    this.maxMessage = checkInteger('maxMessage', options.maxMessage ?? DEFAULT_MAX_MESSAGE, 0, MAX_MESSAGE_LIMIT);
  }

  scanner(heap: Heap): NetstringScanner {
    return new NetstringScanner(heap, this);
  }

  payloadStart(u8: Uint8Array, start: number): number {
    let at = start + 1;
    while (u8[at] !== COLON) at += 1;
    return at + 1;
  }

  payloadEnd(_u8: Uint8Array, _start: number, end: number): number {
    return end - 1;
  }

  headerLength(length: number): number {
    if (length > this.maxMessage) throw tooLarge(0, length, this.maxMessage);
    let digits = 1;
    for (let rest = length; rest >= 10; rest = Math.floor(rest / 10)) digits += 1;
    return digits + 1;
  }

  writeHeader(u8: Uint8Array, at: number, length: number): void {
    let digit = at + this.headerLength(length) - 1;
    u8[digit] = COLON;
    let rest = length;
    do {
      digit -= 1;
      u8[digit] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    } while (digit > at);
  }

  writeTrailer(u8: Uint8Array, at: number): void {
    u8[at] = COMMA;
  }

  checkPayload(): void {}
}

/** Goes from length to length. */
export class NetstringScanner extends PrefixScanner {
  protected get rule(): string {
    return 'a netstring is a decimal length without leading zeros, a colon, the payload and a comma';
  }

  protected walk(address: number, length: number, from: number, remaining: number, table: number, capacity: number): number {
    const { heap } = this;
    return heap.kernels.scanNetstrings(address, length, from, remaining, this.maxMessage, table, capacity, heap.report);
  }
}

/** Netstrings. */
export function netstring(options: FramingOptions = {}): NetstringFraming {
  return new NetstringFraming(options);
}
