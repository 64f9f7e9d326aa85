import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { goProgram } from '../toolchains/go.js';

/** What interop/go/netpoll answers. */
export interface NetpollReply {
  ns: number;
  sum: number;
  version: string;
  error?: string;
}

/** netpoll's LinkBuffer in a process of its own, asked one thing at a time. */
export class Netpoll {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;
  readonly #replies: AsyncIterator<string>;

  /** @throws MissingPeer where there is no Go, or its modules cannot be had */
  constructor() {
    this.#process = spawn(goProgram('netpoll'));
    this.#process.stderr.pipe(process.stderr);
    this.#lines = createInterface({ input: this.#process.stdout });
    this.#replies = this.#lines[Symbol.asyncIterator]();
  }

  async ask(op: 'version' | 'malloc' | 'binary', size: number, n: number): Promise<NetpollReply> {
    this.#process.stdin.write(`${JSON.stringify({ op, size, n })}\n`);
    const { value, done } = await this.#replies.next();
    if (done) throw new Error('netpoll ended');
    const reply = JSON.parse(value) as NetpollReply;
    if (reply.error !== undefined) throw new Error(`netpoll: ${reply.error}`);
    return reply;
  }

  close(): void {
    this.#lines.close();
    this.#process.stdin.end();
  }
}
