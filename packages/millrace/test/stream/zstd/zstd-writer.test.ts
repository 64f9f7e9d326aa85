import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bytes } from '../../../src/bytes/bytes.js';
import { ZstdContextPool } from '../../../src/codec/zstd/encode-pool.js';
import { ZstdEncoder } from '../../../src/codec/zstd/encode.js';
import { type ZstdLevel } from '../../../src/codec/zstd/encode-settings.js';
import { Heap } from '../../../src/memory/heap.js';
import { zstdCompress } from '../../../src/stream/zstd/compress.js';
import { ZstdCompressStream } from '../../../src/stream/zstd/node-compress.js';
import { zstdCompressionStream } from '../../../src/stream/zstd/web-compress.js';
import { ZstdWriter, type ZstdWriterOptions } from '../../../src/stream/zstd/zstd-writer.js';
import { noise, prose } from '../../codec/inputs.js';
import { expectContent } from '../../codec/zstd/oracle.js';

const LEVELS: readonly ZstdLevel[] = ['fastest', 'default', 'better', 'best'];

let heap: Heap;
beforeEach(() => {
  heap = new Heap();
});
afterEach(() => {
  expect(heap.live).toBe(0);
});

function drain(writer: ZstdWriter): Buffer {
  const pieces = writer.take();
  const all = Buffer.concat(pieces.map((piece) => piece.copyToBuffer()));
  for (const piece of pieces) piece.release();
  return all;
}

describe('ZstdWriter', () => {
  it('content of several windows, in writes of any size, at every level', () => {
    // Long repeats from beyond, inside and across where the history moves.
    const part = prose(90_000, 1);
    const content = Buffer.concat([part, noise(70_000, 2), part, prose(200_000, 3), part, noise(300_000, 4), part, prose(150_000, 5)]);
    for (const level of LEVELS) {
      for (const windowLog of [10, 16, 17, 18]) {
        for (const size of windowLog === 16 ? [1000, 65_536, 131_072, content.length] : [200_001]) {
          using writer = new ZstdWriter({ heap, level, windowLog });
          const out: Buffer[] = [];
          for (let at = 0; at < content.length; at += size) {
            writer.write(content.subarray(at, at + size));
            out.push(drain(writer));
          }
          writer.close();
          out.push(drain(writer));
          expectContent(Buffer.concat(out), content);
        }
      }
    }
  });

  it('split at every byte, with a flush between', () => {
    const content = prose(400, 7);
    for (let at = 0; at <= content.length; at += 1) {
      using writer = new ZstdWriter({ heap, level: 'fastest' });
      writer.write(content.subarray(0, at));
      writer.flush();
      writer.write(content.subarray(at));
      writer.close();
      expectContent(drain(writer), content);
    }
  });

  it('random writes, flushes, buffers and options', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('write' as const), seed: fc.nat(20), length: fc.nat(40_000) }),
      fc.record({ kind: fc.constant('lend' as const), seed: fc.nat(20), length: fc.nat(40_000) }),
      fc.record({ kind: fc.constant('give' as const), seed: fc.nat(20), length: fc.nat(40_000) }),
      fc.record({ kind: fc.constant('flush' as const), seed: fc.constant(0), length: fc.constant(0) }),
    );
    const options = fc.record({
      level: fc.constantFrom(...LEVELS),
      windowLog: fc.integer({ min: 12, max: 20 }),
      checksum: fc.boolean(),
      singleSegment: fc.boolean(),
      flushOnWrite: fc.boolean(),
      lowMemory: fc.boolean(),
      padding: fc.constantFrom(1, 100),
      declare: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), options, (steps, { declare, ...chosen }) => {
        const parts = steps.map(({ seed, length }) => (seed % 3 === 0 ? noise(length, seed) : prose(length, seed)));
        const content = Buffer.concat(parts);
        const given: ZstdWriterOptions = { heap, ...chosen, onBufferDone: (buffer) => buffer.fill(0xee) };
        if (declare) given.declaredSize = content.length;
        using writer = new ZstdWriter(given);
        for (const [i, { kind }] of steps.entries()) {
          if (kind === 'flush') writer.flush();
          else if (kind === 'write') writer.write(parts[i]!);
          else if (kind === 'lend') writer.encodeBuffer(Buffer.from(parts[i]!));
          else writer.encodeBuffer(Bytes.copyOf(parts[i]!, heap));
        }
        writer.close();
        expect(writer.uncompressed).toBe(content.length);
        const frame = drain(writer);
        expect(writer.written).toBe(frame.length);
        if (chosen.padding > 1) expect(frame.length % chosen.padding).toBe(0);
        expectContent(frame, content);
      }),
      { numRuns: process.env['MILLRACE_LONG'] ? 3000 : 60 },
    );
  });

  it('a stream of one block is the frame that one shot gives', () => {
    using encoder = new ZstdEncoder({ heap });
    for (const length of [0, 1, 5000, 131_072]) {
      const content = prose(length, 9);
      using writer = new ZstdWriter({ heap });
      for (let at = 0; at < length; at += 1000) writer.write(content.subarray(at, at + 1000));
      writer.close();
      expect(drain(writer).equals(encoder.encodeToBuffer(content))).toBe(true);
    }
    using none = new ZstdWriter({ heap, emptyFrame: false });
    none.close();
    expect(drain(none).length).toBe(0);
  });

  it('what was flushed can be decoded before the rest is there', () => {
    using writer = new ZstdWriter({ heap, checksum: false });
    writer.write(Buffer.from('first'));
    writer.flush();
    const flushed = drain(writer);
    // Header without content size: magic, descriptor, window; then a raw block of 5 bytes that is not the last.
    expect([...flushed.subarray(0, 9)]).toEqual([0x28, 0xb5, 0x2f, 0xfd, 0, (22 - 10) << 3, 5 << 3, 0, 0]);
    expect(flushed.subarray(9).toString()).toBe('first');
    writer.close();
    expect([...drain(writer)]).toEqual([1, 0, 0]);
  });

  it('holds no more than one and a half windows, two blocks and a context', () => {
    const pool = new ZstdContextPool({ heap });
    const writer = new ZstdWriter({ pool, level: 'fastest', windowLog: 18 });
    for (let i = 0; i < 40; i += 1) {
      writer.write(noise(50_000, i));
      for (const piece of writer.take()) piece.release();
    }
    expect(heap.live - pool.statistics.bytes).toBeLessThanOrEqual(1.5 * 2 ** 18 + 2 * 131_072);
    expect(pool.statistics.inUse).toBe(1);
    writer.close();
    for (const piece of writer.take()) piece.release();
    expect(pool.statistics.inUse).toBe(0);
    expect(heap.live).toBe(pool.statistics.bytes);
    pool.trim();
  });

  it('checks a declared size', () => {
    using writer = new ZstdWriter({ heap, declaredSize: 10 });
    expect(() => writer.write(new Uint8Array(11))).toThrow(expect.objectContaining({ code: 'ERR_STREAM_SIZE', expected: 10, actual: 11 }));
    expect(() => writer.close()).toThrow(expect.objectContaining({ code: 'ERR_STREAM_SIZE' }));
    writer.reset({ declaredSize: 10 });
    writer.write(new Uint8Array(9));
    expect(() => writer.close()).toThrow(expect.objectContaining({ code: 'ERR_STREAM_SIZE', expected: 10, actual: 9 }));
    writer.reset();
    writer.write(prose(200_000));
    writer.close();
    expectContent(drain(writer), prose(200_000));
    expect(() => writer.reset({ declaredSize: -1 })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  });

  it('after reset nothing of the stream before is left, whatever was pending', () => {
    using writer = new ZstdWriter({ heap, level: 'best' });
    writer.write(prose(300_000, 1));
    writer.reset({ level: 'fastest', checksum: false });
    expect(writer.pendingOutput).toBe(0);
    writer.write(prose(1000, 2));
    writer.close();
    const frame = drain(writer);
    using encoder = new ZstdEncoder({ heap, level: 'fastest', checksum: false });
    expect(frame.equals(encoder.encodeToBuffer(prose(1000, 2)))).toBe(true);
    expect(() => writer.write(new Uint8Array(1))).toThrow(expect.objectContaining({ code: 'ERR_STREAM_CLOSED' }));
    writer.close();
  });
});

describe('buffers lent to a ZstdWriter', () => {
  it('come back once each, in order, never two at a time, also when refused, empty or after an error', () => {
    const back: [number, string | undefined][] = [];
    let inside = 0;
    using writer = new ZstdWriter({
      heap,
      level: 'fastest',
      onBufferDone: (buffer, error) => {
        expect(inside).toBe(0);
        inside += 1;
        back.push([buffer.length, (error as { code?: string } | undefined)?.code]);
        buffer.fill(0);
        if (buffer.length === 10) writer.encodeBuffer(Buffer.from(prose(11, 3))); // lending from inside the callback
        inside -= 1;
      },
    });
    const sizes = [10, 0, 100, 10_000, 1_000_000];
    for (const size of sizes) writer.encodeBuffer(Buffer.from(prose(size, size)));
    writer.close();
    expectContent(drain(writer), Buffer.concat([prose(10, 10), prose(11, 3), ...sizes.slice(1).map((size) => prose(size, size))]));
    expect(back).toEqual([[10, undefined], [11, undefined], [0, undefined], [100, undefined], [10_000, undefined], [1_000_000, undefined]]);
    expect(() => writer.encodeBuffer(Buffer.alloc(5))).toThrow(expect.objectContaining({ code: 'ERR_STREAM_CLOSED' }));
    expect(back.at(-1)).toEqual([5, 'ERR_STREAM_CLOSED']);
    const given = Bytes.copyOf(Buffer.alloc(6), heap);
    expect(() => writer.encodeBuffer(given)).toThrow(expect.objectContaining({ code: 'ERR_STREAM_CLOSED' }));
    expect(given.isReleased).toBe(true);
    writer.reset();
    writer.abort(new Error('the disk is full'));
    expect(() => writer.encodeBuffer(Buffer.alloc(7))).toThrow('the disk is full');
    expect(back.at(-1)![0]).toBe(7);
  });

  it('a callback that throws fails the writer', () => {
    using writer = new ZstdWriter({
      heap,
      onBufferDone: () => {
        throw new Error('mine');
      },
    });
    expect(() => writer.encodeBuffer(Buffer.alloc(3))).toThrow(expect.objectContaining({ code: 'ERR_STREAM_CALLBACK' }));
    expect(() => writer.write(Buffer.alloc(3))).toThrow(expect.objectContaining({ code: 'ERR_STREAM_CALLBACK' }));
  });
});

describe('adapters', () => {
  const content = Buffer.concat([prose(250_000, 1), noise(1000, 2)]);
  const pieces = [content.subarray(0, 100), content.subarray(100, 200_000), content.subarray(200_000)];

  it('async iterable', async () => {
    const out: Buffer[] = [];
    for await (const piece of zstdCompress(pieces, { heap })) {
      out.push(piece.copyToBuffer());
      piece.release();
    }
    expectContent(Buffer.concat(out), content);
    for await (const piece of zstdCompress(pieces, { heap })) {
      piece.release();
      break;
    }
  });

  it('Node transform', async () => {
    const transform = new ZstdCompressStream({ heap, level: 'better' });
    const out: Buffer[] = [];
    await pipeline(Readable.from(pieces), transform, async (frames) => {
      for await (const piece of frames) out.push(piece as Buffer);
    });
    expectContent(Buffer.concat(out), content);
    const destroyed = new ZstdCompressStream({ heap });
    destroyed.write(content);
    destroyed.destroy();
  });

  it('web transform', async () => {
    const readable = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece);
        controller.close();
      },
    });
    const out: Uint8Array[] = [];
    for await (const piece of readable.pipeThrough(zstdCompressionStream({ heap }) as never) as unknown as AsyncIterable<Uint8Array>) out.push(piece);
    expectContent(Buffer.concat(out), content);
  });
});
