import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { goProgram } from '../toolchains/go.js';
import { nodeWithZstd } from './node.js';

/** A reference encoder with its settings: frames for several inputs at once. */
export interface ReferenceEncoder {
  readonly name: string;
  /** A dictionary that its frames need, and the ID by which they name it; 0: they name none. */
  readonly dictionary?: { readonly bytes: Buffer; readonly id: number };
  encode(inputs: readonly Buffer[]): Buffer[];
}

const MOST = 2 ** 28;

/** Items, each after its length, as the reference programs read and write them. */
export function join32(items: readonly Buffer[]): Buffer {
  return Buffer.concat(
    items.flatMap((item) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(item.length);
      return [length, item];
    }),
  );
}

export function split32(joined: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < joined.length; ) {
    const length = joined.readUInt32LE(at);
    if (length === 0xffff_ffff) throw new Error(joined.subarray(at + 8, at + 8 + joined.readUInt32LE(at + 4)).toString());
    found.push(joined.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return found;
}

/** The folder in which the references find files, made on first use. */
let folder: string | undefined;

/** Removes the files that {@link file} wrote. */
export function cleanUp(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = undefined;
}

/** Writes a file for a reference program and gives its path. */
export function file(name: string, bytes: Buffer): string {
  folder ??= mkdtempSync(join(tmpdir(), 'millrace-zstd-'));
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** Whether the `zstd` command is here. */
export function hasCommand(): boolean {
  return spawnSync('zstd', ['--version']).status === 0;
}

/** The `zstd` command. `piped`: it does not know the size beforehand. */
export function command(args: readonly string[], piped: boolean, dictionary?: { bytes: Buffer; id: number }): ReferenceEncoder {
  return {
    name: `zstd ${args.join(' ')}${piped ? ' (piped)' : ''}${dictionary ? ' with a dictionary' : ''}`,
    ...(dictionary ? { dictionary } : {}),
    encode: (inputs) =>
      inputs.map((input) => {
        const more = dictionary ? ['-D', file('dictionary', dictionary.bytes)] : [];
        const all = ['-q', '-c', ...args, ...more, ...(piped ? [] : [file('input', input)])];
        return execFileSync('zstd', all, { input: piped ? input : '', maxBuffer: MOST });
      }),
  };
}

/** klauspost/compress. */
export function klauspost(args: readonly string[], dictionary?: { bytes: Buffer; id: number; raw: boolean }): ReferenceEncoder {
  return {
    name: `klauspost ${args.join(' ')}${dictionary ? ' with a dictionary' : ''}`,
    ...(dictionary ? { dictionary } : {}),
    encode: (inputs) => {
      const more = dictionary ? [dictionary.raw ? '-raw-dict' : '-dict', file('dictionary', dictionary.bytes), ...(dictionary.raw ? ['-raw-id', String(dictionary.id)] : [])] : [];
      return split32(execFileSync(goProgram('klauspost-zstd'), ['compress', '-batch', ...args, ...more], { input: join32(inputs), maxBuffer: MOST }));
    },
  };
}

/** node:zlib of a Node that has Zstandard. */
export function nodeZlib(level: number, checksum: boolean): ReferenceEncoder {
  const script = `
    const zlib = require('node:zlib');
    const input = require('node:fs').readFileSync(0);
    const out = [];
    for (let at = 0; at < input.length;) {
      const n = input.readUInt32LE(at);
      const frame = zlib.zstdCompressSync(input.subarray(at + 4, at + 4 + n), {
        params: { [zlib.constants.ZSTD_c_compressionLevel]: ${level}, [zlib.constants.ZSTD_c_checksumFlag]: ${checksum ? 1 : 0} },
      });
      const length = Buffer.alloc(4);
      length.writeUInt32LE(frame.length);
      out.push(length, frame);
      at += 4 + n;
    }
    process.stdout.write(Buffer.concat(out));`;
  return {
    name: `node:zlib level ${level}${checksum ? ' with checksum' : ''}`,
    encode: (inputs) => split32(execFileSync(nodeWithZstd(), ['-e', script], { input: join32(inputs), maxBuffer: MOST })),
  };
}
