// FSE tables for encoding: RFC 8878 section 4.1. Counts are normalised, described in the output, and turned into a table of states.
import { FSE_STATES, FSE_SYMBOLS, T_LOG2 } from "./encode-layout";

@inline
export function highBit(x: u32): u32 {
  return 31 - clz<u32>(x);
}

/** log2(x) in 1/256 bits, for x above 0. */
@inline
export function log2Fixed(tables: u32, x: u32): u32 {
  const high = highBit(x);
  const mantissa = high > 8 ? x >> (high - 8) : x << (8 - high);
  return (high << 8) + load<u8>(tables + T_LOG2 + (mantissa & 255));
}

/** How accurate a table for `total` symbols up to `maxSymbol` should be. */
export function tableLog(most: u32, total: u32, maxSymbol: u32, reserve: u32): u32 {
  let log = most;
  const fromTotal = highBit(total - 1) - reserve;
  if (<i32>fromTotal < <i32>log) log = fromTotal;
  const a = highBit(total) + 1;
  const b = highBit(maxSymbol) + 2;
  const least = a < b ? a : b;
  if (<i32>log < <i32>least) log = least;
  if (<i32>log < 5) log = 5;
  return log > most ? most : log;
}

// Probabilities below 8 are rounded up from these fractions of 2^20 on: rounding down costs rare symbols most.
function roundsUp(proba: u32, rest: u64, unit: u64): bool {
  let share: u64 = 0;
  switch (proba) {
    case 1: share = 473195; break;
    case 2: share = 504333; break;
    case 3: share = 520860; break;
    case 4: share = 550000; break;
    case 5: share = 700000; break;
    case 6: share = 750000; break;
    case 7: share = 830000; break;
  }
  return rest > unit * share;
}

/**
 * Writes to `norm` (i16) the counts at `counts` (u32) scaled to a sum of 2^log. At least two symbols must occur. Rare symbols
 * become `rare`: 1, or -1 for "less than one".
 */
export function normalise(norm: u32, log: u32, counts: u32, total: u32, maxSymbol: u32, rare: i32): void {
  const scale: u64 = 62 - <u64>log;
  const step: u64 = (<u64>1 << 62) / <u64>total;
  const unit: u64 = <u64>1 << (scale - 20);
  const low = total >> log;
  let left: i32 = 1 << log;
  let largest: u32 = 0;
  let most: i32 = 0;
  for (let s: u32 = 0; s <= maxSymbol; s++) {
    const count = load<u32>(counts + (s << 2));
    let value: i32 = 0;
    if (count != 0) {
      if (count <= low) {
        value = rare;
        left--;
      } else {
        const exact = <u64>count * step;
        let proba = <u32>(exact >> scale);
        if (proba < 8 && roundsUp(proba, exact - (<u64>proba << scale), unit)) proba++;
        value = <i32>proba;
        if (value > most) {
          most = value;
          largest = s;
        }
        left -= value;
      }
    }
    store<i16>(norm + (s << 1), <i16>value);
  }
  if (most == 0) {
    // All are rare: the first that occurs takes what is left.
    while (load<u32>(counts + (largest << 2)) == 0) largest++;
    most = 1;
  }
  if (left >= 0 || -left < most >> 1) {
    store<i16>(norm + (largest << 1), <i16>(most + left));
    return;
  }
  // Too many were rounded up: take one at a time from whatever is greatest. Rare, and short: at most one for each symbol.
  while (left < 0) {
    let at: u32 = 0;
    let peak: i32 = 0;
    for (let s: u32 = 0; s <= maxSymbol; s++) {
      const value = <i32>load<i16>(norm + (s << 1));
      if (value > peak) {
        peak = value;
        at = s;
      }
    }
    store<i16>(norm + (at << 1), <i16>(peak - 1));
    left++;
  }
}

/** Describes the table at `d` (section 4.1.1) and gives the address after it. Writes at most 8 bytes past that. */
export function writeNorm(d: u32, norm: u32, maxSymbol: u32, log: u32): u32 {
  let acc: u64 = log - 5;
  let bits: u32 = 4;
  let remaining: i32 = (1 << log) + 1;
  let threshold: i32 = 1 << log;
  let width: u32 = log + 1;
  let s: u32 = 0;
  let wasZero = false;
  while (s <= maxSymbol && remaining > 1) {
    if (wasZero) {
      const start = s;
      while (s <= maxSymbol && load<i16>(norm + (s << 1)) == 0) s++;
      if (s > maxSymbol) break;
      let run = s - start;
      while (run >= 3) {
        acc |= <u64>3 << bits;
        bits += 2;
        run -= 3;
        if (bits > 32) {
          store<u32>(d, <u32>acc);
          d += 4;
          acc >>= 32;
          bits -= 32;
        }
      }
      acc |= <u64>run << bits;
      bits += 2;
    }
    let count = <i32>load<i16>(norm + (s << 1));
    s++;
    const max = 2 * threshold - 1 - remaining;
    remaining -= count < 0 ? -count : count;
    count++;
    wasZero = count == 1;
    if (count >= threshold) {
      acc |= <u64>(count + max) << bits;
      bits += width;
    } else {
      acc |= <u64>count << bits;
      bits += count < max ? width - 1 : width;
    }
    while (remaining < threshold) {
      width--;
      threshold >>= 1;
    }
    if (bits > 32) {
      store<u32>(d, <u32>acc);
      d += 4;
      acc >>= 32;
      bits -= 32;
    }
  }
  store<u64>(d, acc);
  return d + ((bits + 7) >> 3);
}

/**
 * Builds the encoding table for normalised counts `norm` of `symbols` symbols. `cumulated` is u16[symbols + 1] and `spread` u8[2^log + 16] of
 * scratch. Symbols that do not occur get a cost no code has, so that encodingCost shows them.
 */
export function buildFseTable(table: u32, log: u32, norm: u32, symbols: u32, cumulated: u32, spread: u32): void {
  const size: u32 = 1 << log;
  const mask = size - 1;
  const step = (size >> 1) + (size >> 3) + 3;
  store<u32>(table, log);
  let high = size - 1;
  let sum: u32 = 0;
  let total: i32 = 0;
  const none = ((log + 1) << 16) - size;
  let entry = table + FSE_SYMBOLS;
  for (let s: u32 = 0; s < symbols; s++, entry += 8) {
    const count = <i32>load<i16>(norm + (s << 1));
    store<u16>(cumulated + (s << 1), <u16>sum);
    if (count == 0) {
      store<u32>(entry, none);
      continue;
    }
    if (count == -1) {
      store<u8>(spread + high, <u8>s);
      high--;
    }
    if (count == -1 || count == 1) {
      store<u32>(entry, (log << 16) - size);
      store<i32>(entry, total - 1, 4);
      total++;
      sum++;
    } else {
      const most = log - highBit(<u32>count - 1);
      store<u32>(entry, (most << 16) - (<u32>count << most));
      store<i32>(entry, total - count, 4);
      total += count;
      sum += <u32>count;
    }
  }
  for (let s = symbols; s < 64; s++, entry += 8) store<u32>(entry, none);
  let at: u32 = 0;
  for (let s: u32 = 0; s < symbols; s++) {
    for (let n = <i32>load<i16>(norm + (s << 1)); n > 0; n--) {
      store<u8>(spread + at, <u8>s);
      do at = (at + step) & mask;
      while (at > high);
    }
  }
  const states = table + FSE_STATES;
  for (let u: u32 = 0; u < size; u++) {
    const p = cumulated + (<u32>load<u8>(spread + u) << 1);
    const place = <u32>load<u16>(p);
    store<u16>(p, <u16>(place + 1));
    store<u16>(states + (place << 1), <u16>(size + u));
  }
}

/** The state that starts with `symbol`: the first of an encoding, and so the last that the decoder sees. */
@inline
export function firstState(table: u32, symbol: u32): u32 {
  const entry = table + FSE_SYMBOLS + (symbol << 3);
  const delta = load<u32>(entry);
  const bits = (delta + (1 << 15)) >> 16;
  const value = (bits << 16) - delta;
  return <u32>load<u16>(table + FSE_STATES + (((value >> bits) + load<u32>(entry, 4)) << 1));
}

/** Bits, in 1/256, to encode the counted symbols with `table`; -1 when it lacks one of them. */
export function encodingCost(table: u32, counts: u32, maxSymbol: u32): i32 {
  const log = load<u32>(table);
  const size: u32 = 1 << log;
  const impossible = (log + 1) << 8;
  let cost: u32 = 0;
  for (let s: u32 = 0; s <= maxSymbol; s++) {
    const count = load<u32>(counts + (s << 2));
    if (count == 0) continue;
    const delta = load<u32>(table + FSE_SYMBOLS + (s << 3));
    const least = delta >> 16;
    const over = ((((least + 1) << 16) - (delta + size)) << 8) >> log;
    const each = ((least + 1) << 8) - over;
    if (each >= impossible) return -1;
    cost += count * each;
  }
  return <i32>cost;
}

/** Bits, in 1/256, that the counted symbols need at best; in the upper half, how many of them occur. */
export function entropyCost(tables: u32, counts: u32, maxSymbol: u32, total: u32): u64 {
  const whole = log2Fixed(tables, total);
  let cost: u32 = 0;
  let distinct: u32 = 0;
  for (const end = counts + (maxSymbol << 2); counts <= end; counts += 4) {
    const count = load<u32>(counts);
    if (count == 0) continue;
    cost += count * (whole - log2Fixed(tables, count));
    distinct++;
  }
  return (<u64>distinct << 32) | <u64>cost;
}
