// Dictionaries (S2): content that stands before the source as if it had been decoded already.
//
// To encode with one, the face lays the content directly before the source, so that addresses differ by offsets as they do inside the
// source, and loads tables that hold the content's sequences instead of filling them with one address:
//
//     history              src                            sEnd
//     | dictionary content | source ..................... |
//
// A decoder finds a dictionary copy whole in the dictionary, and in the first 64 KiB of output only. So a match that starts before src
// must end before it, and the bytes it is for must lie within DICTIONARY_REACH of src.
import { DICTIONARY_REACH } from "./check";
import { hash } from "./hash";

/** Whether a match of four bytes at `s` with `m` may be used, m in the dictionary or the source. */
@inline
export function usable(src: u32, s: u32, m: u32): bool {
  return m >= src || (m + 4 <= src && s + 4 - src <= DICTIONARY_REACH);
}

/** Where a match of `s` with `m` must end at the latest. */
@inline
export function matchLimit(src: u32, s: u32, m: u32, sEnd: u32): u32 {
  if (m >= src) return sEnd;
  return min<u32>(sEnd, min<u32>(s + (src - m), src + DICTIONARY_REACH));
}

/**
 * Writes the positions in [content, content + length) of sequences of `bytes` bytes to the zeroed `template`, u32[1 << bits]; the last of
 * each place stays.
 */
export function indexDictionary(content: u32, length: u32, template: u32, bits: u32, bytes: u32): void {
  for (let at: u32 = 0; at + 8 <= length; at += 1) store<u32>(template + (hash(load<u64>(content + at), bytes, bits) << 2), at);
}

/** The same for the tables of best.ts, (u32 last, u32 previous)[1 << bits]. */
export function indexDictionaryTwice(content: u32, length: u32, template: u32, bits: u32, bytes: u32): void {
  for (let at: u32 = 0; at + 8 <= length; at += 1) {
    const place = template + (hash(load<u64>(content + at), bytes, bits) << 3);
    store<u64>(place, load<u64>(place) << 32 | <u64>at);
  }
}

/** Makes a table of addresses of a template of positions: adds `history` to each of its u32. The size is a multiple of 64 bytes. */
@inline
export function loadTable(table: u32, template: u32, size: u32, history: u32): void {
  const base = i32x4.splat(history);
  for (let end = table + size; table < end; table += 64) {
    v128.store(table, i32x4.add(v128.load(template), base));
    v128.store(table, i32x4.add(v128.load(template, 16), base), 16);
    v128.store(table, i32x4.add(v128.load(template, 32), base), 32);
    v128.store(table, i32x4.add(v128.load(template, 48), base), 48);
    template += 64;
  }
}
