import { blockCheck } from './blocks.js';
import type { Vector } from './manifest.js';

/** Runs one vector and says what is wrong with the result; undefined when all is right. */
export type Check = (vector: Vector) => string | undefined;

/** The check for each kind of vector. */
export const checks: Readonly<Record<string, Check>> = {
  'snappy-block': blockCheck('snappy'),
  's2-block': blockCheck('s2'),
};
