import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { interopFolder, MissingPeer } from './build.js';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly optional?: boolean }>>;
}

/** The packages of a folder with a package.json and a lock file, which are installed on their first use and again when the lock file has changed. */
export class NpmPackages {
  readonly folder: string;
  readonly #lock: Lock;
  readonly #require: NodeJS.Require;

  /** @throws MissingPeer when they cannot be installed */
  constructor(folder: string) {
    this.folder = folder;
    this.#lock = readLock(join(folder, 'package-lock.json'));
    this.#require = createRequire(join(folder, 'package.json'));
    const stamp = join(folder, 'node_modules', '.package-lock.json');
    const has: Lock = existsSync(stamp) ? readLock(stamp) : { packages: {} };
    const missing = Object.entries(this.#lock.packages).some(([path, entry]) => path !== '' && !entry.optional && has.packages[path]?.version !== entry.version);
    if (!missing) return;
    process.stderr.write(`installing the packages of ${folder} (first use)\n`);
    try {
      execFileSync('npm', ['ci', '--prefix', folder, '--silent'], { stdio: ['ignore', 'ignore', 'inherit'], shell: process.platform === 'win32' });
    } catch (cause) {
      throw new MissingPeer(`the packages of ${folder} cannot be installed`, { cause });
    }
  }

  /** Loads a package. @throws when it has no binary for this machine */
  require(name: string): unknown {
    return this.#require(name) as unknown;
  }

  /** Like `require`, but undefined when the package cannot be had here. */
  tryRequire(name: string): unknown {
    try {
      return this.require(name);
    } catch {
      return undefined;
    }
  }

  /** `name 1.2.3`, as rows and reports name it. */
  label(name: string): string {
    return `${name} ${this.#lock.packages[`node_modules/${name}`]?.version ?? '(not listed)'}`;
  }
}

/** The packages of interop/npm. @throws MissingPeer when they cannot be installed */
export function npmPackages(): NpmPackages {
  return new NpmPackages(join(interopFolder, 'npm'));
}

function readLock(path: string): Lock {
  return JSON.parse(readFileSync(path, 'utf8')) as Lock;
}
