// CRC-32C (Castagnoli), reflected polynomial 0x82f63b78: RFC 3720 appendix B.4; Snappy framing_format.txt section 3.
//
// WebAssembly has no CRC instruction, so 16 bytes are looked up at a time in 16 tables: table k holds the CRC of a byte that k
// zero bytes follow.
//
//     tables  +1024 * k  u32[256]   k = 0..15

const POLYNOMIAL: u32 = 0x82f63b78;

/** Fills the 16 KiB at `tables`. */
export function crc32cTables(tables: u32): void {
  for (let byte: u32 = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (POLYNOMIAL & (0 - (crc & 1)));
    store<u32>(tables + (byte << 2), crc);
  }
  for (let entry: u32 = 256; entry < 4096; entry += 1) {
    const before = load<u32>(tables + ((entry - 256) << 2));
    store<u32>(tables + (entry << 2), (before >>> 8) ^ load<u32>(tables + ((before & 0xff) << 2)));
  }
}

// The CRC of the four bytes of `word`, the first of which `after` + 3 bytes follow.
@inline
function lookup(tables: u32, word: u32, after: u32): u32 {
  return load<u32>(tables + ((word & 0xff) << 2) + ((after + 3) << 10))
    ^ load<u32>(tables + ((word >>> 6) & 0x3fc) + ((after + 2) << 10))
    ^ load<u32>(tables + ((word >>> 14) & 0x3fc) + ((after + 1) << 10))
    ^ load<u32>(tables + ((word >>> 22) & 0x3fc) + (after << 10));
}

// The register after `length` more bytes at `s`.
function update(crc: u32, s: u32, length: u32, tables: u32): u32 {
  const sEnd = s + length;
  for (; s + 16 <= sEnd; s += 16) {
    crc = lookup(tables, crc ^ load<u32>(s), 12) ^ lookup(tables, load<u32>(s, 4), 8)
      ^ lookup(tables, load<u32>(s, 8), 4) ^ lookup(tables, load<u32>(s, 12), 0);
  }
  for (; s < sEnd; s += 1) crc = (crc >>> 8) ^ load<u32>(tables + (((crc ^ load<u8>(s)) & 0xff) << 2));
  return crc;
}

/** The CRC of `length` bytes at `s` that follow bytes whose CRC is `seed` (0 at the start). */
export function crc32c(s: u32, length: u32, seed: u32, tables: u32): u32 {
  return ~update(~seed, s, length, tables);
}

// Long inputs are first divided by sparse multiples of the polynomial, whose remainders have the same CRC.
//
// x^209 + x^144 + x^54 + x^39 + x^14 + 1 and x^79 + x^75 + x^71 + x^58 + x^18 + x^12 + x + 1 are multiples of the polynomial P: of those with six and with
// eight terms the ones of lowest degree, found by search. Over GF(2), P(x^128) is P(x)^128, so what holds for x holds for x^128: the same sums with
// whole 16-byte vectors for bits are multiples too. Dividing by them takes five or seven XORs of vectors a vector, and no table. By the first one, quotient vector i is
// v[i] ^ q[i - 65] ^ q[i - 155] ^ q[i - 170] ^ q[i - 195] ^ q[i - 209]; of the last 209 vectors, those sums over the quotients there are make the remainder.
const FEW: u32 = 209 << 4; // the degree of the one with fewer terms, in bytes
const SHORT: u32 = 79 << 4; // the degree of the shorter one
const SHORT_BELOW: u32 = 24 << 10; // up to here two remainders cost more than two XORs more a vector
const PIECE: u32 = 512 << 4; // vectors divided between two moves of the last quotients to the front

/** Bytes of scratch that {@link crc32cLong} needs: the last quotients, and a piece or the remainder. */
export function crc32cScratch(): u32 {
  return FEW + PIECE;
}

// One vector at `s`, with what the quotients before `q` add to it.
@inline
function divided(s: u32, q: u32, degree: u32): v128 {
  if (degree == FEW) {
    return v128.xor(
      v128.xor(v128.xor(v128.load(s), v128.load(q - (65 << 4))), v128.xor(v128.load(q - (155 << 4)), v128.load(q - (170 << 4)))),
      v128.xor(v128.load(q - (195 << 4)), v128.load(q - FEW)));
  }
  return v128.xor(
    v128.xor(v128.xor(v128.load(s), v128.load(q - (4 << 4))), v128.xor(v128.load(q - (8 << 4)), v128.load(q - (21 << 4)))),
    v128.xor(v128.xor(v128.load(q - (61 << 4)), v128.load(q - (67 << 4))), v128.xor(v128.load(q - (78 << 4)), v128.load(q - SHORT))));
}

// The quotient that the remainder at vector `j` still gets from `offset` vectors before it; 0 where that is a vector of the remainder itself.
@inline
function late(quotientsEnd: u32, j: u32, offset: u32): v128 {
  return j < offset << 4 ? v128.load(quotientsEnd + j - (offset << 4)) : i64x2.splat(0);
}

@inline
function lateOnes(quotientsEnd: u32, j: u32, degree: u32): v128 {
  if (degree == FEW) {
    return v128.xor(
      v128.xor(late(quotientsEnd, j, 65), v128.xor(late(quotientsEnd, j, 155), late(quotientsEnd, j, 170))),
      v128.xor(late(quotientsEnd, j, 195), v128.load(quotientsEnd + j - FEW)));
  }
  return v128.xor(
    v128.xor(v128.xor(late(quotientsEnd, j, 4), late(quotientsEnd, j, 8)), v128.xor(late(quotientsEnd, j, 21), late(quotientsEnd, j, 61))),
    v128.xor(v128.xor(late(quotientsEnd, j, 67), late(quotientsEnd, j, 78)), v128.load(quotientsEnd + j - SHORT)));
}

// Divides the `size` bytes at `s`, whole vectors and more than `degree`, after adding `start` to the first; the remainder is left at scratch + degree.
@inline
function divide(s: u32, size: u32, start: v128, scratch: u32, degree: u32): void {
  const quotients = size - degree;
  const first = scratch + degree;
  memory.fill(scratch, 0, degree);
  let done: u32 = 0;
  while (done < quotients) {
    const n = min(PIECE, quotients - done);
    let q = first;
    const qEnd = first + n;
    let v = s + done;
    v128.store(q, v128.xor(divided(v, q, degree), start));
    start = i64x2.splat(0);
    q += 16;
    v += 16;
    // At least 4 vectors back: none of four depends on another.
    for (; q + 64 <= qEnd; q += 64, v += 64) {
      v128.store(q, divided(v, q, degree));
      v128.store(q, divided(v + 16, q + 16, degree), 16);
      v128.store(q, divided(v + 32, q + 32, degree), 32);
      v128.store(q, divided(v + 48, q + 48, degree), 48);
    }
    for (; q < qEnd; q += 16, v += 16) v128.store(q, divided(v, q, degree));
    memory.copy(scratch, scratch + n, degree);
    done += n;
  }
  const r = s + quotients;
  for (let j: u32 = 0; j < degree; j += 16) v128.store(first + j, v128.xor(v128.load(r + j), lateOnes(first, j, degree)));
}

/** The same as {@link crc32c}, for at least 2,048 bytes: faster the longer they are. `scratch` is memory of this call's own. */
export function crc32cLong(s: u32, length: u32, seed: u32, tables: u32, scratch: u32): u32 {
  const size = length & ~15;
  // The register's start is part of the first four bytes; from there on it is 0.
  const start = i32x4.replace_lane(i64x2.splat(0), 0, <i32>~seed);
  if (length < SHORT_BELOW) divide(s, size, start, scratch, SHORT);
  else {
    divide(s, size, start, scratch, FEW);
    // The first remainder lies behind the second division's quotients: 79 + (209 - 79) vectors of them.
    divide(scratch + FEW, FEW, i64x2.splat(0), scratch, SHORT);
  }
  const crc = update(0, scratch + SHORT, SHORT, tables);
  return ~update(crc, s + size, length - size, tables);
}
