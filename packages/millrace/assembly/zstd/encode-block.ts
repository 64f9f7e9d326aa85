// One block: RFC 8878 section 3.1.1.2. Compressed when that saves something, otherwise stored, or one byte repeated.
import { copyApart } from "../bytes/copy-apart";
import { BLOCK_COMPRESSED, BLOCK_HEADER, BLOCK_RAW, BLOCK_RLE, MAX_BLOCK } from "./constants";
import { findDouble4, findDouble4Log13, findDouble5, findDouble5Log14, findDouble5Log16, findDoubleOld } from "./encode-double";
import { findFast5, findFast6, findFast7, findFastOld } from "./encode-fast";
import {
  C_BLOCK_END, C_DICTIONARY, C_DICTIONARY_BASE, C_FSE_LL, C_FSE_ML, C_FSE_OF, C_HUFFMAN, C_KNOWN, C_KNOWN_3, C_LEVEL, C_LOG_A, C_LOG_B, C_NEXT_HUFFMAN, C_NEXT_LL, C_NEXT_ML, C_NEXT_OF, C_REPEAT_1, C_REPEAT_2, C_REPEAT_3,
  C_SEQUENCE_COUNT, C_SEQUENCE_LIMIT, C_SHORT_WIDTH, C_UNLIKE, D_LENGTH, LEVEL_BETTER, LEVEL_DEFAULT,
  LEVEL_FASTEST,
} from "./encode-layout";
import { findBest4, findBest5, findBestOld, findBetter4, findBetter5, findBetterOld } from "./encode-lazy";
import { translateRepeats } from "./encode-repeats";
import { writeLiterals } from "./encode-literals";
import { writeSequences } from "./encode-sequences";

const LEAST_COMPRESSED: u32 = 8; // shorter blocks are stored

// A function of the block alone, so that a frame does not depend on the context that made it. The face allots as many: encode-context.ts.
function sequenceLimit(length: u32): u32 {
  return min<u32>(length >> 2, max<u32>(length >> 3, 4096)) + 16;
}

function findSequences(ctx: u32, start: u32, end: u32): u32 {
  const dictionary = load<u32>(ctx, C_DICTIONARY);
  // Only the first of a frame's content looks into the dictionary's tables: later blocks find their matches nearer.
  if (dictionary != 0 && start - load<u32>(ctx, C_DICTIONARY_BASE) - load<u32>(dictionary, D_LENGTH) < MAX_BLOCK) {
    switch (load<u32>(ctx, C_LEVEL)) {
      case LEVEL_FASTEST: return findFastOld(ctx, start, end);
      case LEVEL_DEFAULT: return findDoubleOld(ctx, start, end);
      case LEVEL_BETTER: return findBetterOld(ctx, start, end);
      default: return findBestOld(ctx, start, end);
    }
  }
  const width = load<u32>(ctx, C_SHORT_WIDTH);
  switch (load<u32>(ctx, C_LEVEL)) {
    case LEVEL_FASTEST: return width == 5 ? findFast5(ctx, start, end) : width == 6 ? findFast6(ctx, start, end) : findFast7(ctx, start, end);
    case LEVEL_DEFAULT: {
      // The sizes that whole messages give the tables have finders of their own.
      const log = load<u32>(ctx, C_LOG_A);
      const shortLog = load<u32>(ctx, C_LOG_B);
      if (width == 4) return log == 13 && shortLog == 13 ? findDouble4Log13(ctx, start, end) : findDouble4(ctx, start, end);
      if (log == 14 && shortLog == 14) return findDouble5Log14(ctx, start, end);
      return log == 16 && shortLog == 15 ? findDouble5Log16(ctx, start, end) : findDouble5(ctx, start, end);
    }
    case LEVEL_BETTER: return width == 4 ? findBetter4(ctx, start, end) : findBetter5(ctx, start, end);
    default: return width == 4 ? findBest4(ctx, start, end) : findBest5(ctx, start, end);
  }
}

@inline
function writeHeader(d: u32, type: u32, size: u32, last: bool): void {
  const word = <u32>last | (type << 1) | (size << 3);
  store<u16>(d, <u16>word);
  store<u8>(d, <u8>(word >> 16), 2);
}

function isOneByte(p: u32, end: u32): bool {
  const value = load<u8>(p);
  const splat = i8x16.splat(<i8>value);
  for (; p + 16 <= end; p += 16) {
    if (!i8x16.all_true(i8x16.eq(v128.load(p), splat))) return false;
  }
  for (; p < end; p++) {
    if (load<u8>(p) != value) return false;
  }
  return true;
}

/**
 * Encodes a block that starts at `start` and ends at `end` or, when its sequences are too many, before: C_BLOCK_END tells. `isLast` marks it as the frame's last if it
 * reaches `end`. There must be room at `d` for the source and BLOCK_SLACK. Gives the address after the block.
 */
export function encodeBlock(ctx: u32, start: u32, end: u32, isLast: bool, d: u32): u32 {
  const wanted = end;
  store<u32>(ctx, end, C_BLOCK_END);
  if (end - start < LEAST_COMPRESSED) return writeStored(d, start, end, isLast);
  if (load<u32>(start) == load<u32>(start + 4) && isOneByte(start, end)) {
    writeHeader(d, BLOCK_RLE, end - start, isLast);
    store<u8>(d, load<u8>(start), BLOCK_HEADER);
    return d + BLOCK_HEADER + 1;
  }
  const repeat1 = load<u32>(ctx, C_REPEAT_1);
  const repeat2 = load<u32>(ctx, C_REPEAT_2);
  const repeat3 = load<u32>(ctx, C_REPEAT_3);
  store<u32>(ctx, sequenceLimit(end - start), C_SEQUENCE_LIMIT);
  const unlike = load<u32>(ctx, C_UNLIKE);
  const known = load<u64>(ctx, C_KNOWN);
  const known3 = load<u32>(ctx, C_KNOWN_3);
  end = findSequences(ctx, start, end);
  if (unlike != 0) translateRepeats(ctx, repeat1, repeat2, repeat3);
  store<u32>(ctx, end, C_BLOCK_END);
  const length = end - start;
  // The least a compressed block must save.
  const limit = d + BLOCK_HEADER + length - (length >> 6) - 2;
  let p = writeLiterals(ctx, d + BLOCK_HEADER, load<u32>(ctx, C_SEQUENCE_COUNT) > 0);
  if (p != 0 && p < limit) p = writeSequences(ctx, p, limit);
  if (p == 0 || p >= limit) {
    // The decoder will not see these sequences: what they did to the repeat offsets did not happen.
    store<u32>(ctx, repeat1, C_REPEAT_1);
    store<u32>(ctx, repeat2, C_REPEAT_2);
    store<u32>(ctx, repeat3, C_REPEAT_3);
    store<u32>(ctx, unlike, C_UNLIKE);
    store<u64>(ctx, known, C_KNOWN);
    store<u32>(ctx, known3, C_KNOWN_3);
    // Stored, the block needs no sequences and can have its whole length: so that the output never has more block headers than planned.
    store<u32>(ctx, wanted, C_BLOCK_END);
    return writeStored(d, start, wanted, isLast);
  }
  store<u32>(ctx, load<u32>(ctx, C_NEXT_HUFFMAN), C_HUFFMAN);
  store<u32>(ctx, load<u32>(ctx, C_NEXT_LL), C_FSE_LL);
  store<u32>(ctx, load<u32>(ctx, C_NEXT_OF), C_FSE_OF);
  store<u32>(ctx, load<u32>(ctx, C_NEXT_ML), C_FSE_ML);
  writeHeader(d, BLOCK_COMPRESSED, p - d - BLOCK_HEADER, isLast && end == wanted);
  return p;
}

function writeStored(d: u32, start: u32, end: u32, isLast: bool): u32 {
  writeHeader(d, BLOCK_RAW, end - start, isLast);
  copyApart(d + BLOCK_HEADER, start, end - start);
  return d + BLOCK_HEADER + end - start;
}
