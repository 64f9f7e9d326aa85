// Packs both packages, installs them into an empty project with install scripts off, imports every public subpath, compiles against
// its declarations with every check on, and runs the command: what a user gets, without the workspace around it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const project = mkdtempSync(join(tmpdir(), 'millrace-package-'));
const run = (command, args, cwd = project) => execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

try {
  const tarballs = ['millrace', 'cli'].map((name) => {
    const folder = join(root, 'packages', name);
    const [packed] = JSON.parse(run('npm', ['pack', '--json', '--silent', '--pack-destination', project], folder));
    return join(project, packed.filename);
  });
  writeFileSync(join(project, 'package.json'), '{"name":"empty","private":true,"type":"module"}\n');
  run('npm', ['install', '--ignore-scripts', '--silent', '--no-audit', '--no-fund', ...tarballs]);

  const manifest = JSON.parse(readFileSync(join(project, 'node_modules', 'millrace', 'package.json'), 'utf8'));
  for (const key of ['dependencies', 'optionalDependencies', 'peerDependencies']) {
    if (manifest[key] !== undefined) throw new Error(`the library must have no ${key}`);
  }
  for (const [name, script] of Object.entries(manifest.scripts ?? {})) {
    if (/install|prepare/.test(name)) throw new Error(`the library must have no install script, it has ${name}: ${script}`);
  }
  const subpaths = Object.keys(manifest.exports);
  const program = subpaths
    .map((subpath) => {
      const specifier = JSON.stringify(join('millrace', subpath).replaceAll('\\', '/'));
      if (subpath.endsWith('.wasm')) {
        return `{ const bytes = readFileSync(require.resolve(${specifier})); if (!WebAssembly.validate(bytes)) throw new Error('kernels.wasm is not valid'); }`;
      }
      if (subpath.endsWith('.json')) return `require(${specifier});`;
      return `{ const found = Object.keys(await import(${specifier})); if (found.length === 0) throw new Error(${specifier} + ' exports nothing'); }`;
    })
    .join('\n');
  writeFileSync(
    join(project, 'check.mjs'),
    `import { createRequire } from 'node:module';\nimport { readFileSync } from 'node:fs';\nconst require = createRequire(import.meta.url);\n${program}\n`,
  );
  run(process.execPath, ['check.mjs']);
  writeFileSync(
    join(project, 'check.ts'),
    subpaths
      .filter((subpath) => !/\.(wasm|json)$/.test(subpath))
      .map((subpath, i) => `import * as floor${i} from ${JSON.stringify(join('millrace', subpath).replaceAll('\\', '/'))};\nexport const names${i}: string[] = Object.keys(floor${i});\n`)
      .join(''),
  );
  const flags = '--noEmit --strict --skipLibCheck false --module nodenext --target es2022 --types node check.ts'.split(' ');
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--typeRoots', join(root, 'node_modules', '@types'), ...flags]);
  const help = run('npx', ['--no-install', 'millrace', '--help']);
  if (!help.includes('ingest')) throw new Error('millrace --help does not name its commands');
  console.log(`package: ${subpaths.length} subpaths import and compile, the command runs`);
} finally {
  rmSync(project, { recursive: true, force: true });
}
