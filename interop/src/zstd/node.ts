import { execFileSync } from 'node:child_process';
import * as zlib from 'node:zlib';
import { join } from 'node:path';
import { interopFolder } from '../toolchains/build.js';

/** A Node whose node:zlib has Zstandard: the running one where it does, else Node 24, fetched on first use. */
export function nodeWithZstd(): string {
  if ('zstdCompressSync' in zlib) return process.execPath;
  return execFileSync(process.execPath, [join(interopFolder, '..', 'tools', 'nodes.mjs'), '24'], { encoding: 'utf8' }).trim();
}
