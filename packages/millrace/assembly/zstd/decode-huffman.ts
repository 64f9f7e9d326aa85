// Huffman tables (RFC 8878 section 4.2): from the description of a tree to a table indexed by the next bits: 8 of them, 11, or 12 (decode-literals.ts).
// An entry is [bits u8][symbol u8].

import { HUFFMAN_MAX_BITS, WEIGHTS_MAX_LOG } from "./constants";
import { COUNTS_CODES, COUNTS_LOG, TREE_INDEX, WEIGHTS, WEIGHT_TABLE } from "./decode-context";
import { buildWeightTable, highBit, readCounts } from "./decode-fse";
import { HUFFMAN_NARROW_BITS } from "./decode-literals";

/**
 * Reads a tree description of at most `size` bytes and builds the table at address `table`. Gives the bytes it takes, or 0 when it is wrong;
 * TREE_INDEX is then the number of bits that index it.
 * @param mostBits the longest code allowed: 11, or 12 where there is room for 4096 entries
 */
export function readHuffmanTable(context: u32, table: u32, mostBits: u32, source: u32, size: u32): u32 {
  if (size < 2) return 0;
  const head = <u32>load<u8>(source);
  let used: u32;
  let count: u32;
  if (head >= 128) {
    // Section 4.2.1.1: weights as they are, 4 bits each.
    count = head - 127;
    used = 1 + ((count + 1) >> 1);
    if (used > size) return 0;
    for (let i: u32 = 0; i < count; i += 2) {
      const pair = <u32>load<u8>(source + 1 + (i >> 1));
      store<u16>(context + i, <u16>((pair >> 4) | ((pair & 15) << 8)), WEIGHTS);
    }
  } else {
    used = 1 + head;
    if (used > size) return 0;
    count = decodeWeights(context, source + 1, head);
    if (count == 0) return 0;
  }
  return fillTable(context, table, mostBits, count) ? used : 0;
}

// The state after `state`, by the bits above bit `shift` of `word`. States are addresses of entries, 8 bytes apart, so bits are taken three places early:
// `shift` is at least 3.
@inline
function nextState(state: u32, word: u64, shift: u32): u32 {
  return load<u32>(state, 4) + (<u32>(word >> <u64>(shift - 3)) & <u32>load<u16>(state, 2));
}

// Section 4.2.1.2: weights coded with FSE, two states taking turns, in `size` bytes. Gives how many there are, at most 255; 0 when wrong.
function decodeWeights(context: u32, source: u32, size: u32): u32 {
  if (size < 2) return 0;
  // A weight has at most 4 bits' worth of values: 0 to 12.
  const described = readCounts(context, source, size, 13, WEIGHTS_MAX_LOG);
  if (described == 0 || described >= size) return 0;
  const log = load<u32>(context, COUNTS_LOG);
  buildWeightTable(context, load<u32>(context, COUNTS_CODES), log);
  const states = context + WEIGHT_TABLE;
  const weights = context + WEIGHTS;
  const stream = source + described;
  const length = size - described;
  const last = <u32>load<u8>(stream + length - 1);
  if (last == 0) return 0; // no bit marks the end
  const mask = (<u32>1 << log) - 1;
  let bits: i32 = <i32>(((length - 1) << 3) + highBit(last));
  bits -= log;
  let first = states + (((load<u32>(stream + (bits >> 3)) >> (bits & 7)) & mask) << 3);
  bits -= log;
  let second = states + (((load<u32>(stream + (bits >> 3)) >> (bits & 7)) & mask) << 3);
  if (bits < 0) return 0;
  let n: u32 = 0;
  // Eight weights take at most 48 bits: one load serves them.
  while (bits >= 56 && n < 240) {
    const word = load<u64>(stream + (bits >> 3) - 7);
    const start: u32 = (bits & 7) + 56;
    let shift = start;
    store<u8>(weights + n, load<u8>(first));
    shift -= load<u8>(first, 1);
    first = nextState(first, word, shift);
    store<u8>(weights + n, load<u8>(second), 1);
    shift -= load<u8>(second, 1);
    second = nextState(second, word, shift);
    store<u8>(weights + n, load<u8>(first), 2);
    shift -= load<u8>(first, 1);
    first = nextState(first, word, shift);
    store<u8>(weights + n, load<u8>(second), 3);
    shift -= load<u8>(second, 1);
    second = nextState(second, word, shift);
    store<u8>(weights + n, load<u8>(first), 4);
    shift -= load<u8>(first, 1);
    first = nextState(first, word, shift);
    store<u8>(weights + n, load<u8>(second), 5);
    shift -= load<u8>(second, 1);
    second = nextState(second, word, shift);
    store<u8>(weights + n, load<u8>(first), 6);
    shift -= load<u8>(first, 1);
    first = nextState(first, word, shift);
    store<u8>(weights + n, load<u8>(second), 7);
    shift -= load<u8>(second, 1);
    second = nextState(second, word, shift);
    n += 8;
    bits -= start - shift;
  }
  // The stream ends when a state cannot be updated: that state's weight and the other's are the last. One load serves these too, but for the longest.
  let low = bits;
  let word: u64 = 0;
  while (n < 254) {
    if (bits - low < 16) {
      low = ((bits >> 3) - 7) << 3;
      word = load<u64>(stream + (low >> 3));
    }
    store<u8>(weights + n, load<u8>(first));
    n++;
    bits -= load<u8>(first, 1);
    if (bits < 0) {
      store<u8>(weights + n, load<u8>(second));
      return n + 1;
    }
    first = nextState(first, word, bits - low);
    store<u8>(weights + n, load<u8>(second));
    n++;
    bits -= load<u8>(second, 1);
    if (bits < 0) {
      store<u8>(weights + n, load<u8>(first));
      return n < 255 ? n + 1 : 0;
    }
    second = nextState(second, word, bits - low);
  }
  return 0; // over 255 weights
}

// A bit for each of the 64 weights at `p` that equal `weight`.
@inline
function equalMask(p: u32, weight: v128): u64 {
  const low = i8x16.bitmask(i8x16.eq(v128.load(p), weight)) | (i8x16.bitmask(i8x16.eq(v128.load(p, 16), weight)) << 16);
  const high = i8x16.bitmask(i8x16.eq(v128.load(p, 32), weight)) | (i8x16.bitmask(i8x16.eq(v128.load(p, 48), weight)) << 16);
  return <u64><u32>low | (<u64><u32>high << 32);
}

// Section 4.2.1.3: `count` weights, and the last one, which they imply, become codes. Symbols of one weight take runs of equal length
// in ascending order, the lightest first: so for each weight its symbols are found with vector compares and their runs written one
// after the other. False when the weights do not add up to a power of two or a code would be too long.
function fillTable(context: u32, table: u32, mostBits: u32, count: u32): bool {
  const weights = context + WEIGHTS;
  const padded = (count + 64) & ~63; // one place is kept for the implied weight
  for (let p = weights + count; p < weights + padded; p += 16) v128.store(p, i8x16.splat(0));
  // The sum of 2^(weight - 1), by a table look-up for each half of it.
  const low = i8x16(0, 1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0);
  const high = i8x16(0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 0, 0, 0);
  let lowSum = i16x8.splat(0);
  let highSum = i16x8.splat(0);
  let heaviest = i8x16.splat(0);
  for (let p = weights; p < weights + padded; p += 16) {
    const v = v128.load(p);
    lowSum = i16x8.add(lowSum, i16x8.extadd_pairwise_i8x16_u(i8x16.swizzle(low, v)));
    highSum = i16x8.add(highSum, i16x8.extadd_pairwise_i8x16_u(i8x16.swizzle(high, v)));
    heaviest = i8x16.max_u(heaviest, v);
  }
  if (v128.any_true(i8x16.gt_u(heaviest, i8x16.splat(12)))) return false;
  const sums = i32x4.add(i32x4.extadd_pairwise_i16x8_u(lowSum), i32x4.shl(i32x4.extadd_pairwise_i16x8_u(highSum), 8));
  const sum: u32 = i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1) + i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3);
  if (sum == 0) return false;
  const maxBits = highBit(sum) + 1;
  if (maxBits > mostBits) return false;
  const left = (<u32>1 << maxBits) - sum;
  if ((left & (left - 1)) != 0) return false;
  store<u8>(weights + count, <u8>(highBit(left) + 1));
  count++;
  const indexBits = maxBits <= HUFFMAN_NARROW_BITS ? HUFFMAN_NARROW_BITS : max(maxBits, HUFFMAN_MAX_BITS);
  let p = table;
  for (let weight: u32 = 1; weight <= maxBits; weight++) {
    const run: u32 = <u32>2 << (weight - 1 + indexBits - maxBits); // bytes
    const bits = maxBits + 1 - weight;
    const wanted = i8x16.splat(<i8>weight);
    let lightest: u32 = 0;
    for (let k: u32 = 0; k < count; k += 64) {
      let mask = equalMask(weights + k, wanted);
      if (weight == 1) lightest += <u32>popcnt<u64>(mask);
      if (run >= 16) {
        while (mask != 0) {
          const entries = i16x8.splat(<i16>(bits | ((k + <u32>ctz<u64>(mask)) << 8)));
          mask &= mask - 1;
          const end = p + run;
          do {
            v128.store(p, entries);
            p += 16;
          } while (p < end);
        }
      } else {
        // A run of 1, 2 or 4 entries: the store reaches over it, and what follows is written next. In a table of 2048 something always follows: the
        // heaviest of at most 256 symbols has at least 8 entries, so that the last run is never one of these. Behind a table of 256 there is room.
        while (mask != 0) {
          const entry: u32 = bits | ((k + <u32>ctz<u64>(mask)) << 8);
          mask &= mask - 1;
          store<u64>(p, <u64>entry * 0x0001000100010001);
          p += run;
        }
      }
    }
    // The longest codes come in pairs.
    if (weight == 1 && (lightest < 2 || (lightest & 1) != 0)) return false;
  }
  store<u32>(context, indexBits, TREE_INDEX);
  return p == table + (<u32>2 << indexBits);
}
