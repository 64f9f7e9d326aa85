// The match finder of level fastest: one table of the last place of each hash, two places probed in turn so that one's load hides behind the
// other's compare, a repeat probe two ahead, and steps that grow where nothing matches.
import {
  C_DICTIONARY, C_DICTIONARY_BASE, C_HISTORY, C_LITERALS, C_LOG_A, C_MATCH_A, C_REPEAT_1, C_REPEAT_2, C_SEQUENCES, C_SEQUENCE_LIMIT, C_WINDOW, D_LOG_A, D_MATCH_A,
} from "./encode-layout";
import { backwardLength, copyLiterals, finishBlock, hash5, hash6, hash7, matchLength, packSequence } from "./encode-match";

@inline
function hash(p: u32, log: u32, WIDTH: u32): u32 {
  if (WIDTH == 5) return hash5(p, <u64>(64 - log));
  if (WIDTH == 6) return hash6(p, <u64>(64 - log));
  return hash7(p, <u64>(64 - log));
}

/**
 * Finds the sequences of the block [start, end). Every entry of the table is the address of an earlier byte or of the history's first, so no entry
 * needs a check before it is compared. With a
 * dictionary, the tables it brings are asked where this frame's have nothing. Gives where the block really ends: before `end` when the sequences are full.
 */
@inline
function find(ctx: u32, start: u32, end: u32, WIDTH: u32, LOG: u32, DICTIONARY: bool): u32 {
  const table = load<u32>(ctx, C_MATCH_A);
  const log = LOG > 0 ? LOG : load<u32>(ctx, C_LOG_A); // a constant saves the loop a register
  const history = load<u32>(ctx, C_HISTORY);
  const window = load<u32>(ctx, C_WINDOW);
  const dictionary = DICTIONARY ? load<u32>(ctx, C_DICTIONARY) : 0;
  const base = DICTIONARY ? load<u32>(ctx, C_DICTIONARY_BASE) : 0;
  const old = DICTIONARY ? load<u32>(dictionary, D_MATCH_A) : 0;
  const oldLog = DICTIONARY ? load<u32>(dictionary, D_LOG_A) : 0;
  const firstSequence = load<u32>(ctx, C_SEQUENCES);
  const lastSequence = firstSequence + (load<u32>(ctx, C_SEQUENCE_LIMIT) << 3) - 16;
  let sequence = firstSequence;
  let literal = load<u32>(ctx, C_LITERALS);
  let repeat1 = load<u32>(ctx, C_REPEAT_1);
  let repeat2 = load<u32>(ctx, C_REPEAT_2);
  let anchor = start;
  let ip0 = start == history ? start + 1 : start;
  const limit = end - 8;
  while (sequence < lastSequence) {
    let step: u32 = 2;
    let nextStep = ip0 + 256;
    let ip1 = ip0 + 1;
    let ip2 = ip0 + step;
    let ip3 = ip2 + 1;
    if (<i32>ip3 >= <i32>limit) break;
    let slot0 = table + (hash(ip0, log, WIDTH) << 2);
    let slot1 = table + (hash(ip1, log, WIDTH) << 2);
    let match = load<u32>(slot0);
    let searched: u32 = 0;
    let found: u32 = 0; // 1 for a repeat, 2 for an entry
    do {
      store<u32>(slot0, ip0);
      searched = ip0;
      if (load<u32>(ip2) == load<u32>(ip2 - repeat1)) {
        store<u32>(slot1, ip1);
        ip0 = ip2;
        match = ip0 - repeat1;
        found = 1;
        break;
      }
      if (load<u32>(ip0) == load<u32>(match) && ip0 - match <= window) {
        store<u32>(slot1, ip1);
        found = 2;
        break;
      }
      if (DICTIONARY) {
        match = base + load<u32>(old + (hash(ip0, oldLog, WIDTH) << 2));
        if (load<u32>(ip0) == load<u32>(match) && ip0 - match <= window) {
          store<u32>(slot1, ip1);
          found = 2;
          break;
        }
      }
      match = load<u32>(slot1);
      slot0 = slot1;
      slot1 = table + (hash(ip2, log, WIDTH) << 2);
      ip0 = ip1;
      ip1 = ip2;
      ip2 = ip3;
      store<u32>(slot0, ip0);
      searched = ip0;
      if (load<u32>(ip0) == load<u32>(match) && ip0 - match <= window) {
        if (step <= 4) store<u32>(slot1, ip1);
        found = 2;
        break;
      }
      if (DICTIONARY) {
        match = base + load<u32>(old + (hash(ip0, oldLog, WIDTH) << 2));
        if (load<u32>(ip0) == load<u32>(match) && ip0 - match <= window) {
          if (step <= 4) store<u32>(slot1, ip1);
          found = 2;
          break;
        }
      }
      match = load<u32>(slot1);
      slot0 = slot1;
      slot1 = table + (hash(ip2, log, WIDTH) << 2);
      ip0 = ip1;
      ip1 = ip2;
      ip2 = ip0 + step;
      ip3 = ip1 + step;
      if (ip2 >= nextStep) {
        step++;
        nextStep += 256;
      }
    } while (ip3 < limit);
    if (found == 0) break;
    let offset: u32 = 1;
    if (found == 2) {
      const back = backwardLength(ip0, anchor, match, history);
      ip0 -= back;
      match -= back;
      repeat2 = repeat1;
      repeat1 = ip0 - match;
      offset = repeat1 + 3;
    } else if (load<u8>(ip0 - 1) == load<u8>(match - 1)) {
      ip0--;
      match--;
    }
    const length = 4 + matchLength(ip0 + 4, match + 4, end);
    const run = ip0 - anchor;
    literal = copyLiterals(literal, anchor, run);
    store<u64>(sequence, packSequence(run, offset, length));
    sequence += 8;
    ip0 += length;
    anchor = ip0;
    if (ip0 > limit) break;
    const inside = searched + 2;
    store<u32>(table + (hash(inside, log, WIDTH) << 2), inside);
    store<u32>(table + (hash(ip0 - 2, log, WIDTH) << 2), ip0 - 2);
    while (ip0 <= limit && load<u32>(ip0) == load<u32>(ip0 - repeat2) && sequence < lastSequence) {
      const again = 4 + matchLength(ip0 + 4, ip0 + 4 - repeat2, end);
      const other = repeat2;
      repeat2 = repeat1;
      repeat1 = other;
      store<u32>(table + (hash(ip0, log, WIDTH) << 2), ip0);
      store<u64>(sequence, packSequence(0, 1, again));
      sequence += 8;
      ip0 += again;
      anchor = ip0;
    }
  }
  if (sequence >= lastSequence) end = anchor;
  finishBlock(ctx, start, end, anchor, sequence, literal);
  store<u32>(ctx, repeat1, C_REPEAT_1);
  store<u32>(ctx, repeat2, C_REPEAT_2);
  return end;
}

export function findFast5(ctx: u32, start: u32, end: u32): u32 {
  return load<u32>(ctx, C_LOG_A) == 13 ? find(ctx, start, end, 5, 13, false) : find(ctx, start, end, 5, 0, false);
}

export function findFast6(ctx: u32, start: u32, end: u32): u32 {
  return load<u32>(ctx, C_LOG_A) == 14 ? find(ctx, start, end, 6, 14, false) : find(ctx, start, end, 6, 0, false);
}

export function findFast7(ctx: u32, start: u32, end: u32): u32 {
  return load<u32>(ctx, C_LOG_A) == 15 ? find(ctx, start, end, 7, 15, false) : find(ctx, start, end, 7, 0, false);
}

export function findFastOld(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 6, 0, true);
}

@inline
function index(table: u32, log: u32, WIDTH: u32, p: u32, end: u32, base: u32, step: u32): void {
  for (; p + 8 <= end; p += step) store<u32>(table + (hash(p, log, WIDTH) << 2), p - base);
}

/** Enters every `step`-th place of [p, end) into a table by hashes of `width` bytes, 6 or 7, as the distance from `base`. */
export function indexFast(table: u32, log: u32, width: u32, p: u32, end: u32, base: u32, step: u32): void {
  if (width == 6) index(table, log, 6, p, end, base, step);
  else index(table, log, 7, p, end, base, step);
}
