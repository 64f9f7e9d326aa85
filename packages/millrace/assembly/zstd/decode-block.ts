// One block (RFC 8878 section 3.1.1.2): raw, RLE, or compressed into a literals section and a sequences section.

import { copyApart } from "../bytes/copy-apart";
import {
  BLOCK_COMPRESSED, BLOCK_RAW, BLOCK_RLE, HUFFMAN_MAX_BITS, LITERALS_COMPRESSED, LITERALS_RAW, LITERALS_TREELESS,
} from "./constants";
import {
  BLOCK_MAX, FAULT, FRAME_TABLES, HASH, HASHING, HISTORY_LENGTH, HUFFMAN, HUFFMAN_AT, HUFFMAN_INDEX, LITERALS, LOOP_LITERAL, LOOP_OUT, MAX_OFFSET, PRODUCED,
  TREE_INDEX, WINDOW, WITH_DICTIONARY,
} from "./decode-context";
import { readHuffmanTable } from "./decode-huffman";
import { decodeFourStreams, decodeOneStream } from "./decode-literals";
import {
  BLOCK_OUTPUT_TOO_LARGE, BLOCK_TOO_LARGE, BLOCK_TRAILING, HUFFMAN_STREAM, HUFFMAN_TREE, HUFFMAN_TREE_MISSING, LITERALS_HEADER,
  LITERALS_TOO_MANY, RESERVED_BLOCK_TYPE, SEQUENCES_HEADER,
} from "./decode-reasons";
import { decodeSequences } from "./decode-sequences";
import { xxh64Update } from "./xxh64";

/** Bytes of input that follow a block header. */
@inline
export function blockBody(header: u32): u32 {
  return ((header >> 1) & 3) == BLOCK_RLE ? 1 : header >> 3;
}

/**
 * Decodes a block of the frame in progress.
 * @param header its header, 24 bits
 * @param p its body, all of it there (blockBody)
 * @param out where its output goes
 * @param limit output may not go past this
 * @param writable but stray stores may go as far as this; at least `limit`
 * @returns bytes produced, or minus the reason; BLOCK_OUTPUT_TOO_LARGE also when `limit` is what stopped it
 */
export function decodeBlock(context: u32, header: u32, p: u32, out: u32, limit: u32, writable: u32): i32 {
  const type = (header >> 1) & 3;
  const size = header >> 3;
  const blockMax = load<u32>(context, BLOCK_MAX);
  store<u32>(context, p, FAULT);
  if (type > BLOCK_COMPRESSED) return -RESERVED_BLOCK_TYPE;
  if (size > blockMax) return -BLOCK_TOO_LARGE;
  const produced = load<u64>(context, PRODUCED);
  let written: i32;
  if (type == BLOCK_COMPRESSED) {
    const window = load<u32>(context, WINDOW);
    if (load<u32>(context, WITH_DICTIONARY) != 0) {
      // Section 5: the dictionary counts, whatever the distance, until a window's worth of output has come.
      const counts = produced < <u64>window;
      if (!counts && load<u32>(context, MAX_OFFSET) != window) store<u32>(context, 0, HISTORY_LENGTH);
      store<u32>(context, counts ? 0x7fffffff : window, MAX_OFFSET);
    }
    written = decodeCompressed(context, p, size, out, min(limit, out + blockMax), writable);
    if (written < 0) return written;
  } else {
    if (size > limit - out) return -BLOCK_OUTPUT_TOO_LARGE;
    if (type == BLOCK_RAW) copyApart(out, p, size);
    else memory.fill(out, load<u8>(p), size);
    written = size;
  }
  store<u64>(context, produced + <u64>written, PRODUCED);
  if (load<u32>(context, HASHING) != 0) xxh64Update(context + HASH, out, written);
  return written;
}

// Section 3.1.1.3. Output goes no further than `end`.
function decodeCompressed(context: u32, p: u32, size: u32, out: u32, end: u32, writable: u32): i32 {
  if (size < 2) return -LITERALS_HEADER;
  const blockEnd = p + size;
  const blockMax = load<u32>(context, BLOCK_MAX);
  const first = <u32>load<u8>(p);
  const type = first & 3;
  const format = (first >> 2) & 3;
  let literals: u32;
  let count: u32; // literals
  if (type < LITERALS_COMPRESSED) {
    let headerSize: u32;
    if ((format & 1) == 0) {
      count = first >> 3;
      headerSize = 1;
    } else if (format == 1) {
      count = <u32>load<u16>(p) >> 4;
      headerSize = 2;
    } else {
      count = (load<u32>(p) & 0xffffff) >> 4;
      headerSize = 3;
    }
    if (count > blockMax) return -LITERALS_TOO_MANY;
    p += headerSize;
    if (p > blockEnd) return -LITERALS_HEADER;
    if (type == LITERALS_RAW) {
      // Used where they lie.
      if (count > blockEnd - p) return -LITERALS_HEADER;
      literals = p;
      p += count;
    } else {
      if (p >= blockEnd) return -LITERALS_HEADER;
      literals = load<u32>(context, LITERALS);
      memory.fill(literals, load<u8>(p), count);
      p++;
    }
  } else {
    const word = load<u64>(p);
    const sizeBits: u32 = format < 2 ? 10 : format == 2 ? 14 : 18;
    const headerSize: u32 = format < 2 ? 3 : format + 2;
    count = <u32>(word >> 4) & ((1 << sizeBits) - 1);
    const coded = <u32>(word >> <u64>(4 + sizeBits)) & ((1 << sizeBits) - 1);
    if (count > blockMax) return -LITERALS_TOO_MANY;
    if (headerSize > size || coded > size - headerSize || count == 0) return -LITERALS_HEADER;
    p += headerSize;
    const codedEnd = p + coded;
    store<u32>(context, p, FAULT);
    if (type != LITERALS_TREELESS) {
      const place = context + FRAME_TABLES + HUFFMAN_AT;
      const used = readHuffmanTable(context, place, HUFFMAN_MAX_BITS, p, coded);
      if (used == 0 || used >= coded) return -HUFFMAN_TREE;
      store<u32>(context, place, HUFFMAN);
      store<u32>(context, load<u32>(context, TREE_INDEX), HUFFMAN_INDEX);
      p += used;
    } else if (load<u32>(context, HUFFMAN) == 0) {
      return -HUFFMAN_TREE_MISSING;
    }
    literals = load<u32>(context, LITERALS);
    const table = load<u32>(context, HUFFMAN);
    const index = load<u32>(context, HUFFMAN_INDEX);
    const right = format == 0
      ? decodeOneStream(table, index, literals, count, p, codedEnd - p)
      : decodeFourStreams(table, index, literals, count, p, codedEnd - p);
    if (!right) return -HUFFMAN_STREAM;
    p = codedEnd;
  }
  const literalsEnd = literals + count;
  store<u32>(context, p, FAULT);
  // Section 3.1.1.3.2.1: the number of sequences in 1 to 3 bytes.
  if (p >= blockEnd) return -SEQUENCES_HEADER;
  let sequences = <u32>load<u8>(p);
  p++;
  if (sequences == 255) {
    if (p + 2 > blockEnd) return -SEQUENCES_HEADER;
    sequences = <u32>load<u16>(p) + 0x7f00;
    p += 2;
  } else if (sequences >= 128) {
    if (p >= blockEnd) return -SEQUENCES_HEADER;
    sequences = ((sequences - 128) << 8) + <u32>load<u8>(p);
    p++;
  }
  const start = out;
  if (sequences > 0) {
    const status = decodeSequences(context, p, blockEnd, sequences, literals, literalsEnd, out, end, writable);
    if (status < 0) return status;
    out = load<u32>(context, LOOP_OUT);
    literals = load<u32>(context, LOOP_LITERAL);
  } else if (p != blockEnd) {
    return -BLOCK_TRAILING;
  }
  // What the sequences left of the literals ends the block.
  const rest = literalsEnd - literals;
  if (rest > end - out) return -BLOCK_OUTPUT_TOO_LARGE;
  if (out + ((rest + 31) & ~31) <= writable) {
    const restEnd = out + rest;
    for (let to = out; to < restEnd; to += 32, literals += 32) {
      v128.store(to, v128.load(literals));
      v128.store(to, v128.load(literals, 16), 16);
    }
  } else {
    copyApart(out, literals, rest);
  }
  return <i32>(out + rest - start);
}
