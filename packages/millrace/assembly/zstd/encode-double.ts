// The match finder of level default: a table of 8-byte hashes, which finds long matches, and one of short hashes, which finds the rest.
import {
  C_DICTIONARY, C_DICTIONARY_BASE, C_HISTORY, C_LITERALS, C_LOG_A, C_LOG_B, C_MATCH_A, C_MATCH_B, C_REPEAT_1, C_REPEAT_2, C_SEQUENCES, C_SEQUENCE_LIMIT, C_WINDOW, D_LOG_A,
  D_LOG_B, D_MATCH_A, D_MATCH_B, SEQUENCE,
} from "./encode-layout";
import { backwardLength, copyLiterals, finishBlock, hash4, hash5, hash8, matchLength, putSequence } from "./encode-match";

const STEP_AFTER: u32 = 256; // bytes without a match after which the step grows by one

@inline
function short(p: u32, log: u32, WIDTH: u32): u32 {
  return WIDTH == 4 ? hash4(p, 32 - log) : hash5(p, <u64>(64 - log));
}

// The entries of the place `p`. The tables' sizes as constants, where LOG is above 0, save the loop two registers.
@inline
function longSlot(longs: u32, p: u32, log: u32, LOG: u32): u32 {
  return longs + (LOG > 0 ? hash8(p, 64 - LOG) << 2 : hash8(p, <u64>(64 - log)) << 2);
}

@inline
function shortSlot(shorts: u32, p: u32, log: u32, LOG: u32, WIDTH: u32): u32 {
  return shorts + (LOG > 0 ? short(p, LOG, WIDTH) << 2 : short(p, log, WIDTH) << 2);
}

/** Finds the sequences of the block [start, end); as in encode-fast.ts, every entry is the address of an earlier byte. Gives where the block ends. */
@inline
function find(ctx: u32, start: u32, end: u32, WIDTH: u32, LOG: u32, SHORT_LOG: u32, DICTIONARY: bool): u32 {
  const longs = load<u32>(ctx, C_MATCH_A);
  const shorts = load<u32>(ctx, C_MATCH_B);
  const longLog = load<u32>(ctx, C_LOG_A);
  const shortLog = load<u32>(ctx, C_LOG_B);
  const history = load<u32>(ctx, C_HISTORY);
  const window = load<u32>(ctx, C_WINDOW);
  const dictionary = DICTIONARY ? load<u32>(ctx, C_DICTIONARY) : 0;
  const base = DICTIONARY ? load<u32>(ctx, C_DICTIONARY_BASE) : 0;
  const oldLongs = DICTIONARY ? load<u32>(dictionary, D_MATCH_A) : 0;
  const oldShorts = DICTIONARY ? load<u32>(dictionary, D_MATCH_B) : 0;
  const oldLongShift: u64 = DICTIONARY ? 64 - load<u32>(dictionary, D_LOG_A) : 0;
  const oldShortLog = DICTIONARY ? load<u32>(dictionary, D_LOG_B) : 0;
  const firstSequence = load<u32>(ctx, C_SEQUENCES);
  const lastSequence = firstSequence + (load<u32>(ctx, C_SEQUENCE_LIMIT) - 2) * SEQUENCE;
  let sequence = firstSequence;
  let literal = load<u32>(ctx, C_LITERALS);
  let repeat1 = load<u32>(ctx, C_REPEAT_1);
  let repeat2 = load<u32>(ctx, C_REPEAT_2);
  let anchor = start;
  let ip = start == history ? start + 1 : start;
  const limit = end - 8;
  while (sequence < lastSequence) {
    let step: u32 = 1;
    let next = ip + 1;
    if (<i32>next > <i32>limit) break;
    let bound = min<u32>(ip + STEP_AFTER, limit);
    let slot = longSlot(longs, ip, longLog, LOG);
    let match = load<u32>(slot);
    let searched: u32 = 0;
    let known: u32 = 0; // bytes of the match that were compared, 0 while there is none
    let repeated = false;
    while (true) {
      const near0 = shortSlot(shorts, ip, shortLog, SHORT_LOG, WIDTH);
      let near = load<u32>(near0);
      store<u32>(near0, ip);
      store<u32>(slot, ip);
      if (load<u32>(ip, 1) == load<u32>(ip + 1 - repeat1)) {
        searched = ip;
        ip++;
        match = ip - repeat1;
        known = 4;
        repeated = true;
        break;
      }
      slot = longSlot(longs, next, longLog, LOG);
      if (load<u64>(ip) == load<u64>(match)) {
        searched = ip;
        known = 8;
        break;
      }
      if (DICTIONARY) {
        const old = base + load<u32>(oldLongs + (hash8(ip, oldLongShift) << 2));
        if (load<u64>(ip) == load<u64>(old)) {
          searched = ip;
          match = old;
          known = 8;
          break;
        }
        if (load<u32>(ip) != load<u32>(near)) near = base + load<u32>(oldShorts + (short(ip, oldShortLog, WIDTH) << 2));
      }
      match = load<u32>(slot);
      if (load<u32>(ip) == load<u32>(near)) {
        searched = ip;
        known = 4;
        if (load<u64>(next) == load<u64>(match) && next - match <= window && 8 + matchLength(next + 8, match + 8, end) > 4 + matchLength(ip + 4, near + 4, end)) {
          ip = next;
          known = 8;
        } else match = near;
        break;
      }
      ip = next;
      next += step;
      if (next > bound) {
        if (next > limit) break;
        step++;
        bound = min<u32>(bound + STEP_AFTER, limit);
      }
    }
    if (known == 0) break;
    // Only looked at here: entries from beyond the window are rare, and the loop is shorter.
    if (ip - match > window && !repeated) {
      ip++;
      continue;
    }
    let length = known + matchLength(ip + known, match + known, end);
    let offset: u32 = 1;
    if (!repeated) {
      const back = backwardLength(ip, anchor, match, history);
      if (step < 4) store<u32>(slot, next);
      ip -= back;
      match -= back;
      length += back;
      repeat2 = repeat1;
      repeat1 = ip - match;
      offset = repeat1 + 3;
    }
    const run = ip - anchor;
    literal = copyLiterals(literal, anchor, run);
    putSequence(sequence, run, offset, length);
    sequence += SEQUENCE;
    ip += length;
    anchor = ip;
    if (ip > limit) break;
    const inside = searched + 2;
    store<u32>(longSlot(longs, inside, longLog, LOG), inside);
    store<u32>(longSlot(longs, ip - 2, longLog, LOG), ip - 2);
    store<u32>(shortSlot(shorts, inside, shortLog, SHORT_LOG, WIDTH), inside);
    store<u32>(shortSlot(shorts, ip - 1, shortLog, SHORT_LOG, WIDTH), ip - 1);
    while (ip <= limit && load<u32>(ip) == load<u32>(ip - repeat2) && sequence < lastSequence) {
      const again = 4 + matchLength(ip + 4, ip + 4 - repeat2, end);
      const other = repeat2;
      repeat2 = repeat1;
      repeat1 = other;
      store<u32>(longSlot(longs, ip, longLog, LOG), ip);
      store<u32>(shortSlot(shorts, ip, shortLog, SHORT_LOG, WIDTH), ip);
      putSequence(sequence, 0, 1, again);
      sequence += SEQUENCE;
      ip += again;
      anchor = ip;
    }
  }
  if (sequence >= lastSequence) end = anchor;
  finishBlock(ctx, start, end, anchor, sequence, literal);
  store<u32>(ctx, repeat1, C_REPEAT_1);
  store<u32>(ctx, repeat2, C_REPEAT_2);
  return end;
}

// Functions of their own: two copies within one would be folded into one again, with variables.
export function findDouble4(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 4, 0, 0, false);
}

export function findDouble4Log13(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 4, 13, 13, false);
}

export function findDouble5(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 5, 0, 0, false);
}

export function findDouble5Log14(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 5, 14, 14, false);
}

export function findDouble5Log16(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 5, 16, 15, false);
}

export function findDoubleOld(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 5, 0, 0, true);
}

/** Enters every `step`-th place of [p, end) into both tables, of hashes of 8 and 5 bytes, as the distance from `base`. */
export function indexDouble(longs: u32, longLog: u32, shorts: u32, shortLog: u32, p: u32, end: u32, base: u32, step: u32): void {
  for (; p + 8 <= end; p += step) {
    store<u32>(longs + (hash8(p, <u64>(64 - longLog)) << 2), p - base);
    store<u32>(shorts + (short(p, shortLog, 5) << 2), p - base);
  }
}
