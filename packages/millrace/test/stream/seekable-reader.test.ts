import { closeSync, openSync, rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Heap } from '../../src/memory/heap.js';
import { compress, indexStream } from '../../src/stream/iterate.js';
import { fileSource, memorySource, type RandomSource } from '../../src/stream/random-source.js';
import { S2Index } from '../../src/stream/s2-index.js';
import { SeekableReader } from '../../src/stream/seekable-reader.js';
import { collect, cut } from './collector.js';
import { chunksOf, expectSame, joined, noise, text } from './oracle.js';

let heap = new Heap();

afterEach(() => {
  const { live } = heap;
  heap = new Heap(); // one test's leak is not the next one's
  expect(live).toBe(0);
});

const data = joined(text(300_000, 1), noise(150_000), text(50_000, 2));

const MIB = 2 ** 20;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-stream-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

async function streamOf(bytes: Uint8Array, options = {}): Promise<Uint8Array> {
  return collect(compress(cut(bytes, 100_000), { heap, ...options }));
}

describe('SeekableReader', () => {
  const long = joined(text(3 * MIB, 1), noise(MIB), text(2 * MIB + 77, 2));

  async function check(reader: SeekableReader): Promise<void> {
    expect(reader.length).toBe(long.length);
    const ranges: [number, number][] = [
      [0, 1],
      [0, 0],
      [MIB - 1, 2],
      [3 * MIB + 5, 100],
      [2 * MIB - 50, 2 * MIB],
      [long.length - 3, 3],
      [long.length - 3, 100],
      [long.length, 5],
      [MIB, MIB],
    ];
    for (const [position, length] of ranges) {
      const part = await reader.readAt(position, length);
      expectSame(part.toBuffer(), long.subarray(position, position + length));
      part.release();
    }
    const end = await reader.readAt(-10, 4);
    expectSame(end.toBuffer(), long.subarray(-10, -6));
    end.release();
    expectSame(await collect(reader.readFrom(4 * MIB + 3)), long.subarray(4 * MIB + 3));
    await expect(reader.readAt(long.length + 1, 1)).rejects.toThrow(RangeError);
    await expect(reader.readAt(0, -1)).rejects.toThrow(RangeError);
  }

  it('reads any part of a file that has an index at its end', async () => {
    const path = join(folder, 'seekable.s2');
    await writeFile(path, await streamOf(long, { addIndex: true, padding: 1000 }));
    const fd = openSync(path, 'r');
    await check(await SeekableReader.open(await fileSource(fd), { heap }));
    closeSync(fd);
  });

  it('reads with an index kept apart, blocks of any size, Snappy too', async () => {
    for (const options of [{ blockSize: 4096 }, { dialect: 'snappy' }]) {
      const stream = await streamOf(long, options);
      const index = await indexStream([stream], { heap });
      await check(await SeekableReader.open(memorySource(stream), { heap, index }));
    }
  });

  it('reads no more than it must', async () => {
    const stream = await streamOf(long, { addIndex: true });
    const inner = memorySource(stream);
    let bytes = 0;
    const counting: RandomSource = {
      length: inner.length,
      async read(target, position) {
        const n = await inner.read(target, position);
        bytes += n;
        return n;
      },
    };
    const reader = await SeekableReader.open(counting, { heap });
    bytes = 0;
    (await reader.readAt(3 * MIB + 5, 10)).release();
    expect(bytes).toBeLessThan(2 * MIB);
    expect(bytes).toBeGreaterThan(MIB); // the one block of noise
  });

  it('refuses streams without an index, or with a broken one', async () => {
    const stream = await streamOf(data);
    await expect(SeekableReader.open(memorySource(stream), { heap })).rejects.toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED' }));
    await expect(SeekableReader.open(memorySource(new Uint8Array(3)), { heap })).rejects.toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED' }));
    const indexed = await streamOf(data, { addIndex: true });
    indexed[chunksOf(indexed).at(-1)!.start] = 0x98;
    await expect(SeekableReader.open(memorySource(indexed), { heap })).rejects.toThrow(expect.objectContaining({ code: 'ERR_CORRUPT' }));
  });

  it('reports an index that points elsewhere, and a source that fails', async () => {
    const stream = await streamOf(data);
    const index = new S2Index();
    index.add(11, 0);
    index.totalUncompressed = data.length;
    const reader = await SeekableReader.open(memorySource(stream), { heap, index });
    await expect(reader.readAt(5, 5)).rejects.toThrow(expect.objectContaining({ name: 'CodecError' }));
    const broken: RandomSource = { length: 100, read: () => Promise.reject(new Error('EIO')) };
    await expect(SeekableReader.open(broken, { heap })).rejects.toThrow('EIO');
  });
});
