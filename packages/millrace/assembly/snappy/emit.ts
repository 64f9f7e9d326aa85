// Writes the elements of a block (format.ts). None of these checks for room: the encoders' headers say why there is enough.

import { copyApart } from "../bytes/copy-apart";

/** Writes a literal of `n` bytes, n >= 0 (none for 0). While d <= dWide, 65 bytes from d may be overwritten. */
@inline
export function emitLiteral(d: u32, literal: u32, n: u32, dWide: u32): u32 {
  if (n - 1 < 60) {
    store<u8>(d, (n - 1) << 2);
    d += 1;
    if (d <= dWide) {
      v128.store(d, v128.load(literal));
      if (n > 16) {
        v128.store(d, v128.load(literal, 16), 16);
        v128.store(d, v128.load(literal, 32), 32);
        v128.store(d, v128.load(literal, 48), 48);
      }
      return d + n;
    }
  } else if (n == 0) {
    return d;
  } else {
    d = emitLongTag(d, n - 1);
  }
  copyApart(d, literal, n);
  return d + n;
}

function emitLongTag(d: u32, last: u32): u32 {
  if (last < 1 << 8) {
    store<u8>(d, 60 << 2);
    store<u8>(d, last, 1);
    return d + 2;
  }
  if (last < 1 << 16) {
    store<u8>(d, 61 << 2);
    store<u16>(d, last, 1);
    return d + 3;
  }
  if (last < 1 << 24) {
    store<u8>(d, 62 << 2);
    store<u16>(d, last, 1);
    store<u8>(d, last >>> 16, 3);
    return d + 4;
  }
  store<u8>(d, 63 << 2);
  store<u32>(d, last, 1);
  return d + 5;
}

/** Writes a repeat of the last offset, n >= 4: at most 5 bytes for each 2^24. May overwrite one byte more. */
@inline
export function emitRepeat(d: u32, offset: u32, n: u32): u32 {
  if (n <= 8) {
    store<u16>(d, ((n - 4) << 2) | 1);
    return d + 2;
  }
  if (n < 12 && offset < 2048) {
    // As short as with a length byte, and no dependence on the last offset.
    store<u16>(d, (offset & 0xff) << 8 | (offset >>> 8) << 5 | (n - 4) << 2 | 1);
    return d + 2;
  }
  if (n < 264) {
    store<u16>(d, 5 << 2 | 1);
    store<u8>(d, n - 8, 2);
    return d + 3;
  }
  return emitLongRepeat(d, n);
}

function emitLongRepeat(d: u32, n: u32): u32 {
  while (n > 65540 + 0xffffff) {
    // Leaves at least 4 for the next.
    store<u16>(d, 7 << 2 | 1);
    store<u16>(d, 0xfffb, 2);
    store<u8>(d, 0xff, 4);
    d += 5;
    n -= 65540 + 0xfffffb;
  }
  if (n <= 8) {
    store<u16>(d, ((n - 4) << 2) | 1);
    return d + 2;
  }
  if (n < 264) {
    store<u16>(d, 5 << 2 | 1);
    store<u8>(d, n - 8, 2);
    return d + 3;
  }
  if (n < 65796) {
    store<u16>(d, 6 << 2 | 1);
    store<u16>(d, n - 260, 2);
    return d + 4;
  }
  store<u16>(d, 7 << 2 | 1);
  store<u16>(d, n - 65540, 2);
  store<u8>(d, (n - 65540) >>> 16, 4);
  return d + 5;
}

/** Writes a copy of n >= 4 bytes from `offset` back: S2 goes on with repeats where Snappy needs a copy for each 64 bytes. */
@inline
export function emitCopy(s2: bool, d: u32, offset: u32, n: u32): u32 {
  if (offset < 65536) {
    if (n < 12 && offset < 2048) {
      store<u16>(d, (offset & 0xff) << 8 | (offset >>> 8) << 5 | (n - 4) << 2 | 1);
      return d + 2;
    }
    if (n <= 64) {
      store<u32>(d, offset << 8 | (n - 1) << 2 | 2);
      return d + 3;
    }
  } else if (n <= 64) {
    store<u8>(d, (n - 1) << 2 | 3);
    store<u32>(d, offset, 1);
    return d + 5;
  }
  return s2 ? emitLongS2(d, offset, n) : emitLongSnappy(d, offset, n);
}

function emitLongS2(d: u32, offset: u32, n: u32): u32 {
  if (offset >= 65536) {
    // 1 to 3 left over could not be a repeat: then the copy gives up enough to make it one.
    const first: u32 = n < 68 ? 60 : 64;
    store<u8>(d, (first - 1) << 2 | 3);
    store<u32>(d, offset, 1);
    return emitRepeat(d + 5, offset, n - first);
  }
  if (offset < 2048) {
    store<u16>(d, (offset & 0xff) << 8 | (offset >>> 8) << 5 | (8 - 4) << 2 | 1);
    return emitRepeat(d + 2, offset, n - 8);
  }
  store<u32>(d, offset << 8 | 59 << 2 | 2);
  return emitRepeat(d + 3, offset, n - 60);
}

function emitLongSnappy(d: u32, offset: u32, n: u32): u32 {
  if (offset >= 65536) {
    for (; n > 64; d += 5) {
      const part: u32 = n < 68 ? 60 : 64;
      store<u8>(d, (part - 1) << 2 | 3);
      store<u32>(d, offset, 1);
      n -= part;
    }
    store<u8>(d, (n - 1) << 2 | 3);
    store<u32>(d, offset, 1);
    return d + 5;
  }
  for (; n > 64; d += 3) {
    // The last copy is then of at least 4 bytes, and may take the two-byte form.
    const part: u32 = n < 68 ? 60 : 64;
    store<u32>(d, offset << 8 | (part - 1) << 2 | 2);
    n -= part;
  }
  if (n < 12 && offset < 2048) {
    store<u16>(d, (offset & 0xff) << 8 | (offset >>> 8) << 5 | (n - 4) << 2 | 1);
    return d + 2;
  }
  store<u32>(d, offset << 8 | (n - 1) << 2 | 2);
  return d + 3;
}

/** What {@link emitRepeat} writes, in bytes; for n >= 2^24 an estimate. */
@inline
export function repeatSize(offset: u32, n: u32): u32 {
  if (n <= 8 || (n < 12 && offset < 2048)) return 2;
  return n < 264 ? 3 : n < 65796 ? 4 : 5;
}

/** What {@link emitCopy} writes, in bytes; for n >= 2^24 an estimate. */
@inline
export function copySize(s2: bool, offset: u32, n: u32): u32 {
  if (n <= 64) return offset >= 65536 ? 5 : n < 12 && offset < 2048 ? 2 : 3;
  if (!s2) return (offset >= 65536 ? 5 : 3) * ((n + 63) >>> 6);
  if (offset >= 65536) return 5 + repeatSize(offset, n - 60);
  return offset < 2048 ? 2 + repeatSize(offset, n - 8) : 3 + repeatSize(offset, n - 60);
}
