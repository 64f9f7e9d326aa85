// Huffman-coded literals (RFC 8878 section 4.2.2): one stream, or four that are decoded side by side.
//
// A stream is read backwards. `bits` holds its next bits from the top down, and below them a sentinel 1: the number of zeros under the
// sentinel says how many bits have been used, so that a refill needs no counter. The lowest bit of a loaded word gives way to the
// sentinel; it is never used, since at most 7 + 56 = 63 bits are taken between refills: 5 codes of 11 bits, or 7 of 8. Words are loaded from
// as far as 14 bytes before the stream; whether a stream was read past its start is found at its end, from the exact count of bits.
//
// Short literals have short codes: a table for codes of at most 8 bits is indexed with 8 bits and built in a fraction of the time. Others are indexed
// with 11. The rare one of a dictionary that is indexed with 12 goes the slow way, symbol by symbol.

import { HUFFMAN_MAX_BITS } from "./constants";

/** Index of a table for codes that are not longer. */
export const HUFFMAN_NARROW_BITS: u32 = 8;

// How a table is indexed, told apart by their sizes: with 8 bits or with 11.
type Narrow = u8;
type Usual = u16;

// Codes that are taken between refills.
@inline
function codesARound<Width>(): u32 {
  return sizeof<Width>() == sizeof<Narrow>() ? 7 : 5;
}

// How many bits are done with at the start of a stream whose last 8 bytes are at `p`: those above the end mark and the mark, 1 to 8.
@inline
function firstUsed(p: u32): u32 {
  return clz<u32>(<u32>load<u8>(p, 7)) - 23;
}

// The address of the entry of the next code. Its two fields are loaded, not shifted apart: shifts are what the loops below have most of.
@inline
function entryOf<Width>(table: u32, bits: u64): u32 {
  return table + (<u32>(bits >> (sizeof<Width>() == sizeof<Narrow>() ? 56 : 53)) << 1);
}

@inline
function refill(p: u32, used: u32): u64 {
  return (load<u64>(p) | 1) << <u64>(used & 7);
}

// How many bits of a word are done with when the code at entry `e` is too. The last code before a refill is not shifted out: that and the zeros under the
// sentinel need not be waited for.
@inline
function usedBy(bits: u64, e: u32): u32 {
  return <u32>ctz<u64>(bits) + <u32>load<u8>(e);
}

// The last symbols of a stream, each checked; true when the stream holds exactly them.
function finishStream(table: u32, index: u32, to: u32, end: u32, stream: u32, p: u32, bits: u64): bool {
  let left: i32 = (<i32>(p - stream) << 3) + 64 - <i32>ctz<u64>(bits);
  while (to < end) {
    if (left < 0) return false;
    const word = load<u64>(stream + (left >> 3) - 7) << <u64>(8 - (left & 7));
    const entry = <u32>load<u16>(table + (<u32>(word >> <u64>(64 - index)) << 1));
    store<u8>(to, <u8>(entry >> 8));
    to++;
    left -= entry & 255;
  }
  return left == 0;
}

/** Decodes one stream of `size` bytes into exactly `count` literals. False when it does not hold them. */
export function decodeOneStream(table: u32, index: u32, to: u32, count: u32, stream: u32, size: u32): bool {
  if (size == 0 || load<u8>(stream + size - 1) == 0) return false;
  return index == HUFFMAN_NARROW_BITS ? oneStream<Narrow>(table, index, to, count, stream, size) : oneStream<Usual>(table, index, to, count, stream, size);
}

function oneStream<Width>(table: u32, index: u32, to: u32, count: u32, stream: u32, size: u32): bool {
  const end = to + count;
  let p = stream + size - 8;
  let used = firstUsed(p);
  p -= used >> 3;
  let bits = refill(p, used);
  const indexed = sizeof<Width>() == sizeof<Narrow>() || index == HUFFMAN_MAX_BITS;
  while (to + codesARound<Width>() <= end && <i32>(p - stream) > -8 && indexed) {
    let e = entryOf<Width>(table, bits); bits <<= load<u8>(e); store<u8>(to, load<u8>(e, 1));
    e = entryOf<Width>(table, bits); bits <<= load<u8>(e); store<u8>(to, load<u8>(e, 1), 1);
    e = entryOf<Width>(table, bits); bits <<= load<u8>(e); store<u8>(to, load<u8>(e, 1), 2);
    e = entryOf<Width>(table, bits); bits <<= load<u8>(e); store<u8>(to, load<u8>(e, 1), 3);
    e = entryOf<Width>(table, bits);
    if (sizeof<Width>() == sizeof<Narrow>()) {
      bits <<= load<u8>(e); store<u8>(to, load<u8>(e, 1), 4);
      e = entryOf<Width>(table, bits); bits <<= load<u8>(e); store<u8>(to, load<u8>(e, 1), 5);
      e = entryOf<Width>(table, bits);
    }
    store<u8>(to, load<u8>(e, 1), sizeof<Width>() == sizeof<Narrow>() ? 6 : 4);
    used = usedBy(bits, e); p -= used >> 3; bits = refill(p, used);
    to += codesARound<Width>();
  }
  return finishStream(table, index, to, end, stream, p, bits);
}

/**
 * Decodes four streams behind a jump table (section 3.1.1.3.1.6), `size` bytes in all, into exactly `count` literals. False when they do
 * not hold them.
 */
export function decodeFourStreams(table: u32, index: u32, to: u32, count: u32, source: u32, size: u32): bool {
  if (size < 10 || count < 6) return false;
  return index == HUFFMAN_NARROW_BITS ? fourStreams<Narrow>(table, index, to, count, source, size) : fourStreams<Usual>(table, index, to, count, source, size);
}

function fourStreams<Width>(table: u32, index: u32, to: u32, count: u32, source: u32, size: u32): bool {
  const length0 = <u32>load<u16>(source);
  const length1 = <u32>load<u16>(source, 2);
  const length2 = <u32>load<u16>(source, 4);
  if (length0 + length1 + length2 + 6 >= size || length0 == 0 || length1 == 0 || length2 == 0) return false;
  const stream0 = source + 6;
  const stream1 = stream0 + length0;
  const stream2 = stream1 + length1;
  const stream3 = stream2 + length2;
  const segment = (count + 3) >> 2;
  const segment2 = segment + segment;
  const segment3 = segment2 + segment;
  if (segment3 > count) return false;
  const end = to + count;
  let p0 = stream1 - 8;
  let p1 = stream2 - 8;
  let p2 = stream3 - 8;
  let p3 = source + size - 8;
  if (load<u8>(p0, 7) == 0 || load<u8>(p1, 7) == 0 || load<u8>(p2, 7) == 0 || load<u8>(p3, 7) == 0) return false;
  const used0 = firstUsed(p0);
  const used1 = firstUsed(p1);
  const used2 = firstUsed(p2);
  const used3 = firstUsed(p3);
  p0 -= used0 >> 3;
  p1 -= used1 >> 3;
  p2 -= used2 >> 3;
  p3 -= used3 >> 3;
  let b0 = refill(p0, used0);
  let b1 = refill(p1, used1);
  let b2 = refill(p2, used2);
  let b3 = refill(p3, used3);
  let o0 = to;
  // Rounds that fit the last, shortest segment.
  let rounds = sizeof<Width>() == sizeof<Narrow>() || index == HUFFMAN_MAX_BITS ? <i32>((end - to - segment3) / codesARound<Width>()) : 0;
  while (rounds > 0) {
    const nearest = min(min(<i32>(p0 - stream0), <i32>(p1 - stream1)), min(<i32>(p2 - stream2), <i32>(p3 - stream3)));
    if (nearest <= -8) break;
    // A round takes at most 7 bytes of a stream: so many rounds start before any stream is used up.
    let batch = <i32>(<u32>(nearest + 14) / 7);
    if (rounds < batch) batch = rounds;
    rounds -= batch;
    const batchEnd = o0 + batch * codesARound<Width>();
    // Stream by stream: the processor overlaps them, and only one word at a time needs a register.
    do {
      const o1 = o0 + segment;
      const o2 = o0 + segment2;
      const o3 = o0 + segment3;
      let used: u32;
      let e = entryOf<Width>(table, b0); b0 <<= load<u8>(e); store<u8>(o0, load<u8>(e, 1));
      e = entryOf<Width>(table, b0); b0 <<= load<u8>(e); store<u8>(o0, load<u8>(e, 1), 1);
      e = entryOf<Width>(table, b0); b0 <<= load<u8>(e); store<u8>(o0, load<u8>(e, 1), 2);
      e = entryOf<Width>(table, b0); b0 <<= load<u8>(e); store<u8>(o0, load<u8>(e, 1), 3);
      e = entryOf<Width>(table, b0);
      if (sizeof<Width>() == sizeof<Narrow>()) {
        b0 <<= load<u8>(e); store<u8>(o0, load<u8>(e, 1), 4);
        e = entryOf<Width>(table, b0); b0 <<= load<u8>(e); store<u8>(o0, load<u8>(e, 1), 5);
        e = entryOf<Width>(table, b0);
      }
      store<u8>(o0, load<u8>(e, 1), sizeof<Width>() == sizeof<Narrow>() ? 6 : 4);
      used = usedBy(b0, e); p0 -= used >> 3; b0 = refill(p0, used);
      e = entryOf<Width>(table, b1); b1 <<= load<u8>(e); store<u8>(o1, load<u8>(e, 1));
      e = entryOf<Width>(table, b1); b1 <<= load<u8>(e); store<u8>(o1, load<u8>(e, 1), 1);
      e = entryOf<Width>(table, b1); b1 <<= load<u8>(e); store<u8>(o1, load<u8>(e, 1), 2);
      e = entryOf<Width>(table, b1); b1 <<= load<u8>(e); store<u8>(o1, load<u8>(e, 1), 3);
      e = entryOf<Width>(table, b1);
      if (sizeof<Width>() == sizeof<Narrow>()) {
        b1 <<= load<u8>(e); store<u8>(o1, load<u8>(e, 1), 4);
        e = entryOf<Width>(table, b1); b1 <<= load<u8>(e); store<u8>(o1, load<u8>(e, 1), 5);
        e = entryOf<Width>(table, b1);
      }
      store<u8>(o1, load<u8>(e, 1), sizeof<Width>() == sizeof<Narrow>() ? 6 : 4);
      used = usedBy(b1, e); p1 -= used >> 3; b1 = refill(p1, used);
      e = entryOf<Width>(table, b2); b2 <<= load<u8>(e); store<u8>(o2, load<u8>(e, 1));
      e = entryOf<Width>(table, b2); b2 <<= load<u8>(e); store<u8>(o2, load<u8>(e, 1), 1);
      e = entryOf<Width>(table, b2); b2 <<= load<u8>(e); store<u8>(o2, load<u8>(e, 1), 2);
      e = entryOf<Width>(table, b2); b2 <<= load<u8>(e); store<u8>(o2, load<u8>(e, 1), 3);
      e = entryOf<Width>(table, b2);
      if (sizeof<Width>() == sizeof<Narrow>()) {
        b2 <<= load<u8>(e); store<u8>(o2, load<u8>(e, 1), 4);
        e = entryOf<Width>(table, b2); b2 <<= load<u8>(e); store<u8>(o2, load<u8>(e, 1), 5);
        e = entryOf<Width>(table, b2);
      }
      store<u8>(o2, load<u8>(e, 1), sizeof<Width>() == sizeof<Narrow>() ? 6 : 4);
      used = usedBy(b2, e); p2 -= used >> 3; b2 = refill(p2, used);
      e = entryOf<Width>(table, b3); b3 <<= load<u8>(e); store<u8>(o3, load<u8>(e, 1));
      e = entryOf<Width>(table, b3); b3 <<= load<u8>(e); store<u8>(o3, load<u8>(e, 1), 1);
      e = entryOf<Width>(table, b3); b3 <<= load<u8>(e); store<u8>(o3, load<u8>(e, 1), 2);
      e = entryOf<Width>(table, b3); b3 <<= load<u8>(e); store<u8>(o3, load<u8>(e, 1), 3);
      e = entryOf<Width>(table, b3);
      if (sizeof<Width>() == sizeof<Narrow>()) {
        b3 <<= load<u8>(e); store<u8>(o3, load<u8>(e, 1), 4);
        e = entryOf<Width>(table, b3); b3 <<= load<u8>(e); store<u8>(o3, load<u8>(e, 1), 5);
        e = entryOf<Width>(table, b3);
      }
      store<u8>(o3, load<u8>(e, 1), sizeof<Width>() == sizeof<Narrow>() ? 6 : 4);
      used = usedBy(b3, e); p3 -= used >> 3; b3 = refill(p3, used);
      o0 += codesARound<Width>();
    } while (o0 < batchEnd);
  }
  return finishStream(table, index, o0, to + segment, stream0, p0, b0)
    && finishStream(table, index, o0 + segment, to + segment2, stream1, p1, b1)
    && finishStream(table, index, o0 + segment2, to + segment3, stream2, p2, b2)
    && finishStream(table, index, o0 + segment3, end, stream3, p3, b3);
}
