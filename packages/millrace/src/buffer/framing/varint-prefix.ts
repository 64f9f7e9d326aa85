import { checkInteger } from '../../base/arguments.js';
import type { Heap } from '../../memory/heap.js';
import { tooLarge } from './fault.js';
import { DEFAULT_MAX_MESSAGE, MAX_MESSAGE_LIMIT, type Framing, type FramingOptions } from './framing.js';
import { PrefixScanner } from './prefix-scanner.js';

/** Messages that each begin with their length as a base-128 varint: protobuf's delimited format (writeDelimitedTo). */
export class VarintFraming implements Framing {
  readonly name = 'varint';
  readonly maxMessage: number;
  readonly trailerLength = 0;
  readonly canResync = false;

  /** @throws ArgumentRangeError `ERR_OUT_OF_RANGE` */
  constructor(options: FramingOptions = {}) {
    this.maxMessage = checkInteger('maxMessage', options.maxMessage ?? DEFAULT_MAX_MESSAGE, 0, MAX_MESSAGE_LIMIT);
  }

  scanner(heap: Heap): VarintScanner {
    return new VarintScanner(heap, this);
  }

  payloadStart(u8: Uint8Array, start: number): number {
    let at = start;
    while (u8[at]! >= 0x80) at += 1;
    return at + 1;
  }

  payloadEnd(_u8: Uint8Array, _start: number, end: number): number {
    return end;
  }

  headerLength(length: number): number {
    if (length > this.maxMessage) throw tooLarge(0, length, this.maxMessage);
    let bytes = 1;
    for (let rest = length >>> 7; rest > 0; rest >>>= 7) bytes += 1;
    return bytes;
  }

  writeHeader(u8: Uint8Array, at: number, length: number): void {
    let rest = length;
    for (; rest >= 0x80; rest >>>= 7) {
      u8[at] = (rest & 0x7f) | 0x80;
      at += 1;
    }
    u8[at] = rest;
  }

  writeTrailer(): void {}

  checkPayload(): void {}
}

/** Goes from varint to varint. */
export class VarintScanner extends PrefixScanner {
  protected get rule(): string {
    return 'the length is a varint of more than 64 bits';
  }

  protected walk(address: number, length: number, from: number, remaining: number, table: number, capacity: number): number {
    const { heap } = this;
    return heap.kernels.scanVarintPrefixed(address, length, from, remaining, this.maxMessage, table, capacity, heap.report);
  }
}

/** Protobuf's delimited messages. */
export function varintDelimited(options: FramingOptions = {}): VarintFraming {
  return new VarintFraming(options);
}
