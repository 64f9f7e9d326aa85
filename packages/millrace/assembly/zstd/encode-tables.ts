import {
  LL_CODES, LL_DEFAULT_LOG, ML_CODES, ML_DEFAULT_LOG, OF_DEFAULT_CODES, OF_DEFAULT_LOG, llBits, mlBits,
  predefinedLiteralLengths, predefinedMatchLengths, predefinedOffsets,
} from "./constants";
import { buildFseTable } from "./encode-fse";
import {
  ENCODER_TABLES, T_LL_CODE, T_LOG2, T_ML_CODE, T_PREDEFINED_LL, T_PREDEFINED_ML, T_PREDEFINED_OF,
} from "./encode-layout";

/** Bytes of the constant tables every encoder over one memory shares. */
export function zstdEncoderTablesSize(): u32 {
  return ENCODER_TABLES;
}

function codeEntry(code: u32, bits: u32): u32 {
  return code | (bits << 8) | (((1 << bits) - 1) << 16);
}

/** Writes the constant tables at `tables`; `scratch` is 1,024 bytes that may be overwritten. */
export function zstdEncoderTables(tables: u32, scratch: u32): void {
  let length: u32 = 0;
  for (let code: u32 = 0; code < LL_CODES && length < 64; code++) {
    for (let end = length + (1 << llBits(code)); length < end && length < 64; length++) store<u32>(tables + T_LL_CODE + (length << 2), codeEntry(code, llBits(code)));
  }
  length = 0;
  for (let code: u32 = 0; code < ML_CODES && length < 128; code++) {
    for (let end = length + (1 << mlBits(code)); length < end && length < 128; length++) store<u32>(tables + T_ML_CODE + (length << 2), codeEntry(code, mlBits(code)));
  }
  // log2(1 + i / 256), a bit at a time: squaring doubles a logarithm.
  for (let i: u32 = 0; i < 256; i++) {
    let x: u64 = (<u64>(256 + i)) << 22; // 1.0 is 1 << 30
    let fraction: u32 = 0;
    for (let bit = 0; bit < 8; bit++) {
      x = (x * x) >>> 30;
      fraction <<= 1;
      if (x >= <u64>1 << 31) {
        fraction |= 1;
        x >>>= 1;
      }
    }
    store<u8>(tables + T_LOG2 + i, <u8>fraction);
  }
  predefinedLiteralLengths(scratch);
  buildFseTable(tables + T_PREDEFINED_LL, LL_DEFAULT_LOG, scratch, LL_CODES, scratch + 128, scratch + 272);
  predefinedOffsets(scratch);
  buildFseTable(tables + T_PREDEFINED_OF, OF_DEFAULT_LOG, scratch, OF_DEFAULT_CODES, scratch + 128, scratch + 272);
  predefinedMatchLengths(scratch);
  buildFseTable(tables + T_PREDEFINED_ML, ML_DEFAULT_LOG, scratch, ML_CODES, scratch + 128, scratch + 272);
}
