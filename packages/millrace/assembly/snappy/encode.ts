// The fast level: one hash table over sequences of four to six bytes, three probes and a repeat probe at each step, and a step that
// grows with the distance since the last match. The search is that of klauspost/compress s2 (Go, BSD), which is golang/snappy's.
//
// The table holds the addresses of sequences seen. It starts filled with the address of the source's first byte, so that every entry
// is a place to compare with, and no bounds check is needed.
//
// Room: an encoder gives up as soon as it is not sure to save len / 32 + 5 bytes, `dLimit`. It is asked before each literal with the
// literal's length, and after each copy. Between two questions it writes a literal's tag and one copy: below 64 KiB of source at most
// 3 + 4 bytes (with what a store overwrites), above 5 + 6, and a copy over 64 bytes long is asked about on its own. The face gives a
// capacity of `maxEncodedLength`, which is at least length + 1 for the body: with len / 32 + 5 that is enough at every length.
import { loadTable, matchLimit, usable } from "./dictionary";
import { emitCopy, emitLiteral, emitRepeat } from "./emit";
import { candidateAt, entryShift, fillTable, hash, hashWord, putCandidate, wordAt } from "./hash";
import { matchBefore, matchEnd } from "./match";

const MARGIN: u32 = 8;

@inline
function sequenceHash(x: u64, bytes: u32, bits: u32): u32 {
  return bytes == 4 ? hashWord(x, bits) : hash(x, bytes, bits);
}

/**
 * Encodes [src, src + length), length >= 32, to `dst`.
 * @param dEnd end of the range that may be written
 * @param narrow whether the table's entries are offsets of 16 bits (hash.ts), for a length of up to 64 KiB
 * @param bits the table's size in bits: it takes 4 << bits bytes, narrow ones half of that
 * @param bytes how many bytes a sequence has, 4 to 6
 * @param skip the step grows by one for every 1 << skip bytes without a match
 * @param dictionary whether [history, src) is a dictionary (dictionary.ts), indexed in `template`; else history is src
 * @param repeat the offset a decoder starts with, 0 for none
 * @returns the bytes written, or 0 when they would not be fewer than length - length / 32 - 5
 */
@inline
function encodeFast(
  s2: bool, dictionary: bool, narrow: bool, bits: u32, bytes: u32, skip: u32, src: u32, length: u32, dst: u32, dEnd: u32, table: u32,
  history: u32, template: u32, repeat: u32,
): u32 {
  if (dictionary) loadTable(table, template, 4 << bits, history);
  else fillTable(table, 1 << (bits + entryShift(narrow)), narrow ? 0 : src);
  const sEnd = src + length;
  const sLimit = sEnd - MARGIN;
  const dLimit = dst + length - (length >>> 5) - 5;
  const dWide = dEnd - 65;
  let d = dst;
  let literal = src;
  // Without a dictionary the first byte has nothing to match.
  let s = dictionary ? src : src + 1;
  // Before the first copy, while nothing is written, there is no offset to repeat, but one to try.
  const unrepeatable = repeat != 0 ? 0 : src;
  if (repeat == 0) repeat = 1;
  let x = load<u64>(s);
  for (;;) {
    let candidate: u32 = 0; // stays 0 when the source ends first
    let repeated = false;
    // Nothing but the search is in here: what a match changes would be moved between registers and stack at each step.
    for (;;) {
      const next = s + ((s - literal) >>> skip) + 4;
      if (next > sLimit) break;
      const hash0 = table + (sequenceHash(x, bytes, bits) << entryShift(narrow));
      const hash1 = table + (sequenceHash(x >>> 8, bytes, bits) << entryShift(narrow));
      const candidate0 = candidateAt(narrow, hash0, src);
      const candidate1 = candidateAt(narrow, hash1, src);
      putCandidate(narrow, hash0, src, s);
      putCandidate(narrow, hash1, src, s + 1);
      const hash2 = table + (sequenceHash(x >>> 16, bytes, bits) << entryShift(narrow));
      if (<u32>(x >>> 8) == wordAt(s + 1 - repeat) && (!dictionary || usable(src, s + 1, s + 1 - repeat))) {
        s += 1;
        candidate = s - repeat;
        repeated = true;
        break;
      }
      if (<u32>x == wordAt(candidate0) && (!dictionary || usable(src, s, candidate0))) {
        candidate = candidate0;
        break;
      }
      const candidate2 = candidateAt(narrow, hash2, src);
      putCandidate(narrow, hash2, src, s + 2);
      if (<u32>(x >>> 8) == wordAt(candidate1) && (!dictionary || usable(src, s + 1, candidate1))) {
        candidate = candidate1;
        s += 1;
        break;
      }
      if (<u32>(x >>> 16) == wordAt(candidate2) && (!dictionary || usable(src, s + 2, candidate2))) {
        candidate = candidate2;
        s += 2;
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
    d = emitLiteral(d, literal, s - literal, dWide);
    if (repeated) {
      const base = s;
      s = matchEnd(s + 4, candidate + 4, dictionary ? matchLimit(src, s, candidate, sEnd) : sEnd);
      const n = s - base;
      if (n > 64 && d + (n >>> 6) * 5 + 16 > dst + length) return 0;
      d = s2 && literal != unrepeatable ? emitRepeat(d, repeat, n) : emitCopy(s2, d, repeat, n);
      literal = s;
      if (s >= sLimit) break;
      if (d > dLimit) return 0;
      x = load<u64>(s);
      continue;
    }
    for (;;) {
      // Four bytes agree at s and candidate, and everything before s is written.
      const base = s;
      repeat = base - candidate;
      s = matchEnd(s + 4, candidate + 4, dictionary ? matchLimit(src, s, candidate, sEnd) : sEnd);
      const n = s - base;
      if (n > 64 && d + (n >>> 6) * 5 + 16 > dst + length) return 0;
      d = emitCopy(s2, d, repeat, n);
      literal = s;
      if (s >= sLimit) break;
      if (d > dLimit) return 0;
      x = load<u64>(s - 2);
      putCandidate(narrow, table + (sequenceHash(x, bytes, bits) << entryShift(narrow)), src, s - 2);
      x >>>= 16;
      const place = table + (sequenceHash(x, bytes, bits) << entryShift(narrow));
      candidate = candidateAt(narrow, place, src);
      putCandidate(narrow, place, src, s);
      if (<u32>x != load<u32>(candidate) || (dictionary && !usable(src, s, candidate))) {
        s += 1;
        x = load<u64>(s);
        break;
      }
    }
    if (s >= sLimit) break;
  }
  if (literal < sEnd) {
    if (d + (sEnd - literal) > dLimit) return 0;
    d = emitLiteral(d, literal, sEnd - literal, dWide);
  }
  return d - dst;
}

// One function for each table size and dialect: a hash by constants is worth its bytes.

function snappy8(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeFast(false, false, false, 8, 4, 4, src, length, dst, dEnd, table, src, 0, 0);
}

function snappy10(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeFast(false, false, false, 10, 4, 5, src, length, dst, dEnd, table, src, 0, 0);
}

function snappy12(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeFast(false, false, false, 12, 5, 5, src, length, dst, dEnd, table, src, 0, 0);
}

function snappyNarrow(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeFast(false, false, true, 14, 6, 6, src, length, dst, dEnd, table, src, 0, 0);
}

function snappy14(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeFast(false, false, false, 14, 6, 6, src, length, dst, dEnd, table, src, 0, 0);
}

function s2With8(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeFast(true, false, false, 8, 4, 4, src, length, dst, dEnd, table, src, 0, 0);
}

function s2With10(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeFast(true, false, false, 10, 4, 5, src, length, dst, dEnd, table, src, 0, 0);
}

function s2With12(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeFast(true, false, false, 12, 5, 5, src, length, dst, dEnd, table, src, 0, 0);
}

function s2Narrow(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeFast(true, false, true, 14, 6, 6, src, length, dst, dEnd, table, src, 0, 0);
}

function s2With14(src: u32, length: u32, dst: u32, dEnd: u32, table: u32): u32 {
  return encodeFast(true, false, false, 14, 6, 6, src, length, dst, dEnd, table, src, 0, 0);
}

/**
 * The body of a Snappy block for `length` >= 32 bytes at `src`, or 0 when it would not save enough; see {@link encodeFast}.
 * The table takes 4 << `bits` bytes; `bits` is one of 8, 10, 12, 13 and 14. 13 is for up to 64 KiB: 14 bits, with narrow entries.
 */
export function snappyEncodeFast(src: u32, length: u32, dst: u32, dEnd: u32, table: u32, bits: u32): u32 {
  if (bits == 8) return snappy8(src, length, dst, dEnd, table);
  if (bits == 10) return snappy10(src, length, dst, dEnd, table);
  if (bits == 12) return snappy12(src, length, dst, dEnd, table);
  if (bits == 13) return snappyNarrow(src, length, dst, dEnd, table);
  return snappy14(src, length, dst, dEnd, table);
}

/** The same in the S2 dialect. */
export function s2EncodeFast(src: u32, length: u32, dst: u32, dEnd: u32, table: u32, bits: u32): u32 {
  if (bits == 8) return s2With8(src, length, dst, dEnd, table);
  if (bits == 10) return s2With10(src, length, dst, dEnd, table);
  if (bits == 12) return s2With12(src, length, dst, dEnd, table);
  if (bits == 13) return s2Narrow(src, length, dst, dEnd, table);
  return s2With14(src, length, dst, dEnd, table);
}

/** The same with a dictionary in [history, src) and a table of 14 bits; see {@link encodeFast}. */
export function s2EncodeFastDictionary(
  src: u32, length: u32, dst: u32, dEnd: u32, table: u32, history: u32, template: u32, repeat: u32,
): u32 {
  return encodeFast(true, true, false, 14, 6, 6, src, length, dst, dEnd, table, history, template, repeat);
}

/** Writes `length` >= 1 bytes as one literal and gives its size. */
export function snappyLiteral(src: u32, length: u32, dst: u32): u32 {
  // No wide store: the literal may end where the destination ends.
  return emitLiteral(dst, src, length, 0) - dst;
}
