// Walks the elements of a block without writing anything: finds the first that breaks a rule, for the exact error, and tells
// whether a block really produces what it declares before memory is allocated for it.
import { CORRUPT, TRUNCATED, fail } from "../status";
import {
  COPY_1, COPY_BEFORE_START, ENDS_INSIDE_ELEMENT, LITERAL, LITERAL_BEYOND_BLOCK, OFFSET_ZERO, OUTPUT_OVER_LENGTH, OUTPUT_SHORT,
  REPEAT_BEFORE_COPY,
} from "./format";

/** Where a copy may start in a dictionary is counted from the output's first 64 KiB only (S2). */
export const DICTIONARY_REACH: u32 = 65535;

/**
 * Checks the elements at [s, sEnd) of a block that starts at `block` and declares `length` bytes.
 * `dictionary` is the dictionary's length, `offset` the first repeat's offset, 0 where there is none of either.
 * @returns 0, or a negative status with the report filled
 */
export function snappyCheck(block: u32, s: u32, sEnd: u32, length: u32, s2: bool, dictionary: u32, offset: u32, report: u32): i32 {
  let produced: u32 = 0;
  while (s < sEnd) {
    const at = <f64>(s - block);
    const tag = <u32>load<u8>(s);
    const kind = tag & 3;
    const upper = tag >>> 2;
    let trailer: u32 = kind == LITERAL ? (upper < 60 ? 0 : upper - 59) : kind == COPY_1 ? 1 : kind == 2 ? 2 : 4;
    s += 1;
    if (sEnd - s < trailer) return fail(report, TRUNCATED, ENDS_INSIDE_ELEMENT, at, trailer + 1, sEnd - s + 1);
    // Reads past the block stay in the memory: it ends in a guard.
    const value = load<u32>(s) & <u32>((<u64>1 << (trailer << 3)) - 1);
    s += trailer;
    let n: u32;
    if (kind == LITERAL) {
      n = trailer == 0 ? upper : value; // length - 1: a length of 2^32 would not fit
      if (n >= sEnd - s) return fail(report, TRUNCATED, LITERAL_BEYOND_BLOCK, at, <f64>n + 1, sEnd - s);
      if (n >= length - produced) return fail(report, CORRUPT, OUTPUT_OVER_LENGTH, at, length - produced, <f64>n + 1);
      n += 1;
      s += n;
      produced += n;
      continue;
    }
    let from = value;
    n = upper + 1;
    if (kind == COPY_1) {
      from |= (tag >>> 5) << 8;
      n = (upper & 7) + 4;
      if (s2 && from == 0) {
        if (offset == 0) return fail(report, CORRUPT, REPEAT_BEFORE_COPY, at, NaN, NaN);
        from = offset;
        const code = upper & 7;
        if (code >= 5) {
          trailer = code - 4;
          if (sEnd - s < trailer) return fail(report, TRUNCATED, ENDS_INSIDE_ELEMENT, at, trailer + 2, sEnd - s + 2);
          n = repeatLength(s, code);
          s += trailer;
        }
      }
    }
    if (from == 0) return fail(report, CORRUPT, OFFSET_ZERO, at, NaN, NaN);
    if (from > produced && !dictionaryHolds(produced, from, n, dictionary)) return fail(report, CORRUPT, COPY_BEFORE_START, at, produced, from);
    if (n > length - produced) return fail(report, CORRUPT, OUTPUT_OVER_LENGTH, at, length - produced, n);
    offset = from;
    produced += n;
  }
  if (produced != length) return fail(report, TRUNCATED, OUTPUT_SHORT, s - block, length, produced);
  return 0;
}

/** The length of a repeat with length code 5, 6 or 7 whose extra bytes are at `s`. */
@inline
export function repeatLength(s: u32, code: u32): u32 {
  if (code == 5) return <u32>load<u8>(s) + 8;
  if (code == 6) return <u32>load<u16>(s) + 260;
  return (load<u32>(s) & 0xffffff) + 65540;
}

/** Whether a copy that reaches back before the output lies whole inside the dictionary that stands before it. */
@inline
export function dictionaryHolds(produced: u32, offset: u32, n: u32, dictionary: u32): bool {
  return produced <= DICTIONARY_REACH && offset - produced <= dictionary && n <= offset - produced;
}
