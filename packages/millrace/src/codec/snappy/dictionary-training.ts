// Chooses a dictionary's content from samples, after the fast cover algorithm of zstd (lib/dictBuilder/fastcover.c; Liao, Petri, Moffat,
// Wirth: Effective Construction of Relative Lempel-Ziv Dictionaries): the samples are cut into as many stretches as the dictionary has
// room for segments, and each gives the segment whose sequences occur in most samples and were not chosen before.

const SEQUENCE = 8;
const HASH_BITS = 18;
const SEGMENT = 128;

function hashAt(bytes: Uint8Array, at: number): number {
  const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  const high = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
  return Math.imul(Math.imul(low, 0x9e3779b1) ^ (Math.imul(high, 0x85ebca6b) >>> 5) ^ high, 0xc2b2ae35) >>> (32 - HASH_BITS);
}

interface Segment {
  readonly score: number;
  readonly at: number;
}

/** The content of a dictionary of about `size` bytes, the most valuable part last; at least 16 bytes, and fewer than `size` where no more is worth it. */
export function trainContent(samples: readonly Uint8Array[], size: number): Uint8Array {
  const all = Buffer.concat(samples);
  // In how many samples each sequence occurs: twice in one counts once.
  const counts = new Uint32Array(1 << HASH_BITS);
  const lastSeen = new Int32Array(1 << HASH_BITS).fill(-1);
  const hashes = new Int32Array(all.length).fill(-1);
  let start = 0;
  for (const [index, sample] of samples.entries()) {
    for (let at = start; at + SEQUENCE <= start + sample.length; at += 1) {
      const hash = hashAt(all, at);
      hashes[at] = hash;
      if (lastSeen[hash] !== index) counts[hash]! += 1;
      lastSeen[hash] = index;
    }
    start += sample.length;
  }
  // What occurs in one sample only helps no other.
  for (let i = 0; i < counts.length; i += 1) if (counts[i]! < 2) counts[i] = 0;

  const chosen: Segment[] = [];
  const segment = Math.min(SEGMENT, size);
  let room = size;
  while (room >= segment) {
    const epochs = Math.max(1, Math.floor(room / segment));
    const stretch = Math.max(segment, Math.floor(all.length / epochs));
    const before = chosen.length;
    for (let from = 0; from + segment <= all.length && room >= segment; from += stretch) {
      const best = bestSegment(hashes, counts, from, Math.min(all.length, from + stretch), segment);
      if (best.score === 0) continue;
      chosen.push(best);
      for (let at = best.at; at < best.at + segment; at += 1) if (hashes[at]! >= 0) counts[hashes[at]!] = 0;
      room -= segment;
    }
    if (chosen.length === before) break;
  }
  chosen.sort((a, b) => a.score - b.score);
  const content = Buffer.concat(chosen.map(({ at }) => all.subarray(at, at + segment)));
  // Samples that have nothing in common: any of their bytes will do.
  return content.length >= 16 ? content : all.subarray(Math.max(0, all.length - size));
}

// A window slides over [from, end): its score is the sum of the counts of the sequences in it, each counted once for each place.
function bestSegment(hashes: Int32Array, counts: Uint32Array, from: number, end: number, segment: number): Segment {
  let score = 0;
  let best: Segment = { score: 0, at: from };
  for (let at = from; at < end; at += 1) {
    const entering = hashes[at]!;
    if (entering >= 0) score += counts[entering]!;
    if (at - from >= segment) {
      const leaving = hashes[at - segment]!;
      if (leaving >= 0) score -= counts[leaving]!;
    }
    if (at - from >= segment - 1 && score > best.score) best = { score, at: at - segment + 1 };
  }
  return best;
}
