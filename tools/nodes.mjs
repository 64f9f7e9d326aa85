// Gives the path of a Node binary of a major version, taken from the npm package `node` on first use (.cache/node-MAJOR).
//   node tools/nodes.mjs 24      prints the path
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const cache = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache');

/** @param {number} major @returns {string} the path of the binary; the running one when the major is its own */
export function nodeBinary(major) {
  if (Number(process.versions.node.split('.')[0]) === major) return process.execPath;
  const folder = join(cache, `node-${major}`);
  const binary = join(folder, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    // The package's own install step places the binary for this platform.
    execFileSync('npm', ['install', '--prefix', folder, '--no-save', '--no-package-lock', '--ignore-scripts=false', '--silent', `node@${major}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    });
  }
  return binary;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const major of process.argv.slice(2)) console.log(nodeBinary(Number(major)));
}
