/**
 * Copies `length` bytes that do not overlap, exactly. Not memory.copy, which ends in the processor's string move: on some that takes 20 times as long when the
 * destination lies a few bytes above the source within their pages (measured: docs/performance.md).
 */
export function copyApart(to: u32, from: u32, length: u32): void {
  if (length < 32) {
    memory.copy(to, from, length);
    return;
  }
  const last = length - 32;
  for (let i: u32 = 0; i < last; i += 32) {
    v128.store(to + i, v128.load(from + i));
    v128.store(to + i, v128.load(from + i, 16), 16);
  }
  v128.store(to + last, v128.load(from + last));
  v128.store(to + last, v128.load(from + last, 16), 16);
}
