import { s2Suite } from './s2/suite.js';
import { zstdSuite } from './zstd/suite.js';

/** What a suite found: how many checks passed, a line for each that did not, and one for each reference system that this machine cannot have. */
export interface InteropResult {
  passed: number;
  failed: string[];
  missing: string[];
}

/** Every suite, by name. */
export const suites: Readonly<Record<string, () => Promise<InteropResult>>> = {
  s2: s2Suite,
  zstd: zstdSuite,
};
