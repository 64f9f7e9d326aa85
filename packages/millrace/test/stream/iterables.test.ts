import { afterEach, describe, expect, it } from 'vitest';
import { Bytes } from '../../src/bytes/bytes.js';
import { Heap } from '../../src/memory/heap.js';
import { compress, decompress, indexStream, writeTo } from '../../src/stream/iterate.js';
import { S2Index } from '../../src/stream/s2-index.js';
import { Collector, collect, cut } from './collector.js';
import { chunkOf, chunksOf, dataOf, expectSame, joined, noise, S2_IDENTIFIER, storedChunk, text } from './oracle.js';

let heap = new Heap();

afterEach(() => {
  const { live } = heap;
  heap = new Heap(); // one test's leak is not the next one's
  expect(live).toBe(0);
});

const data = joined(text(300_000, 1), noise(150_000), text(50_000, 2));

const MIB = 2 ** 20;

async function streamOf(bytes: Uint8Array, options = {}): Promise<Uint8Array> {
  return collect(compress(cut(bytes, 100_000), { heap, ...options }));
}

describe('async iterables', () => {
  it('compress and decompress arrays, generators and handles', async () => {
    const handles = [text(1000, 1), noise(500), text(10, 2)];
    const stream = await collect(compress(handles.map((part) => Bytes.copyOf(part, heap)), { heap }));
    expectSame(dataOf(stream), joined(...handles));
    expectSame(await collect(decompress(cut(stream, 77), { heap })), joined(...handles));
    expectSame(await collect(decompress([Bytes.copyOf(stream, heap)], { heap })), joined(...handles));
  });

  it('release everything when the consumer leaves early', async () => {
    for await (const piece of compress(cut(noise(100_000)), { heap, blockSize: 4096 })) {
      piece.release();
      break;
    }
    const stream = await streamOf(data, { blockSize: 4096 });
    for await (const piece of decompress([stream], { heap })) {
      piece.release();
      break;
    }
  });

  it('write to a sink, which is aborted when the source fails', async () => {
    const sink = new Collector();
    await writeTo(sink, decompress([await streamOf(data)], { heap }));
    expect(sink.closed).toBe(1);
    expectSame(sink.stream, data);

    const broken = new Collector();
    await expect(writeTo(broken, decompress([text(100)], { heap }))).rejects.toThrow(expect.objectContaining({ code: 'ERR_CORRUPT' }));
    expect(broken.aborted).toMatchObject({ code: 'ERR_CORRUPT' });
    const full = new Collector();
    full.failAt = 0;
    await expect(writeTo(full, decompress([await streamOf(data)], { heap }))).rejects.toThrow('disk full');
  });
});

describe('indexStream', () => {
  it('gives the index that the writer would have given', async () => {
    const long = text(5 * MIB);
    for (const blockSize of [MIB, 65_536, 2 * MIB]) {
      const stream = await streamOf(long, { blockSize, addIndex: true });
      const last = chunksOf(stream).at(-1)!.start;
      const index = await indexStream(cut(stream.subarray(0, last), 12_345), { heap });
      expect(index.toJSON()).toEqual(S2Index.load(stream.subarray(last)).toJSON());
    }
  });

  it('takes its block size from the first block, and looks into none', async () => {
    const stream = joined(S2_IDENTIFIER, storedChunk(text(7)), chunkOf(0, Uint8Array.of(0, 0, 0, 0, 9, 0xff)), chunkOf(0x80, text(3)));
    const index = await indexStream([stream], { heap });
    expect(index.toJSON()).toEqual({ total_uncompressed: 16, total_compressed: stream.length, offsets: [{ compressed: 10, uncompressed: 0 }], est_block_uncompressed: 7 });
  });

  it('checks the structure', async () => {
    await expect(indexStream([text(50)], { heap })).rejects.toThrow(expect.objectContaining({ code: 'ERR_CORRUPT' }));
    await expect(indexStream([joined(S2_IDENTIFIER, storedChunk(text(7)).subarray(0, 9))], { heap })).rejects.toThrow(expect.objectContaining({ code: 'ERR_TRUNCATED', offset: 10 }));
  });
});
