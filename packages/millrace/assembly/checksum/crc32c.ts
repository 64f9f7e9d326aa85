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

// Long inputs are first divided by a sparse multiple of the polynomial, whose remainder has the same CRC.
//
// x^209 + x^144 + x^54 + x^39 + x^14 + 1 is a multiple of the polynomial P: of those with six terms the one of lowest degree, found by search.
// Over GF(2), P(x^128) is P(x)^128, so what holds for x holds for x^128: the same sum with whole 16-byte vectors for bits is a multiple too.
// Dividing by it takes five XORs of vectors a vector, and no table. Quotient vector i is v[i] ^ q[i - 65] ^ q[i - 155] ^ q[i - 170] ^
// q[i - 195] ^ q[i - 209]; of the last 209 vectors, those sums over the quotients there are make the remainder.
const DEGREE: u32 = 209 << 4;
const PIECE: u32 = 512 << 4; // vectors divided between two moves of the last quotients to the front

/** Bytes of scratch that {@link crc32cLong} needs: the last quotients, and a piece or the remainder. */
export function crc32cScratch(): u32 {
  return DEGREE + PIECE;
}

// One vector at `s`, with what the quotients before `q` add to it.
@inline
function divided(s: u32, q: u32): v128 {
  return v128.xor(
    v128.xor(v128.xor(v128.load(s), v128.load(q - (65 << 4))), v128.xor(v128.load(q - (155 << 4)), v128.load(q - (170 << 4)))),
    v128.xor(v128.load(q - (195 << 4)), v128.load(q - DEGREE)));
}

// The quotient that the remainder at vector `j` still gets from `offset` vectors before it; 0 where that is a vector of the remainder itself.
@inline
function late(quotientsEnd: u32, j: u32, offset: u32): v128 {
  return j < offset ? v128.load(quotientsEnd + j - offset) : i64x2.splat(0);
}

/** The same as {@link crc32c}, for at least 4,096 bytes: faster the longer they are. `scratch` is memory of this call's own. */
export function crc32cLong(s: u32, length: u32, seed: u32, tables: u32, scratch: u32): u32 {
  const vectors = length & ~15;
  const quotients = vectors - DEGREE;
  const first = scratch + DEGREE;
  memory.fill(scratch, 0, DEGREE);
  // The register's start is part of the first four bytes; from there on it is 0.
  let start = i32x4.replace_lane(i64x2.splat(0), 0, <i32>~seed);
  let done: u32 = 0;
  while (done < quotients) {
    const n = min(PIECE, quotients - done);
    let q = first;
    const qEnd = first + n;
    let v = s + done;
    v128.store(q, v128.xor(divided(v, q), start));
    start = i64x2.splat(0);
    q += 16;
    v += 16;
    // 65 vectors back at least: none of four depends on another.
    for (; q + 64 <= qEnd; q += 64, v += 64) {
      v128.store(q, divided(v, q));
      v128.store(q, divided(v + 16, q + 16), 16);
      v128.store(q, divided(v + 32, q + 32), 32);
      v128.store(q, divided(v + 48, q + 48), 48);
    }
    for (; q < qEnd; q += 16, v += 16) v128.store(q, divided(v, q));
    memory.copy(scratch, scratch + n, DEGREE);
    done += n;
  }
  // The remainder, behind the last quotients.
  const r = s + quotients;
  for (let j: u32 = 0; j < DEGREE; j += 16) {
    let vector = v128.xor(v128.load(r + j), late(first, j, 65 << 4));
    vector = v128.xor(vector, v128.xor(late(first, j, 155 << 4), late(first, j, 170 << 4)));
    vector = v128.xor(vector, v128.xor(late(first, j, 195 << 4), late(first, j, DEGREE)));
    v128.store(first + j, vector);
  }
  const crc = update(0, first, DEGREE, tables);
  return ~update(crc, s + vectors, length - vectors, tables);
}
