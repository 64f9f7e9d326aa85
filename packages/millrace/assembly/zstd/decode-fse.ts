// FSE tables (RFC 8878 section 4.1): reading a distribution and building from it the table of a sequence code or of Huffman weights.

import { COUNTS, COUNTS_CODES, COUNTS_LOG, IN_ORDER, NEXT, RARE, SPREAD, WEIGHT_TABLE } from "./decode-context";

/** The position of the highest bit set; `x` is not 0. */
@inline
export function highBit(x: u32): u32 {
  return 31 - clz<u32>(x);
}

/**
 * Reads a distribution (section 4.1.1) of at most `maxCodes` codes and an accuracy of at most `maxLog` from `size` bytes at `source`
 * into COUNTS, COUNTS_LOG and COUNTS_CODES. Gives the bytes it takes, or 0 when it is wrong or longer than `size`.
 * Up to 4 bytes past `size` are read, never used.
 */
export function readCounts(context: u32, source: u32, size: u32, maxCodes: u32, maxLog: u32): u32 {
  if (size == 0) return 0;
  const counts = context + COUNTS;
  const end = size << 3;
  const log = (<u32>load<u8>(source) & 15) + 5;
  if (log > maxLog) return 0;
  let bit: u32 = 4;
  let remaining: i32 = (1 << log) + 1;
  let threshold: i32 = 1 << log;
  let bits: u32 = log + 1;
  let code: u32 = 0;
  while (remaining > 1 && code < maxCodes) {
    const word = load<u32>(source + (bit >> 3)) >> (bit & 7);
    // Values below `spare` take a bit less.
    const spare: i32 = 2 * threshold - 1 - remaining;
    let count: i32 = word & (threshold - 1);
    if (count < spare) {
      bit += bits - 1;
    } else {
      count = word & (2 * threshold - 1);
      if (count >= threshold) count -= spare;
      bit += bits;
    }
    count--; // -1 is "less than one": a single cell at the end of the table
    remaining -= count < 0 ? 1 : count;
    store<i16>(counts + (code << 1), <i16>count);
    code++;
    if (count == 0) {
      // Two bits at a time say how many more codes have no cell; 3 goes on.
      let run: u32;
      do {
        if (bit > end) return 0;
        run = (<u32>load<u16>(source + (bit >> 3)) >> (bit & 7)) & 3;
        bit += 2;
        if (code + run > maxCodes) return 0;
        // Up to three, written over by what follows.
        store<u32>(counts + (code << 1), 0);
        store<u16>(counts + (code << 1), 0, 4);
        code += run;
      } while (run == 3);
    }
    if (remaining < 1) return 0;
    while (remaining < threshold) {
      bits--;
      threshold >>= 1;
    }
    if (bit > end) return 0;
  }
  if (remaining != 1 || bit > end) return 0;
  store<u32>(context, log, COUNTS_LOG);
  store<u32>(context, code, COUNTS_CODES);
  return (bit + 7) >> 3;
}

// Lays the codes of COUNTS over the cells of the table (section 4.1.1, "from normalized distribution to decoding tables"): SPREAD gets
// the code of each cell and NEXT the first state of each code.
function spread(context: u32, codes: u32, log: u32): void {
  const counts = context + COUNTS;
  const next = context + NEXT;
  const cells = context + SPREAD;
  const size: u32 = 1 << log;
  const mask = size - 1;
  // The codes are written down in order with wide stores, those of less than one cell apart.
  let p = context + IN_ORDER;
  let rare: u32 = 0;
  for (let code: u32 = 0; code < codes; code++) {
    const count = <i32>load<i16>(counts + (code << 1));
    const least = count < 0;
    store<u16>(next + (code << 1), <u16>(least ? 1 : count));
    store<u8>(context + rare, <u8>code, RARE);
    rare += <u32>least;
    const wide = i8x16.splat(<i8>code);
    const end = p + (least ? 0 : count);
    v128.store(p, wide);
    for (let q = p + 16; q < end; q += 16) v128.store(q, wide);
    p = end;
  }
  p = context + IN_ORDER;
  const step = (size >> 1) + (size >> 3) + 3;
  let at: u32 = 0;
  if (rare == 0) {
    for (let cell: u32 = 0; cell < size; cell += 4, p += 4) {
      store<u8>(cells + at, load<u8>(p));
      store<u8>(cells + ((at + step) & mask), load<u8>(p, 1));
      store<u8>(cells + ((at + 2 * step) & mask), load<u8>(p, 2));
      store<u8>(cells + ((at + 3 * step) & mask), load<u8>(p, 3));
      at = (at + 4 * step) & mask;
    }
    return;
  }
  // The last cells are those of the rare codes: the others step over them, which here is to be written over.
  const high = size - rare;
  for (let cell: u32 = 0; cell < size; cell++) {
    store<u8>(cells + at, load<u8>(p));
    p += <u32>(at < high);
    at = (at + step) & mask;
  }
  for (let i: u32 = 0; i < rare; i++) store<u8>(cells + mask - i, load<u8>(context + i, RARE));
}

/** Builds the table at address `table` from COUNTS; `prototypes` is the offset in the context of the entries for each code. */
export function buildSequenceTable(context: u32, table: u32, codes: u32, log: u32, prototypes: u32): void {
  spread(context, codes, log);
  const next = context + NEXT;
  const cells = context + SPREAD;
  const size: u32 = 1 << log;
  const first = table - (size << 4);
  let entry = table;
  for (let cell: u32 = 0; cell < size; cell++, entry += 16) {
    const code = <u32>load<u8>(cells + cell);
    const slot = next + (code << 1);
    const state = <u32>load<u16>(slot);
    store<u16>(slot, <u16>(state + 1));
    const bits = log - highBit(state);
    // The entry of the code, then over it what depends on the state.
    v128.store(entry, v128.load(context + (code << 4) + prototypes));
    store<u8>(entry, <u8>bits, 5);
    store<u16>(entry, <u16>((<u32>16 << bits) - 16), 6);
    store<u32>(entry, (state << (bits + 4)) + first, 8);
  }
}

/** Builds WEIGHT_TABLE from COUNTS, entries [weight u8][bits u8][state mask << 3 u16][address of the first next state u32]. The accuracy is at most 6: 64 cells. */
export function buildWeightTable(context: u32, codes: u32, log: u32): void {
  spread(context, codes, log);
  const next = context + NEXT;
  const cells = context + SPREAD;
  const size: u32 = 1 << log;
  const first = context + WEIGHT_TABLE - (size << 3);
  let entry = context + WEIGHT_TABLE;
  for (let cell: u32 = 0; cell < size; cell++, entry += 8) {
    const weight = <u32>load<u8>(cells + cell);
    const slot = next + (weight << 1);
    const state = <u32>load<u16>(slot);
    store<u16>(slot, <u16>(state + 1));
    const bits = log - highBit(state);
    store<u32>(entry, weight | (bits << 8) | (((8 << bits) - 8) << 16));
    store<u32>(entry, (state << (bits + 3)) + first, 4);
  }
}
