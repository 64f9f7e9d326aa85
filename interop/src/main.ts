// npm run interop -- [SUITE...]: what is written here is read by the reference systems, and the other way round.
import { MissingPeer } from './toolchains/build.js';
import { suites } from './suites.js';

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(suites);
let failures = 0;
for (const name of names) {
  const suite = suites[name];
  if (suite === undefined) {
    console.error(`no such suite: ${name}; there are ${Object.keys(suites).join(', ')}`);
    failures += 1;
    continue;
  }
  try {
    const { passed, failed, missing } = await suite();
    for (const line of failed) console.error(`${name}: ${line}`);
    for (const line of missing) console.error(`${name}: SKIPPED, missing: ${line}`);
    console.log(`${name}: ${passed} passed, ${failed.length} failed${missing.length > 0 ? `, ${missing.length} reference systems missing` : ''}`);
    failures += passed === 0 ? 1 : failed.length; // where every reference system is missing, nothing was shown
  } catch (error) {
    if (!(error instanceof MissingPeer)) throw error;
    console.error(`${name}: missing: ${error.message}`);
    failures += 1;
  }
}
process.exitCode = failures > 0 ? 1 : 0;
