// Whole frames, and the parts of one: RFC 8878 section 3.1.1.
import { MAGIC, REPEAT_1, REPEAT_2, REPEAT_3 } from "./constants";
import { encodeBlock } from "./encode-block";
import { indexBefore, useDictionary } from "./encode-dictionary";
import { highBit } from "./encode-fse";
import {
  BLOCK_SLACK, C_BLOCK_END, C_BLOCK_LIMIT, C_DICTIONARY, C_DICTIONARY_ID, C_FLAGS, C_FSE_LL, C_FSE_ML, C_FSE_OF, C_HASH, C_HISTORY, C_HUFFMAN, C_LEVEL, C_LOG_A, C_LOG_B, C_MATCH_A,
  C_MATCH_A_LOG, C_MATCH_B, C_MATCH_B_LOG, C_REPEAT_1, C_REPEAT_2, C_REPEAT_3, C_SHORT_WIDTH, C_SPILL, C_UNLIKE, C_WINDOW, C_WINDOW_LOG,
  D_ID, D_LENGTH, FLAG_CHECKSUM, FLAG_CONTENT_SIZE, FLAG_NO_EMPTY_FRAME, FLAG_SINGLE_SEGMENT, LEVEL_BETTER, LEVEL_DEFAULT, LEVEL_FASTEST,
} from "./encode-layout";
import { startRepeats } from "./encode-repeats";
import { xxh64, xxh64Digest, xxh64Reset, xxh64Update } from "./xxh64";

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

/** Begins a frame that comes in parts. With a prepared dictionary, not 0, the history begins with the last `entered` bytes of its content. */
export function zstdEncodeBegin(ctx: u32, history: u32, length: u32, dictionary: u32, entered: u32): void {
  startFrame(ctx, history, length);
  xxh64Reset(ctx + <u32>C_HASH);
  store<u32>(ctx, dictionary ? load<u32>(dictionary, D_ID) : 0, C_DICTIONARY_ID);
  if (dictionary != 0) useDictionary(ctx, dictionary, history, false, entered);
}

/**
 * Goes on with a frame in other memory, at `start`; matches reach back to `history`, and no further. `alone` is for a part that is encoded on its own: what came before
 * it is not known then, neither repeats nor tables, and its match tables are as large as `length` bytes of history and content can use.
 */
export function zstdEncodeResume(ctx: u32, history: u32, start: u32, length: u32, alone: bool): void {
  if (alone) startFrame(ctx, history, length);
  else restart(ctx, history);
  startRepeats(ctx, !alone);
  if (start > history) indexBefore(ctx, history, start, false);
}

// Empties the match tables of a frame that goes on.
function restart(ctx: u32, history: u32): void {
  const pairs: u32 = load<u32>(ctx, C_LEVEL) >= LEVEL_BETTER ? 1 : 0;
  fill(load<u32>(ctx, C_MATCH_A), load<u32>(ctx, C_LOG_A) + pairs, history);
  if (load<u32>(ctx, C_LOG_B) > 0) fill(load<u32>(ctx, C_MATCH_B), load<u32>(ctx, C_LOG_B) + pairs, history);
  store<u32>(ctx, history, C_HISTORY);
}

/**
 * The content so far has moved: the byte that was at `from` is at `to`, where the history now begins. Entries of earlier bytes become that one: still the address of
 * something, and out of the window or no match.
 */
export function zstdEncodeMoved(ctx: u32, from: u32, to: u32): void {
  const pairs: u32 = load<u32>(ctx, C_LEVEL) >= LEVEL_BETTER ? 1 : 0;
  move(load<u32>(ctx, C_MATCH_A), load<u32>(ctx, C_LOG_A) + pairs, from, to);
  if (load<u32>(ctx, C_LOG_B) > 0) move(load<u32>(ctx, C_MATCH_B), load<u32>(ctx, C_LOG_B) + pairs, from, to);
  store<u32>(ctx, to, C_HISTORY);
}

function move(table: u32, log: u32, from: u32, to: u32): void {
  const least = i32x4.splat(from);
  const by = i32x4.splat(to - from);
  for (const end = table + (4 << log); table < end; table += 16) v128.store(table, i32x4.add(i32x4.max_u(v128.load(table), least), by));
}

/** Readies a context for a frame whose content starts at `history`; tables are as large as `length` bytes of content (at most) can use. */
function startFrame(ctx: u32, history: u32, length: u32): void {
  const level = load<u32>(ctx, C_LEVEL);
  let logA: u32;
  let logB: u32 = 0;
  let width: u32 = 5;
  let pairs: u32 = 0; // entries of the lazy levels are twice as long
  // The smallest power of two that holds the content, or what of it matches can reach.
  const sizeLog = atMost(length < 64 ? 6 : highBit(length - 1) + 1, load<u32>(ctx, C_WINDOW_LOG) + 1);
  if (level == LEVEL_FASTEST) {
    logA = atMost(sizeLog, length <= 16384 ? 13 : length <= 131072 ? 14 : 15);
    width = length <= 16384 ? 5 : length <= 262144 ? 6 : 7;
  } else if (level == LEVEL_DEFAULT) {
    logA = atMost(sizeLog, length <= 16384 ? 13 : length <= 131072 ? 14 : 16);
    logB = atMost(sizeLog, length <= 16384 ? 13 : length <= 131072 ? 14 : 15);
    width = length <= 16384 || (length > 131072 && length <= 262144) ? 4 : 5;
  } else {
    logA = atMost(sizeLog, length <= 16384 ? 13 : length <= 131072 ? 15 : level == LEVEL_BETTER ? 17 : 18);
    logB = atMost(sizeLog, length <= 16384 ? 13 : length <= 131072 ? 15 : level == LEVEL_BETTER ? 15 : 17);
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
  store<u32>(ctx, 0, C_DICTIONARY);
  store<u32>(ctx, 0, C_UNLIKE);
  store<u32>(ctx, 1 << load<u32>(ctx, C_WINDOW_LOG), C_WINDOW);
  store<u32>(ctx, REPEAT_1, C_REPEAT_1);
  store<u32>(ctx, REPEAT_2, C_REPEAT_2);
  store<u32>(ctx, REPEAT_3, C_REPEAT_3);
  store<u32>(ctx, 0, C_HUFFMAN);
  store<u32>(ctx, 0, C_FSE_LL);
  store<u32>(ctx, 0, C_FSE_OF);
  store<u32>(ctx, 0, C_FSE_ML);
}

/**
 * Writes a frame header, at most 18 bytes, at `d`; gives its length. The content's size, a whole number, is declared when it is known, not negative, and the
 * flag asks for it.
 */
export function zstdEncodeHeader(ctx: u32, d: u32, size: f64): u32 {
  const flags = load<u32>(ctx, C_FLAGS);
  const id = load<u32>(ctx, C_DICTIONARY_ID);
  const declared = (flags & FLAG_CONTENT_SIZE) != 0 && size >= 0;
  const length = declared ? <u64>size : 0;
  const single = declared && flags & FLAG_SINGLE_SEGMENT && length <= <u64>1 << load<u32>(ctx, C_WINDOW_LOG);
  let sizeCode: u32 = 0;
  if (declared) sizeCode = length < 256 ? 0 : length < 65792 ? 1 : length < <u64>1 << 32 ? 2 : 3;
  const idCode: u32 = id == 0 ? 0 : id < 256 ? 1 : id < 65536 ? 2 : 3;
  store<u32>(d, MAGIC);
  const start = d;
  d += 5;
  if (!single) {
    // A window as large as the content will do, but not under 1 KiB.
    let log = load<u32>(ctx, C_WINDOW_LOG);
    if (declared && length < 1 << 29) log = atMost(log, length <= 1024 ? 10 : highBit(<u32>length - 1) + 1);
    store<u8>(d, <u8>((log - 10) << 3));
    d++;
    // One byte of content size exists only without a window descriptor: two bytes start at 256.
    if (declared && sizeCode == 0) sizeCode = 2;
  }
  store<u8>(start, <u8>((sizeCode << 6) | (single ? 32 : 0) | (flags & FLAG_CHECKSUM ? 4 : 0) | idCode), 4);
  store<u32>(d, id);
  d += idCode == 3 ? 4 : idCode;
  if (sizeCode == 3) {
    store<u64>(d, length);
    d += 8;
  } else if (sizeCode == 2) {
    store<u32>(d, <u32>length);
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
function encodeBlocks(ctx: u32, start: u32, end: u32, isLast: bool, dst: u32, capacity: u32, written: u32): u32 {
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
  startFrame(ctx, src, length);
  store<u32>(ctx, 0, C_DICTIONARY_ID);
  return wholeFrame(ctx, src, length, dst, capacity);
}

/**
 * The same with a prepared dictionary of the context's level: its content has been copied to `base`, and the source follows behind it. The content size must be
 * at most 128 KiB for the dictionary to be of use throughout.
 */
export function zstdEncodeWith(ctx: u32, dictionary: u32, base: u32, length: u32, dst: u32, capacity: u32): u32 {
  if (length == 0 && load<u32>(ctx, C_FLAGS) & FLAG_NO_EMPTY_FRAME) return 0;
  startFrame(ctx, base, length);
  store<u32>(ctx, load<u32>(dictionary, D_ID), C_DICTIONARY_ID);
  useDictionary(ctx, dictionary, base, true, 0);
  // Section 5: while no more than a window is decoded, offsets may reach any part of the dictionary.
  if (length <= 1 << load<u32>(ctx, C_WINDOW_LOG)) store<u32>(ctx, 0x7fffffff, C_WINDOW);
  return wholeFrame(ctx, base + load<u32>(dictionary, D_LENGTH), length, dst, capacity);
}

// Header, blocks and checksum of a frame that was started.
function wholeFrame(ctx: u32, src: u32, length: u32, dst: u32, capacity: u32): u32 {
  const spill = load<u32>(ctx, C_SPILL);
  let written = put(dst, capacity, 0, spill, zstdEncodeHeader(ctx, spill, <f64>length));
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

/**
 * Encodes the next part [start, end) of a frame begun by zstdEncodeBegin, which continues what was encoded before in memory; after the last part come a
 * last block, if there was none, and the checksum. Gives the size, as zstdEncodeFrame.
 */
export function zstdEncodePart(ctx: u32, start: u32, end: u32, isLast: bool, dst: u32, capacity: u32): u32 {
  const checked = (load<u32>(ctx, C_FLAGS) & FLAG_CHECKSUM) != 0;
  const spill = load<u32>(ctx, C_SPILL);
  const hash = ctx + <u32>C_HASH;
  if (checked) xxh64Update(hash, start, end - start);
  let written = encodeBlocks(ctx, start, end, isLast, dst, capacity, 0);
  if (!isLast) return written;
  if (start == end) {
    store<u32>(spill, 1);
    written = put(dst, capacity, written, spill, 3);
  }
  if (checked) {
    store<u32>(spill, <u32>xxh64Digest(hash));
    written = put(dst, capacity, written, spill, 4);
  }
  return written;
}
