import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { catCommand } from './commands/cat.js';
import { ingestCommand } from './commands/ingest.js';
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
    .description('Messages from a socket, a file or standard input into compressed segments, and back')
    .version(version)
    .showHelpAfterError('(millrace --help tells more)')
    .exitOverride()
    .addCommand(ingestCommand(done))
    .addCommand(catCommand(done))
    .addCommand(verifyCommand(done));
  for (const command of program.commands) command.exitOverride().showHelpAfterError(`(millrace ${command.name()} --help tells more)`);
  try {
    await program.parseAsync(args, { from: 'user' });
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
