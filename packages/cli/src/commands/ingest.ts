import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { runIngest, type IngestSettings } from '../ingest/run.js';
import { CommandError, EXIT } from '../exit.js';
import type { FramingName } from '../segments/metadata.js';
import type { Codec } from '../segments/segment-name.js';
import { parseCount, parseSize } from '../units.js';

interface IngestFlags {
  host?: string;
  port?: string;
  framing: FramingName;
  codec: Codec;
  out: string;
  segmentBytes: string;
  maxMessage: string;
  memoryLimit: string;
  flushMs: string;
  threads?: string;
  acceptUnterminated: boolean;
  progressMs?: string;
  json: boolean;
  quiet: boolean;
}

/** `millrace ingest [FILE]`. */
export function ingestCommand(done: (code: number) => void): Command {
  return new Command('ingest')
    .summary('take messages in and write compressed segments')
    .description(
      'Takes messages from a TCP port (the default), from FILE, or from standard input (-), and appends them, compressed, to segment files.\n' +
        'A connection is closed by the server when all it sent is written. SIGINT and SIGTERM end it cleanly.',
    )
    .argument('[FILE]', 'a file to read instead of listening; - is standard input')
    .option('--host <ADDRESS>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <PORT>', 'port to listen on, 0 for any free one (default: 7070)')
    .addOption(new Option('--framing <NAME>', 'ndjson: a line each; length32: 4 bytes of length, big-endian, before each').choices(['ndjson', 'length32']).default('ndjson'))
    .addOption(new Option('--codec <NAME>', 's2: smaller and faster; snappy: any Snappy reader reads it').choices(['s2', 'snappy']).default('s2'))
    .option('--out <DIR>', 'directory for the segments, made if needed', './millrace-data')
    .option('--segment-bytes <SIZE>', 'close a segment at about this size: blocks under way in other threads still go in', '64MiB')
    .option('--max-message <SIZE>', 'longest message, delimiter or prefix not counted', '8MiB')
    .option('--memory-limit <SIZE>', 'most memory for messages on their way; sockets wait when it is used up', '256MiB')
    .option('--flush-ms <MS>', 'write what has come in after this long, if no full block has gathered', '100')
    .option('-T, --threads <N>', 'threads that compress, the reading one included (default: one for each core but one, at most 4)')
    .option('--accept-unterminated', 'store a last NDJSON line without its line feed, which is added, instead of refusing it', false)
    .option('--progress-ms <MS>', 'with --json: a progress event this often')
    .option('--json', 'events and the summary as lines of JSON', false)
    .option('-q, --quiet', 'no progress line', false)
    .action(async (file: string | undefined, flags: IngestFlags) => {
      done(await runIngest(settings(file, flags)));
    });
}

const MIB = 2 ** 20;

// One core is left to whoever sends: on two cores a second thread made the job slower and took three times the memory (docs/performance.md).
function defaultThreads(): number {
  return Math.max(1, Math.min(4, availableParallelism() - 1));
}

function settings(file: string | undefined, flags: IngestFlags): IngestSettings {
  if (file !== undefined && (flags.port !== undefined || flags.host !== undefined)) {
    throw new CommandError(EXIT.usage, `--host and --port are for listening; ${file === '-' ? 'standard input' : file} is read instead`);
  }
  const maxMessage = parseSize('--max-message', flags.maxMessage, 1, 256 * MIB);
  const memoryLimit = parseSize('--memory-limit', flags.memoryLimit, 16 * MIB, 2048 * MIB);
  if (memoryLimit < 4 * maxMessage) {
    throw new CommandError(EXIT.usage, `--memory-limit must be at least four times --max-message, for a message on its way in and its compressed form`);
  }
  return {
    source: file === undefined ? { host: flags.host ?? '127.0.0.1', port: parseCount('--port', flags.port ?? '7070', 0, 65_535) } : { file },
    framing: flags.framing,
    codec: flags.codec,
    directory: flags.out,
    segmentBytes: parseSize('--segment-bytes', flags.segmentBytes, 64 * 1024, 2 ** 40),
    maxMessage,
    memoryLimit,
    flushMs: parseCount('--flush-ms', flags.flushMs, 1, 60_000),
    threads: flags.threads === undefined ? defaultThreads() : parseCount('--threads', flags.threads, 1, 32),
    acceptUnterminated: flags.acceptUnterminated,
    progressMs: flags.progressMs === undefined ? undefined : parseCount('--progress-ms', flags.progressMs, 10, 3_600_000),
    json: flags.json,
    quiet: flags.quiet,
  };
}
