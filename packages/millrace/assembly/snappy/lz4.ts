// Turns an LZ4 block (lz4_Block_format.md) into the elements of a Snappy or S2 block: both are literals and copies, and an LZ4 offset has 16
// bits, so each sequence becomes at most a literal and a copy, and nothing is decoded.
//
//     token: literal length in the upper four bits, match length - 4 in the lower, 15 going on in bytes of up to 255
//     [more literal length] literals [offset u16] [more match length]     the last sequence ends behind its literals
import { CORRUPT, TOO_LARGE, TRUNCATED, fail } from "../status";
import { copySize, emitCopy, emitLiteral, emitRepeat, repeatSize } from "./emit";
import { COPY_BEFORE_START, ENDS_INSIDE_SEQUENCE, LENGTH_TOO_LARGE, LITERAL_BEYOND_BLOCK, OFFSET_ZERO } from "./format";

const MIN_MATCH: u32 = 4;
const MAX_LENGTH: u64 = 0xffffffff;

/**
 * Walks the LZ4 block [src, src + length) and checks it. On success the report holds what it decodes to (+8) and the most bytes that its
 * elements take (+16), in place of a failure's numbers.
 * @returns 0, or a negative status with the report filled
 */
export function lz4Measure(s2: bool, src: u32, length: u32, report: u32): i32 {
  const sEnd = src + length;
  let s = src;
  let produced: u64 = 0;
  let size: u64 = 0;
  let last: u32 = 0;
  for (;;) {
    const at = <f64>(s - src);
    if (s >= sEnd) return fail(report, TRUNCATED, ENDS_INSIDE_SEQUENCE, at, NaN, NaN);
    const token = <u32>load<u8>(s);
    s += 1;
    let literals = token >>> 4;
    if (literals == 15) {
      for (;;) {
        if (s >= sEnd) return fail(report, TRUNCATED, ENDS_INSIDE_SEQUENCE, at, NaN, NaN);
        const more = <u32>load<u8>(s);
        s += 1;
        literals += more;
        // Stops before it could wrap: no literal is longer than the block.
        if (more != 255 || literals > length) break;
      }
    }
    if (literals > sEnd - s) return fail(report, TRUNCATED, LITERAL_BEYOND_BLOCK, at, literals, sEnd - s);
    s += literals;
    produced += literals;
    if (literals > 0) size += literals + 5;
    let n = <u64>(token & 15) + MIN_MATCH;
    if (s == sEnd && n == MIN_MATCH) break;
    if (sEnd - s < 2) return fail(report, TRUNCATED, ENDS_INSIDE_SEQUENCE, at, NaN, NaN);
    const offset = <u32>load<u16>(s);
    s += 2;
    if (offset == 0) return fail(report, CORRUPT, OFFSET_ZERO, at, NaN, NaN);
    if (offset > produced) return fail(report, CORRUPT, COPY_BEFORE_START, at, <f64>produced, offset);
    if (n == MIN_MATCH + 15) {
      for (;;) {
        if (s >= sEnd) return fail(report, TRUNCATED, ENDS_INSIDE_SEQUENCE, at, NaN, NaN);
        const more = <u64>load<u8>(s);
        s += 1;
        n += more;
        if (more != 255) break;
      }
    }
    produced += n;
    if (produced > MAX_LENGTH) return fail(report, TOO_LARGE, LENGTH_TOO_LARGE, at, <f64>MAX_LENGTH, <f64>produced);
    // Repeats of 2^24 bytes and more take 5 bytes for each.
    size += (s2 && offset == last ? repeatSize(offset, <u32>n) : copySize(s2, offset, <u32>n)) + (n >>> 24) * 5;
    last = offset;
  }
  store<f64>(report, <f64>produced, 8);
  store<f64>(report, <f64>size, 16);
  return 0;
}

/**
 * Writes the elements of an LZ4 block that {@link lz4Measure} has passed, to `dst`, and gives their size. The room must be what was
 * measured and 65 bytes more. The block is read again: a thread that changes it meanwhile gets wrong elements, but none beyond `dEnd`.
 */
export function lz4Convert(s2: bool, src: u32, length: u32, dst: u32, dEnd: u32): u32 {
  const sEnd = src + length;
  const dWide = dEnd - 65;
  let s = src;
  let d = dst;
  let last: u32 = 0;
  while (s < sEnd) {
    const token = <u32>load<u8>(s);
    s += 1;
    let literals = token >>> 4;
    if (literals == 15) {
      let more: u32 = 255;
      for (; more == 255 && s < sEnd; s += 1) {
        more = <u32>load<u8>(s);
        literals += more;
      }
    }
    if (literals > sEnd - s || literals + 5 > dEnd - d) return 0;
    d = emitLiteral(d, s, literals, dWide);
    s += literals;
    if (s >= sEnd) break;
    const offset = <u32>load<u16>(s);
    s += 2;
    let n = (token & 15) + MIN_MATCH;
    if (n == MIN_MATCH + 15) {
      let more: u32 = 255;
      for (; more == 255 && s < sEnd; s += 1) {
        more = <u32>load<u8>(s);
        n += more;
      }
    }
    if (copySize(s2, offset, n) + (n >>> 24) * 5 + 8 > dEnd - d) return 0;
    d = s2 && offset == last ? emitRepeat(d, offset, n) : emitCopy(s2, d, offset, n);
    last = offset;
  }
  return d - dst;
}
