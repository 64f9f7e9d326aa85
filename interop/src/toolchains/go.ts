import { join } from 'node:path';
import { buildOnce, interopFolder } from './build.js';

export { MissingPeer } from './build.js';

/**
 * The program of interop/go/NAME, built with the Go toolchain on first use.
 * @param tag a build tag, for programs that are built in more than one way
 * @throws MissingPeer where there is no Go, or its modules cannot be had
 */
export function goProgram(name: string, tag?: string): string {
  const sources = join(interopFolder, 'go', name);
  const tags = tag === undefined ? [] : ['-tags', tag];
  return buildOnce(tag === undefined ? `go-${name}` : `go-${name}-${tag}`, sources, (output) => ({ command: 'go', args: ['build', '-buildvcs=false', ...tags, '-o', output, '.'], cwd: sources }));
}
