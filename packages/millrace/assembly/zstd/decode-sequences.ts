// The sequences of a block (RFC 8878 sections 3.1.1.3.2 and 3.1.1.4): the tables they are coded with, then decoding and executing each.
//
// The loop comes in a fast form, which may write up to 32 bytes past the end of what it copies, and an exact one, which finishes where
// the destination ends. The fast form is compiled for each of the three shapes of a frame below. In each iteration the bits of one
// sequence are read, then those of the three states of the next; the last update is of states that are not in the stream, so its bits
// are given back at the end, where exactly none must be left.

import {
  LL_CODES, LL_DEFAULT_LOG, LL_MAX_LOG, ML_CODES, ML_DEFAULT_LOG, ML_MAX_LOG, MODE_COMPRESSED, MODE_PREDEFINED, MODE_RLE, OF_CODES,
  OF_DEFAULT_CODES, OF_DEFAULT_LOG, OF_MAX_LOG,
} from "./constants";
import {
  BASE, COUNTS_CODES, COUNTS_LOG, FRAME_TABLES, HISTORY_LENGTH, LL, LL_LOG, LL_TABLE, LOOP_BITS, LOOP_LEFT, LOOP_LITERAL, LOOP_LL, LOOP_ML,
  LOOP_OF, LOOP_OUT, LOOP_PENDING, LOOP_UPDATE, MAX_OFFSET, ML, ML_LOG, ML_TABLE, OF, OF_HIGHEST, OF_LOG, OF_TABLE, PATTERNS, PENDING_LL,
  PENDING_ML, PENDING_OFFSET, REPEAT, STEPS, WINDOW, WITH_DICTIONARY, defaultTable, prototypes, tableAt,
} from "./decode-context";
import { Exact, Wide, copyFromHistory, copyMatchExact } from "./decode-copy";
import { buildSequenceTable, highBit, readCounts } from "./decode-fse";
import {
  BLOCK_OUTPUT_TOO_LARGE, FSE_TABLE, FSE_TABLE_MISSING, LITERALS_EXHAUSTED, OFFSET_TOO_FAR, OFFSET_ZERO, SEQUENCES_HEADER,
  SEQUENCES_RESERVED, SEQUENCES_STREAM,
} from "./decode-reasons";

/** The destination can take any write up to so many bytes past the end of a copy. */
const SLACK: u32 = 32;

// What the fast loop must look out for, told apart by their sizes when it is compiled for each. Within: the frame has not outgrown its window, so that
// a match within the output is within the window. Outgrown: it has. Scattered: not all history lies together, or offsets may have over 24 bits.
type Within = u8;
type Outgrown = u16;
type Scattered = u32;

// Puts the table of one kind of code in force as `mode` says. Gives the next byte of input; 0 after a bad description, 1 for a missing table.
@inline
function selectTable(context: u32, kind: u32, mode: u32, p: u32, end: u32): u32 {
  const table = kind == LL ? LL_TABLE : kind == OF ? OF_TABLE : ML_TABLE;
  const accuracy = kind == LL ? LL_LOG : kind == OF ? OF_LOG : ML_LOG;
  const codes = kind == LL ? LL_CODES : kind == OF ? OF_CODES : ML_CODES;
  if (mode == MODE_PREDEFINED) {
    store<u32>(context + table, context + defaultTable(kind));
    store<u32>(context + accuracy, kind == LL ? LL_DEFAULT_LOG : kind == OF ? OF_DEFAULT_LOG : ML_DEFAULT_LOG);
    if (kind == OF) store<u32>(context, OF_DEFAULT_CODES - 1, OF_HIGHEST);
    return p;
  }
  const place = context + FRAME_TABLES + tableAt(kind);
  if (mode == MODE_RLE) {
    if (p >= end) return 0;
    const code = <u32>load<u8>(p);
    if (code >= codes) return 0;
    const from = context + prototypes(kind) + (code << 4);
    v128.store(place, v128.load(from));
    store<u32>(place, place, 8);
    store<u32>(context + table, place);
    store<u32>(context + accuracy, 0);
    if (kind == OF) store<u32>(context, code, OF_HIGHEST);
    return p + 1;
  }
  if (mode == MODE_COMPRESSED) {
    const used = readCounts(context, p, end - p, codes, kind == LL ? LL_MAX_LOG : kind == OF ? OF_MAX_LOG : ML_MAX_LOG);
    if (used == 0) return 0;
    const log = load<u32>(context, COUNTS_LOG);
    buildSequenceTable(context, place, load<u32>(context, COUNTS_CODES), log, prototypes(kind));
    store<u32>(context + table, place);
    store<u32>(context + accuracy, log);
    if (kind == OF) store<u32>(context, load<u32>(context, COUNTS_CODES) - 1, OF_HIGHEST);
    return p + used;
  }
  return load<u32>(context + table) == 0 ? 1 : p;
}

// `count` bits above bit `at` of the stream; up to 56. Negative positions, of a stream read past its start, give some value.
@inline
function bitsAt(stream: u32, at: i32, count: u32): u32 {
  return <u32>((load<u64>(stream + (at >> 3)) >> <u64>(at & 7)) & ((<u64>1 << <u64>count) - 1));
}

/**
 * Decodes and executes the sequences of a block, whose section lies in [p, end), behind its count.
 * @param count sequences, at least 1
 * @param out where output goes; LOOP_OUT and LOOP_LITERAL say afterwards how far output and literals have come
 * @param outEnd the output may not go past this
 * @param writable wide stores may not go past this; at least outEnd
 * @returns 0, or minus the reason
 */
export function decodeSequences(context: u32, p: u32, end: u32, count: u32, literals: u32, literalsEnd: u32, out: u32, outEnd: u32, writable: u32): i32 {
  if (p >= end) return -SEQUENCES_HEADER;
  const modes = <u32>load<u8>(p);
  if ((modes & 3) != 0) return -SEQUENCES_RESERVED;
  p = selectTable(context, LL, modes >> 6, p + 1, end);
  if (p <= 1) return p == 0 ? -FSE_TABLE : -FSE_TABLE_MISSING;
  p = selectTable(context, OF, (modes >> 4) & 3, p, end);
  if (p <= 1) return p == 0 ? -FSE_TABLE : -FSE_TABLE_MISSING;
  p = selectTable(context, ML, (modes >> 2) & 3, p, end);
  if (p <= 1) return p == 0 ? -FSE_TABLE : -FSE_TABLE_MISSING;
  if (p >= end) return -SEQUENCES_STREAM;
  const last = <u32>load<u8>(end - 1);
  if (last == 0) return -SEQUENCES_STREAM; // no bit marks the end
  let bits: i32 = <i32>(((end - 1 - p) << 3) + highBit(last));
  let log = load<u32>(context, LL_LOG);
  bits -= log;
  store<u32>(context, load<u32>(context, LL_TABLE) + (bitsAt(p, bits, log) << 4), LOOP_LL);
  log = load<u32>(context, OF_LOG);
  bits -= log;
  store<u32>(context, load<u32>(context, OF_TABLE) + (bitsAt(p, bits, log) << 4), LOOP_OF);
  log = load<u32>(context, ML_LOG);
  bits -= log;
  store<u32>(context, load<u32>(context, ML_TABLE) + (bitsAt(p, bits, log) << 4), LOOP_ML);
  if (bits < 0) return -SEQUENCES_STREAM;
  store<u32>(context, out, LOOP_OUT);
  store<u32>(context, literals, LOOP_LITERAL);
  store<u32>(context, count, LOOP_LEFT);
  store<i32>(context, bits, LOOP_BITS);
  store<u32>(context, 0, LOOP_PENDING);
  const base = load<u32>(context, BASE);
  const fastEnd = writable - base >= SLACK ? min(outEnd, writable - SLACK) : base;
  if (fastEnd > out) {
    const scattered = (load<u32>(context, HISTORY_LENGTH) | load<u32>(context, WITH_DICTIONARY)) != 0 || load<u32>(context, OF_HIGHEST) > 24;
    const status = scattered
      ? runFast<Scattered>(context, p, base, fastEnd, literalsEnd)
      : fastEnd - base <= load<u32>(context, WINDOW)
        ? runFast<Within>(context, p, base, fastEnd, literalsEnd)
        : runFast<Outgrown>(context, p, base, fastEnd, literalsEnd);
    if (status < 0) return status;
  }
  if (load<u32>(context, LOOP_LEFT) > 0 || load<u32>(context, LOOP_PENDING) > 0) {
    const status = runExact(context, p, base, outEnd, literalsEnd);
    if (status < 0) return status;
  }
  return load<i32>(context, LOOP_BITS) + load<i32>(context, LOOP_UPDATE) == 0 ? 0 : -SEQUENCES_STREAM;
}

// The bits of the stream below bit `position`, that one included, from the top of the word down. `first` lies 7 bytes before the stream.
@inline
function wordBelow(first: u32, position: i32): u64 {
  return rotl<u64>(load<u64>(first + (position >> 3)), <u64>(~position & 7));
}

// Every sequence whose output ends at least SLACK bytes before the end of what may be written. The first that does not is decoded and left pending.
//
// Each field is rotated from the top of the word to its bottom, where a mask takes it: nothing has to be known of where in the word it lies. `position` is the
// number of the next bit. An entry's bits and state bits come in one load; a rotation does not see the second above the first.
function runFast<Shape>(context: u32, stream: u32, base: u32, fastEnd: u32, literalsEnd: u32): i32 {
  let out = load<u32>(context, LOOP_OUT);
  let literal = load<u32>(context, LOOP_LITERAL);
  let left = load<i32>(context, LOOP_LEFT);
  let entryLL = load<u32>(context, LOOP_LL);
  let entryML = load<u32>(context, LOOP_ML);
  let entryOF = load<u32>(context, LOOP_OF);
  const maxOffset = load<u32>(context, MAX_OFFSET);
  const first = stream - 7;
  let position = load<i32>(context, LOOP_BITS) - 1;
  let repeats = v128.load(context, REPEAT);
  let status = 0;
  while (left > 0) {
    if (position < -1) {
      status = -SEQUENCES_STREAM;
      break;
    }
    let word = wordBelow(first, position);
    let bits = <u32>load<u16>(entryOF, 4);
    const codeOF = bits & 255;
    word = rotl<u64>(word, <u64>bits);
    const extra = <u32>word & load<u32>(entryOF, 12);
    if (sizeof<Shape>() == sizeof<Scattered>()) {
      // The offset may have 31 bits: the lengths need a load of their own.
      position -= codeOF;
      word = wordBelow(first, position);
      bits -= codeOF;
    }
    const bitsML = <u32>load<u16>(entryML, 4);
    word = rotl<u64>(word, <u64>bitsML);
    const matchLength = load<u32>(entryML) + (<u32>word & load<u32>(entryML, 12));
    const bitsLL = <u32>load<u16>(entryLL, 4);
    word = rotl<u64>(word, <u64>bitsLL);
    const literalLength = load<u32>(entryLL) + (<u32>word & load<u32>(entryLL, 12));
    bits += bitsML + bitsLL;
    const update = bits >> 8;
    store<u32>(context, update, LOOP_UPDATE);
    const fields = bits & 255;
    // Nearly always the word that the fields came from holds the bits of the next states too: no load to wait for.
    if ((~position & 7) + fields + update > 64) word = wordBelow(first, position - fields);
    position -= fields + update;
    word = rotl<u64>(word, 4); // they come out times 16, as entries lie
    let offset: u32;
    if (codeOF > 1) {
      offset = load<u32>(entryOF) + extra;
      if (sizeof<Shape>() == sizeof<Outgrown>() && offset > maxOffset) {
        status = -OFFSET_TOO_FAR;
        break;
      }
      repeats = i32x4.replace_lane(i8x16.shuffle(repeats, repeats, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), 0, offset);
    } else {
      // Section 3.1.1.5: which of the repeat offsets, one further when there is no literal.
      const index = codeOF + extra + <u32>(literalLength == 0);
      if (index == 0) {
        offset = i32x4.extract_lane(repeats, 0);
      } else {
        if (index == 1) {
          offset = i32x4.extract_lane(repeats, 1);
          repeats = i8x16.shuffle(repeats, repeats, 4, 5, 6, 7, 0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15);
        } else {
          offset = index == 2 ? i32x4.extract_lane(repeats, 2) : i32x4.extract_lane(repeats, 0) - 1;
          repeats = i32x4.replace_lane(i8x16.shuffle(repeats, repeats, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), 0, offset);
        }
        if (offset == 0) {
          status = -OFFSET_ZERO;
          break;
        }
      }
    }
    // Without a dictionary a repeat offset was within the window when it was new; a dictionary's may be beyond.
    if (sizeof<Shape>() == sizeof<Scattered>() && offset > maxOffset) {
      status = -OFFSET_TOO_FAR;
      break;
    }
    word = rotl<u64>(word, load<u8>(entryLL, 5));
    entryLL = load<u32>(entryLL, 8) + (<u32>word & <u32>load<u16>(entryLL, 6));
    word = rotl<u64>(word, load<u8>(entryML, 5));
    entryML = load<u32>(entryML, 8) + (<u32>word & <u32>load<u16>(entryML, 6));
    word = rotl<u64>(word, load<u8>(entryOF, 5));
    entryOF = load<u32>(entryOF, 8) + (<u32>word & <u32>load<u16>(entryOF, 6));
    left--;
    const matchTo = out + literalLength;
    const matchEnd = matchTo + matchLength;
    let from = matchTo - offset;
    const literalFrom = literal;
    literal += literalLength;
    if (literal > literalsEnd) {
      status = -LITERALS_EXHAUSTED;
      break;
    }
    if (sizeof<Shape>() != sizeof<Scattered>() && <i32>from < <i32>base) {
      status = -OFFSET_TOO_FAR;
      break;
    }
    if (matchEnd > fastEnd) {
      literal = literalFrom;
      store<u32>(context, 1, LOOP_PENDING);
      store<u32>(context, literalLength, PENDING_LL);
      store<u32>(context, matchLength, PENDING_ML);
      store<u32>(context, offset, PENDING_OFFSET);
      break;
    }
    v128.store(out, v128.load(literalFrom));
    if (literalLength > 16) {
      let to = out + 16;
      let q = literalFrom + 16;
      do {
        v128.store(to, v128.load(q));
        v128.store(to, v128.load(q, 16), 16);
        to += 32;
        q += 32;
      } while (to < matchTo);
    }
    out = matchEnd;
    if (sizeof<Shape>() == sizeof<Scattered>() && <i32>from < <i32>base) {
      if (!copyFromHistory<Wide>(context, matchTo, base, base - from, matchLength)) {
        status = -OFFSET_TOO_FAR;
        break;
      }
    } else if (offset >= 16) {
      v128.store(matchTo, v128.load(from));
      v128.store(matchTo, v128.load(from, 16), 16);
      if (matchLength > 32) {
        let to = matchTo + 32;
        from += 32;
        do {
          v128.store(to, v128.load(from));
          v128.store(to, v128.load(from, 16), 16);
          to += 32;
          from += 32;
        } while (to < matchEnd);
      }
    } else {
      const repeated = i8x16.swizzle(v128.load(from), v128.load(context + (offset << 4), PATTERNS));
      const step = <u32>load<u8>(context + offset, STEPS);
      let to = matchTo;
      do {
        v128.store(to, repeated);
        to += step;
      } while (to < matchEnd);
    }
  }
  store<u32>(context, out, LOOP_OUT);
  store<u32>(context, literal, LOOP_LITERAL);
  store<i32>(context, left, LOOP_LEFT);
  store<i32>(context, position + 1, LOOP_BITS);
  store<u64>(context, i64x2.extract_lane(repeats, 0), REPEAT);
  store<u32>(context, i32x4.extract_lane(repeats, 2), REPEAT + 8);
  store<u32>(context, entryLL, LOOP_LL);
  store<u32>(context, entryML, LOOP_ML);
  store<u32>(context, entryOF, LOOP_OF);
  return status;
}

// Decodes the next sequence into PENDING_LL, PENDING_ML and PENDING_OFFSET and updates the states.
function decodeNext(context: u32, stream: u32): i32 {
  let bits = load<i32>(context, LOOP_BITS);
  if (bits < 0) return -SEQUENCES_STREAM;
  const entryLL = load<u32>(context, LOOP_LL);
  const entryML = load<u32>(context, LOOP_ML);
  const entryOF = load<u32>(context, LOOP_OF);
  const bitsOF = <u32>load<u8>(entryOF, 4);
  bits -= bitsOF;
  const extra = bitsAt(stream, bits, bitsOF);
  let count = <u32>load<u8>(entryML, 4);
  bits -= count;
  const matchLength = load<u32>(entryML) + bitsAt(stream, bits, count);
  count = <u32>load<u8>(entryLL, 4);
  bits -= count;
  const literalLength = load<u32>(entryLL) + bitsAt(stream, bits, count);
  const repeat1 = load<u32>(context, REPEAT);
  let offset: u32;
  let index: u32 = 3; // which repeat offset moves to the front; 3 and above: the last is dropped
  if (bitsOF > 1) {
    offset = load<u32>(entryOF) + extra;
  } else {
    index = bitsOF + extra + <u32>(literalLength == 0);
    offset = index == 3 ? repeat1 - 1 : load<u32>(context + (index << 2), REPEAT);
    if (offset == 0) return -OFFSET_ZERO;
  }
  if (offset > load<u32>(context, MAX_OFFSET)) return -OFFSET_TOO_FAR;
  if (index > 0) {
    if (index > 1) store<u32>(context, load<u32>(context, REPEAT + 4), REPEAT + 8);
    store<u32>(context, repeat1, REPEAT + 4);
    store<u32>(context, offset, REPEAT);
  }
  const updateLL = <u32>load<u8>(entryLL, 5);
  const updateML = <u32>load<u8>(entryML, 5);
  const updateOF = <u32>load<u8>(entryOF, 5);
  bits -= updateLL;
  store<u32>(context, load<u32>(entryLL, 8) + (bitsAt(stream, bits, updateLL) << 4), LOOP_LL);
  bits -= updateML;
  store<u32>(context, load<u32>(entryML, 8) + (bitsAt(stream, bits, updateML) << 4), LOOP_ML);
  bits -= updateOF;
  store<u32>(context, load<u32>(entryOF, 8) + (bitsAt(stream, bits, updateOF) << 4), LOOP_OF);
  store<u32>(context, updateLL + updateML + updateOF, LOOP_UPDATE);
  store<i32>(context, bits, LOOP_BITS);
  store<u32>(context, load<u32>(context, LOOP_LEFT) - 1, LOOP_LEFT);
  store<u32>(context, literalLength, PENDING_LL);
  store<u32>(context, matchLength, PENDING_ML);
  store<u32>(context, offset, PENDING_OFFSET);
  return 0;
}

// All sequences that are left, the pending one first; nothing past the end of the output is written.
function runExact(context: u32, stream: u32, base: u32, outEnd: u32, literalsEnd: u32): i32 {
  let out = load<u32>(context, LOOP_OUT);
  let literal = load<u32>(context, LOOP_LITERAL);
  let pending = load<u32>(context, LOOP_PENDING);
  while (pending != 0 || load<u32>(context, LOOP_LEFT) > 0) {
    if (pending == 0) {
      const status = decodeNext(context, stream);
      if (status < 0) return status;
    }
    pending = 0;
    const literalLength = load<u32>(context, PENDING_LL);
    const matchLength = load<u32>(context, PENDING_ML);
    const offset = load<u32>(context, PENDING_OFFSET);
    if (literalLength > literalsEnd - literal) return -LITERALS_EXHAUSTED;
    // Lengths are under 2^18 and the output lies under 2^31: the sum does not wrap.
    if (out + literalLength + matchLength > outEnd) return -BLOCK_OUTPUT_TOO_LARGE;
    memory.copy(out, literal, literalLength);
    literal += literalLength;
    out += literalLength;
    const reach = out - base;
    if (offset <= reach) {
      copyMatchExact(context, out, offset, matchLength);
    } else if (!copyFromHistory<Exact>(context, out, base, offset - reach, matchLength)) {
      return -OFFSET_TOO_FAR;
    }
    out += matchLength;
  }
  store<u32>(context, out, LOOP_OUT);
  store<u32>(context, literal, LOOP_LITERAL);
  return 0;
}
