import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Heap } from '../../src/memory/heap.js';
import { S2CompressStream, S2DecompressStream } from '../../src/stream/node-transform.js';
import { SinkStream } from '../../src/stream/node-writable.js';
import { S2Writer } from '../../src/stream/s2-writer.js';
import { ZstdWriter } from '../../src/stream/zstd/zstd-writer.js';
import { expectContent } from '../codec/zstd/oracle.js';
import { Collector, collect, cut } from './collector.js';
import { dataOf, expectSame, joined, noise, S2_IDENTIFIER, text } from './oracle.js';

let heap = new Heap();

afterEach(() => {
  const { live } = heap;
  heap = new Heap(); // one test's leak is not the next one's
  expect(live).toBe(0);
});

const data = joined(text(300_000, 1), noise(150_000), text(50_000, 2));

describe('Node transforms', () => {
  it('compress and decompress in a pipeline', async () => {
    const parts: Buffer[] = [];
    await pipeline(Readable.from(cut(data)), new S2CompressStream({ heap, blockSize: 65_536 }), new S2DecompressStream({ heap }), async (source: AsyncIterable<Buffer>) => {
      for await (const part of source) parts.push(part);
    });
    expectSame(joined(...parts), data);
  });

  it('take strings', async () => {
    const compressor = new S2CompressStream({ heap });
    compressor.end('žluťoučký', 'utf8');
    expect(Buffer.from(dataOf(await collect(compressor))).toString()).toBe('žluťoučký');
  });

  it('report broken input, and give memory back', async () => {
    const reader = new S2DecompressStream({ heap });
    await expect(pipeline(Readable.from([text(100)]), reader, new PassThrough())).rejects.toThrow(expect.objectContaining({ code: 'ERR_CORRUPT' }));
    const torn = new S2DecompressStream({ heap });
    await expect(pipeline(Readable.from([S2_IDENTIFIER.subarray(0, 9)]), torn, new PassThrough())).rejects.toThrow(expect.objectContaining({ code: 'ERR_TRUNCATED' }));
  });

  it('put out what is there when they are flushed', async () => {
    const compressor = new S2CompressStream({ heap });
    compressor.write(text(1000));
    compressor.flush();
    const reader = new S2DecompressStream({ heap });
    reader.write(compressor.read() as Buffer);
    expectSame(reader.read() as Buffer, text(1000));
    compressor.destroy();
    reader.destroy();
  });

  it('give memory back when destroyed midway', async () => {
    const compressor = new S2CompressStream({ heap });
    compressor.write(text(1000));
    compressor.destroy();
    await new Promise((resolve) => void compressor.once('close', resolve));
  });
});

describe('SinkStream', () => {
  it('takes a writer of any format', async () => {
    const sink = new Collector();
    await pipeline(Readable.from(cut(data)), new SinkStream(sink, new ZstdWriter({ heap })));
    expectContent(Buffer.from(sink.stream), Buffer.from(data));
  });

  it('compresses what is piped into it straight to the sink', async () => {
    const sink = new Collector();
    await pipeline(Readable.from(cut(data)), new SinkStream(sink, new S2Writer({ heap, addIndex: true })));
    expect(sink.closed).toBe(1);
    expectSame(dataOf(sink.stream), data);
  });

  it('aborts the sink when destroyed, and is destroyed when the sink fails', async () => {
    const sink = new Collector();
    const source = new Readable({ read: () => {} });
    source.push(text(1000));
    const running = pipeline(source, new SinkStream(sink, new S2Writer({ heap })));
    source.destroy(new Error('source broke'));
    await expect(running).rejects.toThrow('source broke');
    expect(sink.aborted?.message).toBe('source broke');

    const full = new Collector();
    full.failAt = 0;
    await expect(pipeline(Readable.from(cut(data)), new SinkStream(full, new S2Writer({ heap, blockSize: 4096 }), { highWaterMark: 1 }))).rejects.toThrow('disk full');
  });
});
