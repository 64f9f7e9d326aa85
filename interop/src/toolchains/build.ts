import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of interop, whether this runs from src or dist. */
export const interopFolder: string = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const cache = join(interopFolder, '..', '.cache', 'interop');

/** Why a reference system cannot be had on this machine: rows and reports say so instead of inventing it. */
export class MissingPeer extends Error {
  override readonly name = 'MissingPeer';
}

/**
 * Builds a reference program on first use, and again when its sources change.
 * @returns the path of the binary
 * @throws MissingPeer when the toolchain is not there or the build fails
 */
export function buildOnce(name: string, sources: string, build: (output: string) => { command: string; args: string[]; cwd: string }): string {
  const hash = createHash('sha256');
  for (const entry of readdirSync(sources, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && !path.includes(`${join(sources, 'target')}`)) hash.update(entry.name).update(readFileSync(path));
  }
  const digest = hash.digest('hex');
  mkdirSync(cache, { recursive: true });
  const output = join(cache, name);
  const stamp = `${output}.stamp`;
  try {
    if (readFileSync(stamp, 'utf8') === digest) return output;
  } catch {
    // Not built yet.
  }
  const { command, args, cwd } = build(output);
  process.stderr.write(`building ${name} (first use)\n`);
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (result.error || result.status !== 0) throw new MissingPeer(`${name} cannot be built: ${result.error?.message ?? result.stderr.trim()}`);
  writeFileSync(stamp, digest);
  return output;
}
