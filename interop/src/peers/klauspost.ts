import { goProgram } from '../toolchains/go.js';
import { PeerProcess } from './peer-process.js';

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

const NOTHING = Buffer.alloc(0);

/** klauspost/compress/s2 in a process of its own, which serves any number of requests, one after the other. */
export class Klauspost {
  readonly #process: PeerProcess;

  /** Builds the program on first use. @throws MissingPeer where it cannot be had */
  constructor() {
    this.#process = new PeerProcess('klauspost', goProgram('klauspost'));
  }

  /** Sends one request. @throws Error with the program's message when it fails there */
  request(header: KlauspostRequest, payload: Uint8Array = NOTHING): Promise<Buffer> {
    const words = JSON.stringify(header, (_, value: unknown) => (isBytes(value) ? Buffer.from(bytesOf(value)).toString('base64') : value));
    return this.#process.send(Buffer.from(words), payload);
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
    this.#process.close();
  }
}

// A Buffer has gone through its toJSON by the time a replacer sees it.
function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array || (typeof value === 'object' && value !== null && (value as { type?: unknown }).type === 'Buffer');
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : Uint8Array.from((value as { data: number[] }).data);
}
