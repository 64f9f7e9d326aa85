import { Readable, type Transform } from 'node:stream';
import { Heap } from 'millrace';
import { BlockCodec, type Level } from 'millrace/codec';
import { S2CompressStream, S2DecompressStream } from 'millrace/stream';
import { npmPackages } from '../toolchains/npm.js';
import { blockSamples, same } from './blocks.js';
import type { CheckGroup } from './suite.js';

/** The part of npm snappy used here: a binding to Rust's snap. */
interface NpmSnappy {
  compress(input: Buffer): Promise<Buffer>;
  compressSync(input: Buffer): Buffer;
  uncompress(input: Buffer): Promise<Buffer>;
  uncompressSync(input: Buffer): Buffer;
}

/** The part of npm snappystream used here: Snappy's framing over npm snappy. */
interface NpmSnappyStream {
  readonly SnappyStream: new () => Transform;
  readonly UnsnappyStream: new () => Transform;
}

const LEVELS: readonly Level[] = ['fast', 'better', 'best'];
const heap = new Heap();

async function through(data: Buffer, transform: Transform): Promise<Buffer> {
  const parts: Buffer[] = [];
  const pieces = Array.from({ length: Math.ceil(data.length / 30_000) }, (_, i) => data.subarray(i * 30_000, (i + 1) * 30_000));
  for await (const part of Readable.from(pieces, { objectMode: false }).pipe(transform)) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Blocks written here and read by npm snappy, streams by npm snappystream, and the other way round. */
export function npmSnappyChecks(): CheckGroup {
  const packages = npmPackages();
  const snappy = packages.require('snappy') as NpmSnappy;
  const streams = packages.require('snappystream') as NpmSnappyStream;
  const samples = blockSamples();
  const checks = LEVELS.flatMap((level) => [
    {
      name: `npm snappy: blocks at level ${level}, both ways`,
      async run() {
        const codec = new BlockCodec({ dialect: 'snappy', level, heap });
        for (const sample of samples) {
          const what = `${sample.length} bytes`;
          const ours = codec.encodeToBuffer(sample);
          same(snappy.uncompressSync(ours), sample, `${what} written here`);
          same(await snappy.uncompress(ours), sample, `${what} written here, read in a thread`);
          same(codec.decodeToBuffer(snappy.compressSync(sample)), sample, `${what} written there`);
          same(codec.decodeToBuffer(await snappy.compress(sample)), sample, `${what} written there in a thread`);
        }
        codec.release();
        if (heap.live !== 0) throw new Error(`${heap.live} bytes are left allocated`);
      },
    },
    {
      name: `npm snappystream: streams at level ${level}, both ways`,
      async run() {
        for (const sample of samples) {
          if (sample.length === 0) continue; // it writes an identifier, and we nothing
          const what = `${sample.length} bytes`;
          same(await through(await through(sample, new S2CompressStream({ heap, dialect: 'snappy', level })), new streams.UnsnappyStream()), sample, `${what} written here`);
          same(await through(await through(sample, new streams.SnappyStream()), new S2DecompressStream({ heap })), sample, `${what} written there`);
        }
        if (heap.live !== 0) throw new Error(`${heap.live} bytes are left allocated`);
      },
    },
  ]);
  return { checks, close: () => {} };
}
