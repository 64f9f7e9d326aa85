import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';

const FAILED = 0xffff_ffff;

/**
 * A reference program that serves requests over its standard input and output, one after the other. A request is a header and a payload, each after its length as
 * 32 bits, little-endian; the answer its length and itself, or 0xffffffff and a message likewise.
 */
export class PeerProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: { resolve: (result: Buffer) => void; reject: (error: Error) => void }[] = [];
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(name: string, command: string, args: readonly string[] = []) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] }) as unknown as ChildProcessWithoutNullStreams;
    this.#child.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    const ended = (how: string): void => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`${name} ${how}`));
    };
    this.#child.on('error', (error) => ended(`cannot be run: ${error.message}`));
    this.#child.on('exit', (code) => ended(`ended with ${code}`));
  }

  /** Sends one request. @throws Error with the program's message when it fails there */
  send(header: Uint8Array, payload: Uint8Array): Promise<Buffer> {
    const sizes = Buffer.alloc(8);
    sizes.writeUInt32LE(header.length, 0);
    sizes.writeUInt32LE(payload.length, 4);
    this.#child.stdin.write(sizes.subarray(0, 4));
    this.#child.stdin.write(header);
    this.#child.stdin.write(sizes.subarray(4));
    this.#child.stdin.write(payload);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  close(): void {
    this.#child.stdin.end();
  }

  #take(chunk: Buffer): void {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    for (;;) {
      const head = this.#peek(8);
      if (head === undefined || head.length < 4) return;
      const size = head.readUInt32LE(0);
      const failed = size === FAILED;
      if (failed && head.length < 8) return;
      const start = failed ? 8 : 4;
      const length = failed ? head.readUInt32LE(4) : size;
      if (this.#pendingBytes < start + length) return;
      const all = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending);
      const result = all.subarray(start, start + length);
      this.#pending = [all.subarray(start + length)];
      this.#pendingBytes = all.length - start - length;
      const { resolve, reject } = this.#waiting.shift()!;
      if (failed) reject(new Error(result.toString()));
      else resolve(result);
    }
  }

  #peek(n: number): Buffer | undefined {
    if (this.#pendingBytes < 4) return undefined;
    const first = this.#pending[0]!;
    return first.length >= n || this.#pending.length === 1 ? first.subarray(0, n) : Buffer.concat(this.#pending).subarray(0, n);
  }
}
