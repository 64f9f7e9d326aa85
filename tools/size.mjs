// What a user downloads and loads: the packed packages, the kernels, the library's JavaScript. --json gives it as JSON.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const rows = [];
for (const name of ['millrace', 'cli']) {
  const folder = join(root, 'packages', name);
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  rows.push({ what: `${packed.name} packed`, bytes: packed.size }, { what: `${packed.name} unpacked`, bytes: packed.unpackedSize });
}
const kernels = readFileSync(join(root, 'packages', 'millrace', 'kernels.wasm'));
rows.push({ what: 'kernels.wasm', bytes: kernels.length }, { what: 'kernels.wasm, gzip', bytes: gzipSync(kernels).length });
const dist = join(root, 'packages', 'millrace', 'dist');
let scripts = 0;
for (const file of readdirSync(dist, { recursive: true })) if (String(file).endsWith('.js')) scripts += statSync(join(dist, String(file))).size;
rows.push({ what: 'library JavaScript, kernels embedded', bytes: scripts });
if (process.argv.includes('--json')) console.log(JSON.stringify(rows));
else for (const { what, bytes } of rows) console.log(`${what.padEnd(40)} ${String(bytes).padStart(9)}`);
