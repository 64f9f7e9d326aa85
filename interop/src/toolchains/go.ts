import { join } from 'node:path';
import { buildOnce, interopFolder } from './build.js';

export { MissingPeer } from './build.js';

/**
 * The program of interop/go/NAME, built with the Go toolchain on first use.
 * @throws MissingPeer where there is no Go, or its modules cannot be had
 */
export function goProgram(name: string): string {
  const sources = join(interopFolder, 'go', name);
  return buildOnce(`go-${name}`, sources, (output) => ({ command: 'go', args: ['build', '-buildvcs=false', '-o', output, '.'], cwd: sources }));
}
