import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { FramingName } from './messages.js';

const here = dirname(fileURLToPath(import.meta.url));
/** The `millrace` command of this workspace. */
export const millraceCommand: string = join(here, '..', '..', '..', 'packages', 'cli', 'bin', 'millrace.js');

/** What a server says of itself when it stops; both contenders print the same fields. */
export interface ServerSummary {
  readonly messages: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Peak resident memory less that when it began to listen, in bytes. */
  readonly rssGrowth: number;
  readonly gcCount: number;
  readonly gcPauseMs: number;
  readonly cpuSeconds: number;
  readonly bytesCopiedPerByte?: number;
  /** Ours only: bytes of the heap in use at the end. */
  readonly heapLive?: number;
}

export interface IngestRun {
  readonly server: ServerSummary;
  readonly messages: number;
  readonly bytes: number;
  /** From the first byte sent to the server's close of the connection. */
  readonly seconds: number;
}

/** Events that a program prints, a line of JSON each. */
export class Events {
  readonly #lines: AsyncIterator<string>;

  constructor(child: ChildProcess) {
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /** The next event called `name`; those before it go to `others`. */
  async next<T>(name: string, others?: (event: unknown) => void): Promise<T> {
    for (;;) {
      const { done, value } = await this.#lines.next();
      if (done) throw new Error(`a program ended without its ${name} event`);
      const event = JSON.parse(value) as { event?: string };
      if (event.event === name) return event as T;
      others?.(event);
    }
  }
}

async function run(command: string[], execPath: string, framing: FramingName, repeats: number, onEvent?: (event: unknown) => void): Promise<IngestRun> {
  const server = spawn(execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const said = new Events(server);
    const { port } = await said.next<{ port: number }>('listening');
    const sender = spawn(process.execPath, [join(here, 'sender.js'), String(port), framing, String(repeats)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const sent = await new Events(sender).next<{ messages: number; bytes: number; seconds: number }>('sent');
    server.kill('SIGTERM');
    const summary = await said.next<ServerSummary>('summary', onEvent);
    if (server.exitCode === null) await once(server, 'exit');
    if (server.exitCode !== 0) throw new Error(`the server ended with ${server.exitCode}`);
    return { server: summary, ...sent };
  } finally {
    server.kill('SIGKILL');
  }
}

/** How `millrace ingest` is run. */
export interface MillraceOptions {
  /** @default 's2' */
  codec?: 's2' | 'snappy';
  /** Milliseconds between progress events; none without it. */
  progressMs?: number;
  onEvent?: (event: unknown) => void;
}

/** One run of `millrace ingest` into `directory`. */
export function runMillrace(directory: string, framing: FramingName, repeats: number, options: MillraceOptions = {}): Promise<IngestRun> {
  const { codec = 's2', progressMs, onEvent } = options;
  const command = [millraceCommand, 'ingest', '--port', '0', '--out', directory, '--framing', framing, '--codec', codec, '--json'];
  if (progressMs !== undefined) command.push('--progress-ms', String(progressMs));
  return run(command, process.execPath, framing, repeats, onEvent);
}

/** How the peer is written: see node-pipeline.ts. */
export type PeerStyle = 'plain' | 'tuned';

/** One run of the same job with what Node users have today, into `file`. */
export function runNodePipeline(file: string, framing: FramingName, repeats: number, style: PeerStyle): Promise<IngestRun> {
  return run([join(here, 'node-pipeline.js'), style, framing, file], process.execPath, framing, repeats);
}
