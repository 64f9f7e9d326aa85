// The literals section of a block: RFC 8878 section 3.1.1.3.1.
import { copyApart } from "../bytes/copy-apart";
import { LITERALS_COMPRESSED, LITERALS_RAW, LITERALS_RLE, LITERALS_TREELESS } from "./constants";
import {
  C_DEPTHS, C_FLAGS, C_HUFFMAN, C_HUFFMAN_A, C_HUFFMAN_B, C_LITERAL_COUNT, C_LITERAL_START, C_NEXT_HUFFMAN, FLAG_MATCHED_LITERALS, FLAG_NO_ENTROPY,
} from "./encode-layout";
import { buildHuffman, countLiterals, encodeStream, listLiterals, sizeWith, writeTree } from "./encode-huffman";

const ONE_STREAM: u32 = 1024; // fewer literals go into one stream: six bytes less, and a shorter header
const LEAST_NEW: u32 = 24; // fewer literals do not pay for a tree
const LEAST_REUSED: u32 = 6;

// A stored section, or one byte repeated (type RLE): the header only.
function writePlainHeader(d: u32, type: u32, length: u32): u32 {
  if (length < 32) {
    store<u8>(d, <u8>(type | (length << 3)));
    return d + 1;
  }
  if (length < 4096) {
    store<u16>(d, <u16>(type | 4 | (length << 4)));
    return d + 2;
  }
  store<u32>(d, type | 12 | (length << 4));
  return d + 3;
}

function writeRaw(d: u32, p: u32, length: u32): u32 {
  d = writePlainHeader(d, LITERALS_RAW, length);
  copyApart(d, p, length);
  return d + length;
}

@inline
function headerSize(length: u32): u32 {
  return length < 1024 ? 3 : length < 16384 ? 4 : 5;
}

// Four streams with their jump table, or one; gives the address after them.
function writeStreams(d: u32, p: u32, length: u32, table: u32, one: bool): u32 {
  if (one) return encodeStream(d, p, length, table);
  const quarter = (length + 3) >> 2;
  const a = d + 6;
  const b = encodeStream(a, p, quarter, table);
  const c = encodeStream(b, p + quarter, quarter, table);
  const e = encodeStream(c, p + 2 * quarter, quarter, table);
  const end = encodeStream(e, p + 3 * quarter, length - 3 * quarter, table);
  store<u16>(d, <u16>(b - a));
  store<u16>(d, <u16>(c - b), 2);
  store<u16>(d, <u16>(e - c), 4);
  return end;
}

/**
 * Writes the literals of the block being built at `d`; gives the address after them. `matched` tells whether there are sequences: where there are
 * none, literals that do not compress are not written, and 0 says that the block is best stored.
 */
export function writeLiterals(ctx: u32, d: u32, matched: bool): u32 {
  const p = load<u32>(ctx, C_LITERAL_START);
  const length = load<u32>(ctx, C_LITERAL_COUNT);
  const flags = load<u32>(ctx, C_FLAGS);
  const held = load<u32>(ctx, C_HUFFMAN);
  store<u32>(ctx, held, C_NEXT_HUFFMAN);
  const least = held ? LEAST_REUSED : LEAST_NEW;
  if (length < least || flags & FLAG_NO_ENTROPY || (!matched && flags & FLAG_MATCHED_LITERALS)) {
    return matched ? writeRaw(d, p, length) : 0;
  }
  countLiterals(ctx, p, length);
  const distinct = listLiterals(ctx);
  const most = load<u32>(ctx + C_DEPTHS);
  if (distinct == 1) {
    d = writePlainHeader(d, LITERALS_RLE, length);
    store<u8>(d, load<u8>(p));
    return d + 1;
  }
  if (most <= (length >> 7) + 4 && length >= 256) return matched ? writeRaw(d, p, length) : 0; // as good as uniform
  const ceiling = length - (length >> 6) - 2; // bytes the section may have and still be worth its time
  const reused = held ? sizeWith(ctx, held, distinct) : 0;
  const reusedBytes = (reused >> 3) + 1;
  const next = ctx + (held == ctx + C_HUFFMAN_A ? C_HUFFMAN_B : C_HUFFMAN_A);
  const header = headerSize(length);
  const one = length < ONE_STREAM;
  let type = LITERALS_TREELESS;
  let table = held;
  let to = d + header;
  // A short run of literals takes the table it has; a new one would have to save its description.
  if (reused == 0 || (length >= 1024 || reusedBytes >= ceiling)) {
    const built = buildHuffman(ctx, next, distinct, length);
    const bytes = (<u32>built >> 3) + 1;
    const tree = distinct >> 2; // no description is shorter
    const others = reused != 0 && reusedBytes < ceiling ? reusedBytes : ceiling;
    if (bytes + tree < others) {
      const end = writeTree(ctx, to, distinct, <u32>(built >> 32));
      if (end != 0 && end - to + bytes < others) {
        type = LITERALS_COMPRESSED;
        table = next;
        to = end;
      }
    }
    if (type == LITERALS_TREELESS && (reused == 0 || reusedBytes >= ceiling)) return matched ? writeRaw(d, p, length) : 0;
  }
  to = writeStreams(to, p, length, table, one);
  const size = to - d - header;
  if (size + header > ceiling + 3) return matched ? writeRaw(d, p, length) : 0;
  if (type == LITERALS_COMPRESSED) store<u32>(ctx, next, C_NEXT_HUFFMAN);
  if (header == 3) {
    const word = type | (one ? 0 : 4) | (length << 4) | (size << 14);
    store<u16>(d, <u16>word);
    store<u8>(d, <u8>(word >> 16), 2);
  } else if (header == 4) store<u32>(d, type | 8 | (length << 4) | (size << 18));
  else {
    store<u32>(d, type | 12 | (length << 4) | (size << 22));
    store<u8>(d, <u8>(size >> 10), 4);
  }
  return to;
}
