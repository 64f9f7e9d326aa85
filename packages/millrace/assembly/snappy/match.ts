// How far two places in a source agree.

/**
 * Extends a match forward: `s` and the earlier `m` agree before these addresses; gives where the agreement that starts at `s` ends,
 * at most `sEnd`. Reads up to 24 bytes past sEnd, which the memory's guard allows.
 */
@inline
export function matchEnd(s: u32, m: u32, sEnd: u32): u32 {
  let difference = load<u64>(s) ^ load<u64>(m);
  if (difference == 0) {
    s += 8;
    m += 8;
    while (s < sEnd) {
      const equal = i8x16.bitmask(i8x16.eq(v128.load(s), v128.load(m)));
      if (equal != 0xffff) {
        s += ctz<u32>(~equal);
        break;
      }
      s += 16;
      m += 16;
    }
    return s < sEnd ? s : sEnd;
  }
  s += <u32>ctz<u64>(difference) >>> 3;
  return s < sEnd ? s : sEnd;
}

/**
 * How many bytes before `s` and before `m` agree, at most `most`. Reads up to 8 bytes before what it compares: the memory starts
 * with a guard.
 */
@inline
export function matchBefore(s: u32, m: u32, most: u32): u32 {
  let n: u32 = 0;
  while (n < most) {
    const difference = load<u64>(s - n - 8) ^ load<u64>(m - n - 8);
    if (difference != 0) {
      n += <u32>clz<u64>(difference) >>> 3;
      break;
    }
    n += 8;
  }
  return n < most ? n : most;
}
