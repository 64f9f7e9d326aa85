// What the Zstandard format fixes, for encoder and decoder alike. Sections are those of RFC 8878.

// Section 3.1.1 and 3.1.2: magic numbers, little-endian.
export const MAGIC: u32 = 0xfd2fb528;
export const SKIPPABLE_MAGIC: u32 = 0x184d2a50; // to ...5f
export const SKIPPABLE_MASK: u32 = 0xfffffff0;
// Section 5: the magic number of a dictionary with entropy tables.
export const DICTIONARY_MAGIC: u32 = 0xec30a437;

// Section 3.1.1.2: block types, and the most a block may hold or produce.
export const BLOCK_RAW: u32 = 0;
export const BLOCK_RLE: u32 = 1;
export const BLOCK_COMPRESSED: u32 = 2;
export const BLOCK_HEADER: u32 = 3;
export const MAX_BLOCK: u32 = 131072;

// Section 3.1.1.3.1.1: types of a literals section.
export const LITERALS_RAW: u32 = 0;
export const LITERALS_RLE: u32 = 1;
export const LITERALS_COMPRESSED: u32 = 2;
export const LITERALS_TREELESS: u32 = 3;

// Section 4.2.1: codes have at most 11 bits; weights are FSE-coded with an accuracy of at most 6 bits.
export const HUFFMAN_MAX_BITS: u32 = 11;
export const WEIGHTS_MAX_LOG: u32 = 6;

// Section 3.1.1.3.2.1: how the table of a kind of code is given.
export const MODE_PREDEFINED: u32 = 0;
export const MODE_RLE: u32 = 1;
export const MODE_COMPRESSED: u32 = 2;
export const MODE_REPEAT: u32 = 3;

// Section 3.1.1.3.2.1.1: number of codes, greatest accuracy, and (section 3.1.1.3.2.2) accuracy of the predefined tables.
export const LL_CODES: u32 = 36;
export const ML_CODES: u32 = 53;
export const OF_CODES: u32 = 32;
export const LL_MAX_LOG: u32 = 9;
export const ML_MAX_LOG: u32 = 9;
export const OF_MAX_LOG: u32 = 8;
export const LL_DEFAULT_LOG: u32 = 6;
export const ML_DEFAULT_LOG: u32 = 6;
export const OF_DEFAULT_LOG: u32 = 5;
export const OF_DEFAULT_CODES: u32 = 29;

export const MIN_MATCH: u32 = 3;

// Section 3.1.1.5: the repeat offsets at the start of a frame.
export const REPEAT_1: u32 = 1;
export const REPEAT_2: u32 = 4;
export const REPEAT_3: u32 = 8;

// The number of additional bits of a literal length code (section 3.1.1.3.2.1.1, table "Literals Length Codes").
@inline
export function llBits(code: u32): u32 {
  if (code < 16) return 0;
  if (code < 20) return 1;
  if (code < 22) return 2;
  if (code < 24) return 3;
  return code == 24 ? 4 : code - 19;
}

// The number of additional bits of a match length code (table "Match Length Codes").
@inline
export function mlBits(code: u32): u32 {
  if (code < 32) return 0;
  if (code < 36) return 1;
  if (code < 38) return 2;
  if (code < 40) return 3;
  if (code < 42) return 4;
  return code == 42 ? 5 : code - 36;
}

// Writes up to 16 counts as i16, one for each hexadecimal digit from the left; F stands for -1, "less than one".
function unpackCounts(to: u32, digits: u64, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const digit = <i32>(digits >>> (60 - (i << 2))) & 15;
    store<i16>(to + (i << 1), <i16>(digit == 15 ? -1 : digit));
  }
}

// The predefined distributions (section 3.1.1.3.2.2.1 to .3): normalised counts as i16, LL_CODES, ML_CODES or OF_DEFAULT_CODES of them.
export function predefinedLiteralLengths(to: u32): void {
  unpackCounts(to, 0x4322222222222111, 16);
  unpackCounts(to + 32, 0x2222222223211111, 16);
  unpackCounts(to + 64, 0xffff000000000000, 4);
}

export function predefinedMatchLengths(to: u32): void {
  unpackCounts(to, 0x1432222221111111, 16);
  unpackCounts(to + 32, 0x1111111111111111, 16);
  unpackCounts(to + 64, 0x11111111111111ff, 16);
  unpackCounts(to + 96, 0xfffff00000000000, 5);
}

export function predefinedOffsets(to: u32): void {
  unpackCounts(to, 0x1111112221111111, 16);
  unpackCounts(to + 32, 0x11111111fffff000, 13);
}
