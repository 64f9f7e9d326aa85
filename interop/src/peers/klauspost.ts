import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { goProgram } from '../toolchains/go.js';

/** The header of a request to interop/go/klauspost; what each field means stands there. */
export interface KlauspostRequest {
  op:
    | 'version' | 'encode' | 'decode' | 'estimate' | 'concat' | 'makeDict' | 'convertLZ4' | 'xerial' | 'unxerial'
    | 'write' | 'read' | 'readAt' | 'indexStream' | 'indexJSON' | 'bench' | 'benchStream';
  dialect?: 's2' | 'snappy';
  level?: 'fast' | 'better' | 'best';
  dict?: Uint8Array;
  searchStart?: Uint8Array;
  blockSize?: number;
  padding?: number;
  concurrency?: number;
  index?: boolean;
  flushOnWrite?: boolean;
  uncompressed?: boolean;
  encodeBuffer?: boolean;
  chunk?: number;
  skippableId?: number;
  skippable?: Uint8Array;
  maxBlock?: number;
  ignoreCrc?: boolean;
  offset?: number;
  length?: number;
  indexBytes?: Uint8Array;
  n?: number;
}

/** What a `bench` request gives: nanoseconds in all, and the size of all items' results together. */
export interface KlauspostTiming {
  ns: number;
  bytes: number;
}

const FAILED = 0xffff_ffff;
const NOTHING = Buffer.alloc(0);

/** klauspost/compress/s2 in a process of its own, which serves any number of requests, one after the other. */
export class Klauspost {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: { resolve: (result: Buffer) => void; reject: (error: Error) => void }[] = [];
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  /** Builds the program on first use. @throws MissingPeer where it cannot be had */
  constructor() {
    this.#child = spawn(goProgram('klauspost'), { stdio: ['pipe', 'pipe', 'inherit'] }) as unknown as ChildProcessWithoutNullStreams;
    this.#child.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`klauspost ended with ${code}`));
    });
  }

  /** Sends one request. @throws Error with the program's message when it fails there */
  request(header: KlauspostRequest, payload: Uint8Array = NOTHING): Promise<Buffer> {
    const head = Buffer.from(JSON.stringify(header, (_, value: unknown) => (isBytes(value) ? Buffer.from(bytesOf(value)).toString('base64') : value)));
    const sizes = Buffer.alloc(8);
    sizes.writeUInt32LE(head.length, 0);
    sizes.writeUInt32LE(payload.length, 4);
    this.#child.stdin.write(sizes.subarray(0, 4));
    this.#child.stdin.write(head);
    this.#child.stdin.write(sizes.subarray(4));
    this.#child.stdin.write(payload);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Times `n` encodes of `items` in turn; with `decodedLength`, of the longest item, decodes of them. */
  async bench(header: Omit<KlauspostRequest, 'op' | 'length'>, items: readonly Uint8Array[], decodedLength = 0): Promise<KlauspostTiming> {
    const result = await this.request({ ...header, op: 'bench', length: decodedLength }, Klauspost.join(items));
    return JSON.parse(result.toString()) as KlauspostTiming;
  }

  /** The payload that holds several items. */
  static join(items: readonly Uint8Array[]): Buffer {
    return Buffer.concat(
      items.flatMap((item) => {
        const size = Buffer.alloc(4);
        size.writeUInt32LE(item.length);
        return [size, item];
      }),
    );
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

// A Buffer has gone through its toJSON by the time a replacer sees it.
function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array || (typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'Buffer');
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : Uint8Array.from((value as { data: number[] }).data);
}
