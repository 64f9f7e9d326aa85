// Dictionaries for encoding (RFC 8878 section 5): prepared once, read by any number of contexts and threads.
import { CORRUPT, fail } from "../status";
import { DICTIONARY_MAGIC, LL_CODES, LL_MAX_LOG, ML_CODES, ML_MAX_LOG, OF_CODES, OF_MAX_LOG, REPEAT_1, REPEAT_2, REPEAT_3 } from "./constants";
import { COUNTS, COUNTS_CODES, COUNTS_LOG, TREE_INDEX } from "./decode-context";
import { readCounts } from "./decode-fse";
import { readHuffmanTable } from "./decode-huffman";
import { DICTIONARY_ENTROPY, DICTIONARY_REPEATS } from "./decode-reasons";
import { indexDouble } from "./encode-double";
import { indexFast } from "./encode-fast";
import { buildFseTable, normalise, tableLog, writeNorm } from "./encode-fse";
import { buildHuffman, listLiterals, writeTree } from "./encode-huffman";
import {
  C_COUNTS, C_DICTIONARY, C_DICTIONARY_BASE, C_FSE_LL, C_FSE_ML, C_FSE_OF, C_HUFFMAN, C_HUFFMAN_A, C_LEVEL, C_LOG_A, C_LOG_B, C_MATCH_A, C_MATCH_B, C_NORM, C_REPEAT_1,
  C_REPEAT_2, C_REPEAT_3, C_SHORT_WIDTH, D_CONTENT, D_HAS_TABLES, D_HUFFMAN, D_ID, D_LENGTH, D_LEVEL, D_LL, D_LOG_A, D_LOG_B, D_MATCH_A, D_MATCH_B, D_ML,
  D_OF, D_REPEATS, DICTIONARY_SIZE, LEVEL_BEST, LEVEL_DEFAULT, LEVEL_FASTEST,
} from "./encode-layout";
import { indexPairs } from "./encode-lazy";

const HUFFMAN_MOST: u32 = 12; // the reference writes dictionaries with codes of 12 bits
const SCRATCH_TREE: u32 = 2048; // where in the scratch the decoding tree goes: 8 KiB

/** Bytes of a prepared dictionary beside its content and match tables. */
export function zstdEncoderDictionarySize(): u32 {
  return DICTIONARY_SIZE;
}

// The codes of a decoding tree of [bits u8][symbol u8] entries, as an encoding table.
function invertTree(table: u32, tree: u32, indexBits: u32): void {
  memory.fill(table, 0, 1024);
  for (let i: u32 = 0; i < <u32>1 << indexBits; i++) {
    const bits = <u32>load<u8>(tree + (i << 1));
    const symbol = <u32>load<u8>(tree + (i << 1), 1);
    store<u32>(table + (symbol << 2), (i >> (indexBits - bits)) | (bits << 16));
  }
}

// Reads one description of counts and builds its encoding table; gives the bytes it takes, 0 when it is wrong.
function readTable(scratch: u32, decoder: u32, table: u32, p: u32, size: u32, codes: u32, most: u32): u32 {
  const used = readCounts(decoder, p, size, codes, most);
  if (used == 0) return 0;
  buildFseTable(table, load<u32>(decoder, COUNTS_LOG), decoder + COUNTS, load<u32>(decoder, COUNTS_CODES), scratch, scratch + 256);
  return used;
}

/**
 * Prepares the dictionary in [source, source + length) at `to`, for one level; the address of its match tables, filled with zeros, and their logs are in their
 * fields already. Without the magic number all of it is content.
 * @param scratch 10 KiB
 * @param decoder a decoder's context that is not in use, for its readers
 */
export function zstdEncoderDictionary(to: u32, scratch: u32, decoder: u32, source: u32, length: u32, level: u32, report: u32): i32 {
  store<u32>(to, 0, D_ID);
  store<u32>(to, source, D_CONTENT);
  store<u32>(to, length, D_LENGTH);
  store<u32>(to, 0, D_HAS_TABLES);
  store<u32>(to, level, D_LEVEL);
  store<u32>(to, REPEAT_1, D_REPEATS);
  store<u32>(to, REPEAT_2, D_REPEATS + 4);
  store<u32>(to, REPEAT_3, D_REPEATS + 8);
  if (length >= 8 && load<u32>(source) == DICTIONARY_MAGIC) {
    store<u32>(to, load<u32>(source, 4), D_ID);
    const end = source + length;
    let p = source + 8;
    const tree = scratch + SCRATCH_TREE;
    let used = readHuffmanTable(decoder, tree, HUFFMAN_MOST, p, end - p);
    if (used == 0) return fail(report, CORRUPT, DICTIONARY_ENTROPY, p - source, NaN, NaN);
    invertTree(to + D_HUFFMAN, tree, load<u32>(decoder, TREE_INDEX));
    p += used;
    used = readTable(scratch, decoder, to + D_OF, p, end - p, OF_CODES, OF_MAX_LOG);
    if (used == 0) return fail(report, CORRUPT, DICTIONARY_ENTROPY, p - source, NaN, NaN);
    p += used;
    used = readTable(scratch, decoder, to + D_ML, p, end - p, ML_CODES, ML_MAX_LOG);
    if (used == 0) return fail(report, CORRUPT, DICTIONARY_ENTROPY, p - source, NaN, NaN);
    p += used;
    used = readTable(scratch, decoder, to + D_LL, p, end - p, LL_CODES, LL_MAX_LOG);
    if (used == 0 || end - p - used < 12) return fail(report, CORRUPT, DICTIONARY_ENTROPY, p - source, NaN, NaN);
    p += used;
    const content = end - p - 12;
    for (let i: u32 = 0; i < 12; i += 4) {
      const repeat = load<u32>(p + i);
      if (repeat == 0 || repeat > content) return fail(report, CORRUPT, DICTIONARY_REPEATS, p + i - source, content, repeat);
      store<u32>(to + i, repeat, D_REPEATS);
    }
    store<u32>(to, p + 12, D_CONTENT);
    store<u32>(to, content, D_LENGTH);
    store<u32>(to, 1, D_HAS_TABLES);
  }
  const content = load<u32>(to, D_CONTENT);
  const end = content + load<u32>(to, D_LENGTH);
  const a = load<u32>(to, D_MATCH_A);
  const logA = load<u32>(to, D_LOG_A);
  const b = load<u32>(to, D_MATCH_B);
  const logB = load<u32>(to, D_LOG_B);
  if (level == LEVEL_FASTEST) indexFast(a, logA, 6, content, end, content, 1);
  else if (level == LEVEL_DEFAULT) indexDouble(a, logA, b, logB, content, end, content, 1);
  else indexPairs(a, logA, b, logB, content, end, content, 1);
  return 0;
}

/**
 * Enters what lies before a frame's content, or before a part of it, into the tables of the context, and sets the widths of the hashes to those of the entries. Not every
 * place pays: of a dictionary, which is small, all do.
 */
export function indexBefore(ctx: u32, p: u32, end: u32, all: bool): void {
  const a = load<u32>(ctx, C_MATCH_A);
  const logA = load<u32>(ctx, C_LOG_A);
  const b = load<u32>(ctx, C_MATCH_B);
  const logB = load<u32>(ctx, C_LOG_B);
  const level = load<u32>(ctx, C_LEVEL);
  if (level == LEVEL_FASTEST) {
    const width: u32 = load<u32>(ctx, C_SHORT_WIDTH) == 7 ? 7 : 6;
    store<u32>(ctx, width, C_SHORT_WIDTH);
    indexFast(a, logA, width, p, end, 0, all ? 1 : 3);
    return;
  }
  store<u32>(ctx, 5, C_SHORT_WIDTH);
  if (level == LEVEL_DEFAULT) indexDouble(a, logA, b, logB, p, end, 0, all ? 1 : 2);
  else indexPairs(a, logA, b, logB, p, end, 0, all || level == LEVEL_BEST ? 1 : 2);
}

/**
 * Makes a prepared dictionary the one of the frame that was just started. A whole frame's history begins with the dictionary's content at `base`, and its tables are used
 * where they are; that of a frame in parts begins with the last `entered` bytes of it, whose places go into the frame's own tables.
 */
export function useDictionary(ctx: u32, dictionary: u32, base: u32, whole: bool, entered: u32): void {
  store<u32>(ctx, load<u32>(dictionary, D_REPEATS), C_REPEAT_1);
  store<u32>(ctx, load<u32>(dictionary, D_REPEATS + 4), C_REPEAT_2);
  store<u32>(ctx, load<u32>(dictionary, D_REPEATS + 8), C_REPEAT_3);
  if (load<u32>(dictionary, D_HAS_TABLES) != 0) {
    store<u32>(ctx, dictionary + D_HUFFMAN, C_HUFFMAN);
    store<u32>(ctx, dictionary + D_LL, C_FSE_LL);
    store<u32>(ctx, dictionary + D_OF, C_FSE_OF);
    store<u32>(ctx, dictionary + D_ML, C_FSE_ML);
  }
  if (whole) {
    store<u32>(ctx, load<u32>(ctx, C_LEVEL) == LEVEL_FASTEST ? 6 : 5, C_SHORT_WIDTH);
    store<u32>(ctx, dictionary, C_DICTIONARY);
    store<u32>(ctx, base, C_DICTIONARY_BASE);
    return;
  }
  indexBefore(ctx, base, base + entered, true);
}

function describe(ctx: u32, d: u32, counts: u32, codes: u32, most: u32): u32 {
  let maxCode: u32 = 0;
  let total: u32 = 0;
  for (let code: u32 = 0; code < codes; code++) {
    const count = load<u32>(counts + (code << 2));
    if (count > 0) maxCode = code;
    total += count;
  }
  const log = tableLog(most, total, maxCode, 2);
  normalise(ctx + C_NORM, log, counts, total, maxCode, -1);
  return writeNorm(d, ctx + C_NORM, maxCode, log);
}

/**
 * Writes the entropy tables of a dictionary at `d`, which has 1 KiB, from how often each literal (u32[256]) and each code of literal lengths, offsets and match lengths
 * (u32[3][64]) occurs; at least two of each kind must. Gives the address after them, or 0 when the tree of the literals cannot be described.
 */
export function zstdDictionaryEntropy(ctx: u32, d: u32, literals: u32, codes: u32): u32 {
  let total: u32 = 0;
  for (let i: u32 = 0; i < 1024; i += 4) {
    const count = load<u32>(literals + i);
    store<u32>(ctx + C_COUNTS + i, count);
    total += count;
  }
  const distinct = listLiterals(ctx);
  const built = buildHuffman(ctx, ctx + C_HUFFMAN_A, distinct, total);
  d = writeTree(ctx, d, distinct, <u32>(built >> 32));
  if (d == 0) return 0;
  d = describe(ctx, d, codes + 256, OF_CODES, OF_MAX_LOG);
  d = describe(ctx, d, codes + 512, ML_CODES, ML_MAX_LOG);
  return describe(ctx, d, codes, LL_CODES, LL_MAX_LOG);
}
