// What every match finder is made of: hashes, comparison, and the store of sequences and literals.
import { C_LITERALS, C_LITERAL_COUNT, C_LITERAL_START, C_SEQUENCES, C_SEQUENCE_COUNT, SEQUENCE, S_MATCH, S_OFFSET } from "./encode-layout";

@inline
export function hash4(p: u32, shift: u32): u32 {
  return (load<u32>(p) * 2654435761) >>> shift;
}

@inline
export function hash5(p: u32, shift: u64): u32 {
  return <u32>(((load<u64>(p) << 24) * 889523592379) >>> shift);
}

@inline
export function hash6(p: u32, shift: u64): u32 {
  return <u32>(((load<u64>(p) << 16) * 227718039650203) >>> shift);
}

@inline
export function hash7(p: u32, shift: u64): u32 {
  return <u32>(((load<u64>(p) << 8) * 58295818150454627) >>> shift);
}

@inline
export function hash8(p: u32, shift: u64): u32 {
  return <u32>((load<u64>(p) * 0xcf1bbcdcb7a56463) >>> shift);
}

/**
 * How many bytes at `a` equal those at `b`, an earlier address, at most up to `end`. Most matches end within the first 64 bytes, which are compared without a branch; reads at
 * most 80 bytes past `end`.
 */
@inline
export function matchLength(a: u32, b: u32, end: u32): u32 {
  const first = i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b)));
  const second = i8x16.bitmask(i8x16.eq(v128.load(a, 16), v128.load(b, 16)));
  const third = i8x16.bitmask(i8x16.eq(v128.load(a, 32), v128.load(b, 32)));
  const fourth = i8x16.bitmask(i8x16.eq(v128.load(a, 48), v128.load(b, 48)));
  const different = ~(<u64><u32>(first | (second << 16)) | (<u64><u32>(third | (fourth << 16)) << 32));
  const length = different != 0 ? <u32>ctz<u64>(different) : 64 + longMatchLength(a + 64, b + 64, end);
  return min<u32>(length, end - a);
}

function longMatchLength(a: u32, b: u32, end: u32): u32 {
  const start = a;
  while (a < end) {
    const same = i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b)));
    if (same != 0xffff) return a + ctz<u32>(~same) - start;
    a += 16;
    b += 16;
  }
  return a - start;
}

/** How many bytes before `a` equal those before `b`; goes back no further than `aStart` and `bStart`. */
@inline
export function backwardLength(a: u32, aStart: u32, b: u32, bStart: u32): u32 {
  const most = min<u32>(a - aStart, b - bStart);
  let length: u32 = 0;
  while (length < most) {
    if (load<u8>(a - length - 1) != load<u8>(b - length - 1)) break;
    length++;
  }
  return length;
}

/** Appends `length` literals at `s` to those at `d`; may write 31 bytes too many. Gives the end of the literals. */
@inline
export function copyLiterals(d: u32, s: u32, length: u32): u32 {
  v128.store(d, v128.load(s));
  if (length > 16) copyMore(d + 16, s + 16, d + length);
  return d + length;
}

function copyMore(d: u32, s: u32, end: u32): void {
  if (end - d > 256) {
    memory.copy(d, s, end - d);
    return;
  }
  while (d < end) {
    v128.store(d, v128.load(s));
    d += 16;
    s += 16;
  }
}

/** Puts a sequence at `at`. `offset` is 1 to 3 for a repeat, otherwise the distance + 3; `length` is that of the match. */
@inline
export function putSequence(at: u32, literals: u32, offset: u32, length: u32): void {
  store<u32>(at, literals);
  store<u32>(at, length - 3, S_MATCH);
  store<u32>(at, offset, S_OFFSET);
}

/** Ends a block: the literals after the last match, and how much there is of each. Where nothing matched, the source itself holds the literals. */
export function finishBlock(ctx: u32, start: u32, end: u32, anchor: u32, sequence: u32, literal: u32): void {
  const sequences = (sequence - load<u32>(ctx, C_SEQUENCES)) / SEQUENCE;
  const literals = load<u32>(ctx, C_LITERALS);
  store<u32>(ctx, sequences, C_SEQUENCE_COUNT);
  if (sequences == 0) {
    store<u32>(ctx, start, C_LITERAL_START);
    store<u32>(ctx, end - start, C_LITERAL_COUNT);
    return;
  }
  literal = copyLiterals(literal, anchor, end - anchor);
  store<u32>(ctx, literals, C_LITERAL_START);
  store<u32>(ctx, literal - literals, C_LITERAL_COUNT);
}
