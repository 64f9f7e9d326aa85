// Keeps the pages true where a machine can see it: links lead somewhere, `npm run` names exist, code fences that name an example are
// that example, every floor and public subpath is named in ARCHITECTURE.md and packed, every public declaration carries a doc comment.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const problems = [];
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const library = join(root, 'packages', 'millrace');

function* walk(folder, ending) {
  for (const name of readdirSync(folder)) {
    if (name === 'node_modules' || name === 'dist' || name.startsWith('.')) continue;
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* walk(path, ending);
    else if (name.endsWith(ending)) yield path;
  }
}

const anchor = (heading) => heading.trim().toLowerCase().replace(/[`*]/g, '').replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');

for (const page of walk(root, '.md')) {
  const name = relative(root, page);
  const text = readFileSync(page, 'utf8');
  const prose = text.replace(/```[\s\S]*?```/g, '');
  for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path, fragment] = target.split('#');
    const file = path === '' ? page : join(dirname(page), path);
    if (!existsSync(file)) problems.push(`${name}: link to ${target}, which is not there`);
    else if (fragment && file.endsWith('.md')) {
      const headings = [...readFileSync(file, 'utf8').matchAll(/^#+\s+(.*)$/gm)].map((match) => anchor(match[1]));
      if (!headings.includes(fragment)) problems.push(`${name}: link to ${target}: no such heading`);
    }
  }
  for (const [, script] of text.matchAll(/npm run ([a-z:]+)/g)) {
    if (!(script in manifest.scripts)) problems.push(`${name}: npm run ${script} does not exist`);
  }
  // ```ts examples/src/NAME.ts : the fence must be that file's text, so that what is shown is what runs.
  for (const [, file, code] of text.matchAll(/```ts (examples\/src\/\S+)\n([\s\S]*?)```/g)) {
    const path = join(root, file);
    if (!existsSync(path)) problems.push(`${name}: shows ${file}, which is not there`);
    else if (!readFileSync(path, 'utf8').includes(code.trim())) problems.push(`${name}: the code shown as ${file} is not in that file`);
  }
}

const architecture = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
for (const floor of readdirSync(join(library, 'src'))) {
  const path = join(library, 'src', floor);
  if (statSync(path).isDirectory() && readdirSync(path).length > 0 && !architecture.includes(`\`${floor}\``)) problems.push(`ARCHITECTURE.md does not name the floor ${floor}`);
}

// Every declaration that users can import, which is what an index.ts names, carries a doc comment directly above it.
const source = join(library, 'src');
for (const index of [...walk(source, 'index.ts')].filter((file) => file.endsWith('/index.ts') || file.endsWith('\\index.ts'))) {
  for (const [, names, from] of readFileSync(index, 'utf8').matchAll(/export (?:type )?\{([^}]*)\} from '([^']+)'/g)) {
    const file = join(dirname(index), from.replace(/\.js$/, '.ts'));
    const lines = readFileSync(file, 'utf8').split('\n');
    for (const name of names.split(',').map((part) => part.replace(/^\s*type\s+/, '').trim().split(/\s+as\s+/)[0]).filter(Boolean)) {
      const at = lines.findIndex((line) => new RegExp(`^export (?:declare )?(?:abstract )?(?:async )?(?:function\\*?|class|interface|type|const) ${name}\\b`).test(line));
      if (at < 0) problems.push(`${relative(root, index)}: ${name} is not declared in ${from}`);
      else if (!lines[at - 1]?.trim().endsWith('*/')) problems.push(`${relative(root, file)}:${at + 1}: ${name} is public and has no doc comment`);
    }
  }
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log('docs: links, scripts, shown code and doc comments are in order');
