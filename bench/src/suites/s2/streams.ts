import { Readable, Writable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Klauspost, type KlauspostRequest } from '@millrace/interop/klauspost';
import { Heap } from 'millrace';
import { Bytes } from 'millrace/bytes';
import { decompress, functionSink, S2CompressStream, S2DecompressStream, S2Reader, S2Writer, SinkWriter } from 'millrace/stream';
import { sharedPool } from 'millrace/worker';
import { interleaveAsync } from '../../harness/measure.js';
import { peers } from '../../harness/peers.js';
import type { SuiteContext } from '../../harness/suite.js';

/** The part of npm snappystream used here. */
interface NpmSnappyStream {
  readonly SnappyStream: new () => Transform;
  readonly UnsnappyStream: new () => Transform;
}

const MIB = 2 ** 20;
const WRITE = 65_536;

/** A run takes bytes per second apart from its checking; what it gives is megabytes of uncompressed data a second. */
type Run = () => Promise<number>;

async function rate(bytes: number, work: () => Promise<void>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return bytes / (Number(process.hrtime.bigint() - start) / 1e3);
}

function* cut(bytes: Buffer, size: number, times: number): Generator<Buffer> {
  for (let n = 0; n < times; n += 1) for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, callback) => callback() });

async function through(chunks: Iterable<Buffer>, transform: Transform): Promise<Buffer> {
  const parts: Buffer[] = [];
  await pipeline(Readable.from(chunks, { objectMode: false }), transform, new Writable({ write: (chunk: Buffer, _encoding, callback) => (parts.push(chunk), callback()) }));
  return Buffer.concat(parts);
}

function streamSize(context: SuiteContext): number {
  return context.verifyOnly ? 4 * MIB : context.quick ? 48 * MIB : 1024 * MIB;
}

/** Whole streams: as Node programs use them, against npm snappystream; without input and output, against klauspost/compress; and two threads against one. */
export async function streamRows(context: SuiteContext): Promise<void> {
  const total = streamSize(context);
  const rounds = context.verifyOnly ? 1 : 3;
  const given = context.corpora.given();
  if (given.length === 0) given.push({ name: 'mdn', bytes: Buffer.concat(context.corpora.messages().flatMap((message) => [message, Buffer.from('\n')])) });
  for (const { name, bytes } of given) {
    const data = bytes.length > total ? bytes.subarray(0, total) : bytes;
    const times = Math.max(1, Math.floor(total / data.length));
    context.progress(`streams of ${name}`);
    await transformRows(context, name, data, times, rounds);
    await sansIoRows(context, name, data, times, rounds);
    await threadRows(context, name, data, times, rounds);
  }
}

async function transformRows(context: SuiteContext, name: string, data: Buffer, times: number, rounds: number): Promise<void> {
  const npm = peers().tryRequire('snappystream') as NpmSnappyStream | undefined;
  const heap = new Heap();
  const compressor = (): Transform => new S2CompressStream({ heap, dialect: 'snappy' });
  const stream = await through(cut(data, WRITE, 1), compressor());
  const back = await through(cut(stream, WRITE, 1), npm === undefined ? new S2DecompressStream({ heap }) : new npm.UnsnappyStream());
  const theirs = npm === undefined ? stream : await through(cut(data, WRITE, 1), new npm.SnappyStream());
  const again = await through(cut(theirs, WRITE, 1), new S2DecompressStream({ heap }));
  const verified = back.equals(data) && again.equals(data);
  const run = (chunks: Buffer, make: () => Transform) => (): Promise<number> =>
    rate(data.length * times, () => pipeline(Readable.from(cut(chunks, WRITE, times), { objectMode: false }), make(), nowhere()));
  await compare(context, `stream-transform-encode/fast/${name}`, [run(data, compressor), npm && run(data, () => new npm.SnappyStream())], peers().label('snappystream'), verified, rounds);
  await compare(context, `stream-transform-decode/fast/${name}`, [run(stream, () => new S2DecompressStream({ heap })), npm && run(stream, () => new npm.UnsnappyStream())], peers().label('snappystream'), verified, rounds);
}

async function sansIoRows(context: SuiteContext, name: string, data: Buffer, times: number, rounds: number): Promise<void> {
  const heap = new Heap();
  const source = Bytes.copyOf(data, heap);
  const go = new Klauspost();
  const stream = encode(heap, source);
  const decoded = await go.request({ op: 'read' }, stream);
  const theirs = await go.request({ op: 'write', concurrency: 1, encodeBuffer: true }, data);
  const verified = decoded.equals(data) && decode(heap, theirs).equals(data);
  const input = Bytes.copyOf(stream, heap);
  const timed = (request: Partial<KlauspostRequest>, payload: Buffer): Run => async () => {
    const reply = JSON.parse((await go.request({ op: 'benchStream', concurrency: 1, n: times, ...request }, payload)).toString()) as { ns: number };
    return (data.length * times) / (reply.ns / 1e3);
  };
  const version = `klauspost/compress ${(await go.request({ op: 'version' })).toString()}`;
  const writer = new S2Writer({ heap });
  const ours: Run = () =>
    rate(data.length * times, async () => {
      for (let n = 0; n < times; n += 1) {
        writer.encodeBuffer(source.clone());
        for (const piece of writer.take()) piece.release();
      }
      writer.reset();
    });
  await compare(context, `stream-encode/fast/${name}`, [ours, timed({}, data)], version, verified, rounds);
  const reader = new S2Reader({ heap });
  const reading: Run = () =>
    rate(data.length * times, async () => {
      for (let n = 0; n < times; n += 1) {
        reader.reset();
        reader.feed(input.clone());
        for (let piece = reader.read(); piece !== undefined; piece = reader.read()) piece.release();
        reader.end();
      }
    });
  await compare(context, `stream-decode/fast/${name}`, [reading, timed({ length: 1 }, stream)], version, verified, rounds);
  source.release();
  input.release();
  go.close();
}

async function threadRows(context: SuiteContext, name: string, data: Buffer, times: number, rounds: number): Promise<void> {
  const heap = new Heap();
  const pool = sharedPool(heap, 2);
  for (const blockSize of [262_144, MIB]) {
    for (const level of ['fast', 'better'] as const) {
      const source = Bytes.copyOf(data, heap);
      const stream = encode(heap, source);
      const write = (threads: 1 | 2): Run => () =>
        rate(data.length * times, async () => {
          // Two threads, to which the calling one hands blocks, against that one alone.
          const out = new SinkWriter(functionSink(() => {}), new S2Writer({ heap, pool, concurrency: threads, blockSize, level }));
          for (let n = 0; n < times; n += 1) {
            for (let at = 0; at < data.length; at += blockSize) await out.encodeBuffer(source.slice(at, Math.min(data.length, at + blockSize)));
          }
          await out.close();
        });
      const verified = decode(heap, stream).equals(data);
      await write(2)(); // starting threads is not what is measured
      await compare(context, `stream-encode-threads/${level}/${name}/${blockSize / 1024}K blocks`, [write(2), write(1)], 'the calling thread alone', verified, rounds);
      source.release();
    }
    const source = Bytes.copyOf(data, heap);
    const stream = Bytes.copyOf(encode(heap, source, blockSize), heap);
    source.release();
    const read = (threads: 1 | 2): Run => () =>
      rate(data.length * times, async () => {
        for (let n = 0; n < times; n += 1) for await (const piece of decompress([stream.clone()], { heap, pool, concurrency: threads })) piece.release();
      });
    await compare(context, `stream-decode-threads/fast/${name}/${blockSize / 1024}K blocks`, [read(2), read(1)], 'the calling thread alone', true, rounds);
    stream.release();
  }
  await pool.close();
}

function encode(heap: Heap, source: Bytes, blockSize = MIB): Buffer {
  const writer = new S2Writer({ heap, blockSize });
  writer.encodeBuffer(source.clone());
  writer.close();
  const pieces = writer.take();
  const stream = Buffer.concat(pieces.map((piece) => piece.toBuffer()));
  for (const piece of pieces) piece.release();
  return stream;
}

function decode(heap: Heap, stream: Buffer): Buffer {
  const reader = new S2Reader({ heap });
  const parts: Buffer[] = [];
  reader.feed(stream);
  for (let piece = reader.read(); piece !== undefined; piece = reader.read()) {
    parts.push(piece.copyToBuffer());
    piece.release();
  }
  reader.end();
  return Buffer.concat(parts);
}

async function compare(context: SuiteContext, row: string, [ours, peer]: [Run, Run | undefined], label: string, verified: boolean, rounds: number): Promise<void> {
  const mebibytes = streamSize(context) / MIB;
  const [value, peerValue] = await interleaveAsync(peer === undefined ? [ours] : [ours, peer], rounds);
  context.row({ case: row, metric: 'MB/s', better: 'higher', ours: value!, peer: label, peerValue, verified, note: `${mebibytes} MiB` });
}
