// The sequences section of a block: RFC 8878 section 3.1.1.3.2.
import {
  LL_CODES, LL_MAX_LOG, ML_CODES, ML_MAX_LOG, MODE_COMPRESSED, MODE_PREDEFINED, MODE_REPEAT, MODE_RLE, OF_CODES, OF_DEFAULT_CODES, OF_MAX_LOG,
} from "./constants";
import { buildFseTable, encodingCost, entropyCost, firstState, highBit, normalise, tableLog, writeNorm } from "./encode-fse";
import {
  C_CODE_COUNTS, C_CUMULATED, C_FSE, C_FSE_LL, C_FSE_ML, C_FSE_OF, C_NEXT_LL, C_NEXT_ML, C_NEXT_OF, C_NORM, C_SEQUENCES, C_SEQUENCE_COUNT,
  C_SPREAD, C_TABLES, FSE_STATES, FSE_SYMBOLS, FSE_TABLE, T_LL_CODE, T_ML_CODE, T_PREDEFINED_LL, T_PREDEFINED_ML, T_PREDEFINED_OF, SEQUENCE, S_BITS, S_LL_CODE,
  S_MATCH, S_ML_CODE, S_OFFSET, S_OF_CODE,
} from "./encode-layout";

const LEAST_DESCRIBED: u32 = 24; // fewer sequences use a table that the decoder has
const LEAST_REPLACED: u32 = 128; // fewer sequences do not look further than a described table that the decoder has and that suits them
const DESCRIBED_CODE: u32 = 4; // bits in a description for each code, at the least

@inline
function count(counts: u32, code: u32): void {
  const at = counts + (code << 2);
  store<u32>(at, load<u32>(at) + 1);
}

// The entry for a length whose code stands for a power of two, with as many additional bits.
function powerEntry(high: u32, firstCode: u32): u32 {
  return (high + firstCode) | (high << 8) | (((1 << high) - 1) << 16);
}

// Turns each sequence into its codes and additional bits, in its place.
function codeSequences(ctx: u32, n: u32): void {
  const tables = load<u32>(ctx, C_TABLES);
  const counts = ctx + C_CODE_COUNTS;
  memory.fill(counts, 0, 768);
  let p = load<u32>(ctx, C_SEQUENCES);
  for (const end = p + n * SEQUENCE; p < end; p += SEQUENCE) {
    const ll = load<u32>(p);
    const ml = load<u32>(p, S_MATCH);
    const offset = load<u32>(p, S_OFFSET);
    const llEntry = ll < 64 ? load<u32>(tables + (ll << 2), <usize>T_LL_CODE) : powerEntry(highBit(ll), 19);
    const mlEntry = ml < 128 ? load<u32>(tables + (ml << 2), <usize>T_ML_CODE) : powerEntry(highBit(ml), 36);
    const ofCode = highBit(offset);
    const llCode = llEntry & 255;
    const mlCode = mlEntry & 255;
    const llExtra = (llEntry >> 8) & 255;
    const mlExtra = (mlEntry >> 8) & 255;
    count(counts, llCode);
    count(counts + 256, ofCode);
    count(counts + 512, mlCode);
    const lengths: u64 = <u64>(ll & (llEntry >> 16)) | (<u64>(ml & (mlEntry >> 16)) << llExtra);
    store<u64>(p, lengths | (<u64>(offset ^ (1 << ofCode)) << (llExtra + mlExtra)));
    store<u32>(p, llCode | (mlCode << 8) | (ofCode << 16) | ((llExtra + mlExtra + ofCode) << 24), S_LL_CODE);
  }
}

// The one of a kind's two places that does not hold the table the decoder has.
@inline
function slot(ctx: u32, kind: u32, held: u32): u32 {
  const first = ctx + C_FSE + kind * 2 * FSE_TABLE;
  return held == first ? first + FSE_TABLE : first;
}

/**
 * Chooses the cheapest table for one kind of code (0 literal lengths, 1 offsets, 2 match lengths), describes it at `d` where it is new,
 * and stores its address in the field `next` of the context (0 for a table with a single code).
 * @returns the output address after the description, with the mode in the upper half
 */
function chooseTable(ctx: u32, d: u32, n: u32, kind: u32, codes: u32, most: u32, lastCode: u32, predefined: u32, held: u32, next: u32): u64 {
  const counts = ctx + C_CODE_COUNTS + (kind << 8);
  const tables = load<u32>(ctx, C_TABLES);
  if (load<u32>(counts + (lastCode << 2)) == n && (n > 2 || lastCode >= OF_DEFAULT_CODES && kind == 1)) {
    store<u8>(d, <u8>lastCode);
    store<u32>(ctx + next, 0);
    return (<u64>MODE_RLE << 32) | <u64>(d + 1);
  }
  let maxCode = codes - 1;
  while (load<u32>(counts + (maxCode << 2)) == 0) maxCode--;
  let table = predefined;
  let mode = MODE_PREDEFINED;
  let best = encodingCost(predefined, counts, maxCode);
  if (held != 0) {
    const cost = encodingCost(held, counts, maxCode);
    if (cost >= 0 && (best < 0 || cost < best)) {
      best = cost;
      table = held;
      mode = MODE_REPEAT;
    }
  }
  // A description takes some bits for every code that occurs: a handful of sequences cannot save that.
  const few: u32 = mode == MODE_REPEAT ? LEAST_REPLACED : LEAST_DESCRIBED;
  if (best < 0 || n >= few) {
    const entropy = entropyCost(tables, counts, maxCode, n);
    const least = <u32>entropy + <u32>(entropy >> 32) * (DESCRIBED_CODE << 8) + (16 << 8);
    if (best < 0 || least < <u32>best) {
      const log = tableLog(most, n > 1 ? n : 2, maxCode, 2);
      const at = counts + (lastCode << 2);
      const here = load<u32>(at);
      // The last code starts its state and costs nothing.
      const spare: u32 = here > 1 ? 1 : 0;
      store<u32>(at, here - spare);
      const norm = ctx + C_NORM;
      normalise(norm, log, counts, n - spare, maxCode, n >= 2048 ? -1 : 1);
      store<u32>(at, here);
      const end = writeNorm(d, norm, maxCode, log);
      const cost = <u32>entropy + ((end - d) << 11);
      if (best < 0 || cost < <u32>best) {
        table = slot(ctx, kind, held);
        buildFseTable(table, log, norm, maxCode + 1, ctx + C_CUMULATED, ctx + C_SPREAD);
        store<u32>(ctx + next, table);
        return (<u64>MODE_COMPRESSED << 32) | <u64>end;
      }
    }
  }
  store<u32>(ctx + next, table);
  return (<u64>mode << 32) | <u64>d;
}

// Writes the three interleaved streams of states, last sequence first; gives the address after them, 0 when they pass `limit`.
function encodeSequences(ctx: u32, d: u32, limit: u32, n: u32, ll: u32, off: u32, ml: u32): u32 {
  const first = load<u32>(ctx, C_SEQUENCES);
  let p = first + (n - 1) * SEQUENCE;
  let stateLl = firstState(ll, load<u8>(p, S_LL_CODE));
  let stateMl = firstState(ml, load<u8>(p, S_ML_CODE));
  let stateOf = firstState(off, load<u8>(p, S_OF_CODE));
  let acc = load<u64>(p);
  let bits = <u32>load<u8>(p, S_BITS);
  store<u64>(d, acc);
  d += bits >> 3;
  acc >>= bits & 56;
  bits &= 7;
  while (p > first) {
    p -= SEQUENCE;
    if (d >= limit) return 0;
    // What a state loses to the right is what is written.
    let entry = off + (<u32>load<u8>(p, S_OF_CODE) << 3);
    let width = (stateOf + load<u32>(entry, FSE_SYMBOLS)) >> 16;
    let rest = stateOf >> width;
    acc |= <u64>(stateOf - (rest << width)) << bits;
    bits += width;
    stateOf = <u32>load<u16>(off + ((rest + load<u32>(entry, FSE_SYMBOLS + 4)) << 1), FSE_STATES);
    entry = ml + (<u32>load<u8>(p, S_ML_CODE) << 3);
    width = (stateMl + load<u32>(entry, FSE_SYMBOLS)) >> 16;
    rest = stateMl >> width;
    acc |= <u64>(stateMl - (rest << width)) << bits;
    bits += width;
    stateMl = <u32>load<u16>(ml + ((rest + load<u32>(entry, FSE_SYMBOLS + 4)) << 1), FSE_STATES);
    entry = ll + (<u32>load<u8>(p, S_LL_CODE) << 3);
    width = (stateLl + load<u32>(entry, FSE_SYMBOLS)) >> 16;
    rest = stateLl >> width;
    acc |= <u64>(stateLl - (rest << width)) << bits;
    bits += width;
    stateLl = <u32>load<u16>(ll + ((rest + load<u32>(entry, FSE_SYMBOLS + 4)) << 1), FSE_STATES);
    const extra = <u32>load<u8>(p, S_BITS);
    const value = load<u64>(p);
    if (bits + extra > 63) {
      store<u64>(d, acc);
      d += bits >> 3;
      acc >>= bits & 56;
      bits &= 7;
      acc |= value << bits;
      if (bits + extra > 63) {
        // Up to 61 additional bits do not fit beside 7: in two parts.
        store<u64>(d, acc);
        d += 7;
        acc = value >> (56 - bits);
        bits -= 56;
      }
    } else acc |= value << bits;
    bits += extra;
    store<u64>(d, acc);
    d += bits >> 3;
    acc >>= bits & 56;
    bits &= 7;
  }
  const mlLog = load<u32>(ml);
  const ofLog = load<u32>(off);
  const llLog = load<u32>(ll);
  acc |= <u64>(stateMl & ((1 << mlLog) - 1)) << bits;
  bits += mlLog;
  acc |= <u64>(stateOf & ((1 << ofLog) - 1)) << bits;
  bits += ofLog;
  acc |= <u64>(stateLl & ((1 << llLog) - 1)) << bits;
  bits += llLog;
  acc |= <u64>1 << bits;
  bits++;
  store<u64>(d, acc);
  return d + ((bits + 7) >> 3);
}

// A table of one code: no state bits at all.
function singleTable(ctx: u32, kind: u32, held: u32, code: u32): u32 {
  const table = slot(ctx, kind, held);
  store<u32>(table, 0);
  store<u64>(table + FSE_SYMBOLS + (code << 3), 0);
  store<u32>(table + FSE_STATES, 0);
  return table;
}

/** Writes the sequences of the block being built at `d`; gives the address after them, 0 when they would pass `limit`. */
export function writeSequences(ctx: u32, d: u32, limit: u32): u32 {
  const n = load<u32>(ctx, C_SEQUENCE_COUNT);
  if (n < 128) {
    store<u8>(d, <u8>n);
    d++;
  } else if (n < 0x7f00) {
    store<u8>(d, <u8>((n >> 8) + 128));
    store<u8>(d, <u8>n, 1);
    d += 2;
  } else {
    store<u8>(d, 255);
    store<u16>(d, <u16>(n - 0x7f00), 1);
    d += 3;
  }
  const heldLl = load<u32>(ctx, C_FSE_LL);
  const heldOf = load<u32>(ctx, C_FSE_OF);
  const heldMl = load<u32>(ctx, C_FSE_ML);
  store<u32>(ctx, heldLl, C_NEXT_LL);
  store<u32>(ctx, heldOf, C_NEXT_OF);
  store<u32>(ctx, heldMl, C_NEXT_ML);
  if (n == 0) return d;
  codeSequences(ctx, n);
  const tables = load<u32>(ctx, C_TABLES);
  const last = load<u32>(load<u32>(ctx, C_SEQUENCES) + (n - 1) * SEQUENCE, S_LL_CODE);
  const modes = d;
  let chosen = chooseTable(ctx, d + 1, n, 0, LL_CODES, LL_MAX_LOG, last & 255, tables + T_PREDEFINED_LL, heldLl, <u32>C_NEXT_LL);
  const llMode = <u32>(chosen >> 32);
  chosen = chooseTable(ctx, <u32>chosen, n, 1, OF_CODES, OF_MAX_LOG, (last >> 16) & 255, tables + T_PREDEFINED_OF, heldOf, <u32>C_NEXT_OF);
  const ofMode = <u32>(chosen >> 32);
  chosen = chooseTable(ctx, <u32>chosen, n, 2, ML_CODES, ML_MAX_LOG, (last >> 8) & 255, tables + T_PREDEFINED_ML, heldMl, <u32>C_NEXT_ML);
  const mlMode = <u32>(chosen >> 32);
  store<u8>(modes, <u8>((llMode << 6) | (ofMode << 4) | (mlMode << 2)));
  const ll = llMode == MODE_RLE ? singleTable(ctx, 0, heldLl, last & 255) : load<u32>(ctx, C_NEXT_LL);
  const off = ofMode == MODE_RLE ? singleTable(ctx, 1, heldOf, (last >> 16) & 255) : load<u32>(ctx, C_NEXT_OF);
  const ml = mlMode == MODE_RLE ? singleTable(ctx, 2, heldMl, (last >> 8) & 255) : load<u32>(ctx, C_NEXT_ML);
  const end = encodeSequences(ctx, <u32>chosen, limit, n, ll, off, ml);
  // Only described tables are worth repeating: the predefined ones cost nothing to name.
  if (llMode == MODE_PREDEFINED) store<u32>(ctx, 0, C_NEXT_LL);
  if (ofMode == MODE_PREDEFINED) store<u32>(ctx, 0, C_NEXT_OF);
  if (mlMode == MODE_PREDEFINED) store<u32>(ctx, 0, C_NEXT_ML);
  return end;
}
