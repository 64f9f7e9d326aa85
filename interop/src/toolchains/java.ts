import { delimiter, join } from 'node:path';
import { buildOnce, interopFolder } from './build.js';

/**
 * The program of interop/java/NAME, built with Maven on first use.
 * @returns the arguments that `java` runs it with
 * @throws MissingPeer where there is no JDK or no Maven, or its artifacts cannot be had
 */
export function javaProgram(name: string): string[] {
  const sources = join(interopFolder, 'java', name);
  const output = buildOnce(`java-${name}`, sources, (to) => ({
    command: 'mvn',
    args: ['--quiet', '--batch-mode', `-Doutput=${to}`, 'compile', 'dependency:copy-dependencies'],
    cwd: sources,
  }));
  return ['-cp', [join(output, 'classes'), join(output, 'dependency', '*')].join(delimiter), 'Main'];
}
