import { fstatSync } from 'node:fs';
import type { Socket } from 'node:net';
import { resourceUsage } from 'node:process';
import { Heap } from 'millrace/memory';
import { WorkerPool } from 'millrace/worker';
import { CommandError, EXIT } from '../exit.js';
import type { FramingName } from '../segments/metadata.js';
import { openDirectory } from '../segments/segment-files.js';
import { SegmentLog } from '../segments/segment-log.js';
import type { Codec } from '../segments/segment-name.js';
import { ingestFile } from './file-source.js';
import { GcObserver } from './gc-observer.js';
import { IngestMeter } from './meter.js';
import { ProgressLine } from './progress.js';
import { renderSummary } from './summary.js';
import { ingestPipe } from './pipe-source.js';
import type { SourceContext } from './source.js';
import { TcpSource, type Endpoint } from './tcp-source.js';
import { WriteGate } from './write-gate.js';

/** What `millrace ingest` was asked to do. Sizes in bytes. */
export interface IngestSettings {
  readonly source: Endpoint | { readonly file: string };
  readonly framing: FramingName;
  readonly codec: Codec;
  readonly directory: string;
  readonly segmentBytes: number;
  readonly maxMessage: number;
  readonly memoryLimit: number;
  readonly flushMs: number;
  /** Threads that compress, this one included. */
  readonly threads: number;
  readonly acceptUnterminated: boolean;
  /** Milliseconds between progress events; undefined for none. */
  readonly progressMs: number | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
}

/**
 * Runs an ingest to its end, prints the summary, and gives the exit code.
 * @throws CommandError when nothing could be begun
 */
export async function runIngest(settings: IngestSettings): Promise<number> {
  const gc = new GcObserver();
  const heap = new Heap({ limit: settings.memoryLimit });
  const { directory, codec, framing, segmentBytes, threads } = settings;
  const files = await openDirectory(directory, codec);
  // This thread reads, and compresses when the others have enough to do.
  const pool = threads > 1 ? new WorkerPool({ heap, threads: threads - 1 }) : undefined;
  const log = new SegmentLog(files, { heap, codec, framing, pool }, segmentBytes);
  const meter = new IngestMeter(heap, log);
  const progress = new ProgressLine(meter, !settings.json && !settings.quiet);
  const events = settings.json && settings.progressMs !== undefined ? setInterval(() => emit(meter.progress()), settings.progressMs) : undefined;
  events?.unref();

  let code: number = EXIT.ok;
  try {
    await takeIn(settings, { heap, options: settings, log, gate: new WriteGate(log, heap, settings.memoryLimit), meter, flushMs: settings.flushMs });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    code = report(error);
  } finally {
    const failure = await log.close();
    if (failure !== undefined) code = report(failure);
    await pool?.close();
    progress.stop();
    clearInterval(events);
    gc.stop();
  }
  const summary = meter.summary(gc, resourceUsage());
  if (settings.json) emit(summary);
  else console.log(renderSummary(summary, settings.directory));
  return code;
}

async function takeIn(settings: IngestSettings, context: SourceContext): Promise<void> {
  const { source } = settings;
  if (!('file' in source)) await new TcpSource(context).run(source, (address) => announce(settings, address));
  else if (source.file !== '-') await ingestFile(source.file, source.file, context);
  else if (fstatSync(0).isFile()) await ingestFile('/dev/stdin', 'standard input', context);
  else await ingestPipe(process.stdin as Socket, 'standard input', context);
}

function announce(settings: IngestSettings, address: Endpoint): void {
  if (settings.json) emit({ event: 'listening', ...address });
  else if (!settings.quiet) process.stderr.write(`listening on ${address.host}:${address.port} for ${settings.framing} messages, writing to ${settings.directory}\n`);
}

function emit(event: object): void {
  console.log(JSON.stringify(event));
}

function report(error: CommandError): number {
  process.stderr.write(`millrace: ${error.message}\n`);
  return error.exitCode;
}
