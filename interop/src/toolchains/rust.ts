import { join } from 'node:path';
import { buildOnce, interopFolder } from './build.js';

export { MissingPeer } from './build.js';

/**
 * The program of interop/rust/NAME, built with cargo in release mode on first use.
 * @throws MissingPeer where there is no cargo, or its crates cannot be had
 */
export function rustProgram(name: string): string {
  const sources = join(interopFolder, 'rust', name);
  const folder = join(interopFolder, '..', '.cache', 'interop', `rust-${name}-target`);
  buildOnce(`rust-${name}`, sources, () => ({ command: 'cargo', args: ['build', '--release', '--locked', '--quiet', '--target-dir', folder], cwd: sources }));
  return join(folder, 'release', name);
}
