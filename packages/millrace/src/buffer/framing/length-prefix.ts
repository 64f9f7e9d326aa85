import { ArgumentRangeError, checkInteger } from '../../base/arguments.js';
import type { Heap } from '../../memory/heap.js';
import { tooLarge } from './fault.js';
import { DEFAULT_MAX_MESSAGE, MAX_MESSAGE_LIMIT, type Framing, type FramingOptions } from './framing.js';
import { PrefixScanner } from './prefix-scanner.js';

/** Where the length stands and what it counts. */
export interface LengthPrefixOptions extends FramingOptions {
  /** Bytes of the length field. @default 4 */
  width?: 1 | 2 | 4 | 8;
  /** @default 'big' */
  byteOrder?: 'big' | 'little';
  /** Bytes before the length field, 0 to 24, such as a magic number. They are not looked at, and are written as 0. @default 0 */
  fieldOffset?: number;
  /** Added to the length field to give the bytes that follow it, from -2^30 to 2^30: minus the header's length where the field counts the header too. @default 0 */
  adjustment?: number;
}

/** Messages that each begin with their length, in a field of fixed width. */
export class LengthPrefixFraming implements Framing {
  readonly name: string;
  readonly maxMessage: number;
  readonly trailerLength = 0;
  readonly canResync = false;
  readonly width: number;
  readonly bigEndian: boolean;
  readonly fieldOffset: number;
  readonly adjustment: number;

  /** @throws ArgumentRangeError `ERR_OUT_OF_RANGE` */
  constructor(options: LengthPrefixOptions = {}, name = 'length-prefix') {
    const { width = 4, byteOrder = 'big', fieldOffset = 0, adjustment = 0, maxMessage = DEFAULT_MAX_MESSAGE } = options;
    if (width !== 1 && width !== 2 && width !== 4 && width !== 8) throw new ArgumentRangeError('width', '1, 2, 4 or 8', width);
    if (byteOrder !== 'big' && byteOrder !== 'little') throw new ArgumentRangeError('byteOrder', "'big' or 'little'", byteOrder);
    this.name = name;
    this.width = width;
    this.bigEndian = byteOrder === 'big';
    this.fieldOffset = checkInteger('fieldOffset', fieldOffset, 0, 24);
    this.adjustment = checkInteger('adjustment', adjustment, -MAX_MESSAGE_LIMIT, MAX_MESSAGE_LIMIT);
    this.maxMessage = checkInteger('maxMessage', maxMessage, 0, MAX_MESSAGE_LIMIT);
  }

  scanner(heap: Heap): LengthPrefixScanner {
    return new LengthPrefixScanner(heap, this);
  }

  payloadStart(_u8: Uint8Array, start: number): number {
    return start + this.fieldOffset + this.width;
  }

  payloadEnd(_u8: Uint8Array, _start: number, end: number): number {
    return end;
  }

  headerLength(length: number): number {
    if (length > this.maxMessage) throw tooLarge(0, length, this.maxMessage);
    const field = length - this.adjustment;
    if (field < 0 || (this.width < 8 && field >= 2 ** (8 * this.width))) {
      throw new ArgumentRangeError('the length field', `within ${this.width} bytes`, field);
    }
    return this.fieldOffset + this.width;
  }

  writeHeader(u8: Uint8Array, at: number, length: number): void {
    const { width, bigEndian } = this;
    for (let i = 0; i < this.fieldOffset; i += 1) u8[at + i] = 0;
    let field = length - this.adjustment; // at most 2^31: the upper bytes of an 8-byte field are 0
    const first = at + this.fieldOffset;
    for (let i = 0; i < width; i += 1) {
      u8[bigEndian ? first + width - 1 - i : first + i] = field & 255;
      field = Math.floor(field / 256);
    }
  }

  writeTrailer(): void {}

  checkPayload(): void {}
}

/** Goes from length field to length field. */
export class LengthPrefixScanner extends PrefixScanner<LengthPrefixFraming> {
  protected get rule(): string {
    return 'the length field gives a payload of less than 0 bytes';
  }

  protected walk(address: number, length: number, from: number, remaining: number, table: number, capacity: number): number {
    const { heap, framing } = this;
    return heap.kernels.scanLengthPrefixed(
      address, length, from, remaining, framing.width, framing.bigEndian ? 1 : 0, framing.fieldOffset, framing.adjustment, framing.maxMessage,
      table, capacity, heap.report,
    );
  }
}

/** A length of four bytes, big-endian, before each message. */
export function length32(options: FramingOptions = {}): LengthPrefixFraming {
  return new LengthPrefixFraming(options, 'length32');
}
