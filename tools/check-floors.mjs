// Each floor of the library imports only floors below it (or itself), and no file imports a folder's index.
// The order is that of ARCHITECTURE.md. Exit 1 with one line for each import that breaks it.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'packages', 'millrace', 'src');
const FLOORS = ['base', 'wasm', 'memory', 'bytes', 'buffer', 'codec', 'worker', 'stream', 'integrations'];
const IMPORT = /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|\nimport\s+'([^']+)'/g;

const problems = [];

async function files(folder, ending) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && entry.name.endsWith(ending)).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function floorOf(file) {
  const [first, ...rest] = relative(source, file).split(sep);
  return rest.length === 0 ? undefined : first; // src/index.ts stands on top of all floors
}

for (const file of await files(source, '.ts')) {
  const floor = floorOf(file);
  const level = floor === undefined ? FLOORS.length : FLOORS.indexOf(floor);
  if (level < 0) problems.push(`${relative(root, file)}: ${floor} is not a floor`);
  const text = await readFile(file, 'utf8');
  for (const match of text.matchAll(IMPORT)) {
    const specifier = match[1] ?? match[2] ?? match[3];
    if (specifier.startsWith('node:')) continue;
    if (!specifier.startsWith('.')) {
      problems.push(`${relative(root, file)}: the library has no dependency, yet imports ${specifier}`);
      continue;
    }
    const target = resolve(dirname(file), specifier);
    const targetFloor = floorOf(target.replace(/\.js$/, '.ts'));
    if (FLOORS.indexOf(targetFloor) > level) problems.push(`${relative(root, file)}: ${floor} must not import ${targetFloor} (${specifier})`);
    if (/(^|\/)index\.js$/.test(specifier)) problems.push(`${relative(root, file)}: imports a folder's index (${specifier}); import the file itself`);
  }
}

const assembly = join(root, 'packages', 'millrace', 'assembly');
for (const file of await files(assembly, '.ts')) {
  const text = await readFile(file, 'utf8');
  for (const match of text.matchAll(IMPORT)) {
    const specifier = match[1] ?? match[2] ?? match[3];
    if (!specifier.startsWith('.') || relative(assembly, resolve(dirname(file), specifier)).startsWith('..')) {
      problems.push(`${relative(root, file)}: kernels import only kernels, not ${specifier}`);
    }
  }
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log('floors: every import points downwards');
