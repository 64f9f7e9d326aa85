import { median } from './measure.js';

/** How contenders take turns. */
export interface Turns {
  readonly rounds: number;
  /** How long a turn is. */
  readonly sliceMs: number;
}

const BATCH_US = 200;

/**
 * Microseconds of processor time of this process, its threads that collect garbage and compile included; what else the machine does is not in it. Not
 * `process.threadCpuUsage`: on kernels that count a thread's time by ticks it moves in steps of 4 ms, twenty batches long.
 */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * Median nanoseconds, of processor time, of one of `count` operations of each contender, which does them all when called. They take turns; a turn is cut into
 * batches of at least 200 us, as in the reference programs, and the median is of all batches.
 */
export function typical(contenders: readonly (() => void)[], count: number, turns: Turns): number[] {
  const figures: number[][] = contenders.map(() => []);
  for (let round = 0; round < turns.rounds; round += 1) {
    for (const [index, pass] of contenders.entries()) {
      pass();
      let now = processorTime();
      const end = now + turns.sliceMs * 1000;
      do {
        const start = now;
        let passes = 0;
        do {
          pass();
          passes += 1;
          now = processorTime();
        } while (now - start < BATCH_US);
        figures[index]!.push(((now - start) * 1000) / (passes * count));
      } while (now < end);
    }
  }
  return figures.map(median);
}
