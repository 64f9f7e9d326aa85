// The best level: every candidate at three successive bytes is weighed by what it saves, and the best one is taken. The tables keep the
// previous entry of each place too. The search is that of klauspost/compress s2 (Go, BSD).
//
//     work   +0   i32  weight of the best match so far
//            +4   u32  where it starts
//            +8   u32  what it copies from
//            +12  u32  its length, 0 for none
//            +16  u32  1 when its offset is the last one
//            +64  long   (u32 last, u32 previous)[1 << longBits], of eight bytes
//                 short  (u32 last, u32 previous)[1 << shortBits], of four
//
// Tables start filled with the address of the source's first byte, as in encode.ts, where the room is explained too.
import { loadTable, matchLimit, usable } from "./dictionary";
import { copySize, emitCopy, emitLiteral, emitRepeat, repeatSize } from "./emit";
import { fillTable, hash } from "./hash";
import { matchBefore, matchEnd } from "./match";

const MARGIN: u32 = 10;
const MAX_STEP: u32 = 64;
const TABLES: u32 = 64;

@inline
function last(entry: u64): u32 {
  return <u32>entry;
}

@inline
function previous(entry: u64): u32 {
  return <u32>(entry >>> 32);
}

@inline
function pushed(entry: u64, address: u32): u64 {
  return entry << 32 | <u64>address;
}

/** Weighs the match of `s` with the earlier `m`, and notes it in `work` when it is better than the best so far. */
function weigh(work: u32, s2: bool, s: u32, m: u32, repeat: u32, literal: u32, origin: u32, src: u32, sEnd: u32): void {
  if (load<u32>(s) != load<u32>(m) || !usable(src, s, m)) return;
  const offset = s - m;
  // The same offset has been weighed, from an earlier byte.
  if (load<u32>(work, 12) != 0 && load<u32>(work, 4) - load<u32>(work, 8) == offset) return;
  const n = matchEnd(s + 4, m + 4, matchLimit(src, s, m, sEnd)) - s;
  const size = repeat != 0 ? repeatSize(offset, n) : copySize(s2, offset, n);
  // No literal before it saves a byte. Bytes passed over cost twice: they are a literal, and were not matched.
  const saved = <i32>n - <i32>size + (literal == s ? 1 : 0);
  if (saved <= 0) return;
  const weight = saved - 2 * <i32>(s - origin);
  if (load<u32>(work, 12) != 0 && weight <= load<i32>(work)) return;
  store<i32>(work, weight);
  store<u32>(work, s, 4);
  store<u32>(work, m, 8);
  store<u32>(work, n, 12);
  store<u32>(work, repeat, 16);
}

@inline
function weighBoth(work: u32, s2: bool, s: u32, entry: u64, literal: u32, origin: u32, src: u32, sEnd: u32): void {
  weigh(work, s2, s, last(entry), 0, literal, origin, src, sEnd);
  weigh(work, s2, s, previous(entry), 0, literal, origin, src, sEnd);
}

/**
 * Encodes [src, src + length), length >= 32, to `dst`; the result is as that of encodeFast.
 * @param work 64 bytes and the two tables, 8 << longBits and 8 << shortBits bytes
 * @param template tables that index the dictionary in [history, src) (dictionary.ts), 0 without one: then history is src
 * @param repeat the offset a decoder starts with, 0 for none
 */
export function snappyEncodeBest(
  s2: bool, src: u32, length: u32, dst: u32, dEnd: u32, work: u32, longBits: u32, shortBits: u32, history: u32, template: u32, repeat: u32,
): u32 {
  const long = work + TABLES;
  const short = long + (8 << longBits);
  const tablesSize: u32 = (8 << longBits) + (8 << shortBits);
  if (template != 0) loadTable(long, template, tablesSize, history);
  else fillTable(long, tablesSize, src);
  const sEnd = src + length;
  const sLimit = sEnd - MARGIN;
  const dLimit = dst + length - 5;
  const dWide = dEnd - 65;
  let d = dst;
  let literal = src;
  let s = template != 0 ? src : src + 1;
  // Before the first copy there is no offset to repeat, but one to try.
  let repeatable = repeat != 0;
  if (!repeatable) repeat = 1;
  for (;;) {
    store<u32>(work, 0, 12);
    for (;;) {
      const next = s + min<u32>(((s - literal) >>> 8) + 1, MAX_STEP);
      if (next > sLimit) break;
      const x = load<u64>(s);
      const longPlace = long + (hash(x, 8, longBits) << 3);
      const shortPlace = short + (hash(x, 4, shortBits) << 3);
      const longEntry = load<u64>(longPlace);
      const shortEntry = load<u64>(shortPlace);
      weighBoth(work, s2, s, longEntry, literal, s, src, sEnd);
      weighBoth(work, s2, s, shortEntry, literal, s, src, sEnd);
      weigh(work, s2, s + 1, s + 1 - repeat, 1, literal, s, src, sEnd);
      if (load<u32>(work, 12) != 0) {
        // A match here: is there a better one at the next byte, or the one after?
        const x1 = load<u64>(s, 1);
        weighBoth(work, s2, s + 1, load<u64>(short + (hash(x1, 4, shortBits) << 3)), literal, s, src, sEnd);
        weighBoth(work, s2, s + 1, load<u64>(long + (hash(x1, 8, longBits) << 3)), literal, s, src, sEnd);
        const x2 = load<u64>(s, 2);
        weigh(work, s2, s + 2, s + 2 - repeat, 1, literal, s, src, sEnd);
        weighBoth(work, s2, s + 2, load<u64>(short + (hash(x2, 4, shortBits) << 3)), literal, s, src, sEnd);
        weighBoth(work, s2, s + 2, load<u64>(long + (hash(x2, 8, longBits) << 3)), literal, s, src, sEnd);
        // What follows the best match may also follow a longer one, whose first two bytes differ.
        const at = load<u32>(work, 4) + load<u32>(work, 12) - 1;
        if (at < sLimit) {
          const base = load<u32>(work, 4) + 1;
          const back = at - base;
          const entry = load<u64>(long + (hash(load<u64>(at), 8, longBits) << 3));
          if (last(entry) > history + back) weigh(work, s2, base, last(entry) - back, 0, literal, s, src, sEnd);
          if (previous(entry) > history + back) weigh(work, s2, base, previous(entry) - back, 0, literal, s, src, sEnd);
        }
      }
      store<u64>(longPlace, pushed(longEntry, s));
      store<u64>(shortPlace, pushed(shortEntry, s));
      if (load<u32>(work, 12) != 0) break;
      s = next;
    }
    if (load<u32>(work, 12) == 0) break;

    const found = load<u32>(work, 4);
    s = found;
    let candidate = load<u32>(work, 8);
    const end = s + load<u32>(work, 12);
    const first = candidate < src ? history : src;
    const back = matchBefore(s, candidate, min<u32>(s - literal, candidate - first));
    s -= back;
    candidate -= back;
    if (d + (s - literal) > dLimit) return 0;
    const offset = s - candidate;
    const n = end - s;
    const repeated = load<u32>(work, 16) != 0;
    if (offset > 65535 && n <= 5 && !repeated) {
      // No shorter than the bytes themselves.
      s = found + 1;
      if (s >= sLimit) break;
      continue;
    }
    d = emitLiteral(d, literal, s - literal, dWide);
    if (n > 64 && d + (n >>> 6) * 5 + 16 > dst + length) return 0;
    d = s2 && repeated && repeatable ? emitRepeat(d, offset, n) : emitCopy(s2, d, offset, n);
    repeat = offset;
    repeatable = true;
    literal = end;
    s = end;
    if (s >= sLimit) break;
    if (d > dLimit) return 0;
    for (let i = found + 1; i < end; i += 1) {
      const x = load<u64>(i);
      const longPlace = long + (hash(x, 8, longBits) << 3);
      const shortPlace = short + (hash(x, 4, shortBits) << 3);
      store<u64>(longPlace, pushed(load<u64>(longPlace), i));
      store<u64>(shortPlace, pushed(load<u64>(shortPlace), i));
    }
  }
  if (literal < sEnd) {
    if (d + (sEnd - literal) > dLimit) return 0;
    d = emitLiteral(d, literal, sEnd - literal, dWide);
  }
  return d - dst;
}
