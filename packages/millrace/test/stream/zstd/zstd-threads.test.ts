import { afterEach, describe, expect, it } from 'vitest';
import { Bytes } from '../../../src/bytes/bytes.js';
import { decoderPool } from '../../../src/codec/zstd/decode-pool.js';
import { ZstdContextPool } from '../../../src/codec/zstd/encode-pool.js';
import { ZstdEncoder } from '../../../src/codec/zstd/encode.js';
import { ZstdEncoderDictionary } from '../../../src/codec/zstd/encode-dictionary.js';
import type { ZstdLevel } from '../../../src/codec/zstd/encode-settings.js';
import { Heap } from '../../../src/memory/heap.js';
import { SinkWriter } from '../../../src/stream/sink-writer.js';
import { zstdCompress } from '../../../src/stream/zstd/compress.js';
import { ZstdWriter, type ZstdWriterOptions } from '../../../src/stream/zstd/zstd-writer.js';
import { WorkerPool } from '../../../src/worker/pool.js';
import { noise, prose } from '../../codec/inputs.js';
import { decodeFrames, expectContent } from '../../codec/zstd/oracle.js';

const MIB = 2 ** 20;
const entry = new URL('../../../dist/worker/thread.js', import.meta.url);
const mortal = new URL('../../worker/fixtures/mortal-thread.mjs', import.meta.url);
const LEVELS: readonly ZstdLevel[] = ['fastest', 'default', 'better', 'best'];

let heap = new Heap();
let workers: WorkerPool | undefined;

afterEach(async () => {
  await workers?.close();
  workers = undefined;
  const used = heap;
  heap = new Heap(); // one test's leak is not the next one's
  expect(used.live).toBe(0);
  used.audit();
});

function open(options: ZstdWriterOptions = {}, threads = 2, thread: URL = entry): ZstdWriter {
  workers ??= new WorkerPool({ heap, threads, entry: thread });
  return new ZstdWriter({ heap, concurrency: threads, workers, ...options });
}

function output(writer: ZstdWriter): Buffer {
  const pieces = writer.take();
  const all = Buffer.concat(pieces.map((piece) => piece.copyToBuffer()));
  for (const piece of pieces) piece.release();
  return all;
}

async function finish(writer: ZstdWriter): Promise<Buffer> {
  writer.close();
  while (!writer.finished) await writer.progress();
  const frame = output(writer);
  writer[Symbol.dispose]();
  return frame;
}

// Parts of 512 KiB: repeats within parts, from one to the next, and from beyond what they see.
const part = prose(100_000, 1);
const content = Buffer.concat([part, noise(300_000, 2), part, prose(500_000, 3), part, noise(600_000, 4), part, prose(1_200_000, 5), Buffer.alloc(700_000), part]);

describe('a ZstdWriter with concurrency', () => {
  it('makes one frame, at every level, the same for any number of threads and any writes', async () => {
    for (const level of LEVELS) {
      const frames: Buffer[] = [];
      for (const [threads, size] of [[2, content.length], [3, 70_001]] as const) {
        const writer = open({ level, lowMemory: true }, threads);
        for (let at = 0; at < content.length; at += size) writer.write(content.subarray(at, at + size));
        frames.push(await finish(writer));
        await workers!.close();
        workers = undefined;
      }
      expectContent(frames[0]!, content);
      expect(frames[1]!.equals(frames[0]!)).toBe(true);
    }
  });

  it('costs little: a few per cent of what one thread makes', async () => {
    const long = Buffer.concat(Array.from({ length: 5 }, (_, i) => prose(MIB, i)));
    for (const level of ['fastest', 'default', 'better'] as const) {
      const writer = open({ level });
      writer.write(long);
      const frame = await finish(writer);
      using one = new ZstdWriter({ heap, level });
      one.write(long);
      one.close();
      expect(frame.length).toBeLessThan(output(one).length * 1.03);
      expectContent(frame, long);
    }
  });

  it('does parts in other threads, and small ones itself', async () => {
    const writer = open({ lowMemory: true });
    writer.write(prose(65_535));
    writer.flush();
    expect([writer.outstanding, workers!.outstanding]).toEqual([0, 0]);
    writer.write(prose(65_536));
    writer.flush();
    expect([writer.outstanding, workers!.outstanding]).toEqual([1, 1]);
    expectContent(await finish(writer), Buffer.concat([prose(65_535), prose(65_536)]));
    expect(workers!.stats.finished).toBe(1);
  });

  it('has a bounded number of parts under way, and a bound on memory', async () => {
    const pool = new ZstdContextPool({ heap });
    const writer = open({ lowMemory: true, level: 'fastest', pool });
    const parts = 20;
    const bytes = noise(MIB / 2, 9);
    let most = 0;
    for (let i = 0; i < parts; i += 1) {
      writer.write(bytes);
      expect(writer.outstanding).toBeLessThanOrEqual(3);
      most = Math.max(most, heap.live - pool.statistics.bytes);
      await writer.ready();
      for (const piece of writer.take()) piece.release();
    }
    // Three under way, one that was just done and one being gathered: each its content and what comes before, and the room for its output.
    expect(most).toBeLessThan(5 * (2 * MIB * 0.5 + 65_536 + 4096));
    writer.close();
    while (!writer.finished) await writer.progress();
    for (const piece of writer.take()) piece.release();
    pool.trim();
  });

  it('does not wait for threads when the caller does not', async () => {
    const writer = open({ lowMemory: true });
    writer.write(content);
    writer.close();
    expect(writer.outstanding).toBe(3);
    expect(writer.finished).toBe(false);
    writer.abort();
    await workers!.idle();
    writer[Symbol.dispose]();
  });

  it('knows the size of a stream of one part, or of what was declared', async () => {
    using encoder = new ZstdEncoder({ heap });
    for (const length of [0, 1, 5000, 131_072]) {
      const writer = open();
      writer.write(prose(length, 9));
      expect((await finish(writer)).equals(encoder.encodeToBuffer(prose(length, 9)))).toBe(true);
    }
    const writer = open({ declaredSize: content.length, lowMemory: true, padding: 1000 });
    writer.write(content);
    const frame = await finish(writer);
    expect(frame.length % 1000).toBe(0);
    expect(frame.readUInt32LE(5)).toBe(content.length); // behind magic and descriptor
    expectContent(frame, content);
    const none = open({ emptyFrame: false });
    expect((await finish(none)).length).toBe(0);
  });

  it('flushes, and decodes before the rest is there', async () => {
    const writer = open({ lowMemory: true, checksum: false });
    const lengths = [10, 700_000, 5, 65_536, 200_000];
    let at = 0;
    for (const length of lengths) {
      writer.write(content.subarray(at, at + length));
      writer.flush();
      at += length;
    }
    expectContent(await finish(writer), content.subarray(0, at));
  });

  it('reads no memory that its caller may write to again, and gives back each buffer once, in order', async () => {
    const address = heap.allocate(3 * MIB);
    const view = heap.u8.subarray(address, address + 3 * MIB);
    view.set(content.subarray(0, 3 * MIB));
    const back: Uint8Array[] = [];
    const writer = open({
      lowMemory: true,
      onBufferDone: (buffer, error) => {
        expect(error).toBe(undefined);
        back.push(buffer);
        buffer.fill(0xee);
      },
    });
    const lent = [Buffer.from(prose(100)), view.subarray(0, 2 * MIB), view.subarray(2 * MIB, 3 * MIB), Buffer.alloc(0), Buffer.from(prose(70_000))];
    for (const buffer of lent) writer.encodeBuffer(buffer);
    expect(back.length).toBe(1); // the others wait for the threads, or for those before them
    const frame = await finish(writer);
    expect(back.map((buffer) => lent.indexOf(buffer as Buffer))).toEqual([0, 1, 2, 3, 4]);
    expectContent(frame, Buffer.concat([prose(100), content.subarray(0, 3 * MIB), prose(70_000)]));
    // With nobody to tell, what is lent is the caller's again at once.
    view.set(content.subarray(0, 3 * MIB));
    const silent = open({ lowMemory: true });
    silent.encodeBuffer(view);
    view.fill(0xee);
    expectContent(await finish(silent), content.subarray(0, 3 * MIB));
    heap.free(address, 3 * MIB);
  });

  it('takes over what it is given, and releases each part when it is encoded', async () => {
    const writer = open({ lowMemory: true });
    writer.encodeBuffer(Bytes.copyOf(content, heap));
    writer.encodeBuffer(Bytes.copyOf(content.subarray(0, 5000), heap));
    expectContent(await finish(writer), Buffer.concat([content, content.subarray(0, 5000)]));
  });

  it('gives lent buffers back after an abort or a reset, but not while a thread reads them', async () => {
    for (const stop of [(writer: ZstdWriter) => writer.abort(), (writer: ZstdWriter) => writer.reset()]) {
      const address = heap.allocate(MIB);
      const view = heap.u8.subarray(address, address + MIB);
      view.set(content.subarray(0, MIB));
      const errors: (string | undefined)[] = [];
      const writer = open({ lowMemory: true, onBufferDone: (_, error) => errors.push((error as { code?: string } | undefined)?.code) });
      writer.encodeBuffer(view);
      expect(writer.outstanding).toBeGreaterThan(0);
      stop(writer);
      expect(errors).toEqual([]);
      await workers!.idle();
      expect(errors).toEqual(['ERR_STREAM_ABORTED']);
      writer[Symbol.dispose]();
      heap.free(address, MIB);
    }
  });

  it('survives the death of threads, with the same frame', async () => {
    const plain = open({ lowMemory: true });
    plain.write(content);
    const expected = await finish(plain);
    await workers!.close();
    workers = undefined;
    const writer = open({ lowMemory: true }, 2, mortal);
    workers!.words[15] = 2;
    writer.write(content);
    expect((await finish(writer)).equals(expected)).toBe(true);
    expect(workers!.stats.deaths).toBe(2);
  });

  it('works without any thread that lives', async () => {
    const writer = open({ lowMemory: true }, 2, new URL('./no-such-thread.mjs', import.meta.url));
    writer.write(content);
    expectContent(await finish(writer), content);
    expect(workers!.stats.finished).toBe(0);
  });

  it('reports that there is no memory, and gives everything back', async () => {
    heap = new Heap({ limit: 4 * MIB });
    const writer = open({ lowMemory: true });
    expect(() => {
      for (let i = 0; i < 40; i += 1) writer.write(noise(200_000, i));
    }).toThrow(expect.objectContaining({ code: 'ERR_MEMORY_LIMIT' }));
    expect(() => writer.write(noise(1))).toThrow(expect.objectContaining({ code: 'ERR_MEMORY_LIMIT' }));
    await workers!.idle();
    writer[Symbol.dispose]();
  });

  it('stays in the caller\'s thread with a dictionary', async () => {
    using dictionary = ZstdEncoderDictionary.prepare(prose(10_000, 1), { heap, id: 0 });
    const writer = open({ dictionary });
    writer.write(content);
    expect(writer.outstanding).toBe(0);
    writer.close();
    expect(writer.finished).toBe(true);
    output(writer);
    writer[Symbol.dispose]();
    decoderPool(heap).trim(); // whose context read the dictionary
  });

  it('refuses threads over another heap, and a concurrency out of range', () => {
    workers = new WorkerPool({ heap: new Heap(), threads: 1, entry });
    expect(() => new ZstdWriter({ heap, concurrency: 2, workers: workers! })).toThrow(RangeError);
    expect(() => new ZstdWriter({ heap, concurrency: 0 })).toThrow(RangeError);
    expect(() => new ZstdWriter({ heap, concurrency: 33 })).toThrow(RangeError);
    expect(() => new ZstdWriter({ heap, inPlaceFrom: 0 })).toThrow(RangeError);
  });

  it('goes to a sink, and through an iterable', async () => {
    const parts: Buffer[] = [];
    const sink = {
      async write(pieces: readonly Bytes[]) {
        for (const piece of pieces) parts.push(piece.copyToBuffer());
      },
      async close() {},
      abort() {},
    };
    const out = new SinkWriter(sink, open({ lowMemory: true }));
    for (let at = 0; at < content.length; at += 100_000) await out.write(content.subarray(at, at + 100_000));
    await out.close();
    expect(decodeFrames(Buffer.concat(parts)).equals(content)).toBe(true);
    expect(workers!.stats.finished).toBe(Math.ceil(content.length / (MIB / 2)));
    const pieces: Buffer[] = [];
    for await (const piece of zstdCompress([content.subarray(0, MIB), content.subarray(MIB)], { heap, workers: workers!, concurrency: 2, lowMemory: true })) {
      pieces.push(piece.copyToBuffer());
      piece.release();
    }
    expect(Buffer.concat(pieces).equals(Buffer.concat(parts))).toBe(true);
  });
});
