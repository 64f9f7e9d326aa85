import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { afterEach, describe, expect, it } from 'vitest';
import type { CodecError } from '../../src/base/errors.js';
import { Bytes } from '../../src/bytes/bytes.js';
import { Heap } from '../../src/memory/heap.js';
import { compress, decompress } from '../../src/stream/iterate.js';
import { S2CompressStream } from '../../src/stream/node-transform.js';
import { S2Index } from '../../src/stream/s2-index.js';
import { S2Writer } from '../../src/stream/s2-writer.js';
import { SinkWriter } from '../../src/stream/sink-writer.js';
import { s2CompressionStream } from '../../src/stream/web-transform.js';
import type { S2WriterOptions } from '../../src/stream/writer-options.js';
import { type PoolJob, WorkerPool } from '../../src/worker/pool.js';
import { chunksOf, dataOf, expectSame, joined, noise, text } from './oracle.js';

const MIB = 2 ** 20;
const entry = new URL('../../dist/worker/thread.js', import.meta.url);
const mortal = new URL('../worker/fixtures/mortal-thread.mjs', import.meta.url);
let heap = new Heap();
let pool: WorkerPool | undefined;

afterEach(async () => {
  await pool?.close();
  pool = undefined;
  const used = heap;
  heap = new Heap(); // one test's leak is not the next one's
  expect(used.live).toBe(0);
  used.audit();
});

function open(options: S2WriterOptions = {}, thread: URL = entry): S2Writer {
  pool = new WorkerPool({ heap, threads: 2, entry: thread });
  return new S2Writer({ heap, concurrency: 2, pool, ...options });
}

function output(writer: S2Writer): Uint8Array {
  const pieces = writer.take();
  const stream = joined(...pieces.map((piece) => piece.toBuffer()));
  for (const piece of pieces) piece.release();
  return stream;
}

async function finished(writer: S2Writer): Promise<Uint8Array> {
  writer.close();
  while (!writer.finished) await writer.progress();
  return output(writer);
}

const data = joined(text(3 * MIB, 1), noise(MIB), text(300_000, 2));

/** The stream that one thread makes of the same. */
function inline(options: S2WriterOptions, fill: (writer: S2Writer) => void): Uint8Array {
  const writer = new S2Writer({ heap, ...options });
  fill(writer);
  writer.close();
  return output(writer);
}

describe('a writer with concurrency', () => {
  it('makes the stream that one thread makes, at any level and block size', async () => {
    for (const options of [{}, { blockSize: 65_536, addIndex: true }, { level: 'better', padding: 4096, paddingSource: (target: Uint8Array) => target.fill(0) }, { dialect: 'snappy' }, { uncompressed: true }] as S2WriterOptions[]) {
      const fill = (writer: S2Writer): void => {
        writer.write(data.subarray(0, 700_000));
        writer.addSkippableBlock(0x80, text(5));
        writer.encodeBuffer(Bytes.copyOf(data.subarray(700_000), heap));
      };
      const writer = open(options);
      fill(writer);
      const stream = await finished(writer);
      expectSame(dataOf(stream), data);
      expectSame(stream, inline(options, fill));
      await pool!.close();
    }
  });

  it('does its large blocks in other threads, and small ones itself', async () => {
    const writer = open();
    writer.encodeBuffer(text(65_535));
    expect([writer.outstanding, pool!.outstanding]).toEqual([0, 0]);
    writer.encodeBuffer(text(65_536));
    expect([writer.outstanding, pool!.outstanding]).toEqual([1, 1]);
    await finished(writer);
    expect(pool!.stats.finished).toBe(1);
  });

  it.each([[65_536, 16], [262_144, 16], [524_288, 8], [MIB, 4], [2 * MIB, 4]])('has a bounded number of blocks of %i bytes under way, and does the others itself', async (blockSize, most) => {
    const writer = open({ blockSize });
    for (let i = 0; i < 20; i += 1) {
      writer.encodeBuffer(Bytes.copyOf(text(blockSize, i), heap));
      expect(writer.outstanding).toBe(Math.min(i + 1, most));
    }
    expectSame(dataOf(await finished(writer)), joined(...Array.from({ length: 20 }, (_, i) => text(blockSize, i))));
  });

  it('is not ready while blocks that are done wait for one that is not', async () => {
    const stalled: PoolJob[] = [];
    const stalling = new WorkerPool({ heap, threads: 2, entry });
    const submit = stalling.submit.bind(stalling);
    // The first block's thread is held up: its job is not begun.
    stalling.submit = (job) => (stalled.length === 0 ? stalled.push(job) === 1 : submit(job));
    const writer = new S2Writer({ heap, pool: stalling, concurrency: 2, blockSize: MIB });
    let ready = 0;
    for (let i = 0; i < 4; i += 1) {
      writer.encodeBuffer(Bytes.copyOf(text(MIB, i), heap));
      void writer.ready().then(() => (ready += 1));
    }
    await stalling.idle();
    await new Promise(setImmediate);
    expect([ready, writer.outstanding, writer.pendingOutput]).toEqual([3, 1, 0]);
    stalled[0]!.fail(); // it is done by the caller then
    await new Promise(setImmediate);
    expect([ready, writer.outstanding]).toEqual([4, 0]);
    expectSame(dataOf(await finished(writer)), joined(...Array.from({ length: 4 }, (_, i) => text(MIB, i))));
    await stalling.close();
  });

  it('ends its stream when the last block is encoded, and knows its index then', async () => {
    const writer = open({ addIndex: true });
    writer.write(text(2 * MIB));
    writer.close();
    expect([writer.closed, writer.finished]).toEqual([true, false]);
    expect(() => writer.closeIndex()).toThrow(expect.objectContaining({ code: 'ERR_STREAM_BUSY' }));
    while (!writer.finished) await writer.progress();
    const index = writer.closeIndex();
    const stream = output(writer);
    expectSame(stream.subarray(stream.length - index.length), index);
    expect(S2Index.load(index).length).toBe(2);
    expect(chunksOf(stream).at(-1)!.type).toBe(0x99);
  });

  it('reads no memory that its caller may write to again', async () => {
    const address = heap.allocate(MIB);
    const view = heap.u8.subarray(address, address + MIB);
    const ways: ((writer: S2Writer) => void)[] = [
      (writer) => writer.write(view), // may be reused on return
      (writer) => writer.encodeBuffer(view), // with nobody to tell
      (writer) => writer.encodeBuffer(Bytes.adopt(view, (memory) => memory.fill(0xee))),
    ];
    for (const flushOnWrite of [false, true]) {
      for (const give of ways) {
        const writer = open({ flushOnWrite });
        view.set(text(MIB, 3));
        give(writer);
        view.fill(0xee);
        expectSame(dataOf(await finished(writer)), text(MIB, 3));
        await pool!.close();
      }
    }
    heap.free(address, MIB);
  });

  it('survives the death of the threads', async () => {
    const writer = open({ blockSize: 65_536 }, mortal);
    pool!.words[15] = 2;
    writer.write(data);
    expectSame(dataOf(await finished(writer)), data);
    expect(pool!.stats.deaths).toBe(2);
  });

  it('works without any thread that lives', async () => {
    const writer = open({ blockSize: 65_536 }, new URL('./no-such-thread.mjs', import.meta.url));
    writer.write(data);
    expectSame(dataOf(await finished(writer)), data);
    expect(pool!.stats.finished).toBe(0);
  });

  it('refuses a pool over another heap, and a concurrency out of range', () => {
    pool = new WorkerPool({ heap: new Heap(), threads: 1, entry });
    expect(() => new S2Writer({ heap, concurrency: 2, pool: pool! })).toThrow(RangeError);
    expect(() => new S2Writer({ heap, concurrency: 0 })).toThrow(RangeError);
    expect(() => new S2Writer({ heap, concurrency: 33 })).toThrow(RangeError);
  });

  it('writes to a sink in order, makes callers wait for threads, and gives the index', async () => {
    pool = new WorkerPool({ heap, threads: 2, entry });
    const parts: Uint8Array[] = [];
    const out = new SinkWriter(
      {
        async write(pieces) {
          for (const piece of pieces) parts.push(new Uint8Array(piece.copyToBuffer()));
        },
        async close() {},
        abort() {},
      },
      new S2Writer({ heap, concurrency: 2, pool, blockSize: 65_536 }),
    );
    for (let at = 0; at < data.length; at += 65_536) await out.encodeBuffer(Bytes.copyOf(data.subarray(at, at + 65_536), heap));
    await out.flush();
    expect(out.writer.outstanding).toBe(0);
    expect(pool.stats.finished).toBe(Math.floor(data.length / 65_536)); // none by the caller but the last, short one
    await out.close();
    const index = S2Index.load(out.writer.closeIndex());
    expect(index.totalCompressed).toBe(joined(...parts).length);
    expectSame(dataOf(joined(...parts)), data);
  });
});

async function collect(pieces: AsyncIterable<Bytes | Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) {
    if (piece instanceof Bytes) {
      parts.push(new Uint8Array(piece.copyToBuffer()));
      piece.release();
    } else parts.push(piece);
  }
  return joined(...parts);
}

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('adapters with concurrency', () => {
  it('compress and decompress as one thread does', async () => {
    pool = new WorkerPool({ heap, threads: 2, entry });
    const threads = { heap, pool, concurrency: 2 };
    const stream = await collect(compress(cut(data, 100_000), { ...threads, blockSize: 262_144 }));
    expectSame(stream, inline({ blockSize: 262_144 }, (writer) => writer.write(data)));
    const finishedBefore = pool.stats.finished;
    for (const size of [stream.length, 10_000]) expectSame(await collect(decompress(cut(stream, size), threads)), data);
    expectSame(await collect(decompress([Bytes.copyOf(stream, heap)], threads)), data);
    expect(pool.stats.finished - finishedBefore).toBeGreaterThan(20);
  });

  it('make Node and web transforms', async () => {
    pool = new WorkerPool({ heap, threads: 2, entry });
    const options = { heap, pool, concurrency: 2, blockSize: 131_072, addIndex: true };
    const expected = inline({ blockSize: 131_072, addIndex: true }, (writer) => writer.write(data));
    expectSame(await collect(Readable.from(cut(data, 50_000)).pipe(new S2CompressStream(options))), expected);
    const source = ReadableStream.from(cut(data, 50_000)) as ReadableStream<Uint8Array>;
    expectSame(await collect(source.pipeThrough(s2CompressionStream(options))), expected);
  });

  it('give what is right before a fault, then the fault, as one thread does', async () => {
    pool = new WorkerPool({ heap, threads: 2, entry });
    const good = inline({ blockSize: 262_144 }, (writer) => writer.write(data));
    const starts = chunksOf(good).map((chunk) => chunk.start);
    const broken = [
      (stream: Uint8Array): void => void (stream[starts[3]! + 5]! ^= 1), // a checksum
      (stream: Uint8Array): void => stream.fill(0xff, starts[3]! + 100, starts[3]! + 200), // a block
      (stream: Uint8Array): void => void (stream[starts[3]!] = 0x7f), // a header
    ];
    for (const breakIt of broken) {
      const stream = good.slice();
      breakIt(stream);
      const outcome = async (options: object): Promise<unknown[]> => {
        let length = 0;
        try {
          for await (const block of decompress([stream], { heap, ...options })) {
            length += block.length;
            block.release();
          }
        } catch (error) {
          const { code, offset, message } = error as CodecError;
          return [length, code, offset, message];
        }
        return [length];
      };
      const alone = await outcome({});
      expect(alone).toHaveLength(4);
      expect(await outcome({ pool, concurrency: 2 })).toEqual(alone);
      await pool.idle();
      expect(heap.live).toBe(0);
    }
    await expect(collect(decompress([good.subarray(0, good.length - 1)], { heap, pool, concurrency: 2 }))).rejects.toThrow(expect.objectContaining({ code: 'ERR_TRUNCATED' }));
  });

  it('release everything when the consumer leaves early, and decode without threads that live', async () => {
    pool = new WorkerPool({ heap, threads: 2, entry });
    const stream = inline({ blockSize: 262_144 }, (writer) => writer.write(data));
    for await (const block of decompress([stream], { heap, pool, concurrency: 2 })) {
      block.release();
      break;
    }
    await pool.close();
    expect(heap.live).toBe(0);
    pool = new WorkerPool({ heap, threads: 2, entry: new URL('./no-such-thread.mjs', import.meta.url) });
    expectSame(await collect(decompress([stream], { heap, pool, concurrency: 2 })), data);
  });

  it('report a full heap', async () => {
    const stream = inline({ blockSize: 4 * MIB }, (writer) => writer.write(text(4 * MIB)));
    const usual = heap;
    heap = new Heap({ limit: 3 * MIB });
    pool = new WorkerPool({ heap, threads: 1, entry });
    await expect(collect(decompress([stream], { heap, pool, concurrency: 2 }))).rejects.toThrow(expect.objectContaining({ code: 'ERR_MEMORY_LIMIT' }));
    await pool.close();
    expect(heap.live).toBe(0);
    heap = usual;
    pool = undefined;
  });
});
