// Searching and comparing ranges of the memory. A load may reach 15 bytes past a range: the heap keeps a guard at both ends of the
// memory, and what lies outside the range is masked off before it counts.

/**
 * Goes on from `s` by 128 bytes as long as `byte` is not among them, and loads nothing from `sEnd` on. Gives the address of the first 128 bytes that have
 * it, or of the last ones, which are fewer.
 */
// @ts-ignore: decorator
@inline
function skip(s: usize, sEnd: usize, byte: i32): usize {
  const needle = i8x16.splat(<i8>byte);
  const last = <isize>sEnd - 128;
  while (<isize>s <= last) {
    const a = v128.or(i8x16.eq(v128.load(s), needle), i8x16.eq(v128.load(s, 16), needle));
    const b = v128.or(i8x16.eq(v128.load(s, 32), needle), i8x16.eq(v128.load(s, 48), needle));
    const c = v128.or(i8x16.eq(v128.load(s, 64), needle), i8x16.eq(v128.load(s, 80), needle));
    const d = v128.or(i8x16.eq(v128.load(s, 96), needle), i8x16.eq(v128.load(s, 112), needle));
    if (v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) break;
    s += 128;
  }
  return s;
}

/** Address of the first `byte` in [s, sEnd), or -1. */
export function indexOfByte(s: usize, sEnd: usize, byte: i32): i32 {
  const needle = i8x16.splat(<i8>byte);
  s = skip(s, sEnd, byte);
  while (s + 64 <= sEnd) {
    const a = i8x16.eq(v128.load(s), needle);
    const b = i8x16.eq(v128.load(s, 16), needle);
    const c = i8x16.eq(v128.load(s, 32), needle);
    const d = i8x16.eq(v128.load(s, 48), needle);
    if (v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) {
      const low = <u64>(<u32>i8x16.bitmask(a) | (<u32>i8x16.bitmask(b) << 16));
      const high = <u64>(<u32>i8x16.bitmask(c) | (<u32>i8x16.bitmask(d) << 16));
      return <i32>(s + <usize>ctz(low | (high << 32)));
    }
    s += 64;
  }
  while (s < sEnd) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(s), needle));
    if (found != 0) {
      s += ctz(found);
      return s < sEnd ? <i32>s : -1;
    }
    s += 16;
  }
  return -1;
}

/** Address of the last `byte` in [s, sEnd), or -1. */
export function lastIndexOfByte(s: usize, sEnd: usize, byte: i32): i32 {
  const needle = i8x16.splat(<i8>byte);
  let d = sEnd;
  while (d > s) {
    d -= 16; // the guard lies below the lowest range, so this does not wrap
    const found = i8x16.bitmask(i8x16.eq(v128.load(d), needle));
    if (found != 0) {
      d += 31 - clz(found);
      return d >= s ? <i32>d : -1;
    }
  }
  return -1;
}

/**
 * Address of the first place in [s, sEnd) at which `length` bytes, 2 to 16, equal the pattern, which comes as four little-endian words; or -1. The
 * first and the last byte are compared at 16 places at once, the whole pattern only where both agree; and as long as the first byte is rare, it alone is
 * looked for until it is near.
 */
export function indexOfPattern(s: usize, sEnd: usize, w0: i32, w1: i32, w2: i32, w3: i32, length: i32): i32 {
  let pattern = i32x4.splat(w0);
  pattern = i32x4.replace_lane(pattern, 1, w1);
  pattern = i32x4.replace_lane(pattern, 2, w2);
  pattern = i32x4.replace_lane(pattern, 3, w3);
  const last = <usize>length - 1;
  const all: i32 = (1 << length) - 1;
  const first = i8x16.splat(<i8>(w0 & 0xff));
  const lastWord = length > 12 ? w3 : length > 8 ? w2 : length > 4 ? w1 : w0;
  const final = i8x16.splat(<i8>(lastWord >> ((<i32>last & 3) << 3)));
  // How often skipping may lead nowhere before it is given up.
  let tries: i32 = 4;
  // 64 places at once; every load ends before the guard does.
  while (s + last + 64 <= sEnd) {
    if (tries > 0) {
      const from = s;
      s = skip(s, sEnd - last, w0 & 0xff);
      if (s - from < 256) tries -= 1;
      if (s + last + 64 > sEnd) break;
    }
    const a = v128.and(i8x16.eq(v128.load(s), first), i8x16.eq(v128.load(s + last), final));
    const b = v128.and(i8x16.eq(v128.load(s, 16), first), i8x16.eq(v128.load(s + last, 16), final));
    const c = v128.and(i8x16.eq(v128.load(s, 32), first), i8x16.eq(v128.load(s + last, 32), final));
    const d = v128.and(i8x16.eq(v128.load(s, 48), first), i8x16.eq(v128.load(s + last, 48), final));
    if (v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) {
      const low = <u64>(<u32>i8x16.bitmask(a) | (<u32>i8x16.bitmask(b) << 16));
      const high = <u64>(<u32>i8x16.bitmask(c) | (<u32>i8x16.bitmask(d) << 16));
      let found = low | (high << 32);
      while (found != 0) {
        const at = s + <usize>ctz(found);
        if ((i8x16.bitmask(i8x16.eq(v128.load(at), pattern)) & all) == all) return <i32>at;
        found &= found - 1;
      }
    }
    s += 64;
  }
  while (s + last < sEnd) {
    let found = i8x16.bitmask(v128.and(i8x16.eq(v128.load(s), first), i8x16.eq(v128.load(s + last), final)));
    while (found != 0) {
      const at = s + ctz(found);
      if (at + last >= sEnd) return -1;
      if ((i8x16.bitmask(i8x16.eq(v128.load(at), pattern)) & all) == all) return <i32>at;
      found &= found - 1;
    }
    s += 16;
  }
  return -1;
}

/** Index of the first byte in which `length` bytes at `a` and at `b` differ, or `length`. */
export function mismatch(a: usize, b: usize, length: i32): i32 {
  let i: i32 = 0;
  const last = length - 128;
  while (i <= last) {
    const s = a + <usize>i;
    const t = b + <usize>i;
    const q = v128.or(v128.xor(v128.load(s), v128.load(t)), v128.xor(v128.load(s, 16), v128.load(t, 16)));
    const r = v128.or(v128.xor(v128.load(s, 32), v128.load(t, 32)), v128.xor(v128.load(s, 48), v128.load(t, 48)));
    const u = v128.or(v128.xor(v128.load(s, 64), v128.load(t, 64)), v128.xor(v128.load(s, 80), v128.load(t, 80)));
    const v = v128.or(v128.xor(v128.load(s, 96), v128.load(t, 96)), v128.xor(v128.load(s, 112), v128.load(t, 112)));
    if (v128.any_true(v128.or(v128.or(q, r), v128.or(u, v)))) break;
    i += 128;
  }
  while (i + 32 <= length) {
    const x = i8x16.eq(v128.load(a + i), v128.load(b + i));
    const y = i8x16.eq(v128.load(a + i, 16), v128.load(b + i, 16));
    if (!i8x16.all_true(v128.and(x, y))) {
      return i + ctz(~(i8x16.bitmask(x) | (i8x16.bitmask(y) << 16)));
    }
    i += 32;
  }
  while (i < length) {
    const equal = i8x16.bitmask(i8x16.eq(v128.load(a + i), v128.load(b + i)));
    if (equal != 0xffff) return min(i + ctz(~equal), length);
    i += 16;
  }
  return length;
}
