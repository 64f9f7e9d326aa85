import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const tool = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'tools', 'nodes.mjs');

/** The path of a Node binary of that major version, fetched from npm on first use. */
export function nodeBinary(major: number): string {
  if (Number(process.versions.node.split('.')[0]) === major) return process.execPath;
  return execFileSync(process.execPath, [tool, String(major)], { encoding: 'utf8' }).trim();
}
