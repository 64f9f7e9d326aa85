// Dictionaries (RFC 8878 section 5). A prepared dictionary lies in memory in a form that every context over that memory can use:
//
//     0   id u32
//     4   address of the content u32, 8 its length u32
//     12  repeat offsets, 3 x u32
//     24  1 with entropy tables, 0 for content alone
//     28  accuracies LL, OF, ML u32; 40 highest offset code u32
//     44  bits that index its Huffman table
//     48  tables, in the order of a context (DICTIONARY_TABLES_SIZE), with entropy tables only

import { DICTIONARY_MAGIC, HUFFMAN_MAX_BITS, LL_CODES, LL_MAX_LOG, ML_CODES, ML_MAX_LOG, OF_CODES, OF_MAX_LOG } from "./constants";
import {
  COUNTS_CODES, COUNTS_LOG, DICTIONARY, DICTIONARY_TABLES_SIZE, HISTORY_END, HISTORY_LENGTH, HUFFMAN, HUFFMAN_AT, HUFFMAN_INDEX, LL, LL_AT,
  LL_LOG, LL_TABLE, MAX_OFFSET, ML, ML_AT, ML_LOG, ML_TABLE, OF, OF_AT, OF_HIGHEST, OF_LOG, OF_TABLE, REPEAT, TREE_INDEX,
  WITH_DICTIONARY, prototypes,
} from "./decode-context";
import { buildSequenceTable, readCounts } from "./decode-fse";
import { readHuffmanTable } from "./decode-huffman";
import { DICTIONARY_ENTROPY, DICTIONARY_REPEATS } from "./decode-reasons";
import { CORRUPT, fail } from "../status";

export const DICTIONARY_ID: u32 = 0;
const CONTENT: u32 = 4;
const CONTENT_LENGTH: u32 = 8;
const REPEATS: u32 = 12;
const HAS_TABLES: u32 = 24;
const LOGS: u32 = 28;
const HIGHEST: u32 = 40;
const HUFFMAN_BITS: u32 = 44;
const TABLES: u32 = 48;

/** Bytes that a prepared dictionary takes beside its content. */
export function zstdDictionarySize(): u32 {
  return TABLES + DICTIONARY_TABLES_SIZE;
}

/**
 * Prepares the dictionary in [source, source + length), which stays in use as content, into zstdDictionarySize() bytes at `to`. One that
 * does not begin with the magic number is content alone and has the ID 0.
 * @param scratch a context that is not in use, whose scratch is
 * @returns 0 or a status
 */
export function zstdDictionaryPrepare(scratch: u32, source: u32, length: u32, to: u32, report: u32): i32 {
  store<u32>(to, 0, DICTIONARY_ID);
  store<u32>(to, source, CONTENT);
  store<u32>(to, length, CONTENT_LENGTH);
  store<u32>(to, 1, REPEATS);
  store<u32>(to, 4, REPEATS + 4);
  store<u32>(to, 8, REPEATS + 8);
  store<u32>(to, 0, HAS_TABLES);
  if (length < 8 || load<u32>(source) != DICTIONARY_MAGIC) return 0;
  store<u32>(to, load<u32>(source, 4), DICTIONARY_ID);
  const end = source + length;
  let p = source + 8;
  const tables = to + TABLES;
  // The format stops at 11 bits (section 4.2.1), but the reference writes dictionaries, and reads them, that have codes of 12.
  let used = readHuffmanTable(scratch, tables + HUFFMAN_AT, HUFFMAN_MAX_BITS + 1, p, end - p);
  if (used == 0) return fail(report, CORRUPT, DICTIONARY_ENTROPY, p - source, NaN, NaN);
  p += used;
  store<u32>(to, load<u32>(scratch, TREE_INDEX), HUFFMAN_BITS);
  // The order here is offsets, match lengths, literal lengths.
  used = readCounts(scratch, p, end - p, OF_CODES, OF_MAX_LOG);
  if (used == 0) return fail(report, CORRUPT, DICTIONARY_ENTROPY, p - source, NaN, NaN);
  let log = load<u32>(scratch, COUNTS_LOG);
  buildSequenceTable(scratch, tables + OF_AT, load<u32>(scratch, COUNTS_CODES), log, prototypes(OF));
  store<u32>(to, log, LOGS + 4);
  store<u32>(to, load<u32>(scratch, COUNTS_CODES) - 1, HIGHEST);
  p += used;
  used = readCounts(scratch, p, end - p, ML_CODES, ML_MAX_LOG);
  if (used == 0) return fail(report, CORRUPT, DICTIONARY_ENTROPY, p - source, NaN, NaN);
  log = load<u32>(scratch, COUNTS_LOG);
  buildSequenceTable(scratch, tables + ML_AT, load<u32>(scratch, COUNTS_CODES), log, prototypes(ML));
  store<u32>(to, log, LOGS + 8);
  p += used;
  used = readCounts(scratch, p, end - p, LL_CODES, LL_MAX_LOG);
  if (used == 0) return fail(report, CORRUPT, DICTIONARY_ENTROPY, p - source, NaN, NaN);
  log = load<u32>(scratch, COUNTS_LOG);
  buildSequenceTable(scratch, tables + LL_AT, load<u32>(scratch, COUNTS_CODES), log, prototypes(LL));
  store<u32>(to, log, LOGS);
  p += used;
  if (end - p < 12) return fail(report, CORRUPT, DICTIONARY_ENTROPY, p - source, NaN, NaN);
  const content = end - p - 12;
  for (let i: u32 = 0; i < 12; i += 4) {
    const repeat = load<u32>(p + i);
    if (repeat == 0 || repeat > content) return fail(report, CORRUPT, DICTIONARY_REPEATS, p + i - source, content, repeat);
    store<u32>(to + i, repeat, REPEATS);
  }
  store<u32>(to, p + 12, CONTENT);
  store<u32>(to, content, CONTENT_LENGTH);
  store<u32>(to, 1, HAS_TABLES);
  return 0;
}

/** Gives a prepared dictionary another ID. */
export function zstdDictionaryRename(dictionary: u32, id: u32): void {
  store<u32>(dictionary, id, DICTIONARY_ID);
}

/** The ID of a prepared dictionary. */
export function zstdDictionaryId(dictionary: u32): u32 {
  return load<u32>(dictionary, DICTIONARY_ID);
}

/** Makes a prepared dictionary, or with 0 none, the one that frames from now on are decoded with. */
export function zstdUseDictionary(context: u32, dictionary: u32): void {
  store<u32>(context, dictionary, DICTIONARY);
}

/** At the start of a frame: what the dictionary in use, if there is one, sets. */
export function startWithDictionary(context: u32): void {
  const dictionary = load<u32>(context, DICTIONARY);
  if (dictionary == 0) return;
  const length = load<u32>(dictionary, CONTENT_LENGTH);
  store<u32>(context, 1, WITH_DICTIONARY);
  store<u32>(context, 0x7fffffff, MAX_OFFSET);
  store<u32>(context, load<u32>(dictionary, CONTENT) + length, HISTORY_END);
  store<u32>(context, length, HISTORY_LENGTH);
  store<u64>(context, load<u64>(dictionary, REPEATS), REPEAT);
  store<u32>(context, load<u32>(dictionary, REPEATS + 8), REPEAT + 8);
  if (load<u32>(dictionary, HAS_TABLES) == 0) return;
  const tables = dictionary + TABLES;
  store<u32>(context, tables + HUFFMAN_AT, HUFFMAN);
  store<u32>(context, load<u32>(dictionary, HUFFMAN_BITS), HUFFMAN_INDEX);
  store<u32>(context, tables + LL_AT, LL_TABLE);
  store<u32>(context, tables + OF_AT, OF_TABLE);
  store<u32>(context, tables + ML_AT, ML_TABLE);
  store<u32>(context, load<u32>(dictionary, LOGS), LL_LOG);
  store<u32>(context, load<u32>(dictionary, LOGS + 4), OF_LOG);
  store<u32>(context, load<u32>(dictionary, LOGS + 8), ML_LOG);
  store<u32>(context, load<u32>(dictionary, HIGHEST), OF_HIGHEST);
}
