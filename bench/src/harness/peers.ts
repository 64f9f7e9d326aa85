import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { NpmPackages } from '@millrace/interop/npm';

/** What Node users have today: the packages of bench/peers, which are installed on their first use. */
export class Peers extends NpmPackages {
  constructor() {
    super(join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'peers'));
  }

  /** Loads a peer that is an ES module. */
  async import(name: string): Promise<unknown> {
    const { load } = (await import(pathToFileURL(join(this.folder, 'load.mjs')).href)) as { load(name: string): Promise<unknown> };
    return load(name);
  }
}

let loaded: Peers | undefined;

/** Installs the peers where that has not been done since their lock file changed, and gives access to them. */
export function peers(): Peers {
  return (loaded ??= new Peers());
}
