import { ReadableStream } from 'node:stream/web';
import { afterEach, describe, expect, it } from 'vitest';
import { Heap } from '../../src/memory/heap.js';
import { s2CompressionStream, s2DecompressionStream, type BytePair } from '../../src/stream/web-transform.js';
import { collect, cut } from './collector.js';
import { expectSame, joined, noise, S2_IDENTIFIER, text } from './oracle.js';

let heap = new Heap();

afterEach(() => {
  const { live } = heap;
  heap = new Heap(); // one test's leak is not the next one's
  expect(live).toBe(0);
});

const data = joined(text(300_000, 1), noise(150_000), text(50_000, 2));

describe('web transforms', () => {
  const source = (bytes: Uint8Array): ReadableStream<Uint8Array> => ReadableStream.from(cut(bytes)) as ReadableStream<Uint8Array>;
  const through = (stream: ReadableStream<Uint8Array>, pair: BytePair): ReadableStream<Uint8Array> => stream.pipeThrough(pair);

  it('compress and decompress', async () => {
    const compressed = through(source(data), s2CompressionStream({ heap, blockSize: 65_536 }));
    expectSame(await collect(through(compressed, s2DecompressionStream({ heap }))), data);
  });

  it('report broken input', async () => {
    await expect(collect(through(source(text(100)), s2DecompressionStream({ heap })))).rejects.toThrow(expect.objectContaining({ code: 'ERR_CORRUPT' }));
    await expect(collect(through(source(S2_IDENTIFIER.subarray(0, 3)), s2DecompressionStream({ heap })))).rejects.toThrow(expect.objectContaining({ code: 'ERR_TRUNCATED' }));
  });

  it('give memory back when the reading side goes away, and tell the writing side', async () => {
    const { readable, writable } = s2CompressionStream({ heap, blockSize: 4096 });
    const writer = writable.getWriter();
    const first = writer.write(noise(10_000)); // more than is wanted: waits
    const reader = readable.getReader();
    expect((await reader.read()).done).toBe(false);
    await reader.cancel('enough');
    await first;
    await expect(writer.write(text(1))).rejects.toThrow('enough');
  });

  it('give memory back when the writing side is aborted', async () => {
    const { readable, writable } = s2CompressionStream({ heap });
    const writer = writable.getWriter();
    const reading = readable.getReader().read();
    await writer.write(text(100));
    await writer.abort(new Error('stopped'));
    await expect(reading).rejects.toThrow('stopped');
  });
});
