// Decodes the elements of a Snappy or S2 block (format.ts). The face has read the length and made sure of the destination.
//
// Two forms of the loop, by the block's length. In a long block no branch predictor knows which kind of copy comes next: a table gives what
// the kinds differ in, and the next tag is shifted out of the word that holds the copy, so that it does not wait for a load. In a
// short one, branches are guessed well enough for the next tag to be read before this one is there (measured: docs/performance.md).
//
// The loop works while 96 bytes of the destination's range are left, storing whole vectors without asking how many of their bytes
// are wanted: a range with that much slack never leaves it. It keeps no account of errors beyond what safety needs; when something
// does not fit, check.ts walks the block again and names the element. The last bytes of an exact destination take decodeTail.
import { CORRUPT, fail } from "../status";
import { dictionaryHolds, repeatLength, snappyCheck } from "./check";
import { copyExact, copyLongWide, copyMatchExact, copyMatchWide, copyShortWide, WIDE_SLACK } from "./copy";
import { COPY_1, COPY_2, COPY_4, LITERAL, OUTPUT_SHORT } from "./format";
import { copyLength, elementSize, trailerMask, upperOffset } from "./tables";

/**
 * Decodes the elements at [s, sEnd) into [dst, dst + length); bytes from there to `limit` may be overwritten.
 * @param block where the block starts: offsets in errors count from here
 * @param limit end of the range that may be written, >= dst + length
 * @param dictionary address of a dictionary's content, with `dictionaryLength` bytes; 0 and 0 without one
 * @param repeat offset of a repeat before the first copy, 0 without a dictionary
 * @returns 0, or a negative status with the report filled
 */
@inline
function decode(
  s2: bool, short: bool, block: u32, s: u32, sEnd: u32, dst: u32, length: u32, limit: u32,
  dictionary: u32, dictionaryLength: u32, repeat: u32, tables: u32, report: u32,
): i32 {
  const start = s;
  const dEnd = dst + length;
  let d = dst;
  let offset = repeat;
  let good = true;
  // Signed: addresses are below 2^31, and a short range gives a bound below dst.
  const dFast = <i32>limit - <i32>WIDE_SLACK;
  let tag = <u32>load<u8>(s);
  while (s < sEnd) {
    if (<i32>d > dFast) {
      good = decodeTail(s2, s, sEnd, dst, d, dEnd, offset, dictionary, dictionaryLength, tables);
      d = dEnd;
      s = sEnd;
      break;
    }
    // SAFETY: an element's short parts are read past sEnd without a check: at most 70 bytes, which the memory's guard allows.
    // s > sEnd ends the loop, and is an error after it. d <= limit - 96 here, so every store of up to 96 bytes is in range.
    const kind = tag & 3;
    if (kind == LITERAL) {
      let n = tag >>> 2;
      if (n < 60) {
        n += 1;
        copyShortWide(d, s + 1, n);
        d += n;
        s += n + 1;
        tag = <u32>load<u8>(s);
        continue;
      }
      const value = load<u32>(s, 1) & trailerMask(tables + (tag << 3)); // the length - 1
      s += n - 58;
      // d may have passed dEnd within the slack.
      if (s > sEnd || d > dEnd || value >= sEnd - s || value >= dEnd - d) { good = false; break; }
      n = value + 1;
      if (n < 512 && <i32>(limit - d - n) >= 32) copyLongWide(d, s, n);
      else memory.copy(d, s, n);
      d += n;
      s += n;
      tag = <u32>load<u8>(s);
      continue;
    }
    let n: u32;
    let from: u32;
    if (short) {
      if (kind == COPY_1) {
        n = ((tag >>> 2) & 7) + 4;
        from = (tag >>> 5) << 8 | <u32>load<u8>(s, 1);
        s += 2;
      } else if (kind == COPY_2) {
        n = (tag >>> 2) + 1;
        from = <u32>load<u16>(s, 1);
        s += 3;
      } else {
        n = (tag >>> 2) + 1;
        from = load<u32>(s, 1);
        s += 5;
      }
      tag = <u32>load<u8>(s);
    } else {
      const entry = tables + (tag << 3);
      const word = load<u64>(s);
      from = <u32>(word >>> 8) & trailerMask(entry) | upperOffset(entry);
      n = copyLength(entry);
      s += kind == COPY_4 ? 5 : kind + 1;
      tag = <u32>(word >>> (kind == COPY_4 ? 40 : (kind << 3) + 8)) & 0xff;
    }
    if (s2 && from == 0) {
      if (kind != COPY_1) { good = false; break; }
      if (n >= 9) {
        const code = n - 4;
        n = repeatLength(s, code);
        s += code - 4;
        tag = <u32>load<u8>(s);
        if (d > dEnd || n > dEnd - d) { good = false; break; }
        if (offset - 1 < d - dst && n > 64) {
          if (<i32>(limit - d - n) >= 16) copyMatchWide(d, offset, n, tables);
          else copyMatchExact(d, offset, n);
          d += n;
          continue;
        }
      }
    } else {
      offset = from;
    }
    // Offset 0 wraps to 2^32 - 1 and fails as well.
    if (offset - 1 >= d - dst) {
      if (offset == 0 || d > dEnd || n > dEnd - d || !dictionaryHolds(d - dst, offset, n, dictionaryLength)) { good = false; break; }
      copyExact(d, dictionary + dictionaryLength - (offset - (d - dst)), n);
    } else {
      copyMatchWide(d, offset, n, tables);
    }
    d += n;
  }
  if (good && s == sEnd && d == dEnd) return 0;
  const status = snappyCheck(block, start, sEnd, length, s2, dictionaryLength, repeat, report);
  // Another thread may have changed the source between the two walks; then the second finds nothing.
  return status < 0 ? status : fail(report, CORRUPT, OUTPUT_SHORT, s - block, length, d - dst);
}

/** The same with every read and write checked, for where the destination has no slack. Tells whether the block ended as it should. */
function decodeTail(
  s2: bool, s: u32, sEnd: u32, dst: u32, d: u32, dEnd: u32, offset: u32, dictionary: u32, dictionaryLength: u32, tables: u32,
): bool {
  if (d > dEnd) return false;
  while (s < sEnd) {
    const tag = <u32>load<u8>(s);
    const entry = tables + (tag << 3);
    const value = load<u32>(s, 1) & trailerMask(entry);
    s += elementSize(entry);
    if (s > sEnd) return false;
    if ((tag & 3) == LITERAL) {
      const last = tag < 60 << 2 ? tag >>> 2 : value;
      if (last >= sEnd - s || last >= dEnd - d) return false;
      copyExact(d, s, last + 1);
      d += last + 1;
      s += last + 1;
      continue;
    }
    let n = copyLength(entry);
    const from = value | upperOffset(entry);
    if (s2 && from == 0 && (tag & 3) == COPY_1) {
      if (n >= 9) {
        const code = n - 4;
        n = repeatLength(s, code);
        s += code - 4;
        if (s > sEnd) return false;
      }
    } else {
      offset = from;
    }
    if (n > dEnd - d) return false;
    if (offset - 1 >= d - dst) {
      if (offset == 0 || !dictionaryHolds(d - dst, offset, n, dictionaryLength)) return false;
      copyExact(d, dictionary + dictionaryLength - (offset - (d - dst)), n);
    } else {
      copyMatchExact(d, offset, n);
    }
    d += n;
  }
  return d == dEnd;
}

/** Output up to which the loop guesses. */
const SHORT: u32 = 2048;

function snappyShort(block: u32, s: u32, sEnd: u32, dst: u32, length: u32, limit: u32, tables: u32, report: u32): i32 {
  return decode(false, true, block, s, sEnd, dst, length, limit, 0, 0, 0, tables, report);
}

function snappyLong(block: u32, s: u32, sEnd: u32, dst: u32, length: u32, limit: u32, tables: u32, report: u32): i32 {
  return decode(false, false, block, s, sEnd, dst, length, limit, 0, 0, 0, tables, report);
}

function s2Short(
  block: u32, s: u32, sEnd: u32, dst: u32, length: u32, limit: u32,
  dictionary: u32, dictionaryLength: u32, repeat: u32, tables: u32, report: u32,
): i32 {
  return decode(true, true, block, s, sEnd, dst, length, limit, dictionary, dictionaryLength, repeat, tables, report);
}

function s2Long(
  block: u32, s: u32, sEnd: u32, dst: u32, length: u32, limit: u32,
  dictionary: u32, dictionaryLength: u32, repeat: u32, tables: u32, report: u32,
): i32 {
  return decode(true, false, block, s, sEnd, dst, length, limit, dictionary, dictionaryLength, repeat, tables, report);
}

/** The Snappy dialect of {@link decode}. */
export function snappyDecode(block: u32, s: u32, sEnd: u32, dst: u32, length: u32, limit: u32, tables: u32, report: u32): i32 {
  if (length < SHORT) return snappyShort(block, s, sEnd, dst, length, limit, tables, report);
  return snappyLong(block, s, sEnd, dst, length, limit, tables, report);
}

/** The S2 dialect of {@link decode}. */
export function s2Decode(
  block: u32, s: u32, sEnd: u32, dst: u32, length: u32, limit: u32,
  dictionary: u32, dictionaryLength: u32, repeat: u32, tables: u32, report: u32,
): i32 {
  if (length < SHORT) return s2Short(block, s, sEnd, dst, length, limit, dictionary, dictionaryLength, repeat, tables, report);
  return s2Long(block, s, sEnd, dst, length, limit, dictionary, dictionaryLength, repeat, tables, report);
}
