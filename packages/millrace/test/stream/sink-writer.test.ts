import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { Bytes } from '../../src/bytes/bytes.js';
import { Heap } from '../../src/memory/heap.js';
import { S2Index } from '../../src/stream/s2-index.js';
import { S2Writer } from '../../src/stream/s2-writer.js';
import { SinkWriter } from '../../src/stream/sink-writer.js';
import { ZstdWriter } from '../../src/stream/zstd/zstd-writer.js';
import { expectContent } from '../codec/zstd/oracle.js';
import { Collector, cut } from './collector.js';
import { chunksOf, dataOf, expectSame, joined, noise, text } from './oracle.js';

let heap = new Heap();

afterEach(() => {
  const { live } = heap;
  heap = new Heap(); // one test's leak is not the next one's
  expect(live).toBe(0);
});

const MIB = 2 ** 20;
const data = joined(text(300_000, 1), noise(150_000), text(50_000, 2));

describe('SinkWriter', () => {
  it('writes all kinds of calls in order and closes the sink', async () => {
    const sink = new Collector();
    const back: number[] = [];
    const out = new SinkWriter(sink, new S2Writer({ heap, addIndex: true, onBufferDone: (buffer, error) => void back.push(error === undefined ? buffer.length : -1) }));
    out.writer.addSkippableBlock(0x80, text(9));
    await out.ready();
    await out.write(text(1000, 1));
    await out.encodeBuffer(text(2000, 2));
    await out.encodeBuffer(Bytes.copyOf(text(3000, 3), heap));
    await out.flush();
    expect(out.writer.written).toBe(sink.stream.length);
    expect(out.writer.pendingOutput).toBe(0);
    await out.write(text(10, 4));
    await out.close();
    expect([sink.closed, back]).toEqual([1, [2000]]);
    expectSame(dataOf(sink.stream), joined(text(1000, 1), text(2000, 2), text(3000, 3), text(10, 4)));
    expect(chunksOf(sink.stream).map((chunk) => chunk.type)).toEqual([255, 0x80, 0, 0, 0, 1, 0x99]);
  });

  it('writes all of a source, and goes on after one that fails', async () => {
    const sink = new Collector();
    const out = new SinkWriter(sink, new S2Writer({ heap }));
    expect(await out.writeFrom(cut(data))).toBe(data.length);
    expect(await out.writeFrom(Readable.from([Buffer.from('abc')]))).toBe(3);
    expect(await out.writeFrom([Bytes.copyOf(text(10), heap)])).toBe(10);
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield text(5);
      throw new Error('gone');
    };
    await expect(out.writeFrom(broken())).rejects.toThrow('gone');
    await out.close();
    expectSame(dataOf(sink.stream), joined(data, Buffer.from('abc'), text(10), text(5)));
  });

  it('leaves what only its writer can do to the writer, after the close too', async () => {
    const sink = new Collector();
    const out = new SinkWriter(sink, new S2Writer({ heap }));
    await out.write(text(2 * MIB + 1));
    await out.close();
    const index = S2Index.load(out.writer.closeIndex());
    expect(index.totalCompressed).toBe(sink.stream.length);
    expect(index.length).toBe(3);
  });

  it('keeps the order of calls that are not awaited', async () => {
    const sink = new Collector();
    const out = new SinkWriter(sink, new S2Writer({ heap }));
    const calls: Promise<void>[] = [];
    for (let i = 0; i < 100; i += 1) calls.push(out.encodeBuffer(text(i + 1, i)));
    calls.push(out.close());
    await Promise.all(calls);
    expectSame(dataOf(sink.stream), joined(...Array.from({ length: 100 }, (_, i) => text(i + 1, i))));
  });

  it('makes callers wait while the sink is behind, and lets them go on', async () => {
    const sink = new Collector();
    let open = (): void => {};
    sink.wait = new Promise((resolve) => {
      open = resolve;
    });
    const out = new SinkWriter(sink, new S2Writer({ heap }), { highWaterMark: 50_000 });
    await out.encodeBuffer(noise(10_000)); // the write that hangs
    await out.encodeBuffer(noise(10_000));
    let welcome = false;
    const third = out.encodeBuffer(noise(60_000)).then(() => void (welcome = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(welcome).toBe(false);
    open();
    await third;
    await out.close();
    expectSame(dataOf(sink.stream), joined(noise(10_000), noise(10_000), noise(60_000)));
  });

  it('fails with the error of the sink, gives lent buffers back, and releases what was pending', async () => {
    const sink = new Collector();
    sink.failAt = 1;
    const back: (string | undefined)[] = [];
    const out = new SinkWriter(sink, new S2Writer({ heap, onBufferDone: (_, error) => void back.push(error?.message) }), { highWaterMark: 1 });
    const lend = async (): Promise<void> => {
      for (let i = 0; i < 100; i += 1) await out.encodeBuffer(noise(1000));
    };
    await expect(lend()).rejects.toThrow('disk full');
    const lent = back.length;
    expect(back.at(-1)).toBe('disk full'); // the one refused
    await expect(out.write(text(1))).rejects.toThrow('disk full');
    await expect(out.flush()).rejects.toThrow('disk full');
    await expect(out.encodeBuffer(text(1))).rejects.toThrow('disk full');
    await expect(out.close()).rejects.toThrow('disk full');
    expect(back).toHaveLength(lent + 1);
    expect(sink.closed).toBe(0);
  });

  it('aborts the sink, and whoever waits is told', async () => {
    const sink = new Collector();
    let open = (): void => {};
    sink.wait = new Promise((resolve) => {
      open = resolve;
    });
    const out = new SinkWriter(sink, new S2Writer({ heap }));
    await out.encodeBuffer(text(1000));
    const flushed = out.flush();
    const reason = new Error('client has gone');
    out.abort(reason);
    open();
    await expect(flushed).rejects.toThrow(reason);
    await expect(out.write(text(1))).rejects.toThrow(reason);
    expect(sink.aborted).toBe(reason);
  });

  it('reports a sink that cannot be closed', async () => {
    const sink = new Collector();
    sink.close = () => Promise.reject(new Error('no sync'));
    const out = new SinkWriter(sink, new S2Writer({ heap }));
    await out.write(text(10));
    await expect(out.close()).rejects.toThrow('no sync');
    expect(sink.aborted).toEqual(new Error('no sync'));
  });

  it('takes no high-water mark below 1', () => {
    expect(() => new SinkWriter(new Collector(), new S2Writer({ heap }), { highWaterMark: 0 })).toThrow(RangeError);
  });

  it('writes what a writer of any format makes, and gives its memory back at the end', async () => {
    for (const end of ['close', 'abort'] as const) {
      const sink = new Collector();
      const back: (string | undefined)[] = [];
      const out = new SinkWriter(sink, new ZstdWriter({ heap, onBufferDone: (_, error) => void back.push(error?.message) }), { highWaterMark: 1 });
      for (const part of cut(data, 70_000)) await out.encodeBuffer(part);
      await out.flush();
      expect(heap.live).toBeGreaterThan(0);
      expect(back).toEqual([undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined]);
      if (end === 'abort') out.abort();
      else await out.close();
      expect(heap.live).toBe(0);
      if (end === 'close') expectContent(Buffer.from(sink.stream), Buffer.from(data));
    }
  });
});
