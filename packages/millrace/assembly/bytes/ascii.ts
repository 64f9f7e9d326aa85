/** How many bytes at the front of [s, s + length) are below 0x80. Reads up to 63 bytes behind it, which the guard allows. */
export function asciiLength(s: i32, length: i32): i32 {
  const end = s + length;
  let p = s;
  while (end - p >= 64) {
    const high = v128.or(v128.or(v128.load(p), v128.load(p, 16)), v128.or(v128.load(p, 32), v128.load(p, 48)));
    if (i8x16.bitmask(high) != 0) break;
    p += 64;
  }
  while (p < end) {
    const high = i8x16.bitmask(v128.load(p));
    if (high != 0) {
      p += <i32>ctz(high);
      break;
    }
    p += 16;
  }
  return (p < end ? p : end) - s;
}
