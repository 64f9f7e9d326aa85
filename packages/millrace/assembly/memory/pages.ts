// Pages for all threads: what src/memory/buddy.ts does under the lock, in one call. The state is in the first page, laid out as
// in src/memory/state.ts and src/memory/free-pages.ts; these are its addresses.
const LOCK: usize = 8196;
const WAITERS: usize = 8200;
const OWNED: usize = 8208;
const OWNED_HIGH: usize = 8212;
const BITS: usize = 12544; // a bit for each page, set when it is free
const EXACT: usize = BITS + 4096; // for each order 0 to 5 a bit for each word of BITS: its largest free block is of that order
const GROUPS: usize = 128; // bytes of one order's part of EXACT
const SUMMARY: usize = EXACT + 6 * GROUPS; // for each order a bit for each word of its part of EXACT that is not zero
const OWNERS: usize = 24576;
const BUSY: i32 = -1;

// Whether the lock could be had at once. A turn of 0 says that the caller holds it.
// @ts-ignore: decorator
@inline
function enter(turn: i32): bool {
  return turn == 0 || atomic.cmpxchg<i32>(LOCK, 0, turn) == 0;
}

// @ts-ignore: decorator
@inline
function leave(turn: i32): void {
  if (turn == 0) return;
  // Not simply 0: the lock may have been taken from a holder that was stopped for long.
  atomic.cmpxchg<i32>(LOCK, turn, 0);
  if (atomic.load<i32>(WAITERS) != 0) atomic.notify(LOCK, 1);
}

/** Takes `pages` pages from the front of a block of the next power of two, for `owner`. Gives the first, 0 when there is no such block, -1 when the lock is busy. */
export function pagesTake(pages: i32, owner: i32, turn: i32): i32 {
  if (!enter(turn)) return BUSY;
  const page = pages <= 32 ? takeBlock(pages) : pages <= 1024 ? takeWords(pages) : 0;
  if (page != 0) {
    setOwner(page, page + pages, owner);
    count(pages);
  }
  leave(turn);
  return page;
}

/** Takes `[from, from + pages)`, all of which is free, for `owner`. The caller holds the lock. */
export function pagesClaim(from: i32, pages: i32, owner: i32): void {
  change(from, from + pages, false);
  setOwner(from, from + pages, owner);
  count(pages);
}

/** Frees `[from, to)` when all of it is `owner`'s. Gives 1, 0 when it is not and nothing was done, -1 when the lock is busy. */
export function pagesGive(from: i32, to: i32, owner: i32, turn: i32): i32 {
  if (!enter(turn)) return BUSY;
  if (!hasOwner(from, to, owner)) {
    leave(turn);
    return 0;
  }
  setOwner(from, to, 0);
  change(from, to, true);
  count(from - to);
  leave(turn);
  return 1;
}

/** Enters `[from, to)`, which has no owner, as free. The caller holds the lock. */
export function pagesFree(from: i32, to: i32): void {
  change(from, to, true);
}

// The block whose word's largest fits best: first the words with none larger than needed.
function takeBlock(pages: i32): i32 {
  const order = 32 - clz(pages - 1);
  for (let k = order; k <= 5; k += 1) {
    const groups = load<i32>(SUMMARY + (<usize>k << 2));
    if (groups == 0) continue;
    const group = ctz(groups);
    const word = (group << 5) + ctz(load<i32>(EXACT + <usize>k * GROUPS + (<usize>group << 2)));
    const bits = load<i32>(BITS + (<usize>word << 2));
    // Starts of free blocks of the order, without those that are half of a larger one where there are others.
    const starts = blocks(bits, order);
    const halves = order == 5 ? 0 : blocks(bits, order + 1);
    const alone = starts & ~(halves | (halves << (1 << order)));
    const at = ctz(alone == 0 ? starts : alone);
    put(word, bits & ~mask(at, pages), k);
    return (word << 5) + at;
  }
  return 0;
}

// 2, 4, 8, 16 or 32 words in a row that are free as a whole, at a multiple of that.
function takeWords(pages: i32): i32 {
  const order = 32 - clz(pages - 1) - 5;
  for (let group = 0; group < 32; group += 1) {
    const starts = blocks(load<i32>(EXACT + 5 * GROUPS + (<usize>group << 2)), order);
    if (starts == 0) continue;
    const page = ((group << 5) + ctz(starts)) << 5;
    change(page, page + pages, false);
    return page;
  }
  return 0;
}

function change(from: i32, to: i32, free: bool): void {
  while (from < to) {
    const word = from >> 5;
    const bits = load<i32>(BITS + (<usize>word << 2));
    const end = min(to, (word + 1) << 5);
    const changed = mask(from & 31, end - from);
    put(word, free ? bits | changed : bits & ~changed, largest(bits));
    from = end;
  }
}

// Changes a word of 32 pages, whose largest free block is of order `before`.
function put(word: i32, bits: i32, before: i32): void {
  store<i32>(BITS + (<usize>word << 2), bits);
  const now = largest(bits);
  if (now == before) return;
  const group = word >> 5;
  const bit = 1 << (word & 31);
  if (before >= 0) {
    const at = EXACT + <usize>before * GROUPS + (<usize>group << 2);
    const left = load<i32>(at) & ~bit;
    store<i32>(at, left);
    if (left == 0) store<i32>(SUMMARY + (<usize>before << 2), load<i32>(SUMMARY + (<usize>before << 2)) & ~(1 << group));
  }
  if (now >= 0) {
    const at = EXACT + <usize>now * GROUPS + (<usize>group << 2);
    store<i32>(at, load<i32>(at) | bit);
    store<i32>(SUMMARY + (<usize>now << 2), load<i32>(SUMMARY + (<usize>now << 2)) | (1 << group));
  }
}

// Not memory.fill: for a few bytes the call out of the engine would cost more than everything else here.
function setOwner(from: i32, to: i32, owner: i32): void {
  let at = OWNERS + <usize>from;
  const end = OWNERS + <usize>to;
  const eight = <u64>owner * 0x0101010101010101;
  for (; at + 8 <= end; at += 8) store<u64>(at, eight);
  for (; at < end; at += 1) store<u8>(at, owner);
}

function hasOwner(from: i32, to: i32, owner: i32): bool {
  let at = OWNERS + <usize>from;
  const end = OWNERS + <usize>to;
  const eight = <u64>owner * 0x0101010101010101;
  for (; at + 8 <= end; at += 8) if (load<u64>(at) != eight) return false;
  for (; at < end; at += 1) if (load<u8>(at) != <u8>owner) return false;
  return true;
}

// @ts-ignore: decorator
@inline
function count(pages: i32): void {
  const owned = load<i32>(OWNED) + pages;
  store<i32>(OWNED, owned);
  if (owned > load<i32>(OWNED_HIGH)) store<i32>(OWNED_HIGH, owned);
}

// @ts-ignore: decorator
@inline
function mask(at: i32, count: i32): i32 {
  return count == 32 ? -1 : ((1 << count) - 1) << at;
}

// The starts of aligned runs of 2^order ones.
function blocks(bits: i32, order: i32): i32 {
  let b = bits;
  if (order > 0) b &= (b >>> 1) & 0x55555555;
  if (order > 1) b &= (b >>> 2) & 0x11111111;
  if (order > 2) b &= (b >>> 4) & 0x01010101;
  if (order > 3) b &= (b >>> 8) & 0x00010001;
  if (order > 4) b &= (b >>> 16) & 1;
  return b;
}

// The order of the largest aligned run of ones, -1 for no ones.
function largest(bits: i32): i32 {
  if (bits == 0) return -1;
  const b1 = bits & (bits >>> 1) & 0x55555555;
  if (b1 == 0) return 0;
  const b2 = b1 & (b1 >>> 2) & 0x11111111;
  if (b2 == 0) return 1;
  const b3 = b2 & (b2 >>> 4) & 0x01010101;
  if (b3 == 0) return 2;
  const b4 = b3 & (b3 >>> 8) & 0x00010001;
  if (b4 == 0) return 3;
  return (b4 & (b4 >>> 16) & 1) == 0 ? 4 : 5;
}
