import type { Suite } from './harness/suite.js';
import { s2Suite } from './suites/s2.js';

/** Every suite, by the name that the command takes. */
export const suites: Readonly<Record<string, Suite>> = {
  s2: s2Suite,
};
