import { Readable } from 'node:stream';
import { buffer as collect } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CodecError } from '../../../src/base/errors.js';
import { Bytes } from '../../../src/bytes/bytes.js';
import { DecoderPool, decoderPool } from '../../../src/codec/zstd/decode-pool.js';
import { ZstdDictionary } from '../../../src/codec/zstd/dictionary.js';
import { Heap } from '../../../src/memory/heap.js';
import { zstdDecompress } from '../../../src/stream/zstd/iterate.js';
import { ZstdDecompressStream } from '../../../src/stream/zstd/node-decompress.js';
import { zstdDecompressionStream } from '../../../src/stream/zstd/web-decompress.js';
import { ZstdReader } from '../../../src/stream/zstd/zstd-reader.js';
import { dictionary, frames, patched, reference, trained } from '../../codec/zstd/fixtures.js';

let heap: Heap;

beforeEach(() => {
  heap = new Heap({ limit: 64 * 2 ** 20 });
});

afterEach(() => {
  decoderPool(heap).trim();
  expect(heap.live).toBe(0);
  heap.audit();
});

function drain(reader: ZstdReader, into: Buffer[]): void {
  for (let piece = reader.read(); piece !== undefined; piece = reader.read()) {
    into.push(piece.copyToBuffer());
    piece.release();
  }
}

function decode(pieces: Iterable<Buffer | Bytes>, reader: ZstdReader = new ZstdReader({ heap })): Buffer {
  const out: Buffer[] = [];
  for (const piece of pieces) {
    reader.feed(piece);
    drain(reader, out);
  }
  reader.end();
  return Buffer.concat(out);
}

function* cut(bytes: Buffer, size: () => number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const n = size();
    yield bytes.subarray(at, at + n);
    at += n;
  }
}

function fault(run: () => unknown): CodecError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(CodecError);
    return error as CodecError;
  }
  throw new Error('nothing was thrown');
}

const block = (type: number, size: number, last: boolean, ...body: number[]): number[] => {
  const bits = (size << 3) | (type << 1) | (last ? 1 : 0);
  return [bits & 255, (bits >> 8) & 255, bits >> 16, ...body];
};
const windowed = (code: number, ...blocks: number[][]): Buffer => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, code, ...blocks.flat()]);
const skippable = (length: number): Buffer => Buffer.from([0x50, 0x2a, 0x4d, 0x18, length, 0, 0, 0, ...Buffer.alloc(length, 7)]);

describe('splits', () => {
  test('at every byte, as borrowed memory and as handles', () => {
    for (const { frame, content } of frames) {
      for (let at = 0; at <= frame.length; at += 1) {
        expect(decode([frame.subarray(0, at), frame.subarray(at)]).equals(content), `at ${at}`).toBe(true);
      }
      expect(decode([...frame].map((byte) => Buffer.from([byte]))).equals(content)).toBe(true);
      expect(decode([Bytes.copyOf(frame, heap)]).equals(content)).toBe(true);
      expect(decode([Bytes.copyOf(frame.subarray(0, 9), heap), Bytes.copyOf(frame.subarray(9, 40), heap), frame.subarray(40, 41), Bytes.copyOf(frame.subarray(41), heap)]).equals(content)).toBe(true);
      expect(decode([Bytes.adopt(Buffer.from(frame))]).equals(content)).toBe(true);
    }
  });

  test('frames one after the other, with skippable ones, in pieces of any size', () => {
    const all = Buffer.concat([skippable(0), ...frames.flatMap(({ frame }) => [frame, skippable(200)]), frames[1]!.frame]);
    const content = Buffer.concat([...frames.map((entry) => entry.content), frames[1]!.content]);
    let seed = 7;
    for (const most of [1, 2, 3, 7, 100, 1000]) {
      const size = (): number => {
        seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
        return 1 + (seed % most);
      };
      const reader = new ZstdReader({ heap });
      expect(decode(cut(all, size), reader).equals(content)).toBe(true);
      expect(reader.completeLength).toBe(all.length);
      expect(reader.consumed).toBe(all.length);
      expect(reader.position).toBe(content.length);
    }
  });

  test('output drained into targets of any size', () => {
    const { frame, content } = frames[6]!;
    for (const size of [1000, 65_537, 400_000]) {
      const reader = new ZstdReader({ heap });
      reader.feed(frame);
      const target = Buffer.alloc(size);
      const out: Buffer[] = [];
      for (let n = reader.readInto(target); n > 0; n = reader.readInto(target)) out.push(Buffer.from(target.subarray(0, n)));
      reader.end();
      expect(Buffer.concat(out).equals(content)).toBe(true);
    }
  });

  test('a block comes out as soon as its last byte is in', () => {
    const reader = new ZstdReader({ heap });
    const frame = windowed(0, block(0, 3, false, 1, 2, 3), block(1, 4, false, 9), block(0, 1, true, 5));
    const seen: number[] = [];
    for (const [index, byte] of frame.entries()) {
      reader.feed(Buffer.from([byte]));
      const piece = reader.readBuffer();
      if (piece !== undefined) seen.push(index, ...piece);
    }
    reader.end();
    expect(seen).toEqual([11, 1, 2, 3, 15, 9, 9, 9, 9, 19, 5]);
  });

  test('an empty input, and reset for another', () => {
    const reader = new ZstdReader({ heap });
    expect(decode([], reader).length).toBe(0);
    expect(() => reader.read()).toThrow(expect.objectContaining({ code: 'ERR_STREAM_CLOSED' }) as Error);
    reader.reset();
    reader.feed(frames[0]!.frame.subarray(0, 30));
    expect(reader.read()).toBeUndefined();
    reader.reset();
    expect(decode([frames[3]!.frame], reader).equals(frames[3]!.content)).toBe(true);
  });
});

describe('memory', () => {
  test('stays at the window and a block, however long the frame', () => {
    const reader = new ZstdReader({ heap });
    // A window of 256 KiB; 40 MiB of RLE blocks.
    reader.feed(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x40]));
    let total = 0;
    let most = 0;
    for (let i = 0; i < 320; i += 1) {
      reader.feed(Buffer.from(block(1, 131_072, i === 319, i & 255)));
      const piece = reader.readBuffer()!;
      expect(piece.every((byte) => byte === (i & 255))).toBe(true);
      total += piece.length;
      most = Math.max(most, heap.live);
    }
    reader.end();
    expect(total).toBe(40 * 2 ** 20);
    // The window and a block of output, a context, its literals, and the input that is gathered.
    expect(most).toBeLessThan(2 ** 18 + 2 ** 17 + 32_768 + 2 ** 17 + 8192);
  });

  test('what a frame with a large window held goes back when a small one follows', () => {
    const reader = new ZstdReader({ heap });
    reader.feed(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x50])); // 1 MiB
    for (let i = 0; i < 12; i += 1) {
      reader.feed(Buffer.from(block(1, 131_072, i === 11, i)));
      expect(reader.readBuffer()!.length).toBe(131_072);
    }
    expect(heap.live).toBeGreaterThan(2 ** 20);
    reader.feed(frames[1]!.frame);
    expect(reader.readBuffer()!.equals(frames[1]!.content)).toBe(true);
    expect(heap.live).toBeLessThan(400_000);
    reader.end();
  });

  test('a declared window or size is not allocated', () => {
    const reader = new ZstdReader({ heap });
    reader.feed(windowed(0x88, block(0, 2, false, 1, 2))); // 128 MiB
    expect(reader.readBuffer()).toEqual(Buffer.from([1, 2]));
    expect(heap.live).toBeLessThan(600_000);
    reader.release();
  });

  test('one block is decoded at a time: what is not read does not grow', () => {
    const reader = new ZstdReader({ heap });
    const bomb = windowed(0x50, ...Array.from({ length: 2000 }, (_, i) => block(1, 131_072, i === 1999, 0)));
    reader.feed(bomb);
    expect(reader.readBuffer()!.length).toBe(131_072);
    expect(reader.consumed).toBe(10);
    expect(heap.live).toBeLessThan(2 ** 20);
    reader.release();
  });

  test('contexts over the budget are refused', () => {
    const pool = new DecoderPool(heap, { budget: 160 * 1024 });
    const first = new ZstdReader({ heap, pool });
    const others = [1, 2, 3].map(() => new ZstdReader({ heap, pool }));
    first.feed(frames[6]!.frame);
    first.readBuffer();
    const refused = others.filter((reader) => {
      reader.feed(frames[6]!.frame);
      try {
        reader.readBuffer();
        return false;
      } catch (error) {
        expect((error as { code: string }).code).toBe('ERR_MEMORY_LIMIT');
        return true;
      }
    });
    expect(refused.length).toBe(3);
    first.release();
    expect(decode([frames[6]!.frame], new ZstdReader({ heap, pool })).equals(frames[6]!.content)).toBe(true);
    for (const reader of others) reader.release();
    pool.trim();
  });

  test('waiting for a context ends with one, or with the signal', async () => {
    const pool = new DecoderPool(heap, { budget: 160 * 1024 });
    const held = Array.from({ length: 5 }, () => pool.acquire());
    expect(() => pool.acquire()).toThrow(expect.objectContaining({ code: 'ERR_MEMORY_LIMIT' }) as Error);
    const controller = new AbortController();
    const first = pool.acquireAsync();
    const cancelled = pool.acquireAsync(controller.signal);
    const second = pool.acquireAsync(new AbortController().signal);
    controller.abort(new Error('enough'));
    await expect(cancelled).rejects.toThrow('enough');
    await expect(pool.acquireAsync(AbortSignal.abort(new Error('at once')))).rejects.toThrow('at once');
    for (const context of held.splice(0, 2)) pool.release(context);
    for (const context of [await first, await second, ...held]) pool.release(context);
    expect(pool.inUse).toBe(0);
    pool.trim();
    expect(pool.bytes).toBe(0);
  });
});

describe('history across the wrap of the ring', () => {
  // Raw blocks of noise, longer than the window of 1 KiB; then a block whose one match reaches back as far as a window does.
  test('matches at the edge of the window, wherever the ring wraps', () => {
    const noise = Buffer.from(Array.from({ length: 8000 }, (_, i) => Math.imul(i, 2654435761) >>> 24));
    for (let length = 1024; length <= 7000; length += 61) {
      const blocks: number[][] = [];
      for (let at = 0; at < length; at += 1000) blocks.push(block(0, Math.min(1000, length - at), false, ...noise.subarray(at, Math.min(at + 1000, length))));
      const reach = (offset: number): Buffer => windowed(0, ...blocks, block(2, 8, true, ...matchBlock(offset)));
      const expected = Buffer.concat([noise.subarray(0, length), noise.subarray(length - 1024, length - 1024 + 3)]);
      expect(decode([reach(1024)]).equals(expected), `after ${length}`).toBe(true);
      expect(fault(() => decode([reach(1025)]))).toMatchObject({ code: 'ERR_CORRUPT' });
    }
  });

  // No literals; one sequence without literals and with a match of 3 at `offset`: all three tables are RLE, so the stream holds the offset's bits only.
  function matchBlock(offset: number): number[] {
    const value = offset + 3;
    const code = 31 - Math.clz32(value);
    const bits = (value - (1 << code)) | (1 << code); // the bits, and above them the end mark
    return [0, 1, 0x54, 0, code, 0, bits & 255, bits >> 8];
  }
});

describe('errors', () => {
  test('have offsets in the stream, fail the reader for good and leave nothing behind', () => {
    const before = frames[1]!.frame;
    const reader = new ZstdReader({ heap });
    reader.feed(Buffer.concat([before, windowed(0, block(0, 2, false, 1, 2), block(3, 2, true))]));
    expect(reader.readBuffer()!.equals(frames[1]!.content)).toBe(true);
    expect(reader.readBuffer()).toEqual(Buffer.from([1, 2]));
    const error = fault(() => reader.read());
    expect(error).toMatchObject({ code: 'ERR_CORRUPT', offset: before.length + 6 + 5 + 3 });
    expect(fault(() => reader.read())).toBe(error);
    expect(fault(() => reader.feed(Bytes.copyOf(before, heap)))).toBe(error);
    expect(fault(() => reader.end())).toBe(error);
    expect(reader.completeLength).toBe(before.length);
  });

  test('truncation anywhere', () => {
    for (const { frame } of frames.slice(0, 4)) {
      for (let length = 1; length < frame.length; length += 1) {
        expect(fault(() => decode([frame.subarray(0, length)]))).toMatchObject({ code: 'ERR_TRUNCATED', offset: length });
      }
    }
    expect(fault(() => decode([skippable(9).subarray(0, 12)])).code).toBe('ERR_TRUNCATED');
  });

  test('what is no frame is refused by its first wrong byte', () => {
    for (const start of [[0x1f], [0x28, 0xb6], [0x28, 0xb5, 0x2e], [0x50, 0x2b]]) {
      const reader = new ZstdReader({ heap });
      reader.feed(Buffer.from(start));
      expect(fault(() => reader.read())).toMatchObject({ code: 'ERR_CORRUPT', offset: 0 });
    }
  });

  test('a wrong checksum, a window over the limit, a missing dictionary', () => {
    const wrong = Buffer.from(frames[3]!.frame);
    wrong[wrong.length - 1]! ^= 1;
    expect(fault(() => decode([wrong])).code).toBe('ERR_CHECKSUM');
    expect(decode([wrong], new ZstdReader({ heap, checksum: false })).equals(frames[3]!.content)).toBe(true);
    expect(fault(() => decode([windowed(0x89)]))).toMatchObject({ code: 'ERR_TOO_LARGE', actual: 144 * 2 ** 20 });
    expect(fault(() => decode([frames[0]!.frame, trained.frame]))).toMatchObject({ code: 'ERR_DICTIONARY', expected: 77, offset: frames[0]!.frame.length });
  });
});

test('dictionaries, with tables and without', () => {
  const dictionaries = [ZstdDictionary.prepare(dictionary, { heap }), ZstdDictionary.prepare(reference, { heap })];
  const all = Buffer.concat([trained.frame, patched.frame, trained.frame]);
  const content = Buffer.concat([trained.content, patched.content, trained.content]);
  for (let at = 0; at <= all.length; at += 1) {
    expect(decode([all.subarray(0, at), all.subarray(at)], new ZstdReader({ heap, dictionaries })).equals(content)).toBe(true);
  }
  for (const it of dictionaries) it.release();
});

describe('adapters', () => {
  const all = Buffer.concat(frames.map(({ frame }) => frame));
  const content = Buffer.concat(frames.map((entry) => entry.content));
  const bomb = windowed(0x50, ...Array.from({ length: 200 }, (_, i) => block(1, 131_072, i === 199, 0)));

  test('a Node stream', async () => {
    for (const size of [1, 100, 100_000]) {
      const stream = new ZstdDecompressStream({ heap });
      const done = collect(stream);
      await pipeline(Readable.from(cut(all, () => size)), stream);
      expect((await done).equals(content)).toBe(true);
    }
  });

  test('a Node stream decodes only what is asked for', async () => {
    const stream = new ZstdDecompressStream({ heap });
    stream.write(bomb);
    stream.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(stream.readableLength).toBeLessThanOrEqual(2 * 131_072);
    let total = 0;
    for await (const piece of stream) total += (piece as Buffer).length;
    expect(total).toBe(200 * 131_072);
  });

  test('a Node stream fails with the reader\'s error, also for a torn end', async () => {
    await expect(collect(Readable.from([all.subarray(0, 50)]).compose(new ZstdDecompressStream({ heap })))).rejects.toMatchObject({ code: 'ERR_TRUNCATED' });
    await expect(collect(Readable.from([Buffer.from('something else')]).compose(new ZstdDecompressStream({ heap })))).rejects.toMatchObject({ code: 'ERR_CORRUPT' });
    const stream = new ZstdDecompressStream({ heap });
    stream.write(bomb);
    stream.destroy();
  });

  test('a web stream', async () => {
    for (const size of [1, 1000]) {
      const source = new ReadableStream<Uint8Array>({
        start(controller) {
          for (const piece of cut(all, () => size)) controller.enqueue(piece);
          controller.close();
        },
      });
      const out: Uint8Array[] = [];
      for await (const piece of source.pipeThrough(zstdDecompressionStream({ heap }))) out.push(piece);
      expect(Buffer.concat(out).equals(content)).toBe(true);
    }
  });

  test('a web stream gives its memory back when it is cancelled, or fails', async () => {
    const { readable, writable } = zstdDecompressionStream({ heap });
    const writer = writable.getWriter();
    const writing = writer.write(bomb).catch((error: unknown) => (error as Error).message);
    const reader = readable.getReader();
    expect((await reader.read()).value!.length).toBe(131_072);
    await reader.cancel(new Error('enough'));
    expect(await writing).toBe('enough');
    const other = zstdDecompressionStream({ heap });
    const torn = other.writable.getWriter();
    const reading = other.readable.getReader().read();
    await torn.write(all.subarray(0, 20));
    await expect(torn.close()).rejects.toMatchObject({ code: 'ERR_TRUNCATED' });
    await expect(reading).rejects.toMatchObject({ code: 'ERR_TRUNCATED' });
  });

  test('an async iterable, also left early', async () => {
    const out: Buffer[] = [];
    for await (const piece of zstdDecompress(cut(all, () => 333), { heap })) {
      out.push(piece.copyToBuffer());
      piece.release();
    }
    expect(Buffer.concat(out).equals(content)).toBe(true);
    for await (const piece of zstdDecompress([bomb], { heap })) {
      piece.release();
      break;
    }
  });
});
