import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the vectors are: MILLRACE_VECTORS, or the folder `shared/data` beside the checkout. Undefined when there is none. */
export function vectorsFolder(): string | undefined {
  const beside = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..', 'shared', 'data');
  const folder = process.env['MILLRACE_VECTORS'] ?? beside;
  return existsSync(join(folder, 'MANIFEST.tsv')) ? folder : undefined;
}

/** One input and what a decoder must make of it; a row of the manifest, or of a pack's index. */
export interface Vector {
  readonly name: string;
  readonly kind: string;
  readonly bytes: Buffer;
  /** decode, error, either, roundtrip, parse, ... as the folder's README explains. */
  readonly expectation: string;
  readonly decodedBytes: number | undefined;
  readonly decodedSha256: string | undefined;
  readonly dictionary: Buffer | undefined;
  /** The whole row by column, for kinds with columns of their own. */
  readonly row: Readonly<Record<string, string>>;
}

function table(file: string): Record<string, string>[] {
  const [head, ...lines] = readFileSync(file, 'utf8').split('\n').filter((line) => line !== '');
  const names = head!.split('\t');
  return lines.map((line) => Object.fromEntries(line.split('\t').map((cell, column) => [names[column]!, cell])));
}

function vector(folder: string, name: string, kind: string, bytes: Buffer, row: Record<string, string>): Vector {
  return {
    name,
    kind,
    bytes,
    expectation: row['expectation']!,
    decodedBytes: row['decoded_bytes'] ? Number(row['decoded_bytes']) : undefined,
    decodedSha256: row['decoded_sha256'] || undefined,
    dictionary: row['dict'] ? readFileSync(join(folder, row['dict'])) : undefined,
    row,
  };
}

/** Every vector of the given kinds, packs included: `pack:KIND` gives vectors of kind KIND. */
export function* vectors(folder: string, kinds: ReadonlySet<string>): Generator<Vector> {
  for (const row of table(join(folder, 'MANIFEST.tsv'))) {
    const kind = row['kind']!;
    const packed = kind.startsWith('pack:') ? kind.slice('pack:'.length) : undefined;
    if (!kinds.has(packed ?? kind)) continue;
    const path = row['path']!;
    const bytes = readFileSync(join(folder, path));
    if (packed === undefined) {
      yield vector(folder, path, kind, bytes, row);
      continue;
    }
    for (const entry of table(join(folder, path.replace(/\.pack$/, '.tsv')))) {
      const offset = Number(entry['offset']);
      yield vector(folder, `${path}#${entry['name']}`, packed, bytes.subarray(offset, offset + Number(entry['bytes'])), entry);
    }
  }
}
