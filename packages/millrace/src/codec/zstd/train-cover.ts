// Which parts of samples a dictionary should hold: those whose 8-byte pieces occur in most samples. After "Effective construction of relative Lempel-Ziv dictionaries"
// (Liao, Petri, Moffat, Wirth; 2016), as libzstd's FastCover has it: pieces are counted by hash, and are worth nothing once they are in.

const PIECE = 8;
const HASH_BITS = 20;
/** The samples are gone through this many times, so that no part of them fills the dictionary alone. */
const PASSES = 4;
/** So many stretches in a row without anything of worth, and the dictionary is done. */
const MOST_EMPTY = 12;

/** How often pieces occur in samples that lie one after the other. */
export class Pieces {
  readonly bytes: Uint8Array;
  /** Hash of the piece that starts at each byte; those that cross the end of a sample count as none. */
  readonly hashes: Int32Array;
  readonly counts: Int32Array;

  constructor(samples: readonly Uint8Array[]) {
    const total = samples.reduce((sum, sample) => sum + sample.length, 0);
    this.bytes = new Uint8Array(total);
    this.hashes = new Int32Array(total);
    this.counts = new Int32Array(2 ** HASH_BITS);
    // Once for each sample: what one sample repeats, its own frame finds without a dictionary.
    const seenIn = new Int32Array(2 ** HASH_BITS);
    let at = 0;
    for (const [index, sample] of samples.entries()) {
      this.bytes.set(sample, at);
      for (let i = 0; i < sample.length; i += 1) {
        const hash = i + PIECE <= sample.length ? hashOf(this.bytes, at + i) : 0;
        this.hashes[at + i] = hash;
        if (hash === 0 || seenIn[hash] === index + 1) continue;
        seenIn[hash] = index + 1;
        this.counts[hash]! += 1;
      }
      at += sample.length;
    }
    // What occurs in one sample only helps no other.
    for (let hash = 0; hash < this.counts.length; hash += 1) if (this.counts[hash] === 1) this.counts[hash] = 0;
  }
}

// 1 to 2^20 - 1; 0 stands for no piece.
function hashOf(u8: Uint8Array, at: number): number {
  const low = u8[at]! | (u8[at + 1]! << 8) | (u8[at + 2]! << 16) | (u8[at + 3]! << 24);
  const high = u8[at + 4]! | (u8[at + 5]! << 8) | (u8[at + 6]! << 16) | (u8[at + 7]! << 24);
  const mixed = Math.imul(low, 0x9e3779b1) ^ Math.imul(high ^ (low >>> 15), 0x85ebca6b);
  return (Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) >>> (32 - HASH_BITS)) || 1;
}

/**
 * Content of at most `size` bytes, made of segments of at most `segment`: the best of each stretch of the samples in turn. What is found first is worth most, and stands at
 * the end, where offsets are short.
 */
export function selectContent(pieces: Pieces, size: number, segment: number): Uint8Array {
  const { bytes, hashes } = pieces;
  const counts = pieces.counts.slice();
  const content = new Uint8Array(size);
  const stretches = Math.max(1, Math.min(Math.floor(size / segment / PASSES), Math.floor(bytes.length / (4 * segment))));
  const stretch = Math.ceil(bytes.length / stretches);
  const within = new Uint16Array(counts.length);
  let tail = size;
  let empty = 0;
  for (let turn = 0; tail > 0 && empty < Math.max(MOST_EMPTY, stretches); turn = (turn + 1) % stretches) {
    const from = turn * stretch;
    const to = Math.min(bytes.length, from + stretch);
    const best = bestSegment(hashes, counts, within, from, to, Math.min(segment, tail));
    if (best.score === 0) {
      empty += 1;
      continue;
    }
    empty = 0;
    // No more than the pieces that are worth something, and the last of them whole.
    let { begin, end } = best;
    while (begin < end && counts[hashes[begin]!] === 0) begin += 1;
    while (end > begin && counts[hashes[end - 1]!] === 0) end -= 1;
    const length = Math.min(tail, end - begin + PIECE - 1);
    for (let i = begin; i < end; i += 1) counts[hashes[i]!] = 0;
    tail -= length;
    content.set(bytes.subarray(begin, begin + length), tail);
  }
  return content.subarray(tail);
}

// The places [begin, end) in [from, to) whose different pieces occur most often, in all.
function bestSegment(hashes: Int32Array, counts: Int32Array, within: Uint16Array, from: number, to: number, segment: number): { begin: number; end: number; score: number } {
  const places = Math.max(1, segment - PIECE + 1);
  let score = 0;
  const best = { begin: from, end: from, score: 0 };
  let begin = from;
  for (let end = from; end < to; end += 1) {
    const added = hashes[end]!;
    if (within[added] === 0) score += counts[added]!;
    within[added]! += 1;
    if (end + 1 - begin > places) {
      const removed = hashes[begin]!;
      within[removed]! -= 1;
      if (within[removed] === 0) score -= counts[removed]!;
      begin += 1;
    }
    if (score > best.score) {
      best.begin = begin;
      best.end = end + 1;
      best.score = score;
    }
  }
  for (; begin < to; begin += 1) within[hashes[begin]!] = 0;
  return best;
}
