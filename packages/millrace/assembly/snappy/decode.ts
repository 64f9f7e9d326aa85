// Decodes Snappy and S2 blocks (format.ts).
//
// Two loops, one inside the other. The inner one knows the elements that nearly all blocks consist of, and works while SLACK bytes of the
// destination's range are left: it stores whole vectors without asking how many of their bytes are wanted. What it does not know, it leaves to the
// outer one, which does one element with every read and write checked: copies from fewer than 16 bytes back or from a dictionary, the long forms of
// literals and repeats, and the last elements of a destination without slack. Rare elements are kept out of the inner loop because they would take
// registers from it (measured: docs/performance.md).
//
// Neither keeps an account of errors beyond what safety needs; when something does not fit, check.ts walks the block again and names the element.
import { CORRUPT, DESTINATION_TOO_SMALL, fail } from "../status";
import { dictionaryHolds, repeatLength, snappyCheck } from "./check";
import { copyExact, copyFarWide, copyLongWide, copyMatchExact, copyMatchWide, copyShortFar, copyShortWide } from "./copy";
import { COPY_1, COPY_2, DESTINATION_SMALL, LITERAL, OUTPUT_SHORT } from "./format";
import { declaredLength, elementsStart, readHeader } from "./header";

/** The inner loop's elements write a literal of up to 60 bytes and then a copy of up to 64, 64 bytes at most each. */
const SLACK: u32 = 128;
/** The tag of a repeat whose length is in one more byte: the most frequent repeat by far. */
const REPEAT_WITH_BYTE: u32 = 5 << 2 | COPY_1;

/**
 * Decodes the block [block, end) to `dst`; all of [dst, limit) may be overwritten.
 * @param dictionary address of a dictionary's content, with `dictionaryLength` bytes; 0 and 0 without one
 * @param repeat offset of a repeat before the first copy, 0 without a dictionary
 * @returns the decoded length, or a negative status with the report filled
 */
@inline
function decode(
  s2: bool, block: u32, end: u32, dst: u32, limit: u32, dictionary: u32, dictionaryLength: u32, repeat: u32, tables: u32, report: u32,
): i32 {
  const header = readHeader(block, end, report);
  if (header < 0) return <i32>header;
  const length = declaredLength(header);
  if (length > limit - dst) return fail(report, DESTINATION_TOO_SMALL, DESTINATION_SMALL, NaN, length, limit - dst);
  const start = elementsStart(header);
  const dEnd = dst + length;
  // Signed: addresses are below 2^31, and a short range gives a bound below dst.
  const dFast = <i32>limit - <i32>SLACK;
  let s = start;
  let d = dst;
  let offset = repeat;
  let tag = <u32>load<u8>(s);
  for (;;) {
    // SAFETY: an element's short parts are read past the end without a check, at most 66 bytes, which the memory's guard allows; s > end is an
    // error after the loop. At its head d <= limit - SLACK: a literal and a copy may write 64 bytes each.
    for (;;) {
      if (s >= end) break;
      if (<i32>d > dFast) break;
      let kind = tag & 3;
      if (kind == LITERAL) {
        const n = (tag >>> 2) + 1;
        if (n > 60) {
          if (n > 61) break;
          const n = <u32>load<u8>(s, 1) + 1;
          if (<i32>(d + n) > dFast || s + 2 + n > end) break;
          copyLongWide(d, s + 2, n);
          d += n;
          s += n + 2;
          tag = <u32>load<u8>(s);
          continue;
        }
        copyShortWide(d, s + 1, n);
        d += n;
        s += n + 1;
        // Nearly always a copy follows: to go on with it here saves the loop's questions.
        tag = <u32>load<u8>(s);
        if (s >= end) break;
        kind = tag & 3;
        if (kind == LITERAL) break;
      }
      let from: u32;
      let n: u32;
      let m: u32;
      if (kind == COPY_1) {
        from = (tag >>> 5) << 8 | <u32>load<u8>(s, 1);
        if (from < 16) {
          if (!s2 || from != 0 || tag != REPEAT_WITH_BYTE || offset < 16) break;
          n = <u32>load<u8>(s, 2) + 8;
          if (<i32>(d + n) > dFast) break;
          m = d - offset;
          if (<i32>m < <i32>dst) break;
          copyFarWide(d, m, n);
          d += n;
          s += 3;
          tag = <u32>load<u8>(s);
          continue;
        }
        m = d - from;
        if (<i32>m < <i32>dst) break;
        n = ((tag >>> 2) & 7) + 4;
        s += 2;
      } else {
        n = (tag >>> 2) + 1;
        if (kind == COPY_2) {
          from = <u32>load<u16>(s, 1);
          if (from < 16) break;
          m = d - from;
          if (<i32>m < <i32>dst) break;
          s += 3;
        } else {
          from = load<u32>(s, 1);
          if (from < 16 || from > d - dst) break;
          m = d - from;
          s += 5;
        }
      }
      tag = <u32>load<u8>(s);
      offset = from;
      copyShortFar(d, m, n);
      d += n;
    }
    // Written so that the compiler does not keep the inner loop's answer in a register.
    if (<i32>(s - end) >= 0 || d > dEnd) break;

    const kind = tag & 3;
    if (kind == LITERAL) {
      let last = tag >>> 2;
      s += 1;
      if (last >= 60) {
        const bytes = last - 59;
        last = load<u32>(s) & (<u32>-1 >>> (32 - (bytes << 3)));
        s += bytes;
        if (s > end) return refuse(s2, block, start, end, length, dictionaryLength, repeat, report);
      }
      if (last >= end - s || last >= dEnd - d) return refuse(s2, block, start, end, length, dictionaryLength, repeat, report);
      const n = last + 1;
      if (n < 512 && <i32>(limit - d - n) >= 32) copyLongWide(d, s, n);
      else copyExact(d, s, n);
      d += n;
      s += n;
      tag = <u32>load<u8>(s);
      continue;
    }
    let n = (tag >>> 2) + 1;
    let from: u32;
    if (kind == COPY_1) {
      n = ((tag >>> 2) & 7) + 4;
      from = (tag >>> 5) << 8 | <u32>load<u8>(s, 1);
      s += 2;
    } else if (kind == COPY_2) {
      from = <u32>load<u16>(s, 1);
      s += 3;
    } else {
      from = load<u32>(s, 1);
      s += 5;
    }
    if (s2 && from == 0 && kind == COPY_1) {
      if (n >= 9) {
        const code = n - 4;
        n = repeatLength(s, code);
        s += code - 4;
      }
    } else {
      offset = from;
    }
    tag = <u32>load<u8>(s);
    if (s > end || n > dEnd - d) return refuse(s2, block, start, end, length, dictionaryLength, repeat, report);
    // Offset 0 wraps to 2^32 - 1 and is caught as well.
    if (offset - 1 >= d - dst) {
      if (offset == 0 || !dictionaryHolds(d - dst, offset, n, dictionaryLength)) {
        return refuse(s2, block, start, end, length, dictionaryLength, repeat, report);
      }
      copyExact(d, dictionary + dictionaryLength - (offset - (d - dst)), n);
    } else if (<i32>(limit - d - n) >= 64) {
      copyMatchWide(d, offset, n, tables);
    } else {
      copyMatchExact(d, offset, n);
    }
    d += n;
  }
  return s == end && d == dEnd ? <i32>length : refuse(s2, block, start, end, length, dictionaryLength, repeat, report);
}

/** Names the element at fault: the report's numbers and the status are the checker's. */
function refuse(s2: bool, block: u32, s: u32, end: u32, length: u32, dictionary: u32, repeat: u32, report: u32): i32 {
  const status = snappyCheck(block, s, end, length, s2, dictionary, repeat, report);
  // Another thread may have changed the source between the two walks; then the second finds nothing.
  return status < 0 ? status : fail(report, CORRUPT, OUTPUT_SHORT, end - block, length, NaN);
}

/** The Snappy dialect of {@link decode}. */
export function snappyDecode(block: u32, end: u32, dst: u32, limit: u32, tables: u32, report: u32): i32 {
  return decode(false, block, end, dst, limit, 0, 0, 0, tables, report);
}

/** The S2 dialect of {@link decode}. */
export function s2Decode(block: u32, end: u32, dst: u32, limit: u32, tables: u32, report: u32): i32 {
  return decode(true, block, end, dst, limit, 0, 0, 0, tables, report);
}

/** The same with a dictionary. */
export function s2DecodeDictionary(
  block: u32, end: u32, dst: u32, limit: u32, dictionary: u32, dictionaryLength: u32, repeat: u32, tables: u32, report: u32,
): i32 {
  return decode(true, block, end, dst, limit, dictionary, dictionaryLength, repeat, tables, report);
}
