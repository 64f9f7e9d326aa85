import { CodecError } from '../base/errors.js';

/** Most bytes of a 64-bit varint. */
const MAX_LENGTH = 10;

/** Appends signed varints (zigzag, 7 bits a byte, least significant first), as Go's encoding/binary writes them. */
export function pushVarint(bytes: number[], value: number): void {
  // Numbers, not bits: values go up to 2^53, beyond what shifts can hold.
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

/** Reads signed varints one after the other, to the end it is given and no further. */
export class VarintCursor {
  readonly #u8: Uint8Array;
  readonly #end: number;
  /** Where the next byte is read, an index into the array given. */
  at: number;

  constructor(u8: Uint8Array, at: number, end: number) {
    this.#u8 = u8;
    this.at = at;
    this.#end = end;
  }

  /**
   * The next value.
   * @throws CodecError `ERR_TRUNCATED` when it does not end before the end; `ERR_CORRUPT` when it is longer than 10 bytes or beyond 2^53
   */
  next(): number {
    const start = this.at;
    let value = 0;
    let scale = 1;
    for (let i = 0; i < MAX_LENGTH; i += 1) {
      if (this.at >= this.#end) throw new CodecError('ERR_TRUNCATED', 'a varint does not end', { offset: start });
      const byte = this.#u8[this.at]!;
      this.at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) {
        // Above 2^54 neither half nor the zigzag bit is exact any more.
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      }
      scale *= 128;
    }
    throw new CodecError('ERR_CORRUPT', 'a varint is longer than 53 bits', { offset: start });
  }

  /** The next byte as it is. @throws CodecError `ERR_TRUNCATED` */
  byte(): number {
    if (this.at >= this.#end) throw new CodecError('ERR_TRUNCATED', 'the data ends before it should', { offset: this.at });
    this.at += 1;
    return this.#u8[this.at - 1]!;
  }
}
