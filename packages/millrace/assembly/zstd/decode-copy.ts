// Copies of the sequence loop that are not on its straight path: matches into earlier output that lies elsewhere, and copies that may
// not write past their end.

import { HISTORY_END, HISTORY_LENGTH, PATTERNS, STEPS } from "./decode-context";

/**
 * Copies `length` bytes from `offset` bytes back, exactly: nothing past `to + length` is written. Source and destination lie in one
 * stretch of memory and may overlap, in which case the bytes repeat.
 */
export function copyMatchExact(context: u32, to: u32, offset: u32, length: u32): void {
  let from = to - offset;
  const end = to + length;
  if (offset >= length) {
    memory.copy(to, from, length);
    return;
  }
  if (offset < 16) {
    const repeated = i8x16.swizzle(v128.load(from), v128.load(context + (offset << 4), PATTERNS));
    const step = <u32>load<u8>(context + offset, STEPS);
    for (; to + 16 <= end; to += step, from += step) v128.store(to, repeated);
  } else {
    for (; to + 16 <= end; to += 16, from += 16) v128.store(to, v128.load(from));
  }
  for (; to < end; to++, from++) store<u8>(to, load<u8>(from));
}

// How a copy treats what follows its end, told apart by their sizes: Wide may write up to 32 bytes there.
export type Exact = u8;
export type Wide = u16;

/**
 * Copies a match that begins `before` bytes before `base`, the start of the output that lies together: those come from the history, the
 * rest from `base` on. False when the history does not reach so far.
 */
export function copyFromHistory<End>(context: u32, to: u32, base: u32, before: u32, length: u32): bool {
  if (before > load<u32>(context, HISTORY_LENGTH)) return false;
  // After a wrap the history lies above the output in one ring, at least 64 bytes away (decode-frame.ts): the two never overlap.
  const first = min(before, length);
  const from = load<u32>(context, HISTORY_END) - before;
  if (sizeof<End>() == sizeof<Wide>()) {
    for (let i: u32 = 0; i < first; i += 16) v128.store(to + i, v128.load(from + i));
  } else {
    memory.copy(to, from, first);
  }
  if (length > before) copyMatchExact(context, to + before, to + before - base, length - before);
  return true;
}
