// Huffman codes for literals: RFC 8878 section 4.2. Lengths by Moffat and Katajainen's in-place method, limited to what the table may have,
// then the canonical codes, then the description of the tree as weights.
import { HUFFMAN_MAX_BITS, WEIGHTS_MAX_LOG } from "./constants";
import { buildFseTable, firstState, highBit, normalise, tableLog, writeNorm } from "./encode-fse";
import {
  C_BUCKETS, C_CODE_COUNTS, C_COUNTS, C_CUMULATED, C_DEPTHS, C_FSE_WEIGHTS, C_LENGTHS, C_LIST, C_NORM, C_SORTED, C_SPREAD, C_TREE, FSE_STATES,
  FSE_SYMBOLS,
} from "./encode-layout";

const EXACT: u32 = 128; // counts below have a bucket each, those above one for each power of two

@inline
function bucketOf(count: u32): u32 {
  return count < EXACT ? count : EXACT - 7 + highBit(count);
}

/** Counts `length` bytes at `p` into C_COUNTS. */
export function countLiterals(ctx: u32, p: u32, length: u32): void {
  const counts = ctx + C_COUNTS;
  const end = p + length;
  if (length < 1536) {
    memory.fill(counts, 0, 1024);
    for (; p < end; p++) {
      const at = counts + (<u32>load<u8>(p) << 2);
      store<u32>(at, load<u32>(at) + 1);
    }
    return;
  }
  // Four tables: equal neighbours do not wait for each other's store.
  memory.fill(counts, 0, 4096);
  for (; p + 8 <= end; p += 8) {
    const word = load<u64>(p);
    const low = <u32>word;
    const high = <u32>(word >> 32);
    let at = counts + ((low & 255) << 2);
    store<u32>(at, load<u32>(at) + 1);
    at = counts + ((low >> 6) & 1020);
    store<u32>(at, load<u32>(at, 1024) + 1, 1024);
    at = counts + ((low >> 14) & 1020);
    store<u32>(at, load<u32>(at, 2048) + 1, 2048);
    at = counts + ((low >> 22) & 1020);
    store<u32>(at, load<u32>(at, 3072) + 1, 3072);
    at = counts + ((high & 255) << 2);
    store<u32>(at, load<u32>(at) + 1);
    at = counts + ((high >> 6) & 1020);
    store<u32>(at, load<u32>(at, 1024) + 1, 1024);
    at = counts + ((high >> 14) & 1020);
    store<u32>(at, load<u32>(at, 2048) + 1, 2048);
    at = counts + ((high >> 22) & 1020);
    store<u32>(at, load<u32>(at, 3072) + 1, 3072);
  }
  for (; p < end; p++) {
    const at = counts + (<u32>load<u8>(p) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  for (let at = counts; at < counts + 1024; at += 16) {
    const sum = i32x4.add(i32x4.add(v128.load(at), v128.load(at, 1024)), i32x4.add(v128.load(at, 2048), v128.load(at, 3072)));
    v128.store(at, sum);
  }
}

/**
 * Lists the literals that occur, in order of symbol, as count << 8 | symbol at C_LIST, and fills the buckets to sort them by.
 * Gives how many there are; C_DEPTHS holds the greatest count.
 */
export function listLiterals(ctx: u32): u32 {
  const list = ctx + C_LIST;
  const buckets = ctx + C_BUCKETS;
  memory.fill(buckets, 0, 640);
  let to = list;
  let most: u32 = 0;
  const end = ctx + C_COUNTS + 1024;
  for (let at = ctx + C_COUNTS; at < end; at += 16) {
    if (!v128.any_true(v128.load(at))) continue;
    for (let k: u32 = 0; k < 16; k += 4) {
      const count = load<u32>(at + k);
      if (count == 0) continue;
      store<u32>(to, (count << 8) | ((at + k - ctx - C_COUNTS) >> 2));
      to += 4;
      if (count > most) most = count;
      const bucket = buckets + (bucketOf(count) << 2);
      store<u32>(bucket, load<u32>(bucket) + 1);
    }
  }
  store<u32>(ctx + C_DEPTHS, most);
  return (to - list) >> 2;
}

// Sorts C_LIST by ascending count into C_SORTED.
function sortLiterals(ctx: u32, distinct: u32, most: u32): void {
  const buckets = ctx + C_BUCKETS;
  const sorted = ctx + C_SORTED;
  const last = bucketOf(most);
  let place: u32 = 0;
  let firstShared: u32 = distinct;
  for (let bucket: u32 = 1; bucket <= last; bucket++) {
    const at = buckets + (bucket << 2);
    const here = load<u32>(at);
    if (bucket == EXACT) firstShared = place;
    store<u32>(at, place);
    place += here;
  }
  const list = ctx + C_LIST;
  for (let i: u32 = 0; i < distinct; i++) {
    const key = load<u32>(list + (i << 2));
    const at = buckets + (bucketOf(key >> 8) << 2);
    const to = load<u32>(at);
    store<u32>(at, to + 1);
    store<u32>(sorted + (to << 2), key);
  }
  for (let i = firstShared + 1; i < distinct; i++) {
    const key = load<u32>(sorted + (i << 2));
    let j = i;
    for (; j > firstShared && load<u32>(sorted + ((j - 1) << 2)) > key; j--) store<u32>(sorted + (j << 2), load<u32>(sorted + ((j - 1) << 2)));
    store<u32>(sorted + (j << 2), key);
  }
}

@inline
function node(tree: u32, i: u32): u32 {
  return load<u32>(tree + (i << 2));
}

// Writes to C_DEPTHS how many codes have each length; gives the greatest length. There are at least two symbols.
function codeLengths(ctx: u32, n: u32): u32 {
  const tree = ctx + C_TREE;
  const sorted = ctx + C_SORTED;
  for (let i: u32 = 0; i < n; i++) store<u32>(tree + (i << 2), node(sorted, i) >> 8);
  store<u32>(tree, node(tree, 0) + node(tree, 1));
  let root: u32 = 0;
  let leaf: u32 = 2;
  for (let next: u32 = 1; next < n - 1; next++) {
    let weight: u32;
    if (leaf >= n || node(tree, root) < node(tree, leaf)) {
      weight = node(tree, root);
      store<u32>(tree + (root << 2), next);
      root++;
    } else {
      weight = node(tree, leaf);
      leaf++;
    }
    if (leaf >= n || (root < next && node(tree, root) < node(tree, leaf))) {
      weight += node(tree, root);
      store<u32>(tree + (root << 2), next);
      root++;
    } else {
      weight += node(tree, leaf);
      leaf++;
    }
    store<u32>(tree + (next << 2), weight);
  }
  store<u32>(tree + ((n - 2) << 2), 0);
  for (let next = <i32>n - 3; next >= 0; next--) store<u32>(tree + (next << 2), node(tree, node(tree, next)) + 1);
  const depths = ctx + C_DEPTHS;
  memory.fill(depths, 0, 256);
  let available: u32 = 1;
  let depth: u32 = 0;
  let inner = <i32>n - 2;
  while (available > 0) {
    let used: u32 = 0;
    while (inner >= 0 && node(tree, inner) == depth) {
      used++;
      inner--;
    }
    store<u32>(depths + (depth << 2), available - used);
    available = used << 1;
    depth++;
  }
  return depth - 1;
}

// Shortens the codes over `limit` and lengthens the cheapest others until the lengths are a full code again (Kraft's sum is 1).
function limitLengths(ctx: u32, longest: u32, limit: u32): void {
  const depths = ctx + C_DEPTHS;
  let over: u32 = 0;
  for (let depth = limit + 1; depth <= longest; depth++) {
    over += load<u32>(depths + (depth << 2));
    store<u32>(depths + (depth << 2), 0);
  }
  store<u32>(depths + (limit << 2), load<u32>(depths + (limit << 2)) + over);
  let total: u32 = 0;
  for (let depth: u32 = 1; depth <= limit; depth++) total += load<u32>(depths + (depth << 2)) << (limit - depth);
  const full: u32 = 1 << limit;
  const bottom = depths + (limit << 2);
  while (total > full) {
    store<u32>(bottom, load<u32>(bottom) - 1);
    for (let depth = limit - 1; depth > 0; depth--) {
      const at = depths + (depth << 2);
      const here = load<u32>(at);
      if (here == 0) continue;
      store<u32>(at, here - 1);
      store<u32>(at, load<u32>(at, 4) + 2, 4);
      break;
    }
    total--;
  }
}

/**
 * Builds the code of the listed literals at `table` (u32[256]: code | bits << 16) and their lengths at C_LENGTHS.
 * @returns the literals' size in bits, and in the upper half the greatest length
 */
export function buildHuffman(ctx: u32, table: u32, distinct: u32, total: u32): u64 {
  const list = ctx + C_LIST;
  const maxSymbol = load<u32>(list + ((distinct - 1) << 2)) & 255;
  sortLiterals(ctx, distinct, load<u32>(ctx + C_DEPTHS));
  let longest = codeLengths(ctx, distinct);
  const limit = tableLog(HUFFMAN_MAX_BITS, total, maxSymbol, 1);
  if (longest > limit) {
    limitLengths(ctx, longest, limit);
    longest = limit;
  }
  // Lengths to the symbols: the rarest get the longest. First code of each length: the longest codes start at zero.
  const depths = ctx + C_DEPTHS;
  const lengths = ctx + C_LENGTHS;
  const starts = ctx + C_BUCKETS;
  memory.fill(lengths, 0, 256);
  let at = ctx + C_SORTED;
  let code: u32 = 0;
  for (let bits = longest; bits > 0; bits--) {
    const here = load<u32>(depths + (bits << 2));
    store<u32>(starts + (bits << 2), code);
    code = (code + here) >> 1;
    for (let end = at + (here << 2); at < end; at += 4) store<u8>(lengths + (load<u32>(at) & 255), <u8>bits);
  }
  memory.fill(table, 0, 1024);
  let size: u32 = 0;
  for (let i: u32 = 0; i < distinct; i++) {
    const key = load<u32>(list + (i << 2));
    const symbol = key & 255;
    const bits = <u32>load<u8>(lengths + symbol);
    const start = starts + (bits << 2);
    const value = load<u32>(start);
    store<u32>(start, value + 1);
    store<u32>(table + (symbol << 2), value | (bits << 16));
    size += bits * (key >> 8);
  }
  return (<u64>longest << 32) | <u64>size;
}

/** The literals' size in bits with an earlier table; 0 when that lacks one of them. */
export function sizeWith(ctx: u32, table: u32, distinct: u32): u32 {
  const list = ctx + C_LIST;
  let size: u32 = 0;
  for (let i: u32 = 0; i < distinct; i++) {
    const key = load<u32>(list + (i << 2));
    const bits = load<u32>(table + ((key & 255) << 2)) >> 16;
    if (bits == 0) return 0;
    size += bits * (key >> 8);
  }
  return size;
}

/** Describes the tree at `d` (section 4.2.1); gives the address after it, or 0 when it cannot be described. Turns C_LENGTHS into weights. */
export function writeTree(ctx: u32, d: u32, distinct: u32, longest: u32): u32 {
  const weights = ctx + C_LENGTHS;
  const maxSymbol = load<u32>(ctx + C_LIST + ((distinct - 1) << 2)) & 255; // its weight is implied
  const top = i8x16.splat(<i8>(longest + 1));
  const zero = i8x16.splat(0);
  for (let at: u32 = 0; at < maxSymbol; at += 16) {
    const bits = v128.load(weights + at);
    v128.store(weights + at, v128.and(i8x16.sub(top, bits), i8x16.ne(bits, zero)));
  }
  const packed = writeWeights(ctx, d + 1, maxSymbol, distinct, longest);
  const direct = (maxSymbol + 1) >> 1;
  if (packed > 0 && (packed < direct || maxSymbol > 128) && packed < 128) {
    store<u8>(d, <u8>packed);
    return d + 1 + packed;
  }
  if (maxSymbol > 128) return 0;
  store<u8>(d, <u8>(127 + maxSymbol));
  d++;
  store<u8>(weights + maxSymbol, 0);
  for (let at: u32 = 0; at < maxSymbol; at += 2, d++) store<u8>(d, <u8>((load<u8>(weights + at) << 4) | load<u8>(weights + at, 1)));
  return d;
}

// FSE-codes `count` weights at `d` with two states in turn (section 4.2.1.2); gives the bytes written, 0 when that cannot be done.
function writeWeights(ctx: u32, d: u32, count: u32, distinct: u32, longest: u32): u32 {
  if (count <= 2) return 0;
  const start = d;
  const weights = ctx + C_LENGTHS;
  // How often each weight occurs is known from the lengths; the last symbol is not described.
  const counts = ctx + C_CODE_COUNTS;
  const depths = ctx + C_DEPTHS;
  const lastSymbol = load<u32>(ctx + C_LIST + ((distinct - 1) << 2)) & 255;
  const lastWeight = longest + 1 - <u32>lengthOfLast(ctx, lastSymbol, longest);
  let most: u32 = count + 1 - distinct;
  let maxWeight: u32 = 0;
  store<u32>(counts, most);
  for (let weight: u32 = 1; weight <= longest; weight++) {
    const here = load<u32>(depths + ((longest + 1 - weight) << 2)) - <u32>(weight == lastWeight);
    store<u32>(counts + (weight << 2), here);
    if (here > most) most = here;
    if (here > 0) maxWeight = weight;
  }
  if (most == count || most == 1) return 0;
  const log = tableLog(WEIGHTS_MAX_LOG, count, maxWeight, 2);
  const norm = ctx + C_NORM;
  normalise(norm, log, counts, count, maxWeight, 1);
  d = writeNorm(d, norm, maxWeight, log);
  const table = ctx + C_FSE_WEIGHTS;
  buildFseTable(table, log, norm, maxWeight + 1, ctx + C_CUMULATED, ctx + C_SPREAD);
  const symbols = table + FSE_SYMBOLS;
  const states = table + FSE_STATES;
  // The decoder's first state gives the weights of even symbols. The encoder goes backwards.
  let p = weights + count - 1;
  let even = firstState(table, <u32>load<u8>(p - (1 - (count & 1))));
  let odd = firstState(table, <u32>load<u8>(p - (count & 1)));
  p -= 2;
  let acc: u64 = 0;
  let bits: u32 = 0;
  if (count & 1) {
    // p stands on an odd number of weights: one step brings the order to odd, even, odd, even.
    const entry = symbols + (<u32>load<u8>(p) << 3);
    const n = (even + load<u32>(entry)) >> 16;
    acc = <u64>(even & ((1 << n) - 1));
    bits = n;
    even = <u32>load<u16>(states + (((even >> n) + load<u32>(entry, 4)) << 1));
    p--;
  }
  while (p > weights) {
    let entry = symbols + (<u32>load<u8>(p) << 3);
    let n = (odd + load<u32>(entry)) >> 16;
    acc |= <u64>(odd & ((1 << n) - 1)) << bits;
    bits += n;
    odd = <u32>load<u16>(states + (((odd >> n) + load<u32>(entry, 4)) << 1));
    entry = symbols + (<u32>load<u8>(p - 1) << 3);
    n = (even + load<u32>(entry)) >> 16;
    acc |= <u64>(even & ((1 << n) - 1)) << bits;
    bits += n;
    even = <u32>load<u16>(states + (((even >> n) + load<u32>(entry, 4)) << 1));
    p -= 2;
    store<u64>(d, acc);
    d += bits >> 3;
    acc >>= bits & 56;
    bits &= 7;
  }
  acc |= <u64>(odd & ((1 << log) - 1)) << bits;
  bits += log;
  acc |= <u64>(even & ((1 << log) - 1)) << bits;
  bits += log;
  acc |= <u64>1 << bits;
  bits++;
  store<u64>(d, acc);
  return d + ((bits + 7) >> 3) - start;
}

// The weights of all symbols below the last have replaced their lengths; the last one's length is still there unless it shared a vector.
function lengthOfLast(ctx: u32, symbol: u32, longest: u32): u32 {
  const value = <u32>load<u8>(ctx + C_LENGTHS + symbol);
  return symbol & 15 ? longest + 1 - value : value;
}

/** Writes `length` literals at `p`, last first, as one stream ending in a marker bit; gives the address after it. */
export function encodeStream(d: u32, p: u32, length: u32, table: u32): u32 {
  let acc: u64 = 0;
  let bits: u32 = 0;
  let s = p + length;
  for (let rest = length & 3; rest > 0; rest--) {
    s--;
    const e = load<u32>(table + (<u32>load<u8>(s) << 2));
    acc |= <u64>(e & 0xffff) << bits;
    bits += e >> 16;
  }
  // Four codes have at most 44 bits; up to 33 wait from the start, 7 later.
  store<u64>(d, acc);
  d += bits >> 3;
  acc >>= bits & 56;
  bits &= 7;
  while (s > p) {
    s -= 4;
    const four = load<u32>(s);
    const e0 = load<u32>(table + ((four >> 22) & 1020));
    const e1 = load<u32>(table + ((four >> 14) & 1020));
    const e2 = load<u32>(table + ((four >> 6) & 1020));
    const e3 = load<u32>(table + ((four & 255) << 2));
    const n0 = e0 >> 16;
    const n2 = e2 >> 16;
    const low = (e0 & 0xffff) | ((e1 & 0xffff) << n0);
    const high = (e2 & 0xffff) | ((e3 & 0xffff) << n2);
    const nLow = n0 + (e1 >> 16);
    const value = <u64>low | (<u64>high << nLow);
    acc |= value << bits;
    bits += nLow + n2 + (e3 >> 16);
    store<u64>(d, acc);
    d += bits >> 3;
    acc >>= bits & 56;
    bits &= 7;
  }
  acc |= <u64>1 << bits;
  store<u64>(d, acc);
  return d + ((bits + 8) >> 3);
}
