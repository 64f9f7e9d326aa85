import { unlink } from 'node:fs/promises';
import type { Bytes } from 'millrace/bytes';
import { MillraceError } from 'millrace';
import type { Heap } from 'millrace/memory';
import { CommandError, EXIT } from '../exit.js';
import { formatBytes } from '../units.js';
import { Input } from './input.js';
import { OutputGone, type Output } from './output.js';
import { beforeSignals } from './signals.js';

/** What was done with one file. */
export interface FileResult {
  readonly input: string;
  readonly output: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly seconds: number;
}

/** What a file command does with each of its files. */
export interface FileTask {
  /** The data that goes to the output. */
  transform(input: Input): Promise<AsyncGenerator<Bytes, void>> | AsyncGenerator<Bytes, void>;
  /** Where it goes; asked after `transform`, so that no file is made for an input that cannot be read. */
  output(input: Input, path: string): Promise<Output>;
  /** Say what is done, -1 quiet, 0 as usual, 1 more. */
  readonly verbosity: number;
  /** Pieces of the input hold a multiple of so many bytes, the last one excepted. @default what comes */
  readonly blockSize?: number;
  /** Remove the input when it is done. */
  readonly remove: boolean;
  /** Told of every file that was done. */
  done?(result: FileResult): void;
}

/** Does a task for each path, one after the other; a fault of one does not keep the others from being done. Gives the exit code: 1 when any failed. */
export async function runFiles(paths: readonly string[], heap: Heap, task: FileTask): Promise<number> {
  let code: number = EXIT.ok;
  for (const path of paths) {
    try {
      const result = await runFile(path, heap, task);
      task.done?.(result);
      if (task.verbosity > 0) process.stderr.write(`${result.input}: ${formatBytes(result.bytesIn)} to ${formatBytes(result.bytesOut)}, ${result.output}\n`);
    } catch (error) {
      if (error instanceof OutputGone) return code;
      if (error instanceof CommandError) process.stderr.write(`millrace: ${error.message}\n`);
      else if (error instanceof MillraceError) process.stderr.write(`millrace: ${path === '-' ? 'standard input' : path}: ${error.message} (${error.code})\n`);
      else throw error;
      code = EXIT.failure;
    }
  }
  return code;
}

async function runFile(path: string, heap: Heap, task: FileTask): Promise<FileResult> {
  const started = performance.now();
  const input = await Input.open(path, heap, task.blockSize);
  try {
    const data = await task.transform(input);
    const output = await task.output(input, path);
    const progress = showProgress(input, output, task.verbosity);
    const forget = beforeSignals(() => output.abandon());
    try {
      for await (const piece of data) await output.write(piece);
      await output.finish();
    } catch (error) {
      await output.discard();
      throw error;
    } finally {
      progress();
      forget();
    }
    if (task.remove && path !== '-') await unlink(path);
    return { input: input.name, output: output.name, bytesIn: input.consumed, bytesOut: output.written, seconds: (performance.now() - started) / 1000 };
  } finally {
    await input.close();
  }
}

// A line on a terminal for what takes longer than a moment. Gives how to stop it.
function showProgress(input: Input, output: Output, verbosity: number): () => void {
  if (verbosity < 0 || !process.stderr.isTTY) return () => undefined;
  const started = performance.now();
  const timer = setInterval(() => {
    const seconds = (performance.now() - started) / 1000;
    const share = input.size === undefined || input.size === 0 ? '' : ` ${((100 * input.consumed) / input.size).toFixed(0)} %`;
    process.stderr.write(`\r\u001B[K${input.name}:${share} ${formatBytes(input.consumed)} to ${formatBytes(output.written)}, ${formatBytes(input.consumed / seconds)}/s`);
  }, 200);
  return () => {
    clearInterval(timer);
    process.stderr.write('\r\u001B[K');
  };
}
