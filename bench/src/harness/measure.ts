/** The middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export interface InterleaveOptions {
  /** Rounds in which every contender runs once, in turn. @default 7 */
  rounds?: number;
  /** How long one contender runs in a round. @default 100 */
  sliceMs?: number;
  /**
   * What is counted: time on the wall, or the processor time of this process (its collector's threads included), which what else the machine does
   * changes little. @default 'wall'
   */
  clock?: 'wall' | 'processor';
}

/**
 * Times contenders in turn, so that a slow spell of the machine falls on all alike, and gives the median nanoseconds of one
 * operation for each. A contender does `n` operations when called with `n`.
 */
export function interleave(contenders: readonly ((n: number) => void)[], options: InterleaveOptions = {}): number[] {
  const { rounds = 7, sliceMs = 100, clock = 'wall' } = options;
  const now = clock === 'wall' ? wallTime : processorTime;
  const counts = contenders.map((run) => calibrate(run, sliceMs, now));
  const samples: number[][] = contenders.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, run] of contenders.entries()) {
      const n = counts[index]!;
      samples[index]!.push((elapsedMs(run, n, now) * 1e6) / n);
    }
  }
  return samples.map(median);
}

// Doubles the count until a run fills the slice: warms the code up on the way. A run that does is done again, as the machine may have stalled: a
// count taken from a stall would time single operations ever after.
function calibrate(run: (n: number) => void, sliceMs: number, now: () => number): number {
  for (let n = 1; ; n *= 2) {
    let ms = elapsedMs(run, n, now);
    if (ms >= sliceMs / 2) ms = Math.min(ms, elapsedMs(run, n, now));
    if (ms >= sliceMs / 2) return Math.max(1, Math.round((n * sliceMs) / ms));
  }
}

function elapsedMs(run: (n: number) => void, n: number, now: () => number): number {
  const start = now();
  run(n);
  return now() - start;
}

function wallTime(): number {
  return performance.now();
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The same for contenders that return promises. */
export async function interleaveAsync(contenders: readonly (() => Promise<number>)[], rounds: number): Promise<number[]> {
  const samples: number[][] = contenders.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, run] of contenders.entries()) samples[index]!.push(await run());
  }
  return samples.map(median);
}

/** The geometric mean. */
export function geomean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
