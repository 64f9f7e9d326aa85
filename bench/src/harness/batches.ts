import { median } from './measure.js';

/** How contenders take turns. */
export interface Turns {
  readonly rounds: number;
  /** How long a turn is. */
  readonly sliceMs: number;
}

const BATCH_US = 200;

/** What Node from 23.9 on has, and the types of Node 20 do not know. */
const threadUsage = (process as unknown as { threadCpuUsage?: () => NodeJS.CpuUsage }).threadCpuUsage;

/**
 * Microseconds of processor time that this thread has had: all contenders work in one, and what else the machine does is not in it. Before Node 23.9 it is that of the
 * whole process, with the threads that collect garbage and compile.
 */
function processorTime(): number {
  const { user, system } = threadUsage?.() ?? process.cpuUsage();
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
