import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { Heap } from 'millrace/memory';
import { CommandError, EXIT, systemError } from '../exit.js';
import type { FileResult } from '../files/run-files.js';
import { parseCount } from '../units.js';

/** Options that compress, decompress and test share. */
export interface FileFlags {
  stdout: boolean;
  output?: string;
  force: boolean;
  keep: boolean;
  rm: boolean;
  quiet: boolean;
  verbose: boolean;
  threads?: string;
  json: boolean;
}

/** Adds them to a command. */
export function addFileOptions(command: Command): Command {
  return command
    .argument('[FILE...]', 'files; - is standard input')
    .option('-c, --stdout', 'write to standard output', false)
    .option('-o, --output <FILE>', 'write to FILE (one input only)')
    .option('-f, --force', 'overwrite what exists; write binary data to a terminal', false)
    .option('-k, --keep', 'keep the input files, which is the default', false)
    .option('--rm', 'remove each input file when it is done', false)
    .option('-T, --threads <N>', 'threads for S2, Snappy and writing Zstandard, 1 to 32; 0 is one for each core (default: one for each core, at most 4; one with --long)')
    .option('-q, --quiet', 'no progress line', false)
    .option('-v, --verbose', 'a line for each file', false)
    .option('--json', 'a line of JSON for each file, on standard error when the data is on standard output', false);
}

/** Where the output goes: beside each input, to one file, or to standard output. */
export type ChosenOutput = { readonly kind: 'beside' } | { readonly kind: 'stdout' } | { readonly kind: 'file'; readonly path: string };

/** What the flags say of the output. @throws CommandError exit code 2 */
export function chosenOutput(files: readonly string[], flags: FileFlags): ChosenOutput {
  if (flags.output !== undefined && flags.stdout) throw new CommandError(EXIT.usage, '-o and -c exclude each other');
  if (flags.keep && flags.rm) throw new CommandError(EXIT.usage, '-k and --rm exclude each other');
  if (flags.rm && flags.stdout) throw new CommandError(EXIT.usage, '--rm and -c exclude each other: nothing would be left of a broken pipe');
  if (flags.output === undefined || flags.output === '-') return { kind: flags.stdout || flags.output === '-' ? 'stdout' : 'beside' };
  if (files.length > 1) throw new CommandError(EXIT.usage, '-o takes one input');
  return { kind: 'file', path: flags.output };
}

/** What -T says, or `standard` without it. @throws CommandError exit code 2 */
export function chosenThreads(threads: string | undefined, standard: number): number {
  if (threads === undefined) return standard;
  return parseCount('--threads', threads, 0, 32) || Math.min(32, availableParallelism());
}

/** The bytes of the file that -D names. @throws CommandError exit code 1 */
export function readDictionary(path: string | undefined): Uint8Array | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw systemError(`cannot read the dictionary ${path}`, error);
  }
}

/** Standard input can be read once. @throws CommandError exit code 2 */
export function checkFiles(files: readonly string[]): void {
  if (files.filter((file) => file === '-').length > 1) throw new CommandError(EXIT.usage, 'standard input can be read once');
}

/** @throws CommandError exit code 1 when standard output is a terminal and -f was not given */
export function refuseTerminal(flags: FileFlags): void {
  if (process.stdout.isTTY && !flags.force) throw new CommandError(EXIT.failure, 'compressed data is not written to a terminal; -f does it, -o FILE and -c with a pipe avoid it');
}

/** -1 quiet, 0 as usual, 1 more. */
export function verbosity(flags: FileFlags): number {
  if (flags.quiet || flags.json) return -1;
  return flags.verbose ? 1 : 0;
}

/** The memory that a file command works in. */
export function heapFor(): Heap {
  return new Heap({ limit: 2 ** 31 });
}

/** Gathers results for `--json`. */
export function reportJson(flags: FileFlags): { add: (result: FileResult) => void; print: () => void } {
  const results: FileResult[] = [];
  return {
    add: (result) => void results.push(result),
    print: () => {
      if (!flags.json) return;
      const onStdout = results.some(({ output }) => output === 'standard output');
      for (const result of results) (onStdout ? process.stderr : process.stdout).write(`${JSON.stringify(result)}\n`);
    },
  };
}
