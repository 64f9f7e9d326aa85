import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'peers');

/** What Node users have today: the packages of bench/peers, which are installed on their first use. */
export interface Peers {
  /** Loads a peer. @throws when the package has no binary for this machine */
  require(name: string): unknown;
  /** Loads a peer that is an ES module. */
  import(name: string): Promise<unknown>;
  /** Like `require`, but undefined when the peer cannot be had here. */
  tryRequire(name: string): unknown;
  /** `name 1.2.3`, as rows name it. */
  label(name: string): string;
}

let loaded: Peers | undefined;

/** Installs the peers where that has not been done since their lock file changed, and gives access to them. */
export function peers(): Peers {
  if (loaded) return loaded;
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  const stamp = join(folder, 'node_modules', '.package-lock.json');
  const wanted = (JSON.parse(lock) as { packages: Record<string, { version?: string; optional?: boolean }> }).packages;
  const has = existsSync(stamp) ? (JSON.parse(readFileSync(stamp, 'utf8')) as { packages: typeof wanted }).packages : {};
  const missing = Object.entries(wanted).some(([path, entry]) => path !== '' && !entry.optional && has[path]?.version !== entry.version);
  if (missing) {
    process.stderr.write('installing the peers of bench/peers (first use)\n');
    execFileSync('npm', ['ci', '--prefix', folder, '--silent'], { stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' });
  }
  const require = createRequire(join(folder, 'package.json'));
  loaded = {
    require,
    async import(name) {
      const { load } = (await import(pathToFileURL(join(folder, 'load.mjs')).href)) as { load(name: string): Promise<unknown> };
      return load(name);
    },
    tryRequire(name) {
      try {
        return require(name) as unknown;
      } catch {
        return undefined;
      }
    },
    label(name) {
      return `${name} ${wanted[`node_modules/${name}`]?.version ?? '(not listed)'}`;
    },
  };
  return loaded;
}
