// The decoder's constant tables, built once for each linear memory.
//
//     tables   +0     256 x 8   for each tag byte: u32 mask of the trailer, u16 upper offset bits, u8 length, u8 size of tag and trailer
//              +2048  16 x 16   for each offset below 16: the swizzle that repeats the first `offset` bytes of a vector
//              +2304  16        for each offset below 16: the greatest multiple of it that is at most 16
import { COPY_1, COPY_2, LITERAL } from "./format";

export const PATTERNS: u32 = 2048;
export const STEPS: u32 = 2304;

/** Fills the 2,320 bytes at `tables`. */
export function snappyTables(tables: u32): void {
  for (let tag: u32 = 0; tag < 256; tag += 1) {
    const kind = tag & 3;
    const upper = tag >>> 2;
    let length = upper + 1;
    let trailer: u32 = 0;
    let offset: u32 = 0;
    if (kind == LITERAL) {
      if (upper >= 60) trailer = upper - 59;
    } else if (kind == COPY_1) {
      length = (upper & 7) + 4;
      trailer = 1;
      offset = (tag >>> 5) << 8;
    } else {
      trailer = kind == COPY_2 ? 2 : 4;
    }
    const entry = tables + (tag << 3);
    store<u32>(entry, <u32>((<u64>1 << (trailer << 3)) - 1));
    store<u16>(entry, offset, 4);
    store<u8>(entry, length, 6);
    store<u8>(entry, trailer + 1, 7);
  }
  for (let offset: u32 = 1; offset < 16; offset += 1) {
    for (let i: u32 = 0; i < 16; i += 1) store<u8>(tables + PATTERNS + (offset << 4) + i, i % offset);
    store<u8>(tables + STEPS + offset, 16 - (16 % offset));
  }
}

@inline
export function trailerMask(entry: u32): u32 {
  return load<u32>(entry);
}

@inline
export function upperOffset(entry: u32): u32 {
  return load<u16>(entry, 4);
}

@inline
export function copyLength(entry: u32): u32 {
  return load<u8>(entry, 6);
}

@inline
export function elementSize(entry: u32): u32 {
  return load<u8>(entry, 7);
}
