/** Inputs of several natures and sizes, the same in every run. */
export interface Content {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Numbers below `n`, from a linear congruential generator. */
export function generator(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** Records of JSON, one a line. */
export function records(length: number, seed: number): Buffer {
  const next = generator(seed);
  const words = ['click', 'view', 'purchase', 'error', 'login', 'logout', 'search', 'refund'];
  const lines: string[] = [];
  for (let size = 0; size < length; ) {
    const line = `${JSON.stringify({ id: next(100000), event: words[next(8)], user: `user-${next(500)}`, value: next(10000) / 100, tags: [words[next(8)], words[next(8)]] })}\n`;
    lines.push(line);
    size += line.length;
  }
  return Buffer.from(lines.join('')).subarray(0, length);
}

function noise(length: number, seed: number): Buffer {
  const next = generator(seed);
  return Buffer.from(Uint8Array.from({ length }, () => next(256)));
}

// Runs, repeats near and far, noise and text in turns: every kind of block and of sequence.
function mixture(length: number, seed: number): Buffer {
  const next = generator(seed);
  const parts: Buffer[] = [];
  for (let size = 0; size < length; ) {
    const kind = next(5);
    const n = 1 + next(3) * next(4000) + next(200);
    const past = parts[next(parts.length)];
    const part = kind === 0 || past === undefined ? Buffer.alloc(n, next(256)) : kind === 1 ? noise(n, next(1e6)) : kind === 2 ? records(n, next(1e6)) : past.subarray(0, n);
    parts.push(part);
    size += part.length;
  }
  return Buffer.concat(parts).subarray(0, length);
}

/** What every encoder is given. */
export function contents(): Content[] {
  const found: Content[] = [{ name: 'empty', bytes: Buffer.alloc(0) }];
  for (const size of [1, 7, 100, 1000, 20_000, 131_072, 131_073, 400_000]) found.push({ name: `records ${size}`, bytes: records(size, size) });
  for (const size of [5, 300, 70_000]) found.push({ name: `noise ${size}`, bytes: noise(size, size) });
  for (const size of [3, 200_000]) found.push({ name: `run ${size}`, bytes: Buffer.alloc(size, 65) });
  for (const size of [2000, 60_000, 1_500_000]) found.push({ name: `mixture ${size}`, bytes: mixture(size, size) });
  return found;
}
