// The match finder of level fastest: one table of the last place of each hash, two places probed in turn so that one's load hides behind the
// other's compare, a repeat probe two ahead, and steps that grow where nothing matches.
import {
  C_DICTIONARY, C_DICTIONARY_BASE, C_HISTORY, C_LITERALS, C_LOG_A, C_MATCH_A, C_REPEAT_1, C_REPEAT_2, C_SEQUENCES, C_SEQUENCE_LIMIT, C_WINDOW, D_LOG_A, D_MATCH_A, SEQUENCE,
} from "./encode-layout";
import { backwardLength, copyLiterals, finishBlock, hash5, hash6, hash7, matchLength, putSequence } from "./encode-match";

const STEP_AFTER: u32 = 256; // bytes without a match after which the step grows by one

// What ended a search.
const NOTHING: u32 = 0;
const REPEAT: u32 = 1;
const ENTRY: u32 = 2;

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
function find(ctx: u32, start: u32, end: u32, WIDTH: u32, DICTIONARY: bool): u32 {
  const table = load<u32>(ctx, C_MATCH_A);
  const log = load<u32>(ctx, C_LOG_A);
  const history = load<u32>(ctx, C_HISTORY);
  const window = load<u32>(ctx, C_WINDOW);
  const dictionary = DICTIONARY ? load<u32>(ctx, C_DICTIONARY) : 0;
  const base = DICTIONARY ? load<u32>(ctx, C_DICTIONARY_BASE) : 0;
  const old = DICTIONARY ? load<u32>(dictionary, D_MATCH_A) : 0;
  const oldLog = DICTIONARY ? load<u32>(dictionary, D_LOG_A) : 0;
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
    let step: u32 = 2;
    let next = ip + step;
    if (<i32>next + 1 >= <i32>limit) break;
    let bound = min<u32>(ip + STEP_AFTER, limit - 1);
    let slot0 = table + (hash(ip, log, WIDTH) << 2);
    let slot1 = table + (hash(ip + 1, log, WIDTH) << 2);
    let match = load<u32>(slot0);
    let searched: u32 = 0;
    let ahead: u32 = 0; // the place after, whose slot is then slot1
    let found = NOTHING;
    while (true) {
      store<u32>(slot0, ip);
      if (load<u32>(next) == load<u32>(next - repeat1)) {
        searched = ip;
        ahead = ip + 1;
        ip = next;
        match = next - repeat1;
        found = REPEAT;
        break;
      }
      if (load<u32>(ip) == load<u32>(match)) {
        searched = ip;
        ahead = ip + 1;
        found = ENTRY;
        break;
      }
      if (DICTIONARY) {
        match = base + load<u32>(old + (hash(ip, oldLog, WIDTH) << 2));
        if (load<u32>(ip) == load<u32>(match)) {
          searched = ip;
          ahead = ip + 1;
          found = ENTRY;
          break;
        }
      }
      match = load<u32>(slot1);
      slot0 = table + (hash(next, log, WIDTH) << 2);
      store<u32>(slot1, ip + 1);
      if (load<u32>(ip, 1) == load<u32>(match)) {
        slot1 = slot0;
        ahead = next;
        ip++;
        searched = ip;
        found = ENTRY;
        break;
      }
      if (DICTIONARY) {
        match = base + load<u32>(old + (hash(ip + 1, oldLog, WIDTH) << 2));
        if (load<u32>(ip, 1) == load<u32>(match)) {
          slot1 = slot0;
          ahead = next;
          ip++;
          searched = ip;
          found = ENTRY;
          break;
        }
      }
      match = load<u32>(slot0);
      slot1 = table + (hash(next + 1, log, WIDTH) << 2);
      ip = next;
      next += step;
      if (next >= bound) {
        if (next + 1 >= limit) break;
        step++;
        bound = min<u32>(bound + STEP_AFTER, limit - 1);
      }
    }
    if (found == NOTHING) break;
    let offset: u32 = 1;
    if (found == ENTRY) {
      // Only looked at here: entries from beyond the window are rare, and the loop is shorter.
      if (ip - match > window) {
        ip++;
        continue;
      }
      const back = backwardLength(ip, anchor, match, history);
      ip -= back;
      match -= back;
      repeat2 = repeat1;
      repeat1 = ip - match;
      offset = repeat1 + 3;
    } else if (load<u8>(ip - 1) == load<u8>(match - 1)) {
      ip--;
      match--;
    }
    if (step <= 4) store<u32>(slot1, ahead);
    const length = 4 + matchLength(ip + 4, match + 4, end);
    const run = ip - anchor;
    literal = copyLiterals(literal, anchor, run);
    putSequence(sequence, run, offset, length);
    sequence += SEQUENCE;
    ip += length;
    anchor = ip;
    if (ip > limit) break;
    const inside = searched + 2;
    store<u32>(table + (hash(inside, log, WIDTH) << 2), inside);
    store<u32>(table + (hash(ip - 2, log, WIDTH) << 2), ip - 2);
    while (ip <= limit && load<u32>(ip) == load<u32>(ip - repeat2) && sequence < lastSequence) {
      const again = 4 + matchLength(ip + 4, ip + 4 - repeat2, end);
      const other = repeat2;
      repeat2 = repeat1;
      repeat1 = other;
      store<u32>(table + (hash(ip, log, WIDTH) << 2), ip);
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

export function findFast5(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 5, false);
}

export function findFast6(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 6, false);
}

export function findFast7(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 7, false);
}

export function findFastOld(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 6, true);
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
