import type { Suite } from './harness/suite.js';

/** Every suite, by the name that the command takes. */
export const suites: Readonly<Record<string, Suite>> = {};
