import { median } from './measure.js';

/** How contenders take turns. */
export interface Turns {
  readonly rounds: number;
  /** How long a turn is. */
  readonly sliceMs: number;
}

const BATCH_NS = 200_000n;

/**
 * Median nanoseconds of one of `count` operations of each contender, a call of which does them all. They take turns; a turn is cut into batches of at least
 * 200 us, as in the reference programs, and the median is of all batches, so that what the machine does besides weighs little.
 */
export function typical(contenders: readonly (() => void)[], count: number, turns: Turns): number[] {
  const figures: number[][] = contenders.map(() => []);
  for (let round = 0; round < turns.rounds; round += 1) {
    for (const [index, pass] of contenders.entries()) {
      pass();
      const end = process.hrtime.bigint() + BigInt(turns.sliceMs) * 1_000_000n;
      do {
        const start = process.hrtime.bigint();
        let passes = 0;
        let ns: bigint;
        do {
          pass();
          passes += 1;
          ns = process.hrtime.bigint() - start;
        } while (ns < BATCH_NS);
        figures[index]!.push(Number(ns) / (passes * count));
      } while (process.hrtime.bigint() < end);
    }
  }
  return figures.map(median);
}
