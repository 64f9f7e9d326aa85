import { Klauspost } from '../peers/klauspost.js';
import type { InteropResult } from '../suites.js';
import { blockChecks, dictionaryChecks, lz4Checks, xerialChecks } from './blocks.js';
import { streamChecks } from './streams.js';

/** One check: what it shows, and a run that throws when it is not so. */
export interface S2Check {
  readonly name: string;
  run(peer: Klauspost): Promise<void>;
}

/** Blocks and streams written here are read by klauspost/compress, and the other way round. */
export async function s2Suite(): Promise<InteropResult> {
  const peer = new Klauspost();
  const result: InteropResult = { passed: 0, failed: [] };
  try {
    for (const { name, run } of [...blockChecks(), ...dictionaryChecks(), ...xerialChecks(), ...lz4Checks(), ...streamChecks()]) {
      try {
        await run(peer);
        result.passed += 1;
      } catch (error) {
        result.failed.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  } finally {
    peer.close();
  }
  return result;
}
