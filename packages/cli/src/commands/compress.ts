import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { Heap } from 'millrace/memory';
import { CommandError, EXIT } from '../exit.js';
import { FORMATS, formatOfPath, type FormatName } from '../files/formats.js';
import { fileOutput } from '../files/file-output.js';
import { standardOutput } from '../files/output.js';
import { runFiles } from '../files/run-files.js';
import { parseCount, parseSize } from '../units.js';
import { decompressFiles, testFiles } from './decompress.js';
import { addFileOptions, chosenOutput, chosenThreads, checkFiles, heapFor, readDictionary, refuseTerminal, reportJson, verbosity, type FileFlags } from './file-options.js';
import { listFiles } from './list.js';

interface CompressFlags extends FileFlags {
  format?: FormatName;
  level?: string;
  blockSize?: string;
  index: boolean;
  check: boolean;
  dictionary?: string;
  long?: string | true;
  streamSize?: string;
  decompress: boolean;
  test: boolean;
  list: boolean;
}

/** That of S2; of Snappy's it is a multiple. */
const DEFAULT_BLOCK = 2 ** 20;

/** `millrace compress [FILE...]`. */
export function compressCommand(done: (code: number) => void): Command {
  const command = new Command('compress')
    .summary('compress files to .s2, .sz or .zst')
    .description(
      'Compresses each FILE to FILE.s2, FILE.sz or FILE.zst; standard input (- or no FILE) to standard output. Files stay unless --rm says otherwise.\n' +
        'Levels are given as for zstd, -1 to -19: S2 and Snappy take 1-2 as fast, 3-8 as better, 9-19 as best;\n' +
        'Zstandard 1-2 as fastest, 3-5 as default, 6-10 as better, 11-19 as best.',
    )
    .addOption(new Option('--format <NAME>', 'the format (default: by the ending of -o, else s2)').choices(Object.keys(FORMATS)))
    .option('--level <N>', 'how hard to look for matches, 1 to 19; also as -1 ... -19')
    .option('--block-size <SIZE>', 'S2, Snappy: most bytes in a block, 4KiB to 4MiB (default: 1MiB, Snappy 64KiB)')
    .option('--index', 'S2, Snappy: append an index, for --offset and --tail', false)
    .option('--check', 'Zstandard: a checksum of the content, which is the default', true)
    .option('--no-check', 'Zstandard: no checksum')
    .option('-D, --dictionary <FILE>', 'Zstandard: a dictionary, trained or raw')
    .option('--long [N]', 'Zstandard: matches up to 2^N bytes away, 10 to 29; 27 without N')
    .option('--stream-size <SIZE>', 'Zstandard: what standard input will hold, to be declared in the frame; it is checked')
    .option('-d, --decompress', 'decompress instead: millrace decompress', false)
    .option('-t, --test', 'test instead: millrace test', false)
    .option('-l, --list', 'list instead: millrace list', false);
  return addFileOptions(command).action(async (files: string[], flags: CompressFlags) => {
    const paths = files.length === 0 ? ['-'] : files;
    done(await (flags.decompress || flags.test || flags.list ? otherCommand(paths, flags) : compressFiles(paths, flags)));
  });
}

// As zstd has it, where one program does all.
async function otherCommand(files: string[], flags: CompressFlags): Promise<number> {
  const { decompress, test, list, format, level, blockSize, index, check, streamSize } = flags;
  if (Number(decompress) + Number(test) + Number(list) > 1) throw new CommandError(EXIT.usage, '-d, -t and -l exclude each other');
  if (format !== undefined || level !== undefined || blockSize !== undefined || index || !check || streamSize !== undefined) {
    throw new CommandError(EXIT.usage, 'with -d, -t or -l nothing is compressed: no format, level, block size, index, checksum or stream size can be asked for');
  }
  return list ? listFiles(files, flags) : test ? testFiles(files, flags) : decompressFiles(files, flags);
}

async function compressFiles(files: string[], flags: CompressFlags): Promise<number> {
  const output = chosenOutput(files, flags);
  const format = FORMATS[flags.format ?? formatOfPath(flags.output ?? '')?.name ?? 's2'];
  const level = flags.level === undefined ? undefined : parseCount('--level', flags.level, 1, 19);
  const blockSize = flags.blockSize === undefined ? undefined : parseSize('--block-size', flags.blockSize, 4096, format.name === 'snappy' ? 65_536 : 4 * 2 ** 20);
  if (format.name === 'zstd' && blockSize !== undefined) throw new CommandError(EXIT.usage, '--block-size is for S2 and Snappy');
  if (format.name !== 's2' && format.name !== 'snappy' && flags.index) throw new CommandError(EXIT.usage, '--index is for S2 and Snappy');
  if (format.name !== 'zstd' && (!flags.check || flags.dictionary !== undefined || flags.long !== undefined || flags.streamSize !== undefined)) {
    throw new CommandError(EXIT.usage, '--no-check, -D, --long and --stream-size are for Zstandard');
  }
  const windowLog = flags.long === undefined ? undefined : flags.long === true ? 27 : parseCount('--long', flags.long, 10, 29);
  const streamSize = flags.streamSize === undefined ? undefined : parseSize('--stream-size', flags.streamSize, 0, Number.MAX_SAFE_INTEGER);
  const dictionary = readDictionary(flags.dictionary);
  // Threads see little of what came before their part, and a long window is wanted for what is far away.
  const most = windowLog === undefined ? Math.min(4, availableParallelism()) : 1;
  const threads = chosenThreads(flags.threads, most);
  checkFiles(files);
  const heap: Heap = heapFor();
  const results = reportJson(flags);
  const code = await runFiles(files, heap, {
    transform: (input) => format.encode(input.pieces(), { heap, level, blockSize, index: flags.index, threads, checksum: flags.check, size: input.size ?? streamSize, windowLog, dictionary }),
    output: async (input, path) => {
      if (output.kind === 'file') return fileOutput(output.path, flags.force, input);
      if (output.kind === 'beside' && path !== '-') return fileOutput(`${path}${format.endings[0]}`, flags.force, input);
      refuseTerminal(flags);
      return standardOutput();
    },
    verbosity: verbosity(flags),
    blockSize: blockSize ?? DEFAULT_BLOCK,
    remove: flags.rm,
    done: results.add,
  });
  results.print();
  return code;
}
