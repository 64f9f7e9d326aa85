import type { InteropResult } from '../suites.js';
import { decodeChecks } from './decode.js';
import { encodeChecks } from './encode.js';
import { cleanUp } from './encoders.js';

/** One check: what it shows, and a run that throws when it is not so. */
export interface ZstdCheck {
  readonly name: string;
  run(): void | Promise<void>;
}

/** Zstandard frames, against the zstd command, klauspost/compress and node:zlib. */
export async function zstdSuite(): Promise<InteropResult> {
  const result: InteropResult = { passed: 0, failed: [], missing: [] };
  try {
    for (const { name, run } of [...decodeChecks(), ...encodeChecks()]) {
      try {
        await run();
        result.passed += 1;
      } catch (error) {
        result.failed.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  } finally {
    cleanUp();
  }
  return result;
}
