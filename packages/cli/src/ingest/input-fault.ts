import { BufferError, MemoryError } from 'millrace';
import { CommandError, EXIT, systemError } from '../exit.js';

/** The fault of an input as the line that is shown for it. Errors that are no input's fault, but ours, come out as they are. */
export function inputFault(name: string, error: unknown): unknown {
  if (error instanceof BufferError) return new CommandError(EXIT.data, `${name}: ${error.message}`);
  if (error instanceof MemoryError) return new CommandError(EXIT.failure, `${name}: the --memory-limit is used up by messages that are not whole yet`);
  if ((error as NodeJS.ErrnoException).syscall !== undefined) return systemError(name, error);
  return error;
}
