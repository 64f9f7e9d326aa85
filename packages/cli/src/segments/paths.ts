import { statSync } from 'node:fs';
import { join } from 'node:path';
import { systemError } from '../exit.js';
import { listSegments } from './segment-name.js';

/** The segments that a path means: those of a directory, in order, or the one file. @throws CommandError exit code 1 */
export function segmentsAt(path: string): string[] {
  try {
    return statSync(path).isDirectory() ? listSegments(path).map((name) => join(path, name)) : [path];
  } catch (error) {
    throw systemError(`cannot read ${path}`, error);
  }
}
