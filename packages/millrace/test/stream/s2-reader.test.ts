import { afterEach, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { CodecError, StreamError } from '../../src/base/errors.js';
import { Bytes } from '../../src/bytes/bytes.js';
import { Heap } from '../../src/memory/heap.js';
import { S2Reader, SnappyReader, type S2ReaderOptions } from '../../src/stream/s2-reader.js';
import { S2Writer } from '../../src/stream/s2-writer.js';
import { checksum, chunkOf, chunksOf, expectSame, joined, noise, packedChunk, S2_IDENTIFIER, SNAPPY_IDENTIFIER, storedChunk, text } from './oracle.js';

const MIB = 2 ** 20;
let heap = new Heap();

afterEach(() => {
  const { live } = heap;
  heap = new Heap(); // one test's leak is not the next one's
  expect(live).toBe(0);
});

function drain(reader: S2Reader, into: Uint8Array[]): void {
  for (let bytes = reader.read(); bytes !== undefined; bytes = reader.read()) {
    into.push(new Uint8Array(bytes.copyToBuffer()));
    bytes.release();
  }
}

/** Reads a stream fed in pieces of the sizes given, the last one repeated, from borrowed memory or from handles. */
function read(stream: Uint8Array, options: S2ReaderOptions = {}, sizes: readonly number[] = [stream.length], owned = false): Uint8Array {
  const reader = new S2Reader({ heap, ...options });
  const parts: Uint8Array[] = [];
  try {
    for (let at = 0, i = 0; at < stream.length; i += 1) {
      const piece = stream.slice(at, at + Math.max(1, sizes[Math.min(i, sizes.length - 1)]!));
      reader.feed(owned ? Bytes.copyOf(piece, heap) : piece);
      drain(reader, parts);
      piece.fill(0xcc); // borrowed only until here
      at += piece.length;
    }
    reader.end();
  } finally {
    reader.release();
  }
  return joined(...parts);
}

interface Fault {
  readonly code: string;
  readonly offset: number | undefined;
  readonly complete: number;
}

/** The error a stream gives, and how much of it the reader says is good. */
function fault(stream: Uint8Array, options: S2ReaderOptions = {}): Fault {
  const reader = new S2Reader({ heap, ...options });
  try {
    reader.feed(stream);
    drain(reader, []);
    reader.end();
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    expect(() => reader.read()).toThrow(error);
    return { code: error.code, offset: error.offset, complete: reader.completeLength };
  } finally {
    reader.release();
  }
  throw new Error('nothing was thrown');
}

function made(data: readonly Uint8Array[], options = {}): Uint8Array {
  const writer = new S2Writer({ heap, ...options });
  for (const part of data) writer.encodeBuffer(part);
  writer.close();
  const pieces = writer.take();
  const stream = joined(...pieces.map((piece) => piece.toBuffer()));
  for (const piece of pieces) piece.release();
  return stream;
}

const small = joined(S2_IDENTIFIER, packedChunk(text(20, 1)), chunkOf(0x80, text(9)), storedChunk(noise(15)), chunkOf(0xfe, noise(3)), SNAPPY_IDENTIFIER, packedChunk(text(30, 2)));
const smallData = joined(text(20, 1), noise(15), text(30, 2));

describe('S2Reader', () => {
  it('reads an empty input as an empty stream', () => {
    expect(read(new Uint8Array(0))).toHaveLength(0);
    expect(read(S2_IDENTIFIER)).toHaveLength(0);
  });

  it('reads a stream split at any byte, from memory of either kind', () => {
    for (const owned of [false, true]) {
      expectSame(read(small, {}, [1], owned), smallData);
      for (let at = 0; at <= small.length; at += 1) expectSame(read(small, {}, [at, small.length], owned), smallData);
    }
  });

  it('reads what the writer makes, split at every byte', () => {
    const stream = made([text(3000), noise(200), text(10), new Uint8Array(0), text(700, 3)], { addIndex: true });
    const data = joined(text(3000), noise(200), text(10), text(700, 3));
    for (let at = 1; at < stream.length; at += 1) expectSame(read(stream, {}, [at, stream.length], at % 2 === 0), data);
  });

  it('reads what the writer makes, whatever it is and however it comes', () => {
    const buffers = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 30_000 }), fc.integer({ min: 1, max: 99 })), { maxLength: 6 });
    const options = fc.record({ dialect: fc.constantFrom('s2', 'snappy'), level: fc.constantFrom('fast', 'better', 'best'), blockSize: fc.constantFrom(4096, 16_384, 65_536), padding: fc.constantFrom(1, 512) });
    const sizes = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(buffers, options, sizes, fc.boolean(), (specs, writing, splits, owned) => {
        const data = specs.map(([compressible, length, seed]) => (compressible ? text(length, seed) : noise(length, seed)));
        const stream = made(data, writing);
        expectSame(read(stream, {}, splits, owned), joined(...data));
      }),
      { numRuns: 80 },
    );
  });

  it('hands on uncompressed data as a view of the handle it came in', () => {
    const reader = new S2Reader({ heap });
    const input = Bytes.copyOf(joined(S2_IDENTIFIER, storedChunk(noise(100))), heap);
    const address = input.start + 10 + 8;
    reader.feed(input);
    const out = reader.read()!;
    expect(out.start).toBe(address);
    expect(input.isReleased).toBe(true);
    expectSame(out.toBuffer(), noise(100));
    out.release();
    reader.end();
  });

  it('takes input by piece without waiting for the rest of the stream', () => {
    const reader = new S2Reader({ heap });
    const first = joined(S2_IDENTIFIER, packedChunk(text(20)));
    reader.feed(first.subarray(0, first.length - 1));
    expect(reader.read()).toBeUndefined();
    expect([reader.position, reader.completeLength, reader.consumed]).toEqual([0, 10, first.length - 1]);
    reader.feed(first.subarray(first.length - 1));
    const out = reader.read()!;
    expect([reader.position, reader.completeLength, reader.consumed]).toEqual([20, first.length, first.length]);
    out.release();
    reader.end();
  });

  it('takes any number of pieces before the first is read', () => {
    const reader = new S2Reader({ heap });
    const parts: Uint8Array[] = [];
    for (let at = 0; at < small.length; at += 7) reader.feed(Bytes.copyOf(small.subarray(at, at + 7), heap));
    drain(reader, parts);
    reader.end();
    expectSame(joined(...parts), smallData);
  });

  it('tells the dialect by the last identifier, and refuses S2 where only Snappy is wanted', () => {
    const reader = new S2Reader({ heap });
    reader.feed(S2_IDENTIFIER);
    reader.read();
    expect(reader.dialect).toBe('s2');
    reader.feed(SNAPPY_IDENTIFIER);
    reader.read();
    expect(reader.dialect).toBe('snappy');
    reader.end();
    expectSame(read(joined(SNAPPY_IDENTIFIER, packedChunk(text(5))), { dialect: 'snappy' }), text(5));
    const snappy = new SnappyReader({ heap });
    snappy.feed(S2_IDENTIFIER);
    expect(() => snappy.read()).toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED' }));
    snappy.release();
    expect(fault(S2_IDENTIFIER, { dialect: 'snappy' })).toEqual({ code: 'ERR_UNSUPPORTED', offset: 0, complete: 0 });
  });

  it('reads from the middle of a stream when told not to expect an identifier', () => {
    expectSame(read(small.subarray(10), { ignoreStreamIdentifier: true }), smallData);
  });

  it('reads data with a wrong checksum when told not to check it', () => {
    const body = Uint8Array.of(1, 2, 3, 4, ...text(5));
    expectSame(read(joined(S2_IDENTIFIER, chunkOf(1, body)), { ignoreChecksum: true }), text(5));
  });

  it('hands skippable chunks to the callback for their id, whole, in their place', () => {
    const seen: [number, number[]][] = [];
    const note = (body: Bytes, id: number): void => void seen.push([id, [...body.toBuffer()]]);
    const onSkippable = new Map([0x80, 0x81, 0xfd].map((id) => [id, note]));
    const stream = joined(S2_IDENTIFIER, chunkOf(0x80, text(100)), chunkOf(0x82, text(7)), chunkOf(0x81, new Uint8Array(0)), storedChunk(text(3)), chunkOf(0xfd, text(2)));
    for (const sizes of [[stream.length], [1], [60]]) {
      for (const owned of [false, true]) {
        seen.length = 0;
        expectSame(read(stream, { onSkippable }, sizes, owned), text(3));
        expect(seen).toEqual([
          [0x80, [...text(100)]],
          [0x81, []],
          [0xfd, [...text(2)]],
        ]);
      }
    }
  });

  it('lets the callback keep a skippable chunk', () => {
    let kept: Bytes | undefined;
    const onSkippable = new Map([[0x80, (body: Bytes) => void (kept = body.clone())]]);
    read(joined(S2_IDENTIFIER, chunkOf(0x80, text(100))), { onSkippable });
    expectSame(kept!.toBuffer(), text(100));
    kept!.release();
  });

  it('fails when a callback throws', () => {
    const reason = new Error('unknown segment');
    const onSkippable = new Map([
      [
        0x80,
        () => {
          throw reason;
        },
      ],
    ]);
    expect(() => read(joined(S2_IDENTIFIER, chunkOf(0x80, text(4))), { onSkippable })).toThrow(expect.objectContaining({ code: 'ERR_STREAM_CALLBACK', cause: reason }));
  });

  it('passes over a long skippable chunk without keeping it', () => {
    const reader = new S2Reader({ heap });
    reader.feed(S2_IDENTIFIER);
    reader.read();
    reader.feed(Uint8Array.of(0x90, 0xff, 0xff, 0xff));
    for (let left = 0xff_ffff; left > 0; left -= 65_535) {
      reader.feed(new Uint8Array(Math.min(left, 65_535)));
      expect(reader.read()).toBeUndefined();
      expect(heap.live).toBe(0);
    }
    reader.feed(storedChunk(text(3)));
    reader.read()!.release();
    reader.end();
  });

  it('does not allocate what a chunk merely says it has', () => {
    const reader = new S2Reader({ heap });
    reader.feed(joined(S2_IDENTIFIER, Uint8Array.of(1, 4, 0, 0x40, 1, 2, 3, 4, 5))); // 4 MiB stored
    expect(reader.read()).toBeUndefined();
    expect(heap.live).toBeLessThan(100_000);
    reader.release();
    // 4 MiB in 20 bytes, of which the second element is wrong: no output is allocated for it.
    heap = new Heap({ limit: MIB });
    const lie = Uint8Array.of(0x80, 0x80, 0x80, 0x02, 0, 0, 0xfe, 0xff, 0xff);
    expect(fault(joined(S2_IDENTIFIER, chunkOf(0, Uint8Array.of(0, 0, 0, 0, ...lie)))).code).toBe('ERR_CORRUPT');
  });
});

describe('skip', () => {
  const blocks = [text(5000, 1), noise(4000), text(3000, 2), text(1, 3), noise(10), text(9000, 4)];
  const whole = joined(...blocks);

  it('gives the rest of the data, from any position', () => {
    const stream = made(blocks);
    for (const n of [0, 1, 4999, 5000, 5001, 8999, 9000, 12_000, 12_001, 12_010, 12_011, 13_000, whole.length - 1, whole.length]) {
      for (const size of [stream.length, 777]) {
        const reader = new S2Reader({ heap });
        reader.skip(n);
        const parts: Uint8Array[] = [];
        for (let at = 0; at < stream.length; at += size) {
          reader.feed(stream.subarray(at, at + size));
          drain(reader, parts);
        }
        expect(reader.position).toBe(whole.length);
        reader.end();
        expectSame(joined(...parts), whole.subarray(n));
      }
    }
  });

  it('adds up, also between reads', () => {
    const reader = new S2Reader({ heap });
    reader.feed(made(blocks));
    reader.skip(1000);
    reader.skip(1000);
    const first = reader.read()!;
    expectSame(first.toBuffer(), blocks[0]!.slice(2000));
    first.release();
    reader.skip(4000 + 10);
    const third = reader.read()!;
    expectSame(third.toBuffer(), blocks[2]!.slice(10));
    third.release();
    reader.release();
  });

  it('neither decodes nor checks blocks that are passed over whole', () => {
    const broken = packedChunk(text(20), Uint8Array.of(20, 0xff, 0xff));
    const reader = new S2Reader({ heap });
    reader.feed(joined(S2_IDENTIFIER, broken, storedChunk(text(4))));
    reader.skip(20);
    const out = reader.read()!;
    expectSame(out.toBuffer(), text(4));
    out.release();
    reader.end();
  });

  it('is an error beyond the end of the stream', () => {
    const reader = new S2Reader({ heap });
    reader.skip(21);
    reader.feed(joined(S2_IDENTIFIER, packedChunk(text(20))));
    expect(reader.read()).toBeUndefined();
    expect(() => reader.end()).toThrow(expect.objectContaining({ code: 'ERR_TRUNCATED', offset: 10 + 4 + 4 + 22, expected: 21, actual: 20 }));
    reader.release();
  });

  it('takes no negative or fractional count', () => {
    const reader = new S2Reader({ heap });
    for (const n of [-1, 0.5, Number.NaN]) expect(() => reader.skip(n)).toThrow(RangeError);
    reader.release();
  });
});

describe('S2Reader refuses', () => {
  const good = joined(S2_IDENTIFIER, packedChunk(text(20)));
  const at = good.length;
  const after = (...parts: readonly Uint8Array[]): Uint8Array => joined(good, ...parts);
  const sized = (type: number, length: number): Uint8Array => Uint8Array.of(type, length & 255, (length >> 8) & 255, length >> 16);

  it('a stream cut at any byte inside a chunk, naming the torn chunk and how much of it is there', () => {
    const starts = [...chunksOf(small).map((chunk) => chunk.start), small.length];
    for (let length = 1; length < small.length; length += 1) {
      if (starts.includes(length)) continue;
      const start = Math.max(...starts.filter((offset) => offset < length));
      const end = Math.min(...starts.filter((offset) => offset > length));
      const reader = new S2Reader({ heap });
      reader.feed(small.subarray(0, length));
      drain(reader, []);
      const expected = length - start < 4 ? 4 : end - start;
      expect(() => reader.end()).toThrow(expect.objectContaining({ code: 'ERR_TRUNCATED', offset: start, expected, actual: length - start }));
      expect(reader.completeLength).toBe(start);
      reader.release();
    }
  });

  it.each([
    ['data before an identifier', packedChunk(text(5)), 'ERR_CORRUPT', 0, 0],
    ['padding before an identifier', joined(chunkOf(0xfe, noise(5)), S2_IDENTIFIER), 'ERR_CORRUPT', 0, 0],
    ['an identifier of another length', after(chunkOf(255, text(5))), 'ERR_CORRUPT', at, at],
    ['an identifier that names no format', after(chunkOf(255, text(6))), 'ERR_CORRUPT', at, at],
    ['reserved chunk 0x02', after(chunkOf(2, text(5))), 'ERR_UNSUPPORTED', at, at],
    ['reserved chunk 0x7f', after(chunkOf(0x7f, text(5))), 'ERR_UNSUPPORTED', at, at],
    ['a compressed chunk shorter than a checksum', after(chunkOf(0, text(3))), 'ERR_CORRUPT', at, at],
    ['an uncompressed chunk shorter than a checksum', after(chunkOf(1, text(3))), 'ERR_CORRUPT', at, at],
    ['an uncompressed chunk over 4 MiB, by its header', after(sized(1, 4 + 4 * MIB + 1)), 'ERR_TOO_LARGE', at, at],
    ['an uncompressed chunk over 64 KiB in Snappy', joined(SNAPPY_IDENTIFIER, sized(1, 4 + 65_537)), 'ERR_TOO_LARGE', 10, 10],
    ['a compressed chunk longer than any block, by its header', after(sized(0, 0xff_ffff)), 'ERR_TOO_LARGE', at, at],
    ['a block that says it has more than 4 MiB', after(chunkOf(0, Uint8Array.of(0, 0, 0, 0, 0x81, 0x80, 0x80, 0x02, 0))), 'ERR_TOO_LARGE', at, at],
    ['a block that says it has more than 64 KiB in Snappy', joined(SNAPPY_IDENTIFIER, chunkOf(0, Uint8Array.of(0, 0, 0, 0, 0x81, 0x80, 0x04, 0))), 'ERR_TOO_LARGE', 10, 10],
    ['a block without a length', after(chunkOf(0, Uint8Array.of(0, 0, 0, 0))), 'ERR_CORRUPT', at + 8, at],
    ['a block whose length does not end', after(chunkOf(0, Uint8Array.of(0, 0, 0, 0, 0x80, 0x80))), 'ERR_CORRUPT', at + 10, at],
    ['a block whose length has over 32 bits', after(chunkOf(0, Uint8Array.of(0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x1f))), 'ERR_CORRUPT', at + 12, at],
    ['a wrong checksum over a compressed chunk', after(packedChunk(text(20), Uint8Array.of(20, 19 << 2, ...noise(20)))), 'ERR_CHECKSUM', at, at],
    ['a wrong checksum over an uncompressed chunk', after(chunkOf(1, Uint8Array.of(1, 2, 3, 4, 5))), 'ERR_CHECKSUM', at, at],
    ['a wrong checksum over no data', after(chunkOf(1, Uint8Array.of(1, 2, 3, 4))), 'ERR_CHECKSUM', at, at],
  ])('%s', (_, stream, code, offset, complete) => {
    expect(fault(stream)).toEqual({ code, offset, complete });
  });

  it('a corrupt block, with an offset inside it', () => {
    // Length 20, a literal of 4, then a copy from before the start of the block.
    const stream = after(packedChunk(text(20), Uint8Array.of(20, 3 << 2, 1, 2, 3, 4, (15 << 2) | 2, 9, 0)));
    const { code, offset, complete } = fault(stream);
    expect([code, complete]).toEqual(['ERR_CORRUPT', at]);
    expect(offset).toBeGreaterThanOrEqual(at + 8);
    expect(offset).toBeLessThanOrEqual(stream.length);
  });

  it('S2 codes in a Snappy stream, which S2 reads', () => {
    const data = joined(text(8, 1), text(8, 1));
    const block = Uint8Array.of(16, 7 << 2, ...data.subarray(0, 8), 1, 8, (3 << 2) | 1, 0);
    // copy of 4 at offset 8, then the same offset again for 4 + 3: a repeat
    const s2 = Uint8Array.of(15, 7 << 2, ...data.subarray(0, 8), 1, 8, 1, 0);
    expect(block).toHaveLength(14);
    const decoded = joined(data.slice(0, 8), data.slice(0, 4), data.slice(4, 8)).slice(0, 16);
    const stream = Uint8Array.of(16, ...s2.subarray(1));
    expectSame(read(joined(S2_IDENTIFIER, packedChunk(decoded, stream))), decoded);
    expect(fault(joined(SNAPPY_IDENTIFIER, packedChunk(decoded, stream))).code).toBe('ERR_CORRUPT');
  });

  it('blocks over the limit set, and takes those at it', () => {
    const stream = made([text(5000)]);
    expectSame(read(stream, { maxBlockSize: 5000 }), text(5000));
    expect(fault(stream, { maxBlockSize: 4999 })).toEqual({ code: 'ERR_TOO_LARGE', offset: 10, complete: 10 });
    expect(fault(joined(S2_IDENTIFIER, storedChunk(text(100))), { maxBlockSize: 99 })).toEqual({ code: 'ERR_TOO_LARGE', offset: 10, complete: 10 });
  });

  it('options out of range', () => {
    const bad = [{ maxBlockSize: 0 }, { maxBlockSize: 4 * MIB + 1 }, { dialect: 'lz4' }, { onSkippable: new Map([[0x7f, () => {}]]) }, { onSkippable: new Map([[0xfe, () => {}]]) }];
    for (const options of bad) expect(() => new S2Reader({ heap, ...(options as S2ReaderOptions) })).toThrow(RangeError);
  });

  it('input that is no bytes, and all input after an error or the end', () => {
    const reader = new S2Reader({ heap });
    expect(() => reader.feed('x' as unknown as Uint8Array)).toThrow(TypeError);
    reader.feed(Uint8Array.of(1, 0, 0, 0));
    expect(() => reader.read()).toThrow(CodecError);
    const late = Bytes.copyOf(text(10), heap);
    expect(() => reader.feed(late)).toThrow(CodecError);
    expect(late.isReleased).toBe(true);
    reader.release();
    reader.reset();
    reader.feed(S2_IDENTIFIER);
    expect(reader.read()).toBeUndefined();
    reader.end();
    expect(() => reader.feed(S2_IDENTIFIER)).toThrow(StreamError);
    expect(() => reader.read()).toThrow(expect.objectContaining({ code: 'ERR_STREAM_CLOSED' }));
  });

  it('a heap that is full, and loses nothing', () => {
    heap = new Heap({ limit: MIB });
    const reader = new S2Reader({ heap });
    // 2 MiB: a literal, a copy of 4 at offset 1, a repeat for the rest.
    const zeros = Uint8Array.of(0x80, 0x80, 0x80, 0x01, 0, 0, 1, 1, (7 << 2) | 1, 0, 0xf7, 0xff, 0x1e);
    reader.feed(joined(S2_IDENTIFIER, chunkOf(0, Uint8Array.of(0, 0, 0, 0, ...zeros))));
    expect(() => reader.read()).toThrow(expect.objectContaining({ code: 'ERR_MEMORY_LIMIT' }));
    reader.release();
    expect(checksum(new Uint8Array(0))).toBe(0xa282ead8);
  });
});
