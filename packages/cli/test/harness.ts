import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The command under test. */
export const command: string = join(dirname(fileURLToPath(import.meta.url)), '..', 'bin', 'millrace.js');

/** A directory that goes when the test ends. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  stderr: string;
}

/** Runs `millrace ARGS` to its end. */
export async function millrace(args: string[], input?: Uint8Array): Promise<Finished> {
  const child = spawn(process.execPath, [command, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => undefined); // a child that refuses its input closes the pipe
  child.stdin.end(input);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() };
}

/** A running `millrace ingest --json`, ended when the test ends. */
export class Server {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  stderr = '';
  port = 0;

  constructor(args: string[]) {
    this.child = spawn(process.execPath, [command, 'ingest', '--port', '0', '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
    this.child.stderr!.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    onTestFinished(() => void this.child.kill('SIGKILL'));
  }

  static async start(args: string[]): Promise<Server> {
    const server = new Server(args);
    server.port = Number((await server.event('listening'))['port']);
    return server;
  }

  /** The next event of that name. */
  async event(name: string): Promise<Record<string, unknown>> {
    for (;;) {
      const { done, value } = await this.#lines.next();
      if (done) throw new Error(`no ${name} event: ${this.stderr}`);
      const event = JSON.parse(value) as Record<string, unknown>;
      if (event['event'] === name) return event;
    }
  }

  /** Ends the server with a signal and gives its summary and exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<{ summary: Record<string, unknown>; code: number | null }> {
    const exit = once(this.child, 'exit') as Promise<[number | null]>;
    this.child.kill(signal);
    const summary = await this.event('summary');
    const [code] = await exit;
    return { summary, code };
  }

  connect(): Socket {
    const socket = connect({ port: this.port, host: '127.0.0.1' });
    socket.resume();
    return socket;
  }

  /** Sends bytes on a connection of its own and waits until the server has closed it: everything is written then. */
  async send(bytes: Uint8Array): Promise<void> {
    const socket = this.connect();
    socket.end(bytes);
    await once(socket, 'close');
  }
}

/** `count` JSON messages of varied length: the same for the same count. */
export function jsonMessages(count: number): string[] {
  const messages: string[] = [];
  let state = 12_345;
  for (let i = 0; i < count; i += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    messages.push(JSON.stringify({ id: i, level: ['info', 'warn', 'error'][state % 3], text: 'lorem ipsum dolor '.repeat((state >>> 8) % 40), n: state }));
  }
  return messages;
}

/** Messages with a line feed after each. */
export function ndjson(messages: readonly string[]): Buffer {
  return Buffer.from(messages.map((message) => `${message}\n`).join(''));
}

/** Messages with their length in 4 bytes before each. */
export function length32(messages: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    messages.flatMap((message) => {
      const body = Buffer.from(message as string);
      const prefix = Buffer.alloc(4);
      prefix.writeUInt32BE(body.length);
      return [prefix, body];
    }),
  );
}
