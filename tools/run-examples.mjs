// Runs every example of examples/dist as a program of its own; an example asserts its claims and ends with 0.
// An example that needs arguments or runs for ever has no place here: each is finite.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'examples', 'dist');
// By the sources: dist may still hold what is no example any more.
const names = readdirSync(join(folder, '..', 'src')).filter((name) => name.endsWith('.ts')).map((name) => name.replace(/\.ts$/, '.js')).toSorted();
let failed = 0;
for (const name of names) {
  const started = Date.now();
  const result = spawnSync(process.execPath, [join(folder, name)], { encoding: 'utf8', timeout: 120_000 });
  const took = `${((Date.now() - started) / 1000).toFixed(1)} s`;
  if (result.status === 0) console.log(`${name.replace(/\.js$/, '')}: ok (${took})`);
  else {
    failed += 1;
    console.error(`${name.replace(/\.js$/, '')}: ended with ${result.status ?? result.signal} (${took})\n${result.stdout}${result.stderr}`);
  }
}
console.log(`${names.length - failed} passed, ${failed} failed`);
if (failed > 0 || names.length === 0) process.exitCode = 1;
