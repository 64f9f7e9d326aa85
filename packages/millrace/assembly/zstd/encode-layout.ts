// Where an encoder keeps what. Two regions, both given by the caller, both aligned to 16 bytes:
//
// Tables, constant, one for each memory, written by buildEncoderTables:
//
//     0          64          192        448             576   T_PREDEFINED
//     | ll codes | ml codes  | unused   | log2 fraction | ... | FSE tables LL, OF, ML | end
//
// A context, one for each encoding at a time, written by zstdEncoderInit:
//
//     0        256      4352          6400        | ...                     ENTROPY_END
//     | fields | counts | two Huffman | FSE tables | scratch of the builders | arrays whose places are in the fields
//
// The arrays: two match tables, sequences, literals, and a block's worth of spill for when the output is short.
//
// A sequence, as the match finders leave it and then as the entropy stage turns it, in its place:
//
//     0                 4                   8                            12
//     | literal length  | match length - 3  | offset: 1 to 3, or + 3     |
//     | additional bits, u64                | codes ll, ml, of, bits; u8 |

export const SEQUENCE: u32 = 12;
export const S_MATCH: usize = 4;
export const S_OFFSET: usize = 8;
export const S_LL_CODE: usize = 8;
export const S_ML_CODE: usize = 9;
export const S_OF_CODE: usize = 10;
export const S_BITS: usize = 11; // how many additional bits there are

// ---- constant tables
export const T_LL_CODE: u32 = 0; // u32[64]: code of a literal length below 64 | its additional bits << 8 | their mask << 16
export const T_ML_CODE: u32 = 256; // u32[128]: the same of a match length - 3 below 128
export const T_LOG2: u32 = 768; // u8[256]: fraction of log2(1 + i / 256), in 1/256
export const T_PREDEFINED: u32 = 1024;

// ---- an FSE encoding table: the log, then what each symbol adds to a state, then the states in order of symbol
export const FSE_SYMBOLS: u32 = 16; // 64 of [bits u32][start i32]
export const FSE_STATES: u32 = 528; // u16[512]
export const FSE_TABLE: u32 = 1552;

export const T_PREDEFINED_LL: u32 = T_PREDEFINED;
export const T_PREDEFINED_OF: u32 = T_PREDEFINED + FSE_TABLE;
export const T_PREDEFINED_ML: u32 = T_PREDEFINED + 2 * FSE_TABLE;
export const ENCODER_TABLES: u32 = T_PREDEFINED + 3 * FSE_TABLE;

// ---- fields of a context, u32 each
export const C_TABLES: usize = 0; // address of the constant tables
export const C_MATCH_A: usize = 4; // address of the first match table, u32 addresses
export const C_MATCH_A_LOG: usize = 8; // log2 of its entries, at most
export const C_MATCH_B: usize = 12;
export const C_MATCH_B_LOG: usize = 16;
export const C_SEQUENCES: usize = 20; // SEQUENCE bytes each
export const C_SEQUENCE_LIMIT: usize = 24; // how many the block being built may have
export const C_LITERALS: usize = 32;
export const C_SPILL: usize = 36; // a block's worth of output
export const C_BLOCK_LIMIT: usize = 40; // most bytes in a block
export const C_LEVEL: usize = 44; // LEVEL_*
export const C_FLAGS: usize = 48; // FLAG_*
export const C_WINDOW: usize = 52; // greatest offset, bytes
export const C_HISTORY: usize = 56; // lowest address a match may start at
export const C_LOG_A: usize = 60; // logs in force for this frame
export const C_LOG_B: usize = 64;
export const C_REPEAT_1: usize = 68;
export const C_REPEAT_2: usize = 72;
export const C_REPEAT_3: usize = 76;
export const C_SEQUENCE_COUNT: usize = 80; // of the block being built
export const C_LITERAL_COUNT: usize = 84;
export const C_HUFFMAN: usize = 88; // address of the Huffman table the decoder holds, 0 when none
export const C_FSE_LL: usize = 92; // address of the described table the decoder holds, 0 when it holds none
export const C_FSE_OF: usize = 96;
export const C_FSE_ML: usize = 100;
export const C_NEXT_HUFFMAN: usize = 104; // the same after the block being built, should it be kept
export const C_NEXT_LL: usize = 108;
export const C_NEXT_OF: usize = 112;
export const C_NEXT_ML: usize = 116;
export const C_DICTIONARY_BASE: usize = 120; // address at which the dictionary's content lies before this frame's
export const C_DICTIONARY: usize = 124; // address of a prepared dictionary, 0 when none
export const C_DICTIONARY_ID: usize = 128;
export const C_WINDOW_LOG: usize = 132;
export const C_LITERAL_START: usize = 136; // where the block's literals are: C_LITERALS, or the source itself when nothing matched
export const C_BLOCK_END: usize = 140; // where the last block really ended
export const C_SHORT_WIDTH: usize = 144; // bytes the short hash covers
export const C_UNLIKE: usize = 148; // 1 while the decoder's repeats are not those that the match finder goes by
export const C_KNOWN: usize = 152; // u32[2]: the first two of the repeats that the decoder then has, 0 where they are not known
export const C_HASH: usize = 160; // XXH64_STATE bytes
export const C_KNOWN_3: usize = 240; // the third

// ---- scratch of the entropy stages
export const C_COUNTS: u32 = 256; // u32[4][256]
export const C_HUFFMAN_A: u32 = 4352; // u32[256]: code | bits << 16
export const C_HUFFMAN_B: u32 = 5376;
export const C_FSE: u32 = 6400; // seven tables: LL, OF, ML twice, and the one for Huffman weights
export const C_FSE_WEIGHTS: u32 = C_FSE + 6 * FSE_TABLE;
export const C_NORM: u32 = C_FSE_WEIGHTS + FSE_TABLE; // i16[64]
export const C_CUMULATED: u32 = C_NORM + 128; // u16[66]
export const C_SPREAD: u32 = C_CUMULATED + 144; // u8[512 + 16]
export const C_LENGTHS: u32 = C_SPREAD + 528; // u8[256 + 16], bits of each literal; then its weights
export const C_LIST: u32 = C_LENGTHS + 272; // u32[256 + 4]: count << 8 | symbol, in order of symbol
export const C_SORTED: u32 = C_LIST + 1040; // u32[256 + 4]: the same in order of count
export const C_TREE: u32 = C_SORTED + 1040; // u32[256 + 4]
export const C_BUCKETS: u32 = C_TREE + 1040; // u32[160]
export const C_DEPTHS: u32 = C_BUCKETS + 640; // u32[64]
export const C_CODE_COUNTS: u32 = C_DEPTHS + 256; // u32[3][64]: LL, OF, ML
export const ENTROPY_END: u32 = C_CODE_COUNTS + 768;

// ---- a prepared dictionary: fields, entropy tables, and elsewhere its match tables, whose entries are offsets in its content
export const D_ID: usize = 0;
export const D_CONTENT: usize = 4; // address
export const D_LENGTH: usize = 8;
export const D_HAS_TABLES: usize = 12; // 1 with entropy tables
export const D_REPEATS: usize = 16; // u32[3]
export const D_LEVEL: usize = 28;
export const D_MATCH_A: usize = 32;
export const D_LOG_A: usize = 36;
export const D_MATCH_B: usize = 40;
export const D_LOG_B: usize = 44;
export const D_HUFFMAN: u32 = 64; // u32[256]
export const D_LL: u32 = D_HUFFMAN + 1024;
export const D_OF: u32 = D_LL + FSE_TABLE;
export const D_ML: u32 = D_OF + FSE_TABLE;
export const DICTIONARY_SIZE: u32 = D_ML + FSE_TABLE;

// ---- levels
export const LEVEL_FASTEST: u32 = 0;
export const LEVEL_DEFAULT: u32 = 1;
export const LEVEL_BETTER: u32 = 2;
export const LEVEL_BEST: u32 = 3;

// ---- flags
export const FLAG_CHECKSUM: u32 = 1;
export const FLAG_CONTENT_SIZE: u32 = 2; // declare the size of the content
export const FLAG_SINGLE_SEGMENT: u32 = 4; // no window descriptor: the content is the window
export const FLAG_NO_ENTROPY: u32 = 8; // literals are stored as they are
export const FLAG_MATCHED_LITERALS: u32 = 16; // literals are stored as they are where no match was found
export const FLAG_NO_EMPTY_FRAME: u32 = 32; // no content gives no output

// What a block may write past the bytes it replaces before it is found not to pay.
export const BLOCK_SLACK: u32 = 384;
