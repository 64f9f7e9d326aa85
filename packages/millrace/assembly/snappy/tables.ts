// The decoder's constant tables, built once for each linear memory.
//
//     tables   +0    16 x 16   for each offset below 16: the swizzle that repeats the first `offset` bytes of a vector
//              +256  16        for each offset below 16: the greatest multiple of it that is at most 16

export const PATTERNS: u32 = 0;
export const STEPS: u32 = 256;

/** Fills the 272 bytes at `tables`. */
export function snappyTables(tables: u32): void {
  for (let offset: u32 = 1; offset < 16; offset += 1) {
    for (let i: u32 = 0; i < 16; i += 1) store<u8>(tables + PATTERNS + (offset << 4) + i, i % offset);
    store<u8>(tables + STEPS + offset, 16 - (16 % offset));
  }
}
