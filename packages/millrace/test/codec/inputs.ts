// Inputs of chosen compressibility, the same in every run.

/** A small generator of pseudo-random integers (mulberry32). */
export function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Bytes that nothing compresses. */
export function noise(length: number, seed = 1): Uint8Array {
  const next = random(seed);
  return Uint8Array.from({ length }, () => next(256));
}

/** Something like text: words of a small vocabulary, with runs and far repeats now and then. */
export function prose(length: number, seed = 1): Uint8Array {
  const next = random(seed);
  const words = Array.from({ length: 64 }, () => Array.from({ length: 1 + next(10) }, () => 97 + next(26)));
  const out = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const kind = next(40);
    if (kind === 0) {
      const end = Math.min(length, at + 4 + next(300));
      out.fill(next(256), at, end);
      at = end;
    } else if (kind === 1 && at > 8) {
      const from = next(at);
      const n = Math.min(length - at, at - from, 4 + next(600));
      out.copyWithin(at, from, from + n);
      at += n;
    } else {
      for (const letter of words[next(words.length)]!) if (at < length) out[at++] = letter;
      if (at < length) out[at++] = 32;
    }
  }
  return out;
}

/** Every size where an encoder or decoder changes its ways. */
export const BOUNDARY_SIZES: readonly number[] = [
  511, 512, 513, 4095, 4096, 4097, 16_383, 16_384, 16_385, 32_767, 32_768, 65_535, 65_536, 65_537, 131_072, 262_145,
];
