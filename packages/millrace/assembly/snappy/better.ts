// The better level: two tables, one over long sequences and one over four bytes. At each step the long candidate is taken when it
// agrees, else the short one, unless a long one at the next byte agrees. The search is that of klauspost/compress s2 (Go, BSD).
//
//     table   u32[1 << longBits]  u32[1 << shortBits]   addresses, filled with that of the source's first byte as in encode.ts
//
// Room: as in encode.ts.
import { loadTable, matchLimit, usable } from "./dictionary";
import { emitCopy, emitLiteral, emitRepeat } from "./emit";
import { fillTable, hash } from "./hash";
import { matchBefore, matchEnd } from "./match";

const MARGIN: u32 = 8;
/** However long nothing matched, no step is longer: a compressible stretch after a long one that is not is found soon. */
const MAX_STEP: u32 = 100;

/**
 * Encodes [src, src + length), length >= 32, to `dst`; parameters and result as those of encodeFast.
 * @param longBytes how many bytes a long sequence has, 5 to 7
 * @param repeat the offset a decoder starts with, 0 for none
 */
@inline
function encodeBetter(
  s2: bool, dictionary: bool, longBits: u32, shortBits: u32, longBytes: u32, skip: u32, src: u32, length: u32, dst: u32, dEnd: u32, table: u32,
  history: u32, template: u32, repeat: u32,
): u32 {
  const short = table + (4 << longBits);
  if (dictionary) loadTable(table, template, (4 << longBits) + (4 << shortBits), history);
  else fillTable(table, (4 << longBits) + (4 << shortBits), src);
  const sEnd = src + length;
  const sLimit = sEnd - MARGIN;
  const dLimit = dst + length - (length >>> 5) - 6;
  const dWide = dEnd - 65;
  let d = dst;
  let literal = src;
  let s = dictionary ? src : src + 1;
  let x = load<u64>(s);
  for (;;) {
    let candidate: u32 = 0; // stays 0 when the source ends first
    let next: u32;
    for (;;) {
      next = s + min<u32>(((s - literal) >>> skip) + 1, MAX_STEP);
      if (next > sLimit) break;
      const longPlace = table + (hash(x, longBytes, longBits) << 2);
      const shortPlace = short + (hash(x, 4, shortBits) << 2);
      const longCandidate = load<u32>(longPlace);
      const shortCandidate = load<u32>(shortPlace);
      store<u32>(longPlace, s);
      store<u32>(shortPlace, s);
      // Eight bytes of the long one, eight of the short one, four of the long one, four of the short one, unless a long one follows: asked so that
      // a step without a match answers three questions. Words, not differences: see wordAt.
      const longWord = load<u64>(longCandidate);
      const shortWord = load<u64>(shortCandidate);
      if (longWord == x && (!dictionary || usable(src, s, longCandidate))) {
        candidate = longCandidate;
        break;
      }
      if (<u32>shortWord == <u32>x && (!dictionary || usable(src, s, shortCandidate))) {
        candidate = shortCandidate;
        if (shortWord == x) break;
        if (<u32>longWord == <u32>x && (!dictionary || usable(src, s, longCandidate))) {
          candidate = longCandidate;
          break;
        }
        const place = table + (hash(x >>> 8, longBytes, longBits) << 2);
        const later = load<u32>(place);
        store<u32>(place, s + 1);
        if (load<u32>(later) == <u32>(x >>> 8) && (!dictionary || usable(src, s + 1, later))) {
          candidate = later;
          s += 1;
        }
        break;
      }
      if (<u32>longWord == <u32>x && (!dictionary || usable(src, s, longCandidate))) {
        candidate = longCandidate;
        break;
      }
      x = load<u64>(next);
      s = next;
    }
    if (candidate == 0) break;

    const first = dictionary && candidate < src ? history : src;
    const back = matchBefore(s, candidate, min<u32>(s - literal, candidate - first));
    s -= back;
    candidate -= back;
    if (d + (s - literal) > dLimit) return 0;
    const base = s;
    const offset = base - candidate;
    s = matchEnd(s + 4, candidate + 4, dictionary ? matchLimit(src, s, candidate, sEnd) : sEnd);
    const n = s - base;
    if (offset > 65535 && n <= 5 && offset != repeat) {
      // No shorter than the bytes themselves.
      s = next + 1;
      if (s >= sLimit) break;
      x = load<u64>(s);
      continue;
    }
    d = emitLiteral(d, literal, base - literal, dWide);
    if (n > 64 && d + (n >>> 6) * 5 + 16 > dst + length) return 0;
    d = s2 && offset == repeat ? emitRepeat(d, offset, n) : emitCopy(s2, d, offset, n);
    repeat = offset;
    literal = s;
    if (s >= sLimit) break;
    if (d > dLimit) return 0;

    // Both ends of the match go into both tables, what lies between sparsely into the long one.
    let low = base + 1;
    let high = s - 2;
    x = load<u64>(low);
    store<u32>(table + (hash(x, longBytes, longBits) << 2), low);
    store<u32>(short + (hash(x >>> 8, 4, shortBits) << 2), low + 1);
    x = load<u64>(high);
    store<u32>(table + (hash(x, longBytes, longBits) << 2), high);
    store<u32>(short + (hash(x >>> 8, 4, shortBits) << 2), high + 1);
    low += 1;
    high -= 1;
    for (let middle = (low + high + 1) >>> 1; middle < high; middle += 2) {
      store<u32>(table + (hash(load<u64>(low), longBytes, longBits) << 2), low);
      store<u32>(table + (hash(load<u64>(middle), longBytes, longBits) << 2), middle);
      low += 2;
    }
    x = load<u64>(s);
  }
  if (literal < sEnd) {
    if (d + (sEnd - literal) > dLimit) return 0;
    d = emitLiteral(d, literal, sEnd - literal, dWide);
  }
  return d - dst;
}

// Four sizes of tables, in each dialect; named by the bits of the long table. The short one has 2 or 3 less.

function snappy10(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeBetter(false, false, 10, 8, 6, 4, src, length, dst, dEnd, table, src, 0, 0);
}

function snappy12(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeBetter(false, false, 12, 10, 6, 5, src, length, dst, dEnd, table, src, 0, 0);
}

function snappy14(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeBetter(false, false, 14, 12, 6, 6, src, length, dst, dEnd, table, src, 0, 0);
}

function snappy17(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeBetter(false, false, 17, 14, 7, 7, src, length, dst, dEnd, table, src, 0, 0);
}

function s2With10(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeBetter(true, false, 10, 8, 6, 4, src, length, dst, dEnd, table, src, 0, 0);
}

function s2With12(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeBetter(true, false, 12, 10, 6, 5, src, length, dst, dEnd, table, src, 0, 0);
}

function s2With14(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeBetter(true, false, 14, 12, 6, 6, src, length, dst, dEnd, table, src, 0, 0);
}

function s2With17(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeBetter(true, false, 17, 14, 7, 7, src, length, dst, dEnd, table, src, 0, 0);
}

/**
 * The body of a Snappy block for `length` >= 32 bytes at `src`, or 0 when it would not save enough. `bits`, those of the long table,
 * is one of 10, 12, 14 and 17; both tables together take 5, 20, 80 or 576 KiB.
 */
export function snappyEncodeBetter(src: u32, length: u32, dst: u32, dEnd: u32, table: u32, bits: u32): u32 {
  if (bits == 10) return snappy10(src, length, dst, dEnd, table);
  if (bits == 12) return snappy12(src, length, dst, dEnd, table);
  if (bits == 14) return snappy14(src, length, dst, dEnd, table);
  return snappy17(src, length, dst, dEnd, table);
}

/** The same in the S2 dialect. */
export function s2EncodeBetter(src: u32, length: u32, dst: u32, dEnd: u32, table: u32, bits: u32): u32 {
  if (bits == 10) return s2With10(src, length, dst, dEnd, table);
  if (bits == 12) return s2With12(src, length, dst, dEnd, table);
  if (bits == 14) return s2With14(src, length, dst, dEnd, table);
  return s2With17(src, length, dst, dEnd, table);
}

function dictionary14(src: u32, length: u32, dst: u32, dEnd: u32, table: u32, history: u32, template: u32, repeat: u32): u32 {
  return encodeBetter(true, true, 14, 12, 6, 6, src, length, dst, dEnd, table, history, template, repeat);
}

function dictionary17(src: u32, length: u32, dst: u32, dEnd: u32, table: u32, history: u32, template: u32, repeat: u32): u32 {
  return encodeBetter(true, true, 17, 14, 7, 7, src, length, dst, dEnd, table, history, template, repeat);
}

/** The same with a dictionary in [history, src) (dictionary.ts); `bits` is 14 or 17. */
export function s2EncodeBetterDictionary(
  src: u32, length: u32, dst: u32, dEnd: u32, table: u32, bits: u32, history: u32, template: u32, repeat: u32,
): u32 {
  if (bits == 14) return dictionary14(src, length, dst, dEnd, table, history, template, repeat);
  return dictionary17(src, length, dst, dEnd, table, history, template, repeat);
}
