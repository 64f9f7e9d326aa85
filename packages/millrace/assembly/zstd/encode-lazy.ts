// The match finder of levels better and best. Two tables, of 8-byte and of short hashes, remember the last two places of each hash; every place is
// searched, the repeats too, and a match waits while the next place, or the one after, offers a better one.
import { REPEAT_3 } from "./constants";
import { highBit } from "./encode-fse";
import {
  C_DICTIONARY, C_DICTIONARY_BASE, C_HISTORY, C_LITERALS, C_LOG_A, C_LOG_B, C_MATCH_A, C_MATCH_B, C_REPEAT_1, C_REPEAT_2, C_REPEAT_3, C_SEQUENCES, C_SEQUENCE_LIMIT, C_WINDOW,
  D_LOG_A, D_LOG_B, D_MATCH_A, D_MATCH_B, SEQUENCE,
} from "./encode-layout";
import { backwardLength, copyLiterals, finishBlock, hash4, hash5, hash8, matchLength, putSequence } from "./encode-match";

@inline
function short(p: u32, log: u32, WIDTH: u32): u32 {
  return WIDTH == 4 ? hash4(p, 32 - log) : hash5(p, <u64>(64 - log));
}

// Enters `ip` in a pair [last, the one before] and gives the pair as it was.
@inline
function enter(slot: u32, ip: u32): u64 {
  const pair = load<u64>(slot);
  store<u64>(slot, (pair << 32) | <u64>ip);
  return pair;
}

// What a match is worth, in quarters of a literal: its length against the bits of its distance.
@inline
function worth(length: u32, distance: u32): i32 {
  return <i32>(length << 2) - <i32>highBit(distance + 3);
}

const LEAST_WORTH: i32 = 6; // four bytes from far away cost more than they save

// What a repeat is worth: its distance costs next to nothing.
@inline
function repeatWorth(length: u32): i32 {
  return <i32>(length << 2) - 1;
}

// The better of the match so far, as distance << 32 | length, and one at `candidate`.
@inline
function better(best: u64, ip: u32, candidate: u32, end: u32, window: u32): u64 {
  if (load<u32>(ip) != load<u32>(candidate)) return best;
  const length = <u32>best;
  // A longer match has to agree where the one so far ends.
  if (load<u8>(ip + length) != load<u8>(candidate + length)) return best;
  return longer(best, ip, candidate, end, window);
}

function longer(best: u64, ip: u32, candidate: u32, end: u32, window: u32): u64 {
  const length = <u32>best;
  const found = matchLength(ip, candidate, end);
  const distance = ip - candidate;
  if (found <= length || distance > window) return best;
  const gain = worth(found, distance);
  if (length > 0 ? gain <= worth(length, <u32>(best >> 32)) : gain < LEAST_WORTH) return best;
  return (<u64>distance << 32) | <u64>found;
}

// The chosen match, or a longer one: what comes after it has been seen at other places, and what lies before those may be the same for as long.
function extended(chosen: u64, place: u32, longs: u32, longShift: u64, history: u32, end: u32, window: u32): u64 {
  while (true) {
    const length = <u32>chosen;
    if (place + length + 8 > end) return chosen;
    const pair = load<u64>(longs + (hash8(place + length, longShift) << 3));
    let longer = chosen;
    if (<u32>pair >= history + length && <u32>pair < place + length) longer = better(longer, place, <u32>pair - length, end, window);
    const older = <u32>(pair >> 32);
    if (older >= history + length && older < place + length) longer = better(longer, place, older - length, end, window);
    if (longer == chosen) return chosen;
    chosen = longer;
  }
}

@inline
function betterRepeat(best: u64, ip: u32, repeat: u32, end: u32): u64 {
  if (load<u32>(ip) != load<u32>(ip - repeat)) return best;
  const length: u32 = 4 + matchLength(ip + 4, ip + 4 - repeat, end);
  if (<u32>best > 0 && repeatWorth(length) <= worth(<u32>best, <u32>(best >> 32))) return best;
  return (<u64>repeat << 32) | <u64>length;
}

/** Finds the sequences of the block [start, end). Gives where the block ends: before `end` when the sequences are full. */
@inline
function find(ctx: u32, start: u32, end: u32, WIDTH: u32, BEST: bool, DICTIONARY: bool): u32 {
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
  const lastSequence = firstSequence + (load<u32>(ctx, C_SEQUENCE_LIMIT) - 1) * SEQUENCE;
  let sequence = firstSequence;
  let literal = load<u32>(ctx, C_LITERALS);
  let repeat1 = load<u32>(ctx, C_REPEAT_1);
  let repeat2 = load<u32>(ctx, C_REPEAT_2);
  let repeat3 = load<u32>(ctx, C_REPEAT_3);
  let anchor = start;
  let ip = max<u32>(start, history + REPEAT_3); // every repeat reaches back to something
  const limit = end - 8;
  while (<i32>ip <= <i32>limit && sequence < lastSequence) {
    let at = ip; // the place being searched
    let chosen: u64 = 0;
    let place: u32 = 0; // where the chosen match starts
    let patience: u32 = BEST ? 2 : 1;
    const enough: u32 = BEST ? 512 : 40; // a match this long is taken at once
    do {
      const longSlot = longs + (hash8(at, longShift) << 3);
      const shortSlot = shorts + (short(at, shortLog, WIDTH) << 3);
      const longPair = enter(longSlot, at);
      const shortPair = enter(shortSlot, at);
      let match = better(0, at, <u32>longPair, end, window);
      match = better(match, at, <u32>(longPair >> 32), end, window);
      match = better(match, at, <u32>shortPair, end, window);
      if (BEST) match = better(match, at, <u32>(shortPair >> 32), end, window);
      if (DICTIONARY) {
        const oldLong = load<u64>(oldLongs + (hash8(at, oldLongShift) << 3));
        const oldShort = load<u64>(oldShorts + (short(at, oldShortLog, WIDTH) << 3));
        match = better(match, at, base + <u32>oldLong, end, window);
        match = better(match, at, base + <u32>(oldLong >> 32), end, window);
        match = better(match, at, base + <u32>oldShort, end, window);
        match = better(match, at, base + <u32>(oldShort >> 32), end, window);
      }
      match = betterRepeat(match, at, repeat2, end);
      if (BEST) match = betterRepeat(match, at, repeat3, end);
      // What was matched last cannot go on: the first repeat needs a literal before it.
      if (at > anchor) match = betterRepeat(match, at, repeat1, end);
      if (<u32>match == 0) {
        if (<u32>chosen == 0) break;
      } else if (<u32>chosen == 0) {
        chosen = match;
        place = at;
        at++;
        continue;
      } else {
        const distance = <u32>(chosen >> 32);
        const next = <u32>(match >> 32);
        const was = distance == repeat1 || distance == repeat2 ? repeatWorth(<u32>chosen) : worth(<u32>chosen, distance);
        const is = next == repeat1 || next == repeat2 ? repeatWorth(<u32>match) : worth(<u32>match, next);
        if (is > was + 1 + 3 * <i32>(at - place)) {
          chosen = match;
          place = at;
          patience = BEST ? 2 : 1;
          at++;
          continue;
        }
      }
      at++;
      patience--;
    } while (patience > 0 && at <= limit && enough > <u32>chosen);
    if (<u32>chosen == 0) {
      ip += 1 + ((ip - anchor) >> (BEST ? 10 : 8));
      continue;
    }
    chosen = extended(chosen, place, longs, longShift, history, end, window);
    const distance = <u32>(chosen >> 32);
    const back = backwardLength(place, anchor, place - distance, history);
    const length = <u32>chosen + back;
    place -= back;
    const run = place - anchor;
    literal = copyLiterals(literal, anchor, run);
    // Section 3.1.1.5: after a match, without a literal between, the repeats mean the next ones.
    let offset = distance + 3;
    if (run > 0 && distance == repeat1) offset = 1;
    else if (distance == repeat2) {
      offset = run > 0 ? 2 : 1;
      repeat2 = repeat1;
      repeat1 = distance;
    } else {
      if (distance == repeat3) offset = run > 0 ? 3 : 2;
      else if (run == 0 && distance == repeat1 - 1) offset = 3;
      repeat3 = repeat2;
      repeat2 = repeat1;
      repeat1 = distance;
    }
    putSequence(sequence, run, offset, length);
    sequence += SEQUENCE;
    ip = place + length;
    anchor = ip;
    // The places inside the match are worth remembering.
    const inside = ip < limit ? ip : limit;
    if (BEST) {
      for (; at < inside; at++) {
        enter(longs + (hash8(at, longShift) << 3), at);
        enter(shorts + (short(at, shortLog, WIDTH) << 3), at);
      }
    } else {
      for (; at + 4 < inside; at += 8) {
        enter(longs + (hash8(at, longShift) << 3), at);
        enter(shorts + (short(at + 2, shortLog, WIDTH) << 3), at + 2);
        enter(longs + (hash8(at + 4, longShift) << 3), at + 4);
      }
    }
  }
  if (sequence >= lastSequence) end = anchor;
  finishBlock(ctx, start, end, anchor, sequence, literal);
  store<u32>(ctx, repeat1, C_REPEAT_1);
  store<u32>(ctx, repeat2, C_REPEAT_2);
  store<u32>(ctx, repeat3, C_REPEAT_3);
  return end;
}

export function findBetter4(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 4, false, false);
}

export function findBetter5(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 5, false, false);
}

export function findBest4(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 4, true, false);
}

export function findBest5(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 5, true, false);
}

export function findBetterOld(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 5, false, true);
}

export function findBestOld(ctx: u32, start: u32, end: u32): u32 {
  return find(ctx, start, end, 5, true, true);
}

/** Enters every `step`-th place of [p, end) into both tables, of hashes of 8 and 5 bytes, as the distance from `base`. */
export function indexPairs(longs: u32, longLog: u32, shorts: u32, shortLog: u32, p: u32, end: u32, base: u32, step: u32): void {
  for (; p + 8 <= end; p += step) {
    enter(longs + (hash8(p, <u64>(64 - longLog)) << 3), p - base);
    enter(shorts + (short(p, shortLog, 5) << 3), p - base);
  }
}
