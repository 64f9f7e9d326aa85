// Copies of the decoders. "Wide" ones store whole vectors, "exact" ones write what is wanted and no more.
import { PATTERNS, STEPS } from "./tables";

@inline
function vector(d: u32, s: u32): void {
  v128.store(d, v128.load(s));
}

/** Copies `n` <= 64 bytes that do not overlap: reads and writes 32 or 64 of them. */
@inline
export function copyShortWide(d: u32, s: u32, n: u32): void {
  const low = v128.load(s);
  const high = v128.load(s, 16);
  v128.store(d, low);
  v128.store(d, high, 16);
  if (n > 32) {
    vector(d + 32, s + 32);
    vector(d + 48, s + 48);
  }
}

/** Copies `n` <= 64 bytes from `m`, at least 16 before `d`, repeating what it writes: reads and writes 32 or 64 of them. */
@inline
export function copyShortFar(d: u32, m: u32, n: u32): void {
  // Each vector is read after the one before is written, and they are 16 apart: right for every offset from 16.
  vector(d, m);
  vector(d + 16, m + 16);
  if (n > 32) {
    vector(d + 32, m + 32);
    vector(d + 48, m + 48);
  }
}

/** The same for any n > 0: reads and writes up to 31 bytes more. */
@inline
export function copyFarWide(d: u32, m: u32, n: u32): void {
  const dEnd = d + n;
  do {
    vector(d, m);
    vector(d + 16, m + 16);
    d += 32;
    m += 32;
  } while (d < dEnd);
}

/** Copies `n` bytes that do not overlap, where a call of memory.copy would take longer: reads and writes up to 31 more. */
@inline
export function copyLongWide(d: u32, s: u32, n: u32): void {
  for (const dEnd = d + n; d < dEnd; d += 32) {
    const low = v128.load(s);
    const high = v128.load(s, 16);
    v128.store(d, low);
    v128.store(d, high, 16);
    s += 32;
  }
}

/** Copies `n` bytes from `offset` back, repeating what it writes: reads and writes up to 63 more. */
@inline
export function copyMatchWide(d: u32, offset: u32, n: u32, tables: u32): void {
  const m = d - offset;
  if (offset >= 16) {
    for (let i: u32 = 0; i < n; i += 64) {
      vector(d + i, m + i);
      vector(d + i + 16, m + i + 16);
      vector(d + i + 32, m + i + 32);
      vector(d + i + 48, m + i + 48);
    }
    return;
  }
  const pattern = i8x16.swizzle(v128.load(m), v128.load(tables + PATTERNS + (offset << 4)));
  v128.store(d, pattern);
  if (n > 16) {
    const step = <u32>load<u8>(tables + STEPS + offset);
    for (let i = step; i < n; i += step) v128.store(d + i, pattern);
  }
}

/** Copies `n` bytes that do not overlap. */
export function copyExact(d: u32, s: u32, n: u32): void {
  if (n > 64) {
    memory.copy(d, s, n);
    return;
  }
  for (; n >= 8; n -= 8) {
    store<u64>(d, load<u64>(s));
    d += 8;
    s += 8;
  }
  for (; n > 0; n -= 1) {
    store<u8>(d, load<u8>(s));
    d += 1;
    s += 1;
  }
}

/** Copies `n` bytes from `offset` back, repeating what it writes. */
export function copyMatchExact(d: u32, offset: u32, n: u32): void {
  if (offset >= n) {
    copyExact(d, d - offset, n);
    return;
  }
  let m = d - offset;
  if (offset >= 8) {
    for (; n >= 8; n -= 8) {
      store<u64>(d, load<u64>(m));
      d += 8;
      m += 8;
    }
  }
  for (; n > 0; n -= 1) {
    store<u8>(d, load<u8>(m));
    d += 1;
    m += 1;
  }
}
