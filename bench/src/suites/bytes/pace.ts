import { interleave, type InterleaveOptions } from '../../harness/measure.js';
import type { SuiteContext } from '../../harness/suite.js';

/** Rounds and slices for the mode of the run; processor time, as all contenders work in one thread. */
export function pace(context: SuiteContext): InterleaveOptions {
  if (context.verifyOnly) return { rounds: 1, sliceMs: 1, clock: 'processor' };
  return context.quick ? { rounds: 7, sliceMs: 20, clock: 'processor' } : { rounds: 11, sliceMs: 60, clock: 'processor' };
}

/** Median nanoseconds of each contender. */
export function timed(context: SuiteContext, contenders: readonly ((n: number) => void)[]): number[] {
  return interleave(contenders, pace(context));
}

/** Where results go, so that nothing measured is thrown away by the compiler. */
export const sink: { number: number; bigint: bigint } = { number: 0, bigint: 0n };
