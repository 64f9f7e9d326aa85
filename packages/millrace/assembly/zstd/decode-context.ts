// The memory of a decoder context. One context serves one frame at a time; a pool of them (src/codec/zstd/decode-pool.ts) serves a thread.
//
//     0        fields of the frame in progress                  below, from REPEAT on
//     512      constants: the same in every context             copied from an image that is built once for a memory (decode-prepare.ts)
//     5632     scratch for the building of tables
//     8192     tables described in frames: LL, ML, OF, Huffman  24 KiB
//     32768    end
//
// An entry of a sequence table holds the address of its next states, so a table works where it was built and nowhere else; those of a
// dictionary lie with the dictionary (decode-dictionary.ts) and serve all contexts. Literals that are not taken straight from the source are
// decoded into a buffer of their own, which grows with need.

export const CONTEXT_SIZE: u32 = 32768;

// The repeat offsets (section 3.1.1.5), u32 each.
export const REPEAT: u32 = 0;
// The addresses of the tables in force; 0 stands for none. Then their accuracy.
export const HUFFMAN: u32 = 12;
export const LL_TABLE: u32 = 16;
export const OF_TABLE: u32 = 20;
export const ML_TABLE: u32 = 24;
export const LL_LOG: u32 = 28;
export const OF_LOG: u32 = 32;
export const ML_LOG: u32 = 36;
/** The highest offset code in the offset table: above 24 the three fields of a sequence may have more than 56 bits together. */
export const OF_HIGHEST: u32 = 40;

// Where the loop over sequences stands, between its fast and its exact form (decode-sequences.ts).
export const LOOP_OUT: u32 = 48; // next byte of output
export const LOOP_LITERAL: u32 = 52; // next literal
export const LOOP_LEFT: u32 = 56; // sequences left
export const LOOP_BITS: u32 = 60; // bits left in the stream, i32: negative when it was read past its start
export const LOOP_LL: u32 = 64; // states, as the addresses of their entries
export const LOOP_OF: u32 = 68;
export const LOOP_ML: u32 = 72;
export const LOOP_UPDATE: u32 = 76; // bits of the last update of the states
export const LOOP_PENDING: u32 = 80; // 1: the sequence below was decoded and not executed
export const PENDING_LL: u32 = 84;
export const PENDING_ML: u32 = 88;
export const PENDING_OFFSET: u32 = 92;

// The header of the frame (decode-header.ts), 32 bytes.
export const HEADER: u32 = 96;

// The frame: window limited to 31 bits, most bytes of a block, and what has come out so far (u64).
export const WINDOW: u32 = 128;
export const BLOCK_MAX: u32 = 132;
export const PRODUCED: u32 = 136;
/** Address at which the output that lies together begins: a match from there on needs nothing else. */
export const BASE: u32 = 144;
// Earlier output, or the content of a dictionary, that does not lie before BASE: [HISTORY_END - HISTORY_LENGTH, HISTORY_END).
export const HISTORY_END: u32 = 148;
export const HISTORY_LENGTH: u32 = 152;
/** 1 when the frame is decoded with a dictionary. Its content is the history only until a window's worth has come out (section 5). */
export const WITH_DICTIONARY: u32 = 156;
/** The greatest offset allowed in the block: the window, or everything while a dictionary counts. */
export const MAX_OFFSET: u32 = 160;
/** 1 when the content is to be hashed. */
export const HASHING: u32 = 164;

// Where a decoding of several frames stands (decode-frame.ts), as offsets from source and destination.
export const CONSUMED: u32 = 168;
export const WRITTEN: u32 = 172;
export const FRAME_START: u32 = 176;
export const IN_FRAME: u32 = 180;

// The buffer for literals.
export const LITERALS: u32 = 184;
export const LITERALS_CAPACITY: u32 = 188;

/** The address of the dictionary in use; 0: none. */
export const DICTIONARY: u32 = 192;

export const HASH: u32 = 208; // XXH64_STATE bytes, to 288

/** Where a fault of a block lies, as the first byte of the section that it is in (decode-block.ts). */
export const FAULT: u32 = 292;
/** The bits that index the Huffman table in force: 8, 11, or 12 (decode-dictionary.ts). */
export const HUFFMAN_INDEX: u32 = 296;
/** The same for the table that was read last. */
export const TREE_INDEX: u32 = 300;

// ---- constants ----
export const CONSTANTS: u32 = 512;
export const PATTERNS: u32 = 512; // 16 x 16 bytes: byte k of row i is k mod i, to repeat a match of offset i
export const STEPS: u32 = 768; // 16 bytes: the greatest multiple of i that is at most 16
// An entry of a sequence table, 16 bytes: [base u32][bits u8][state bits u8][state mask << 4 u16][address of the first next state u32][mask u32]. For
// each code, without what depends on the state:
const LL_PROTOTYPES: u32 = 784;
const ML_PROTOTYPES: u32 = 1360;
const OF_PROTOTYPES: u32 = 2208;
/** The predefined tables, in a row to CONSTANTS_END. */
export const LL_DEFAULT: u32 = 2720;
const ML_DEFAULT: u32 = 3744;
const OF_DEFAULT: u32 = 4768;
export const CONSTANTS_END: u32 = 5280;

// ---- scratch ----
export const COUNTS: u32 = 5632; // i16 x 64
export const NEXT: u32 = 5760; // u16 x 64
export const SPREAD: u32 = 5888; // 512 bytes, and 32 for wide stores
export const IN_ORDER: u32 = 6432; // the same
export const WEIGHTS: u32 = 6976; // 256 bytes, and 64 for wide loads
export const WEIGHT_TABLE: u32 = 7296; // u64 x 64
/** Results of readCounts: accuracy, and number of codes described. */
export const COUNTS_LOG: u32 = 7808;
export const COUNTS_CODES: u32 = 7812;
export const RARE: u32 = 7824; // u8 x 64: the codes that have less than one cell

// ---- tables ----
export const FRAME_TABLES: u32 = 8192;
/** Of a frame 24576. */
export const DICTIONARY_TABLES_SIZE: u32 = 28672;
// Inside those of a frame or a dictionary.
export const LL_AT: u32 = 0; // 512 x 16 bytes
export const ML_AT: u32 = 8192; // 512 x 16 bytes
export const OF_AT: u32 = 16384; // 256 x 16 bytes
export const HUFFMAN_AT: u32 = 20480; // 2048 x u16, or of a dictionary 4096

/** Which of the three codes of a sequence: a parameter that folds to constants. */
export const LL: u32 = 0;
export const OF: u32 = 1;
export const ML: u32 = 2;

@inline
export function defaultTable(kind: u32): u32 {
  return kind == LL ? LL_DEFAULT : kind == OF ? OF_DEFAULT : ML_DEFAULT;
}

@inline
export function prototypes(kind: u32): u32 {
  return kind == LL ? LL_PROTOTYPES : kind == OF ? OF_PROTOTYPES : ML_PROTOTYPES;
}

@inline
export function tableAt(kind: u32): u32 {
  return kind == LL ? LL_AT : kind == OF ? OF_AT : ML_AT;
}
