/** Whether every byte of [s, s + length) is below 0x80: 1 or 0. Reads up to 63 bytes behind it, which the guard allows. */
export function isAscii(s: i32, length: i32): i32 {
  let p = s;
  const end = s + length;
  while (end - p >= 64) {
    const high = v128.or(v128.or(v128.load(p), v128.load(p, 16)), v128.or(v128.load(p, 32), v128.load(p, 48)));
    if (i8x16.bitmask(high) != 0) return 0;
    p += 64;
  }
  while (p < end) {
    let high = <u32>i8x16.bitmask(v128.load(p));
    if (end - p < 16) high &= (1 << (end - p)) - 1;
    if (high != 0) return 0;
    p += 16;
  }
  return 1;
}
