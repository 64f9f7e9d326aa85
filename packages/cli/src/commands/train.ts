import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { Bytes } from 'millrace/bytes';
import { FrameDecoder, length32, ndjson } from 'millrace/buffer';
import { trainZstdDictionary } from 'millrace/codec';
import type { Heap } from 'millrace/memory';
import { ArgumentRangeError, BufferError } from 'millrace';
import { CommandError, EXIT, systemError } from '../exit.js';
import { zstdLevel } from '../files/formats.js';
import { fileOutput } from '../files/file-output.js';
import type { FramingName } from '../segments/metadata.js';
import { formatBytes, parseCount, parseSize } from '../units.js';
import { heapFor } from './file-options.js';

interface TrainFlags {
  output: string;
  framing?: FramingName;
  size: string;
  id?: string;
  level?: string;
  force: boolean;
}

/** `millrace train FILE...`. */
export function trainCommand(done: (code: number) => void): Command {
  return new Command('train')
    .summary('make a Zstandard dictionary from sample messages')
    .description('Makes a dictionary for compress -D and every other Zstandard: from a sample in each FILE, or, with --framing, from the messages in them.')
    .argument('<FILE...>', 'files with samples')
    .option('-o, --output <FILE>', 'where the dictionary goes', 'dictionary')
    .addOption(new Option('--framing <NAME>', 'the files hold messages, each a sample').choices(['ndjson', 'length32']))
    .option('--size <SIZE>', 'most bytes of the dictionary, 1KiB to 1MiB', '64KiB')
    .option('--id <N>', 'its ID (default: one made of the content)')
    .option('--level <N>', 'the level it will be used at, 1 to 19 (default: 3)')
    .option('-f, --force', 'overwrite what exists', false)
    .action(async (files: string[], flags: TrainFlags) => {
      await train(files, flags);
      done(EXIT.ok);
    });
}

async function train(files: string[], flags: TrainFlags): Promise<void> {
  const size = parseSize('--size', flags.size, 1024, 2 ** 20);
  const id = flags.id === undefined ? undefined : parseCount('--id', flags.id, 1, 2 ** 32 - 1);
  const level = zstdLevel(flags.level === undefined ? undefined : parseCount('--level', flags.level, 1, 19));
  const heap = heapFor();
  const samples = files.flatMap((file) => readSamples(file, flags.framing, heap));
  let dictionary: Buffer;
  try {
    dictionary = trainZstdDictionary(samples, { heap, size, level, ...(id === undefined ? {} : { id }) });
  } catch (error) {
    // Too few samples, too many bytes of them, or nothing in common: the message says which.
    if (error instanceof ArgumentRangeError) throw new CommandError(EXIT.data, error.message);
    throw error;
  }
  const output = await fileOutput(flags.output, flags.force);
  await output.write(Bytes.adopt(dictionary));
  await output.finish();
  const total = samples.reduce((sum, { length }) => sum + length, 0);
  process.stderr.write(`${flags.output}: ${formatBytes(dictionary.length)} from ${samples.length} samples of ${formatBytes(total)}\n`);
}

function readSamples(file: string, framing: FramingName | undefined, heap: Heap): Buffer[] {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    throw systemError(`cannot read ${file}`, error);
  }
  if (framing === undefined) return [content];
  const decoder = new FrameDecoder(framing === 'ndjson' ? ndjson({ unterminated: 'message' }) : length32(), { heap });
  const samples: Buffer[] = [];
  try {
    decoder.push(content);
    while (decoder.next()) samples.push(Buffer.from(decoder.toUint8Array()));
    if (decoder.finish()) samples.push(Buffer.from(decoder.toUint8Array()));
  } catch (error) {
    if (error instanceof BufferError) throw new CommandError(EXIT.data, `${file}: ${error.message}`);
    throw error;
  } finally {
    decoder.close();
  }
  return samples;
}
