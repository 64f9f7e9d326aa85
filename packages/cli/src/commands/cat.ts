import { Command } from 'commander';
import { Heap } from 'millrace/memory';
import type { Bytes } from 'millrace/bytes';
import { EXIT } from '../exit.js';
import { formatOfBytes, MAGIC_LENGTH } from '../files/formats.js';
import { Input } from '../files/input.js';
import { decompressFiles } from './decompress.js';
import { MessageCutter } from '../segments/message-cutter.js';
import { segmentsAt } from '../segments/paths.js';
import { SegmentReader } from '../segments/segment-reader.js';

const TO_STDOUT = { stdout: true, force: false, keep: true, rm: false, quiet: true, verbose: false, json: false } as const;

/** `millrace cat PATH`. */
export function catCommand(done: (code: number) => void): Command {
  return new Command('cat')
    .summary('write the messages back, exactly as they came in')
    .description('Writes the messages of a directory of segments, or the data of one compressed file of any format, to standard output, as they came in.')
    .argument('<PATH>', 'a directory of segments, or a .s2, .sz, .snappy or .zst file; - is standard input')
    .action(async (path: string) => {
      done(path === '-' || (await isOtherFormat(path)) ? await decompressFiles([path], TO_STDOUT) : await catSegments(path));
    });
}

// Zstandard and xerial files are no segments: they are decompressed, and that is all.
async function isOtherFormat(path: string): Promise<boolean> {
  const [only, ...others] = segmentsAt(path);
  if (only !== path || others.length > 0) return false;
  const input = await Input.open(path, new Heap({ limit: 2 ** 24 }));
  try {
    const format = formatOfBytes(await input.peek(MAGIC_LENGTH));
    return format !== undefined && format.name !== 's2' && format.name !== 'snappy';
  } finally {
    await input.close();
  }
}

async function catSegments(path: string): Promise<number> {
  const heap = new Heap({ limit: 1024 * 2 ** 20 });
  let code: number = EXIT.ok;
  process.stdout.on('error', () => undefined); // told to the write's callback as well
  for (const segment of segmentsAt(path)) {
    const reader = new SegmentReader(segment, heap);
    let cutter: MessageCutter | undefined;
    let written = 0;
    for await (const block of reader.blocks()) {
      if (reader.header !== undefined) cutter ??= new MessageCutter(reader.header.framing, heap);
      for (const bytes of cutter?.push(block) ?? [block]) {
        written += bytes.length;
        if (!(await write(bytes))) return code; // whoever read the output has gone: nothing is left to do
      }
    }
    const held = cutter?.end() ?? 0;
    const problem = reader.fault?.message ?? cutter?.problem ?? (held > 0 ? `its last message is there only in part, ${held} bytes` : undefined);
    if (problem === undefined) continue;
    process.stderr.write(`millrace: ${segment}: ${problem}; the ${written} bytes before it were written\n`);
    code = EXIT.data;
  }
  return code;
}

// Resolves when the bytes are out, false when nobody takes them any more.
function write(block: Bytes): Promise<boolean> {
  return new Promise((resolve, reject) => {
    process.stdout.write(block.toBuffer(), (error?: NodeJS.ErrnoException | null) => {
      block.release();
      if (!error) resolve(true);
      else if (error.code === 'EPIPE') resolve(false);
      else reject(error);
    });
  });
}
