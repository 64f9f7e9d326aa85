// Hashes of the first bytes of a sequence, as offsets into tables of u32, and the tables' start.

/** The hash of the low `bytes` bytes of `x`, 4 to 8, in `bits` bits. Multiplies them, shifted to the top, by a large odd number. */
@inline
export function hash(x: u64, bytes: u32, bits: u32): u32 {
  return <u32>(((x << (64 - (bytes << 3))) * multiplier(bytes)) >>> (64 - bits));
}

/** The same where four bytes are all that is hashed, by a shorter multiplication: 2 % of a small block at the fast level, a loss at better. */
@inline
export function hashWord(x: u64, bits: u32): u32 {
  return (<u32>x * 2654435761) >>> (32 - bits);
}

// Primes of klauspost/compress, which took them from zstd; four bytes are hashed in 64 bits too.
@inline
function multiplier(bytes: u32): u64 {
  if (bytes == 4) return 0x9e3779b185ebca87;
  if (bytes == 5) return 889523592379;
  if (bytes == 6) return 227718039650203;
  if (bytes == 7) return 58295818150454627;
  return 0xcf1bbcdcb7a56463;
}

/**
 * The four bytes at `at`, to be compared. They are loaded as half of eight: the engine would compare a load of four in memory, and do that load a second time, which
 * costs the search 2 % (measured on Node 24).
 */
@inline
export function wordAt(at: u32): u32 {
  return <u32>load<u64>(at);
}

/** Fills `size` bytes, a multiple of 64, with `address`. */
@inline
export function fillTable(table: u32, size: u32, address: u32): void {
  const value = i32x4.splat(address);
  for (let end = table + size; table < end; table += 64) {
    v128.store(table, value);
    v128.store(table, value, 16);
    v128.store(table, value, 32);
    v128.store(table, value, 48);
  }
}

// Entries of a table that is `narrow` are u16 offsets from the source's first byte, for sources of up to 64 KiB: half the memory to clear
// and to keep in the cache. Others are addresses.

/** The log of an entry's size. */
@inline
export function entryShift(narrow: bool): u32 {
  return narrow ? 1 : 2;
}

/** The address that the entry at `place` stands for. */
@inline
export function candidateAt(narrow: bool, place: u32, src: u32): u32 {
  return narrow ? src + <u32>load<u16>(place) : load<u32>(place);
}

@inline
export function putCandidate(narrow: bool, place: u32, src: u32, address: u32): void {
  if (narrow) store<u16>(place, address - src);
  else store<u32>(place, address);
}
