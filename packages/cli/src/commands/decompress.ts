import { openSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import type { Bytes } from 'millrace/bytes';
import type { Heap } from 'millrace/memory';
import { fileSource, SeekableReader } from 'millrace/stream';
import { CommandError, EXIT } from '../exit.js';
import { formatOfBytes, formatOfPath, MAGIC_LENGTH, type DecodeSettings, type Format } from '../files/formats.js';
import type { Input } from '../files/input.js';
import { fileOutput } from '../files/file-output.js';
import { noOutput, standardOutput } from '../files/output.js';
import { runFiles } from '../files/run-files.js';
import { parseCount, parseSize } from '../units.js';
import { addFileOptions, checkFiles, chosenOutput, chosenThreads, heapFor, readDictionary, reportJson, verbosity, type FileFlags } from './file-options.js';

export interface DecompressFlags extends FileFlags {
  offset?: string;
  tail?: string;
  dictionary?: string;
  long?: string | true;
}

/** `millrace decompress [FILE...]`. */
export function decompressCommand(done: (code: number) => void): Command {
  const command = new Command('decompress')
    .summary('decompress .s2, .sz, .snappy and .zst files')
    .description('Decompresses each FILE to its name without the ending; standard input (- or no FILE) to standard output. The format is told by the content.')
    .option('-D, --dictionary <FILE>', 'Zstandard: the dictionary that the frames name, or a raw one')
    .option('--long [N]', 'Zstandard: accept windows up to 2^N bytes, 10 to 31; 31 without N (default: 27)')
    .option('--offset <SIZE>', 'begin at this byte of the data, through the index (S2 and Snappy with --index)')
    .option('--tail <SIZE>', 'only the last bytes of the data, likewise');
  return addFileOptions(command).action(async (files: string[], flags: DecompressFlags) => {
    done(await decompressFiles(files.length === 0 ? ['-'] : files, flags));
  });
}

/** `millrace test [FILE...]`. */
export function testCommand(done: (code: number) => void): Command {
  return new Command('test')
    .summary('decompress to nowhere and check everything')
    .description('Decodes each FILE and checks its structure and checksums. Exit code 1 when any is not sound.')
    .argument('[FILE...]', 'files; - is standard input')
    .option('-D, --dictionary <FILE>', 'Zstandard: the dictionary that the frames name, or a raw one')
    .option('--long [N]', 'Zstandard: accept windows up to 2^N bytes, 10 to 31; 31 without N (default: 27)')
    .option('-T, --threads <N>', 'threads for S2 and Snappy, 1 to 32; 0 is one for each core (default: one for each core but one, at most 4); the others use one')
    .option('-q, --quiet', 'say nothing of files that are sound', false)
    .option('--json', 'a line of JSON for each sound file', false)
    .action(async (files: string[], flags: TestFlags) => {
      done(await testFiles(files.length === 0 ? ['-'] : files, flags));
    });
}

/** Decodes files to nowhere, and gives the exit code. */
export async function testFiles(files: string[], flags: TestFlags): Promise<number> {
  const heap = heapFor();
  const settings = decodeSettings(heap, flags);
  checkFiles(files);
  return runFiles(files, heap, {
    transform: async (input) => (await detect(input)).decode(input.pieces(), settings),
    output: async () => noOutput(),
    verbosity: -1,
    remove: false,
    done: (result) => {
      if (flags.json) console.log(JSON.stringify(result));
      else if (!flags.quiet) console.log(`${result.input}: sound, ${result.bytesOut} bytes`);
    },
  });
}

export interface TestFlags {
  threads?: string;
  dictionary?: string;
  long?: string | true;
  quiet: boolean;
  json: boolean;
}

function decodeSettings(heap: Heap, flags: { threads?: string; dictionary?: string; long?: string | true }): DecodeSettings {
  const { threads, dictionary, long } = flags;
  return {
    heap,
    // Reading and writing have a core: on two, two threads took a third more processor time and gained nothing (docs/performance.md).
    threads: chosenThreads(threads, Math.max(1, Math.min(4, availableParallelism() - 1))),
    maxWindow: long === undefined ? undefined : 2 ** (long === true ? 31 : parseCount('--long', long, 10, 31)),
    dictionary: readDictionary(dictionary),
  };
}

/** The format of an input, by its first bytes. @throws CommandError exit code 1 */
export async function detect(input: Input): Promise<Format> {
  const head = await input.peek(MAGIC_LENGTH);
  // No bytes are an empty stream in every format.
  const format = formatOfBytes(head) ?? (head.length === 0 ? (formatOfPath(input.name) ?? formatOfPath('.s2')) : undefined);
  if (format === undefined) throw new CommandError(EXIT.failure, `${input.name} is no S2, Snappy, xerial or Zstandard stream`);
  return format;
}

/** Decompresses files as the flags say, and gives the exit code. */
export async function decompressFiles(files: string[], flags: DecompressFlags): Promise<number> {
  const output = chosenOutput(files, flags);
  if (flags.offset !== undefined && flags.tail !== undefined) throw new CommandError(EXIT.usage, '--offset and --tail exclude each other');
  const from = flags.tail === undefined ? parseSize('--offset', flags.offset ?? '0', 0, Number.MAX_SAFE_INTEGER) : -parseSize('--tail', flags.tail, 1, Number.MAX_SAFE_INTEGER);
  checkFiles(files);
  const heap = heapFor();
  const settings = decodeSettings(heap, flags);
  const results = reportJson(flags);
  const code = await runFiles(files, heap, {
    async transform(input) {
      const format = await detect(input);
      if (flags.offset === undefined && flags.tail === undefined) return format.decode(input.pieces(), settings);
      if (format.name !== 's2' && format.name !== 'snappy') throw new CommandError(EXIT.failure, `${input.name}: --offset and --tail need an index, which only S2 and Snappy streams can have`);
      if (input.size === undefined) throw new CommandError(EXIT.failure, `${input.name}: --offset and --tail need a file`);
      return seek(input.name, from, heap);
    },
    async output(input, path) {
      if (output.kind === 'file') return fileOutput(output.path, flags.force, input);
      if (output.kind === 'stdout' || path === '-') return standardOutput();
      const ending = formatOfPath(path)?.endings.find((end) => path.endsWith(end));
      if (ending === undefined) throw new CommandError(EXIT.failure, `${input.name} has no ending to take off; -o says where to write`);
      return fileOutput(path.slice(0, -ending.length), flags.force, input);
    },
    verbosity: verbosity(flags),
    remove: flags.rm,
    done: results.add,
  });
  results.print();
  return code;
}

// From the tail where `from` is negative; all of a stream that is shorter.
async function* seek(path: string, from: number, heap: Heap): AsyncGenerator<Bytes, void> {
  const reader = await SeekableReader.open(await fileSource(openSync(path, 'r')), { heap });
  if (from > reader.length) throw new CommandError(EXIT.failure, `${path}: its data ends at ${reader.length}, before --offset ${from}`);
  yield* reader.readFrom(Math.max(from, -reader.length));
}
