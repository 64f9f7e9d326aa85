import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { Heap } from 'millrace';
import { FrameDecoder, length32, LinkBuffer, ndjson } from 'millrace/buffer';
import { peers } from '../../harness/peers.js';

/** What a decoder is given: a stream in reads of `chunk` bytes, and the same as the Buffers that Node would allocate, one for each read. */
export interface Reads {
  readonly stream: Buffer;
  readonly chunk: number;
  readonly buffers: readonly Buffer[];
}

/** What must come out: how many messages, and a sum over their bytes that depends on where each begins and ends. */
export interface Digest {
  messages: number;
  sum: number;
}

export type FramingName = 'length32' | 'ndjson';

/**
 * A way to decode: all reads of the stream, once. `string` ways give each message as a string, the others as bytes. Gives the nanoseconds that it
 * took from bytes that have been read to messages: the reading itself is not counted, on either side.
 */
export interface Way {
  readonly name: string;
  readonly gives: 'bytes' | 'string';
  run(reads: Reads, digest: Digest): number | Promise<number>;
}

export function readsOf(stream: Buffer, chunk: number): Reads {
  const buffers: Buffer[] = [];
  for (let at = 0; at < stream.length; at += chunk) {
    const read = Buffer.allocUnsafeSlow(Math.min(chunk, stream.length - at));
    stream.copy(read, 0, at, at + read.length);
    buffers.push(read);
  }
  return { stream, chunk, buffers };
}

const LF = 10;

function count(digest: Digest, message: Uint8Array): void {
  digest.messages += 1;
  digest.sum = (digest.sum + message.length + message[0]! + 3 * message[message.length - 1]!) | 0;
}

function countString(digest: Digest, message: string): void {
  digest.messages += 1;
  digest.sum = (digest.sum + message.length + message.charCodeAt(0) + 3 * message.charCodeAt(message.length - 1)) | 0;
}

function timed(work: () => void): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start);
}

// ---- ours ----------------------------------------------------------------------------------------------------------

const heap = new Heap();

type Use = (digest: Digest, decoder: FrameDecoder) => void;

function ours(framing: FramingName, use: Use): Way['run'] {
  const format = framing === 'length32' ? length32() : ndjson();
  return ({ stream, chunk }, digest) => {
    const input = new LinkBuffer({ heap, minBook: 2 ** 18 });
    const decoder = new FrameDecoder(format, { input });
    let ns = 0;
    for (let at = 0; at < stream.length; ) {
      let start = process.hrtime.bigint();
      input.book(Math.min(chunk, 16_384), decoder.pending);
      ns += Number(process.hrtime.bigint() - start);
      // What the kernel does with the room it is given.
      const length = Math.min(chunk, input.roomLength, stream.length - at);
      stream.copy(heap.u8, input.roomAddress, at, at + length);
      at += length;
      start = process.hrtime.bigint();
      input.commit(length);
      while (decoder.next()) use(digest, decoder);
      ns += Number(process.hrtime.bigint() - start);
    }
    ns += timed(() => {
      decoder.finish();
      decoder.close();
      input.close();
    });
    if (heap.live !== 0) throw new Error(`${heap.live} bytes were not given back`);
    return ns;
  };
}

// From reads into memory of Node's, as those who have a stream and no link get them: each is copied into the heap.
function oursPushed(framing: FramingName, use: Use): Way['run'] {
  const format = framing === 'length32' ? length32() : ndjson();
  return ({ buffers }, digest) => timed(() => {
    const decoder = new FrameDecoder(format, { heap });
    for (const read of buffers) {
      decoder.push(read);
      while (decoder.next()) use(digest, decoder);
    }
    decoder.finish();
    decoder.close();
  });
}

const byPosition: Use = (digest, decoder) => {
  const { u8, start, end } = decoder;
  digest.messages += 1;
  digest.sum = (digest.sum + end - start + u8![start]! + 3 * u8![end - 1]!) | 0;
};
const asArray: Use = (digest, decoder) => count(digest, decoder.toUint8Array());
const asBuffer: Use = (digest, decoder) => count(digest, decoder.toBuffer());
const asString: Use = (digest, decoder) => countString(digest, decoder.toString());
const asHandle: Use = (digest, decoder) => {
  const bytes = decoder.take();
  const { u8 } = bytes.block;
  digest.messages += 1;
  digest.sum = (digest.sum + bytes.length + u8[bytes.start]! + 3 * u8[bytes.end - 1]!) | 0;
  bytes.release();
};

/** Ours: each message by position in borrowed memory; as a view of it; as a handle of its own; as a string; by position, of reads into memory of Node's. */
export function ourWays(framing: FramingName): Way[] {
  return [
    { name: 'FrameDecoder, by position', gives: 'bytes', run: ours(framing, byPosition) },
    { name: 'FrameDecoder, as Uint8Array', gives: 'bytes', run: ours(framing, asArray) },
    { name: 'FrameDecoder, as Buffer', gives: 'bytes', run: ours(framing, asBuffer) },
    { name: 'FrameDecoder, as handle', gives: 'bytes', run: ours(framing, asHandle) },
    { name: 'FrameDecoder, as string', gives: 'string', run: ours(framing, asString) },
    { name: "FrameDecoder.push of Node's reads, by position", gives: 'bytes', run: oursPushed(framing, byPosition) },
  ];
}

// ---- what Node users have ------------------------------------------------------------------------------------------

interface BufferList {
  readonly length: number;
  append(buffer: Buffer): void;
  consume(bytes: number): void;
  slice(start: number, end: number): Buffer;
  readUInt32BE(offset: number): number;
  indexOf(value: number, from: number): number;
}

function blLength32(BufferListStream: new () => BufferList): Way['run'] {
  return ({ buffers }, digest) => timed(() => {
    const list = new BufferListStream();
    for (const read of buffers) {
      list.append(read);
      while (list.length >= 4) {
        const length = list.readUInt32BE(0);
        if (list.length < 4 + length) break;
        count(digest, list.slice(4, 4 + length));
        list.consume(4 + length);
      }
    }
  });
}

function blNdjson(BufferListStream: new () => BufferList): Way['run'] {
  return ({ buffers }, digest) => timed(() => {
    const list = new BufferListStream();
    for (const read of buffers) {
      let from = list.length;
      list.append(read);
      for (let end = list.indexOf(LF, from); end >= 0; end = list.indexOf(LF, from)) {
        count(digest, list.slice(0, end));
        list.consume(end + 1);
        from = 0;
      }
    }
  });
}

const concatLength32: Way['run'] = ({ buffers }, digest) => timed(() => {
  let rest: Buffer = Buffer.alloc(0);
  for (const read of buffers) {
    const all = rest.length === 0 ? read : Buffer.concat([rest, read]);
    let at = 0;
    while (all.length - at >= 4) {
      const length = all.readUInt32BE(at);
      if (all.length - at < 4 + length) break;
      count(digest, all.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    rest = all.subarray(at);
  }
});

function concatNdjson(use: (digest: Digest, message: Buffer) => void): Way['run'] {
  return ({ buffers }, digest) => timed(() => {
    let rest: Buffer = Buffer.alloc(0);
    for (const read of buffers) {
      const all = rest.length === 0 ? read : Buffer.concat([rest, read]);
      let at = 0;
      for (let end = all.indexOf(LF, rest.length); end >= 0; end = all.indexOf(LF, at)) {
        use(digest, all.subarray(at, end));
        at = end + 1;
      }
      rest = all.subarray(at);
    }
  });
}

function source(buffers: readonly Buffer[]): Readable {
  let next = 0;
  return new Readable({
    read() {
      this.push(buffers[next] ?? null);
      next += 1;
    },
  });
}

function viaReadline({ buffers }: Reads, digest: Digest): Promise<number> {
  return new Promise((resolve) => {
    const start = process.hrtime.bigint();
    const lines = createInterface({ input: source(buffers), crlfDelay: Infinity });
    lines.on('line', (line) => countString(digest, line));
    lines.on('close', () => resolve(Number(process.hrtime.bigint() - start)));
  });
}

function viaSplit2(split2: () => NodeJS.ReadWriteStream): Way['run'] {
  return ({ buffers }, digest) =>
    new Promise((resolve, reject) => {
      const start = process.hrtime.bigint();
      const lines = split2();
      lines.on('data', (line: string) => countString(digest, line));
      lines.on('end', () => resolve(Number(process.hrtime.bigint() - start)));
      lines.on('error', reject);
      source(buffers).pipe(lines);
    });
}

/** bl, the Buffer.concat idiom, readline and split2. */
export async function peerWays(framing: FramingName): Promise<Way[]> {
  const all = peers();
  const { BufferList: BufferListStream } = (await all.import('bl')) as { BufferList: new () => BufferList };
  const ways: Way[] = [
    { name: all.label('bl'), gives: 'bytes', run: framing === 'length32' ? blLength32(BufferListStream) : blNdjson(BufferListStream) },
    { name: 'Buffer.concat', gives: 'bytes', run: framing === 'length32' ? concatLength32 : concatNdjson(count) },
  ];
  if (framing === 'ndjson') {
    ways.push(
      { name: 'Buffer.concat, toString', gives: 'string', run: concatNdjson((digest, message) => countString(digest, message.toString())) },
      { name: 'readline', gives: 'string', run: viaReadline },
      { name: all.label('split2'), gives: 'string', run: viaSplit2(all.require('split2') as () => NodeJS.ReadWriteStream) },
    );
  }
  return ways;
}
