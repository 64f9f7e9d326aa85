// CRC-32C (Castagnoli), reflected polynomial 0x82f63b78: RFC 3720 appendix B.4; Snappy framing_format.txt section 3.
//
// WebAssembly has no CRC instruction, so 16 bytes are looked up at a time in 16 tables: table k holds the CRC of a byte that k
// zero bytes follow.
//
//     tables  +1024 * k  u32[256]   k = 0..15

const POLYNOMIAL: u32 = 0x82f63b78;

/** Fills the 16 KiB at `tables`. */
export function crc32cTables(tables: u32): void {
  for (let byte: u32 = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (POLYNOMIAL & (0 - (crc & 1)));
    store<u32>(tables + (byte << 2), crc);
  }
  for (let entry: u32 = 256; entry < 4096; entry += 1) {
    const before = load<u32>(tables + ((entry - 256) << 2));
    store<u32>(tables + (entry << 2), (before >>> 8) ^ load<u32>(tables + ((before & 0xff) << 2)));
  }
}

// The CRC of the four bytes of `word`, the first of which `after` + 3 bytes follow.
@inline
function lookup(tables: u32, word: u32, after: u32): u32 {
  return load<u32>(tables + ((word & 0xff) << 2) + ((after + 3) << 10))
    ^ load<u32>(tables + ((word >>> 6) & 0x3fc) + ((after + 2) << 10))
    ^ load<u32>(tables + ((word >>> 14) & 0x3fc) + ((after + 1) << 10))
    ^ load<u32>(tables + ((word >>> 22) & 0x3fc) + (after << 10));
}

/** The CRC of `length` bytes at `s` that follow bytes whose CRC is `seed` (0 at the start). */
export function crc32c(s: u32, length: u32, seed: u32, tables: u32): u32 {
  let crc = ~seed;
  const sEnd = s + length;
  for (; s + 16 <= sEnd; s += 16) {
    crc = lookup(tables, crc ^ load<u32>(s), 12) ^ lookup(tables, load<u32>(s, 4), 8)
      ^ lookup(tables, load<u32>(s, 8), 4) ^ lookup(tables, load<u32>(s, 12), 0);
  }
  for (; s < sEnd; s += 1) crc = (crc >>> 8) ^ load<u32>(tables + (((crc ^ load<u8>(s)) & 0xff) << 2));
  return ~crc;
}
