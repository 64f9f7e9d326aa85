// npm run conformance -- [KIND...]: runs the vectors of the shared data folder. Exit 0 when every one gives what the manifest says.
import { checks } from './checks.js';
import { vectors, vectorsFolder } from './manifest.js';

const folder = vectorsFolder();
const kinds = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(checks);
const unknown = kinds.filter((kind) => checks[kind] === undefined);
if (unknown.length > 0) {
  console.error(`no such kind: ${unknown.join(', ')}; there are ${Object.keys(checks).join(', ')}`);
  process.exitCode = 2;
} else if (folder === undefined) {
  console.error('no vectors: set MILLRACE_VECTORS to the folder that holds MANIFEST.tsv');
  process.exitCode = 2;
} else {
  let failures = 0;
  for (const kind of kinds) {
    let passed = 0;
    const failed: string[] = [];
    for (const vector of vectors(folder, new Set([kind]))) {
      const fault = checks[kind]!(vector);
      if (fault === undefined) passed += 1;
      else failed.push(`${vector.name}: ${fault}`);
    }
    for (const line of failed.slice(0, 20)) console.error(line);
    console.log(`${kind}: ${passed} passed, ${failed.length} failed`);
    failures += failed.length;
    if (passed + failed.length === 0) {
      console.error(`${kind}: the folder holds no vector of this kind`);
      failures += 1;
    }
  }
  process.exitCode = failures > 0 ? 1 : 0;
}
