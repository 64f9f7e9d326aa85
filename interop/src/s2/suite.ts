import { Klauspost } from '../peers/klauspost.js';
import type { InteropResult } from '../suites.js';
import { MissingPeer } from '../toolchains/build.js';
import { blockChecks, dictionaryChecks, lz4Checks, xerialChecks } from './blocks.js';
import { npmSnappyChecks } from './npm-snappy.js';
import { snappyJavaChecks } from './snappy-java.js';
import { streamChecks } from './streams.js';

/** One check against klauspost/compress: what it shows, and a run that throws when it is not so. */
export interface S2Check {
  readonly name: string;
  run(peer: Klauspost): Promise<void>;
}

/** The checks against one reference system. */
export interface CheckGroup {
  readonly checks: readonly { readonly name: string; run(): Promise<void> }[];
  close(): void;
}

/** Blocks and streams written here are read by klauspost/compress, snappy-java and npm snappy, and the other way round. */
export async function s2Suite(): Promise<InteropResult> {
  const result: InteropResult = { passed: 0, failed: [], missing: [] };
  for (const open of [klauspostChecks, npmSnappyChecks, snappyJavaChecks]) {
    let group: CheckGroup;
    try {
      group = open();
    } catch (error) {
      if (!(error instanceof MissingPeer)) throw error;
      result.missing.push(error.message);
      continue;
    }
    try {
      for (const { name, run } of group.checks) {
        try {
          await run();
          result.passed += 1;
        } catch (error) {
          result.failed.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    } finally {
      group.close();
    }
  }
  return result;
}

function klauspostChecks(): CheckGroup {
  const peer = new Klauspost();
  const checks = [...blockChecks(), ...dictionaryChecks(), ...xerialChecks(), ...lz4Checks(), ...streamChecks()];
  return { checks: checks.map(({ name, run }) => ({ name, run: () => run(peer) })), close: () => peer.close() };
}
