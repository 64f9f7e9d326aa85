import { Command } from 'commander';
import type { Bytes } from 'millrace/bytes';
import { indexStream } from 'millrace/stream';
import { EXIT } from '../exit.js';
import { noOutput } from '../files/output.js';
import { runFiles } from '../files/run-files.js';
import { formatBytes } from '../units.js';
import { detect } from './decompress.js';
import { heapFor, readDictionary } from './file-options.js';

interface Listed {
  readonly file: string;
  readonly format: string;
  readonly compressed: number;
  readonly uncompressed: number;
  readonly ratio: number;
  /** Whether the sizes come from the stream's structure alone, or from decoding it. */
  readonly decoded: boolean;
}

export interface ListFlags {
  json: boolean;
  dictionary?: string;
}

/** `millrace list FILE...`. */
export function listCommand(done: (code: number) => void): Command {
  return new Command('list')
    .summary('sizes, ratio and format of compressed files')
    .description('Lists compressed files. S2 and Snappy streams are walked chunk by chunk without decoding; others are decoded.')
    .argument('<FILE...>', 'files')
    .option('-D, --dictionary <FILE>', 'Zstandard: the dictionary that the frames name, or a raw one')
    .option('--json', 'as JSON', false)
    .action(async (files: string[], flags: ListFlags) => {
      done(await listFiles(files, flags));
    });
}

// What is listed is not put out.
async function* nothing(): AsyncGenerator<Bytes, void> {
  yield* [];
}

/** Lists files, and gives the exit code. */
export async function listFiles(files: string[], flags: ListFlags): Promise<number> {
  const heap = heapFor();
  const dictionary = readDictionary(flags.dictionary);
  const rows: Listed[] = [];
  const code = await runFiles(files, heap, {
    async transform(input) {
      const format = await detect(input);
      let uncompressed = 0;
      const decoded = format.name !== 's2' && format.name !== 'snappy';
      if (decoded) {
        for await (const block of format.decode(input.pieces(), { heap, threads: 1, maxWindow: 2 ** 31, dictionary })) {
          uncompressed += block.length;
          block.release();
        }
      } else uncompressed = (await indexStream(input.pieces(), { heap })).totalUncompressed;
      const compressed = input.consumed;
      rows.push({ file: input.name, format: format.name, compressed, uncompressed, ratio: compressed === 0 ? 0 : uncompressed / compressed, decoded });
      return nothing();
    },
    output: async () => noOutput(),
    verbosity: -1,
    remove: false,
  });
  if (flags.json) console.log(JSON.stringify(rows));
  else {
    console.log(`${'format'.padEnd(8)}${'compressed'.padStart(12)}${'uncompressed'.padStart(14)}${'ratio'.padStart(9)}  file`);
    for (const { file, format, compressed, uncompressed, ratio } of rows) {
      console.log(`${format.padEnd(8)}${formatBytes(compressed).padStart(12)}${formatBytes(uncompressed).padStart(14)}${ratio.toFixed(2).padStart(9)}  ${file}`);
    }
  }
  return rows.length === files.length ? EXIT.ok : code;
}
