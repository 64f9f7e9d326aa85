import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { catCommand } from './commands/cat.js';
import { compressCommand } from './commands/compress.js';
import { decompressCommand, testCommand } from './commands/decompress.js';
import { ingestCommand } from './commands/ingest.js';
import { listCommand } from './commands/list.js';
import { trainCommand } from './commands/train.js';
import { verifyCommand } from './commands/verify.js';
import { CommandError, EXIT } from './exit.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

/**
 * Runs the command line (without node and script) and gives the exit code of ./exit.ts. Faults become one line on standard error.
 */
export async function run(args: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  const done = (result: number): void => {
    code = result;
  };
  const program = new Command('millrace')
    .description('Messages from a socket, a file or standard input into compressed segments, and back; S2, Snappy and Zstandard files')
    .version(version)
    .showHelpAfterError('(millrace --help tells more)')
    .exitOverride()
    .addCommand(ingestCommand(done))
    .addCommand(catCommand(done))
    .addCommand(verifyCommand(done))
    .addCommand(compressCommand(done))
    .addCommand(decompressCommand(done))
    .addCommand(testCommand(done))
    .addCommand(listCommand(done))
    .addCommand(trainCommand(done));
  for (const command of program.commands) command.exitOverride().showHelpAfterError(`(millrace ${command.name()} --help tells more)`);
  try {
    await program.parseAsync(withLevels(args), { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof CommandError) {
      process.stderr.write(`millrace: ${error.message}\n`);
      return error.exitCode;
    }
    throw error;
  }
}

// -1 to -19 after `compress` are levels, as zstd has them; the parser would take -19 for two options.
function withLevels(args: readonly string[]): string[] {
  if (args[0] !== 'compress') return [...args];
  const end = args.indexOf('--');
  return args.flatMap((arg, at) => {
    const level = (end < 0 || at < end) && !/^(?:-o|--output|--level|-T|--threads|--block-size)$/.test(args[at - 1] ?? '') ? /^-(\d{1,2})$/.exec(arg) : null;
    return level === null ? [arg] : ['--level', level[1]!];
  });
}
