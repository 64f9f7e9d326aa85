// The match finder of level default: a table of 8-byte hashes, which finds long matches, and one of short hashes, which finds the rest.
import {
  C_DICTIONARY, C_DICTIONARY_BASE, C_HISTORY, C_LITERALS, C_LOG_A, C_LOG_B, C_MATCH_A, C_MATCH_B, C_REPEAT_1, C_REPEAT_2, C_SEQUENCES, C_SEQUENCE_LIMIT, C_WINDOW, D_LOG_A,
  D_LOG_B, D_MATCH_A, D_MATCH_B,
} from "./encode-layout";
import { backwardLength, copyLiterals, finishBlock, hash4, hash5, hash8, matchLength, packSequence } from "./encode-match";

@inline
function short(p: u32, log: u32, WIDTH: u32): u32 {
  return WIDTH == 4 ? hash4(p, 32 - log) : hash5(p, <u64>(64 - log));
}

/** Finds the sequences of the block [start, end); as in encode-fast.ts, every entry is the address of an earlier byte. Gives where the block ends. */
@inline
function find(ctx: u32, start: u32, end: u32, WIDTH: u32, DICTIONARY: bool): u32 {
  const longs = load<u32>(ctx, C_MATCH_A);
  const shorts = load<u32>(ctx, C_MATCH_B);
  const longShift: u64 = 64 - load<u32>(ctx, C_LOG_A);
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
  const lastSequence = firstSequence + (load<u32>(ctx, C_SEQUENCE_LIMIT) << 3) - 16;
  let sequence = firstSequence;
  let literal = load<u32>(ctx, C_LITERALS);
  let repeat1 = load<u32>(ctx, C_REPEAT_1);
  let repeat2 = load<u32>(ctx, C_REPEAT_2);
  let anchor = start;
  let ip = start == history ? start + 1 : start;
  const limit = end - 8;
  while (sequence < lastSequence) {
    let step: u32 = 1;
    let nextStep = ip + 256;
    let ip1 = ip + 1;
    if (<i32>ip1 > <i32>limit) break;
    let long0 = longs + (hash8(ip, longShift) << 2);
    let long1: u32 = 0;
    let match = load<u32>(long0);
    let current: u32 = ip;
    let length: u32 = 0;
    let repeated = false;
    do {
      const slot = shorts + (short(ip, shortLog, WIDTH) << 2);
      let near = load<u32>(slot);
      current = ip;
      store<u32>(slot, ip);
      store<u32>(long0, ip);
      if (load<u32>(ip + 1) == load<u32>(ip + 1 - repeat1)) {
        ip++;
        length = 4 + matchLength(ip + 4, ip + 4 - repeat1, end);
        repeated = true;
        break;
      }
      long1 = longs + (hash8(ip1, longShift) << 2);
      if (load<u64>(ip) == load<u64>(match) && ip - match <= window) {
        length = 8 + matchLength(ip + 8, match + 8, end);
        break;
      }
      if (DICTIONARY) {
        const old = base + load<u32>(oldLongs + (hash8(ip, oldLongShift) << 2));
        if (load<u64>(ip) == load<u64>(old) && ip - old <= window) {
          length = 8 + matchLength(ip + 8, old + 8, end);
          match = old;
          break;
        }
        if (load<u32>(ip) != load<u32>(near)) near = base + load<u32>(oldShorts + (short(ip, oldShortLog, WIDTH) << 2));
      }
      const match1 = load<u32>(long1);
      if (load<u32>(ip) == load<u32>(near) && ip - near <= window) {
        length = 4 + matchLength(ip + 4, near + 4, end);
        match = near;
        if (load<u64>(ip1) == load<u64>(match1) && ip1 - match1 <= window) {
          const next: u32 = 8 + matchLength(ip1 + 8, match1 + 8, end);
          if (next > length) {
            ip = ip1;
            length = next;
            match = match1;
          }
        }
        break;
      }
      if (ip1 >= nextStep) {
        step++;
        nextStep += 256;
      }
      ip = ip1;
      ip1 += step;
      long0 = long1;
      match = match1;
    } while (ip1 <= limit);
    if (length == 0) break;
    let offset: u32 = 1;
    if (!repeated) {
      const back = backwardLength(ip, anchor, match, history);
      ip -= back;
      match -= back;
      length += back;
      repeat2 = repeat1;
      repeat1 = ip - match;
      offset = repeat1 + 3;
      if (step < 4) store<u32>(long1, ip1);
    }
    const run = ip - anchor;
    literal = copyLiterals(literal, anchor, run);
    store<u64>(sequence, packSequence(run, offset, length));
    sequence += 8;
    ip += length;
    anchor = ip;
    if (ip > limit) break;
    const inside = current + 2;
    store<u32>(longs + (hash8(inside, longShift) << 2), inside);
    store<u32>(longs + (hash8(ip - 2, longShift) << 2), ip - 2);
    store<u32>(shorts + (short(inside, shortLog, WIDTH) << 2), inside);
    store<u32>(shorts + (short(ip - 1, shortLog, WIDTH) << 2), ip - 1);
    while (ip <= limit && load<u32>(ip) == load<u32>(ip - repeat2) && sequence < lastSequence) {
      const again = 4 + matchLength(ip + 4, ip + 4 - repeat2, end);
      const other = repeat2;
      repeat2 = repeat1;
      repeat1 = other;
      store<u32>(longs + (hash8(ip, longShift) << 2), ip);
      store<u32>(shorts + (short(ip, shortLog, WIDTH) << 2), ip);
      store<u64>(sequence, packSequence(0, 1, again));
      sequence += 8;
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

export function findDouble4(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 4, false);
}

export function findDouble5(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 5, false);
}

export function findDoubleOld(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 5, true);
}

/** Enters every `step`-th place of [p, end) into both tables, of hashes of 8 and 5 bytes, as the distance from `base`. */
export function indexDouble(longs: u32, longLog: u32, shorts: u32, shortLog: u32, p: u32, end: u32, base: u32, step: u32): void {
  for (; p + 8 <= end; p += step) {
    store<u32>(longs + (hash8(p, <u64>(64 - longLog)) << 2), p - base);
    store<u32>(shorts + (short(p, shortLog, 5) << 2), p - base);
  }
}
