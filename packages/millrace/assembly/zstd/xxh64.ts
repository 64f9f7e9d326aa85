// XXH64, the content checksum of a Zstandard frame (RFC 8878 section 3.1.1, Content_Checksum; xxHash specification 0.1.1).
//
// The state of a hash in progress, at an address the caller gives:
//
//     0         32             40                  44 ..48   48           80
//     | 4 lanes | total length | bytes in the tail | unused  | tail bytes |
//
// The tail holds what does not fill a stripe of 32 bytes yet: always total length mod 32 bytes.

export const XXH64_STATE: u32 = 80;
const TOTAL: usize = 32;
const PENDING: usize = 40;
const TAIL: u32 = 48;

const P1: u64 = 0x9e3779b185ebca87;
const P2: u64 = 0xc2b2ae3d27d4eb4f;
const P3: u64 = 0x165667b19e3779f9;
const P4: u64 = 0x85ebca77c2b2ae63;
const P5: u64 = 0x27d4eb2f165667c5;

@inline
function round(lane: u64, input: u64): u64 {
  return rotl<u64>(lane + input * P2, 31) * P1;
}

@inline
function mergeLane(hash: u64, lane: u64): u64 {
  return (hash ^ round(0, lane)) * P1 + P4;
}

// The last steps: lanes to one word, then fewer than 32 bytes at `p`, then the avalanche.
function finish(hash: u64, p: u32, end: u32): u64 {
  for (; p + 8 <= end; p += 8) hash = rotl<u64>(hash ^ round(0, load<u64>(p)), 27) * P1 + P4;
  if (p + 4 <= end) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(p) * P1), 23) * P2 + P3;
    p += 4;
  }
  for (; p < end; p++) hash = rotl<u64>(hash ^ (<u64>load<u8>(p) * P5), 11) * P1;
  hash = (hash ^ (hash >>> 33)) * P2;
  hash = (hash ^ (hash >>> 29)) * P3;
  return hash ^ (hash >>> 32);
}

@inline
function mergeLanes(a: u64, b: u64, c: u64, d: u64): u64 {
  const hash = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18);
  return mergeLane(mergeLane(mergeLane(mergeLane(hash, a), b), c), d);
}

/** The hash, with seed 0, of `length` bytes at `p`. */
export function xxh64(p: u32, length: u32): u64 {
  const end = p + length;
  let hash = P5;
  if (length >= 32) {
    let a = P1 + P2;
    let b = P2;
    let c: u64 = 0;
    let d: u64 = 0 - P1;
    const stripes = p + (length & ~31);
    do {
      a = round(a, load<u64>(p));
      b = round(b, load<u64>(p, 8));
      c = round(c, load<u64>(p, 16));
      d = round(d, load<u64>(p, 24));
      p += 32;
    } while (p < stripes);
    hash = mergeLanes(a, b, c, d);
  }
  return finish(hash + <u64>length, p, end);
}

/** Starts a hash with seed 0 in the XXH64_STATE bytes at `state`. */
export function xxh64Reset(state: u32): void {
  store<u64>(state, P1 + P2);
  store<u64>(state, P2, 8);
  store<u64>(state, 0, 16);
  store<u64>(state, 0 - P1, 24);
  store<u64>(state, 0, TOTAL);
  store<u32>(state, 0, PENDING);
}

/** Adds `length` bytes at `p`. */
export function xxh64Update(state: u32, p: u32, length: u32): void {
  store<u64>(state, load<u64>(state, TOTAL) + <u64>length, TOTAL);
  const end = p + length;
  const pending = load<u32>(state, PENDING);
  if (pending + length < 32) {
    memory.copy(state + TAIL + pending, p, length);
    store<u32>(state, pending + length, PENDING);
    return;
  }
  let a = load<u64>(state);
  let b = load<u64>(state, 8);
  let c = load<u64>(state, 16);
  let d = load<u64>(state, 24);
  if (pending > 0) {
    memory.copy(state + TAIL + pending, p, 32 - pending);
    p += 32 - pending;
    a = round(a, load<u64>(state, TAIL));
    b = round(b, load<u64>(state, TAIL + 8));
    c = round(c, load<u64>(state, TAIL + 16));
    d = round(d, load<u64>(state, TAIL + 24));
  }
  while (p + 32 <= end) {
    a = round(a, load<u64>(p));
    b = round(b, load<u64>(p, 8));
    c = round(c, load<u64>(p, 16));
    d = round(d, load<u64>(p, 24));
    p += 32;
  }
  store<u64>(state, a);
  store<u64>(state, b, 8);
  store<u64>(state, c, 16);
  store<u64>(state, d, 24);
  memory.copy(state + TAIL, p, end - p);
  store<u32>(state, end - p, PENDING);
}

/** The hash of everything added; more may be added afterwards. */
export function xxh64Digest(state: u32): u64 {
  const total = load<u64>(state, TOTAL);
  const hash = total < 32 ? P5 : mergeLanes(load<u64>(state), load<u64>(state, 8), load<u64>(state, 16), load<u64>(state, 24));
  return finish(hash + total, state + TAIL, state + TAIL + load<u32>(state, PENDING));
}
