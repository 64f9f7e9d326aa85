import { readFileSync } from 'node:fs';
import { peers } from './peers.js';

/** Named inputs: those given with `--corpus NAME=PATH`, and messages made from an npm data package. */
export class Corpora {
  readonly #given: ReadonlyMap<string, string>;
  readonly #loaded = new Map<string, Buffer>();

  constructor(given: ReadonlyMap<string, string>) {
    this.#given = given;
  }

  /** The corpora named on the command line. */
  given(): { name: string; bytes: Buffer }[] {
    return [...this.#given.keys()].map((name) => ({ name, bytes: this.#load(name) }));
  }

  /**
   * Real messages, one JSON text for each feature of `@mdn/browser-compat-data` (CC0): about 15,000, from 100 bytes to 100 KB.
   * Deterministic: the order is that of the package.
   */
  messages(): Buffer[] {
    const data = peers().require('@mdn/browser-compat-data') as Record<string, unknown>;
    const found: Buffer[] = [];
    collect(data, '', found);
    return found;
  }

  #load(name: string): Buffer {
    let bytes = this.#loaded.get(name);
    if (bytes === undefined) {
      bytes = readFileSync(this.#given.get(name)!);
      this.#loaded.set(name, bytes);
    }
    return bytes;
  }
}

function collect(node: unknown, path: string, found: Buffer[]): void {
  if (node === null || typeof node !== 'object' || Array.isArray(node)) return;
  for (const [key, value] of Object.entries(node)) {
    if (key === '__compat') found.push(Buffer.from(JSON.stringify({ path, ...(value as object) })));
    else collect(value, path === '' ? key : `${path}.${key}`, found);
  }
}
