// The elements of a Snappy block (google/snappy format_description.txt, section 2) and what S2 adds to them.
//
//     tag & 3  0  literal   length - 1 in the upper six bits; 60..63: in the 1..4 bytes that follow
//              1  copy      length 4..11 in bits 2-4, offset of 11 bits: bits 5-7 and one byte
//              2  copy      length 1..64 in the upper six bits, offset u16
//              3  copy      length 1..64 in the upper six bits, offset u32
//
// S2: a copy of kind 1 with offset 0 repeats the last offset; length codes 0-4 mean 4-8, 5: 8 + u8, 6: 260 + u16, 7: 65540 + u24.

// Reasons in a report; their texts are in src/wasm/status.ts.
export const BAD_LENGTH: i32 = 1;
export const LENGTH_TOO_LARGE: i32 = 2;
export const ENDS_INSIDE_ELEMENT: i32 = 3;
export const LITERAL_BEYOND_BLOCK: i32 = 4;
export const COPY_BEFORE_START: i32 = 5;
export const OFFSET_ZERO: i32 = 6;
export const REPEAT_BEFORE_COPY: i32 = 7;
export const OUTPUT_OVER_LENGTH: i32 = 8;
export const OUTPUT_SHORT: i32 = 9;
export const DESTINATION_SMALL: i32 = 10;
export const ENDS_INSIDE_SEQUENCE: i32 = 11;
export const ENDS_INSIDE_LENGTH: i32 = 12;

export const LITERAL: u32 = 0;
export const COPY_1: u32 = 1;
export const COPY_2: u32 = 2;
export const COPY_4: u32 = 3;

/** The smallest input that an encoder looks for matches in; below it a block is one literal. */
export const MIN_COMPRESSIBLE: u32 = 32;
