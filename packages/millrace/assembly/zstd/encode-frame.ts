// Whole frames, and the parts of one: RFC 8878 section 3.1.1.
import { MAGIC, REPEAT_1, REPEAT_2, REPEAT_3 } from "./constants";
import { encodeBlock } from "./encode-block";
import { highBit } from "./encode-fse";
import {
  BLOCK_SLACK, C_BLOCK_END, C_BLOCK_LIMIT, C_DICTIONARY_ID, C_FLAGS, C_FSE_LL, C_FSE_ML, C_FSE_OF, C_HISTORY, C_HUFFMAN, C_LEVEL, C_LOG_A, C_LOG_B, C_MATCH_A,
  C_MATCH_A_LOG, C_MATCH_B, C_MATCH_B_LOG, C_NEXT_INDEX, C_REPEAT_1, C_REPEAT_2, C_REPEAT_3, C_SHORT_WIDTH, C_SPILL, C_WINDOW, C_WINDOW_LOG,
  FLAG_CHECKSUM, FLAG_CONTENT_SIZE, FLAG_NO_EMPTY_FRAME, FLAG_SINGLE_SEGMENT, LEVEL_BETTER, LEVEL_DEFAULT, LEVEL_FASTEST,
} from "./encode-layout";
import { xxh64 } from "./xxh64";

// Fills a match table with one address, so that every entry is a valid candidate from the start.
function fill(table: u32, log: u32, address: u32): void {
  const value = i32x4.splat(address);
  for (const end = table + (4 << log); table < end; table += 64) {
    v128.store(table, value);
    v128.store(table, value, 16);
    v128.store(table, value, 32);
    v128.store(table, value, 48);
  }
}

@inline
function atMost(a: u32, b: u32): u32 {
  return a < b ? a : b;
}

/** Readies a context for a frame whose content starts at `history`; tables are as large as `length` bytes of content (at most) can use. */
export function zstdEncodeStart(ctx: u32, history: u32, length: u32): void {
  const level = load<u32>(ctx, C_LEVEL);
  let logA: u32;
  let logB: u32 = 0;
  let width: u32 = 5;
  let pairs: u32 = 0; // entries of the lazy levels are twice as long
  const sizeLog = length < 64 ? 6 : highBit(length - 1) + 1; // smallest power of two that holds the content
  if (level == LEVEL_FASTEST) {
    logA = atMost(sizeLog + 1, length <= 16384 ? 13 : 15);
    width = length <= 65536 ? 5 : 6;
  } else if (level == LEVEL_DEFAULT) {
    logA = atMost(sizeLog + 1, length <= 16384 ? 14 : 17);
    logB = atMost(sizeLog, length <= 16384 ? 13 : 16);
    width = length <= 16384 || (length > 131072 && length <= 262144) ? 4 : 5;
  } else {
    logA = atMost(sizeLog, level == LEVEL_BETTER ? 17 : 20);
    logB = atMost(sizeLog, level == LEVEL_BETTER ? 15 : 18);
    width = length <= 262144 ? 4 : 5;
    pairs = 1;
  }
  logA = atMost(logA, load<u32>(ctx, C_MATCH_A_LOG));
  logB = atMost(logB, load<u32>(ctx, C_MATCH_B_LOG));
  store<u32>(ctx, logA, C_LOG_A);
  store<u32>(ctx, logB, C_LOG_B);
  store<u32>(ctx, width, C_SHORT_WIDTH);
  fill(load<u32>(ctx, C_MATCH_A), logA + pairs, history);
  if (logB > 0) fill(load<u32>(ctx, C_MATCH_B), logB + pairs, history);
  store<u32>(ctx, history, C_HISTORY);
  store<u32>(ctx, history, C_NEXT_INDEX);
  store<u32>(ctx, 1 << load<u32>(ctx, C_WINDOW_LOG), C_WINDOW);
  store<u32>(ctx, REPEAT_1, C_REPEAT_1);
  store<u32>(ctx, REPEAT_2, C_REPEAT_2);
  store<u32>(ctx, REPEAT_3, C_REPEAT_3);
  store<u32>(ctx, 0, C_HUFFMAN);
  store<u32>(ctx, 0, C_FSE_LL);
  store<u32>(ctx, 0, C_FSE_OF);
  store<u32>(ctx, 0, C_FSE_ML);
}

/** Writes a frame header, at most 18 bytes, at `d`; gives its length. The content's size is declared when the flag asks for it. */
export function writeFrameHeader(ctx: u32, d: u32, length: u32): u32 {
  const flags = load<u32>(ctx, C_FLAGS);
  const id = load<u32>(ctx, C_DICTIONARY_ID);
  const declared = (flags & FLAG_CONTENT_SIZE) != 0;
  const single = declared && flags & FLAG_SINGLE_SEGMENT && length <= 1 << load<u32>(ctx, C_WINDOW_LOG);
  let sizeCode: u32 = 0;
  if (declared) sizeCode = length < 256 ? 0 : length < 65792 ? 1 : 2;
  const idCode: u32 = id == 0 ? 0 : id < 256 ? 1 : id < 65536 ? 2 : 3;
  store<u32>(d, MAGIC);
  const start = d;
  d += 5;
  if (!single) {
    // A window as large as the content will do, but not under 1 KiB.
    let log = load<u32>(ctx, C_WINDOW_LOG);
    if (declared) log = atMost(log, length <= 1024 ? 10 : highBit(length - 1) + 1);
    store<u8>(d, <u8>((log - 10) << 3));
    d++;
    // One byte of content size exists only without a window descriptor: two bytes start at 256.
    if (declared && sizeCode == 0) sizeCode = 2;
  }
  store<u8>(start, <u8>((sizeCode << 6) | (single ? 32 : 0) | (flags & FLAG_CHECKSUM ? 4 : 0) | idCode), 4);
  store<u32>(d, id);
  d += idCode == 3 ? 4 : idCode;
  if (sizeCode == 2) {
    store<u32>(d, length);
    d += 4;
  } else if (sizeCode == 1) {
    store<u16>(d, <u16>(length - 256));
    d += 2;
  } else if (single) {
    store<u8>(d, <u8>length);
    d++;
  }
  return d - start;
}

// Puts `size` bytes at `from` into the destination if they still fit; gives the size so far, whether or not it did.
function put(dst: u32, capacity: u32, written: u32, from: u32, size: u32): u32 {
  if (written + size <= capacity) memory.copy(dst + written, from, size);
  return written + size;
}

/**
 * Encodes the blocks of [start, end), the last one marked when `isLast`; gives the size of the output so far, from `written` on. That may be over the
 * capacity: nothing is then written past it, and the size is what would have done.
 */
export function encodeBlocks(ctx: u32, start: u32, end: u32, isLast: bool, dst: u32, capacity: u32, written: u32): u32 {
  const blockLimit = load<u32>(ctx, C_BLOCK_LIMIT);
  const spill = load<u32>(ctx, C_SPILL);
  while (start < end) {
    const blockEnd = end - start > blockLimit ? start + blockLimit : end;
    const last = isLast && blockEnd == end;
    if (written <= capacity && capacity - written >= blockEnd - start + BLOCK_SLACK) {
      written = encodeBlock(ctx, start, blockEnd, last, dst + written) - dst;
    } else {
      written = put(dst, capacity, written, spill, encodeBlock(ctx, start, blockEnd, last, spill) - spill);
    }
    start = load<u32>(ctx, C_BLOCK_END);
  }
  return written;
}

/**
 * Encodes `length` bytes at `src` as one frame into at most `capacity` bytes at `dst`, with the level and options of the context. Gives the frame's size: when that is
 * over the capacity, the destination holds no frame, and the size is what would do.
 */
export function zstdEncodeFrame(ctx: u32, src: u32, length: u32, dst: u32, capacity: u32): u32 {
  if (length == 0 && load<u32>(ctx, C_FLAGS) & FLAG_NO_EMPTY_FRAME) return 0;
  zstdEncodeStart(ctx, src, length);
  const spill = load<u32>(ctx, C_SPILL);
  let written = put(dst, capacity, 0, spill, writeFrameHeader(ctx, spill, length));
  if (length == 0) {
    store<u32>(spill, 1); // a last raw block of no bytes
    written = put(dst, capacity, written, spill, 3);
  } else {
    written = encodeBlocks(ctx, src, src + length, true, dst, capacity, written);
  }
  if (load<u32>(ctx, C_FLAGS) & FLAG_CHECKSUM) {
    store<u32>(spill, <u32>xxh64(src, length));
    written = put(dst, capacity, written, spill, 4);
  }
  return written;
}

/**
 * Encodes `count` messages as a frame each, one after the other. `items` holds address and length of each, u32; the length is replaced by where the
 * frame ends. Gives the size of all, as zstdEncodeFrame.
 */
export function zstdEncodeBatch(ctx: u32, items: u32, count: u32, dst: u32, capacity: u32): u32 {
  let written: u32 = 0;
  for (const end = items + (count << 3); items < end; items += 8) {
    const room = written < capacity ? capacity - written : 0;
    written += zstdEncodeFrame(ctx, load<u32>(items), load<u32>(items, 4), dst + written, room);
    store<u32>(items, written, 4);
  }
  return written;
}
