import { afterEach, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { StreamError } from '../../src/base/errors.js';
import { Bytes } from '../../src/bytes/bytes.js';
import { Heap } from '../../src/memory/heap.js';
import { S2Index } from '../../src/stream/s2-index.js';
import { S2Writer, SnappyWriter } from '../../src/stream/s2-writer.js';
import type { S2WriterOptions } from '../../src/stream/writer-options.js';
import { chunkOf, chunksOf, dataOf, expectSame, joined, noise, S2_IDENTIFIER, SNAPPY_IDENTIFIER, text } from './oracle.js';

const MIB = 2 ** 20;
let heap = new Heap();

afterEach(() => {
  const { live } = heap;
  heap = new Heap(); // one test's leak is not the next one's
  expect(live).toBe(0);
});

function drain(writer: S2Writer): Uint8Array {
  const parts = writer.take().map((piece) => {
    const copy = new Uint8Array(piece.copyToBuffer());
    piece.release();
    return copy;
  });
  return joined(...parts);
}

/** The stream that `fill` makes a new writer give. */
function written(options: S2WriterOptions, fill: (writer: S2Writer) => void): Uint8Array {
  const writer = new S2Writer({ heap, ...options });
  fill(writer);
  writer.close();
  return drain(writer);
}

describe('S2Writer', () => {
  it('gives an empty stream for no data, whatever the options', () => {
    const everything: S2WriterOptions = { padding: 4096, addIndex: true, flushOnWrite: true };
    for (const options of [{}, everything]) {
      expect(written(options, () => {})).toHaveLength(0);
      expect(
        written(options, (writer) => {
          writer.write(new Uint8Array(0));
          writer.flush();
          writer.encodeBuffer(new Uint8Array(0));
          writer.encodeBuffer(Bytes.empty());
        }),
      ).toHaveLength(0);
    }
  });

  it.each(['fast', 'better', 'best'] as const)('makes streams of both dialects at level %s', (level) => {
    const data = text(300_000);
    for (const dialect of ['s2', 'snappy'] as const) {
      const stream = written({ level, dialect }, (writer) => writer.write(data));
      expect(stream.subarray(0, 10)).toEqual(dialect === 's2' ? S2_IDENTIFIER : SNAPPY_IDENTIFIER);
      expectSame(dataOf(stream), data);
      expect(stream.length).toBeLessThan(data.length);
    }
  });

  it('has a name for the Snappy dialect', () => {
    const writer = new SnappyWriter({ heap });
    expect(writer.blockSize).toBe(65_536);
    writer.write(text(70_000));
    writer.close();
    expect(chunksOf(drain(writer)).map((chunk) => chunk.data.length)).toEqual([0, 65_536, 4464]);
  });

  it('cuts what is written into blocks of the block size, however it comes', () => {
    const data = text(50_000);
    const pieces = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pieces, fc.constantFrom(4096, 5000, 16_384), fc.boolean(), (sizes, blockSize, owned) => {
        let at = 0;
        const stream = written({ blockSize }, (writer) => {
          for (const size of sizes) {
            const part = data.subarray(at, Math.min(data.length, at + size));
            at += part.length;
            if (owned) {
              const bytes = Bytes.copyOf(part, heap);
              writer.write(bytes);
              bytes.release();
            } else writer.write(part);
          }
        });
        expectSame(dataOf(stream), data.slice(0, at));
        const lengths = chunksOf(stream)
          .filter((chunk) => chunk.type < 2)
          .map((chunk) => chunk.data.length);
        expect(lengths.slice(0, -1).every((length) => length === blockSize)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('leaves the source of write to its owner, who may reuse it at once', () => {
    const data = text(30_000);
    const stream = written({ blockSize: 4096 }, (writer) => {
      const source = data.slice();
      writer.write(source);
      source.fill(0);
      const heapSource = Bytes.copyOf(data, heap);
      writer.write(heapSource);
      expect(heapSource.length).toBe(data.length);
      heapSource.release();
    });
    expectSame(dataOf(stream), joined(data, data));
  });

  it('makes one chunk of each buffer up to the block size', () => {
    const sizes = [1, 10, 4095, 4096, 4097, 9000];
    const stream = written({ blockSize: 4096 }, (writer) => {
      for (const size of sizes) writer.encodeBuffer(Bytes.copyOf(text(size, size), heap));
    });
    expect(chunksOf(stream).map((chunk) => chunk.data.length)).toEqual([0, 1, 10, 4095, 4096, 4096, 1, 4096, 4096, 808]);
    expectSame(dataOf(stream), joined(...sizes.map((size) => text(size, size))));
  });

  it('puts written data out before a buffer', () => {
    const stream = written({}, (writer) => {
      writer.write(text(100, 1));
      writer.encodeBuffer(text(200, 2));
      writer.write(text(300, 3));
    });
    expectSame(dataOf(stream), joined(text(100, 1), text(200, 2), text(300, 3)));
    expect(chunksOf(stream)).toHaveLength(4);
  });

  it('puts out a block that does not compress as it is, and one of a handle without a copy', () => {
    const data = noise(10_000);
    const writer = new S2Writer({ heap });
    const bytes = Bytes.copyOf(data, heap);
    const address = bytes.start;
    writer.encodeBuffer(bytes);
    const header = writer.read()!;
    const body = writer.read()!;
    expect(body.start).toBe(address);
    expectSame(dataOf(joined(header.toBuffer(), body.toBuffer())), data);
    header.release();
    body.release();

    const foreign = written({}, (other) => other.encodeBuffer(data));
    expect(foreign).toHaveLength(10 + 8 + data.length);
    expectSame(dataOf(foreign), data);
    writer.close();
  });

  it('encodes a lent view of the heap where it lies, and copies it when it does not compress', () => {
    for (const data of [text(10_000), noise(10_000)]) {
      const address = heap.allocate(data.length);
      const view = heap.u8.subarray(address, address + data.length);
      view.set(data);
      const stream = written({ blockSize: 4096, onBufferDone: (buffer) => buffer.fill(0) }, (writer) => writer.encodeBuffer(view));
      expectSame(dataOf(stream), data);
      heap.free(address, heap.roundUp(data.length));
    }
  });

  it('takes adopted memory, and lets go of it when it is encoded', () => {
    const released: Uint8Array[] = [];
    const data = text(9000);
    const writer = new S2Writer({ heap, blockSize: 4096 });
    writer.encodeBuffer(Bytes.adopt(data, (memory) => released.push(memory)));
    expect(released).toEqual([data]);
    writer.write(Bytes.adopt(data));
    writer.close();
    expectSame(dataOf(drain(writer)), joined(data, data));
  });

  it('stores every block when told to', () => {
    const data = text(20_000);
    const stream = written({ uncompressed: true, blockSize: 8192 }, (writer) => writer.write(data));
    expect(chunksOf(stream).map((chunk) => chunk.type)).toEqual([255, 1, 1, 1]);
    expectSame(dataOf(stream), data);
  });

  it('makes a chunk of each write when told to', () => {
    const stream = written({ flushOnWrite: true, blockSize: 4096 }, (writer) => {
      writer.write(text(10));
      writer.write(new Uint8Array(0));
      const bytes = Bytes.copyOf(text(5000), heap);
      writer.write(bytes);
      bytes.release();
    });
    expect(chunksOf(stream).map((chunk) => chunk.data.length)).toEqual([0, 10, 4096, 904]);
  });

  it('makes a chunk of what was written at each flush, and none of nothing', () => {
    const stream = written({}, (writer) => {
      writer.flush();
      writer.write(text(10));
      writer.flush();
      writer.flush();
      writer.write(text(20));
    });
    expect(chunksOf(stream).map((chunk) => chunk.data.length)).toEqual([0, 10, 20]);
  });

  it('puts skippable chunks where they were added, never before written data', () => {
    const note = Uint8Array.of(1, 2, 3);
    const stream = written({}, (writer) => {
      writer.addSkippableBlock(0x80, note);
      writer.write(text(10));
      writer.addSkippableBlock(0xfd, new Uint8Array(0));
      writer.encodeBuffer(text(20));
      writer.addSkippableBlock(0xfe, note);
    });
    expect(chunksOf(stream).map((chunk) => [chunk.type, chunk.body.length])).toEqual([
      [255, 6],
      [0x80, 3],
      [1, 14],
      [0xfd, 0],
      [1, 24],
      [0xfe, 3],
    ]);
    expect(chunksOf(stream)[1]!.body).toEqual(note);
  });

  it('pads to a multiple, with a chunk that is never shorter than its header', () => {
    for (const padding of [1, 2, 3, 5, 7, 256, 4096, MIB]) {
      for (const length of [1, 2, 3, 4, 5, 100]) {
        const stream = written({ padding }, (writer) => writer.write(text(length)));
        expect(stream.length % padding).toBe(0);
        expectSame(dataOf(stream), text(length));
      }
    }
  });

  it('fills padding from the source given, and with noise otherwise', () => {
    const from = written({ padding: 1000, paddingSource: (target) => target.fill(7) }, (writer) => writer.write(text(100)));
    expect(chunksOf(from).at(-1)!.body.every((byte) => byte === 7)).toBe(true);
    const random = chunksOf(written({ padding: 4096 }, (writer) => writer.write(text(100)))).at(-1)!.body;
    expect(new Set(random).size).toBeGreaterThan(200);
  });

  it('appends an index that says where chunks are, after any padding', () => {
    const data = text(5 * MIB);
    for (const padding of [1, 4096]) {
      const stream = written({ addIndex: true, padding }, (writer) => writer.write(data));
      expect(stream.length % padding).toBe(0);
      const chunks = chunksOf(stream);
      const last = chunks.at(-1)!;
      expect(last.type).toBe(0x99);
      const index = S2Index.load(stream.subarray(last.start));
      expect(index.totalUncompressed).toBe(data.length);
      expect(index.totalCompressed).toBe(padding === 1 ? last.start : -1);
      const starts = chunks.filter((chunk) => chunk.type < 2).map((chunk) => chunk.start);
      expect(starts.map((_, i) => index.at(i))).toEqual(starts.map((compressed, i) => ({ compressed, uncompressed: i * MIB })));
    }
  });

  it('gives the index at close without appending it', () => {
    const writer = new S2Writer({ heap });
    writer.write(text(3 * MIB));
    const index = S2Index.load(writer.closeIndex());
    const stream = drain(writer);
    expect(index.totalCompressed).toBe(stream.length);
    expect(index.length).toBe(3);
    expect(chunksOf(stream).at(-1)!.type).toBeLessThan(2);
    expect(S2Index.load(writer.closeIndex()).toJSON()).toEqual(index.toJSON());
  });

  it('counts what it has written', () => {
    const writer = new S2Writer({ heap });
    writer.encodeBuffer(noise(5000));
    expect([writer.written, writer.uncompressed, writer.pendingOutput]).toEqual([5018, 5000, 5018]);
    drain(writer);
    expect([writer.written, writer.pendingOutput]).toEqual([5018, 0]);
    writer.close();
  });

  it('closes once; closing again does nothing, and nothing is taken any more', () => {
    const writer = new S2Writer({ heap });
    writer.write(text(10));
    writer.close();
    writer.close();
    expect(writer.closed).toBe(true);
    for (const call of [() => writer.write(text(1)), () => writer.encodeBuffer(text(1)), () => writer.flush(), () => writer.addSkippableBlock(0x80, text(1))]) {
      expect(call).toThrow(expect.objectContaining({ code: 'ERR_STREAM_CLOSED' }));
    }
    expectSame(dataOf(drain(writer)), text(10));
  });

  it('begins anew after reset, without what was pending', () => {
    const writer = new S2Writer({ heap, addIndex: true });
    writer.encodeBuffer(text(100_000, 1));
    writer.write(text(100, 2));
    writer.reset();
    writer.write(text(200, 3));
    writer.close();
    const first = drain(writer);
    expectSame(dataOf(first), text(200, 3));
    writer.reset();
    writer.write(text(200, 3));
    writer.close();
    expectSame(drain(writer), first);
  });

  it('encodes by a function of the user, where that wants to', () => {
    const seen: number[] = [];
    const encodeBlock = (source: Uint8Array, target: Uint8Array): number => {
      seen.push(source.length);
      if (source.length === 50) return 0; // stored
      if (source.length === 3000) return -1; // the library's turn
      target.set([0, source[0]!, ((source.length - 2) << 2) | 2, 1, 0]); // a literal byte and a copy of it
      return 5;
    };
    const runs = [40, 50, 60].map((length) => new Uint8Array(length).fill(length));
    const stream = written({ encodeBlock, concurrency: 4 }, (writer) => {
      for (const data of [...runs, text(3000)]) writer.encodeBuffer(data);
    });
    expectSame(dataOf(stream), joined(...runs, text(3000)));
    expect(seen).toEqual([40, 50, 60, 3000]);
    expect(chunksOf(stream).map((chunk) => chunk.type)).toEqual([255, 0, 1, 0, 0]);
    expect(chunksOf(stream)[1]!.body).toHaveLength(4 + 1 + 5);
  });

  it('fails when that function throws or gives no length', () => {
    for (const encodeBlock of [
      (): number => {
        throw new Error('mine');
      },
      (): number => 1e9,
      (): number => Number.NaN,
    ]) {
      const writer = new S2Writer({ heap, encodeBlock });
      expect(() => writer.encodeBuffer(text(100))).toThrow(expect.objectContaining({ code: 'ERR_STREAM_CALLBACK', cause: expect.any(Error) }));
    }
  });

  it('throws what failed it from every call after an abort, until reset', () => {
    const writer = new S2Writer({ heap });
    writer.encodeBuffer(text(100));
    const reason = new Error('disk full');
    writer.abort(reason);
    for (const call of [() => writer.write(text(1)), () => writer.flush(), () => writer.close(), () => writer.read(), () => writer.take(), () => writer.closeIndex()]) {
      expect(call).toThrow(reason);
    }
    writer.reset();
    writer.write(text(10));
    writer.close();
    expectSame(dataOf(drain(writer)), text(10));
  });

  it('has nothing left when it is disposed of', () => {
    const writer = new S2Writer({ heap });
    writer.encodeBuffer(text(100_000));
    writer.write(text(100));
    writer[Symbol.dispose]();
    expect(() => writer.read()).toThrow(StreamError);
  });

  it('fails without losing memory when the heap is full', () => {
    heap = new Heap({ limit: 2 * MIB });
    const writer = new S2Writer({ heap, blockSize: MIB });
    const give = (): void => {
      for (let i = 0; i < 10; i += 1) writer.encodeBuffer(noise(500_000));
    };
    expect(give).toThrow(expect.objectContaining({ code: 'ERR_MEMORY_LIMIT' }));
    expect(() => writer.write(text(1))).toThrow(expect.objectContaining({ code: 'ERR_MEMORY_LIMIT' }));
  });

  it.each([
    ['blockSize', { blockSize: 4095 }],
    ['blockSize', { blockSize: 4 * MIB + 1 }],
    ['blockSize', { blockSize: 65_537, dialect: 'snappy' }],
    ['padding', { padding: 0 }],
    ['padding', { padding: 4 * MIB + 1 }],
    ['dialect', { dialect: 'lz4' }],
    ['level', { level: 'ultra' }],
  ])('refuses %s out of range: %j', (name, options) => {
    expect(() => new S2Writer({ heap, ...(options as S2WriterOptions) })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE', message: expect.stringContaining(name) }));
  });

  it('refuses skippable chunks of other ids or too much data, and sources that are no bytes', () => {
    const writer = new S2Writer({ heap });
    for (const id of [0x7f, 0xff, 128.5]) expect(() => writer.addSkippableBlock(id, text(1))).toThrow(RangeError);
    expect(() => writer.addSkippableBlock(0x80, new Uint8Array(2 ** 24))).toThrow(RangeError);
    expect(() => writer.addSkippableBlock(0x80, 'x' as unknown as Uint8Array)).toThrow(TypeError);
    expect(() => writer.write('x' as unknown as Uint8Array)).toThrow(TypeError);
    expect(() => writer.encodeBuffer([] as unknown as Uint8Array)).toThrow(TypeError);
    writer.write(text(5));
    writer.close();
    expectSame(dataOf(drain(writer)), text(5));
    expect(chunkOf(0x80, text(1))).toHaveLength(5);
  });
});
