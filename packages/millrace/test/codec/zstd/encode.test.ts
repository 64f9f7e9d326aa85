import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BytesMut, Bytes } from '../../../src/bytes/bytes.js';
import { ZstdEncodeContext } from '../../../src/codec/zstd/encode-context.js';
import { ZstdEncoder } from '../../../src/codec/zstd/encode.js';
import { ZstdSettings, type LiteralEntropy, type ZstdFrameOptions, type ZstdLevel } from '../../../src/codec/zstd/encode-settings.js';
import { Heap } from '../../../src/memory/heap.js';
import { Walled } from '../arena.js';
import { BOUNDARY_SIZES, noise, prose, random } from '../inputs.js';
import { decodeFrames, expectContent } from './oracle.js';

const LEVELS: readonly ZstdLevel[] = ['fastest', 'default', 'better', 'best'];
const SMALL_SIZES = [0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 63, 64, 65, 127, 128, 255, 256, 257, 1023, 1024, 1025];

let heap: Heap;
beforeEach(() => {
  heap = new Heap({ limit: 2 ** 28 });
});
afterEach(() => {
  expect(heap.live).toBe(0);
});

// Few symbols, long matches, everything equal, nothing equal, and two kinds in turn.
function inputs(length: number): Uint8Array[] {
  const two = new Uint8Array(length);
  const next = random(length + 7);
  for (let i = 0; i < length; i += 1) two[i] = next(3) === 0 ? 65 : 66;
  const periodic = Uint8Array.from({ length }, (_, i) => i % 7);
  const mixed = prose(length, 3);
  mixed.set(noise(length >> 2, 5), length >> 1);
  return [prose(length), noise(length), new Uint8Array(length).fill(120), two, periodic, mixed];
}

describe('zstd frames, read by our decoder and by libzstd', () => {
  for (const level of LEVELS) {
    it(`${level}: every kind of input at every size where the encoder changes its ways`, () => {
      using encoder = new ZstdEncoder({ heap, level });
      for (const length of [...SMALL_SIZES, ...BOUNDARY_SIZES]) {
        for (const input of inputs(length)) {
          using frame = encoder.encode(input);
          expect(frame.length).toBeLessThanOrEqual(encoder.maxEncodedSize(length));
          expectContent(frame.toBuffer(), input);
        }
      }
    });
  }

  it('random inputs, levels and options, and what is behind the destination stays as it was', () => {
    const options = fc.record({
      level: fc.constantFrom(...LEVELS),
      checksum: fc.boolean(),
      contentSize: fc.boolean(),
      singleSegment: fc.boolean(),
      windowLog: fc.integer({ min: 10, max: 24 }),
      literalEntropy: fc.constantFrom<LiteralEntropy>('all', 'matched', 'none'),
      padding: fc.constantFrom(1, 2, 7, 8, 100, 512),
      lowMemory: fc.boolean(),
    });
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 5000 })).map(([value, n]) => new Uint8Array(n).fill(value)),
      fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 20_000 })).map(([seed, n]) => prose(n, seed)),
      fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 3000 })).map(([seed, n]) => noise(n, seed)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), options, (pieces, chosen) => {
        const input = Buffer.concat(pieces);
        const settings = new ZstdSettings(chosen);
        using context = new ZstdEncodeContext(heap);
        const source = new Walled(heap, Math.max(1, input.length), input);
        const bound = settings.maxEncodedSize(input.length);
        const exact = new Walled(heap, bound);
        const size = context.encodeFrame(settings, source.address, input.length, exact.address, bound);
        expect(size).toBeLessThanOrEqual(bound);
        const frame = Buffer.from(exact.bytes.subarray(0, size));
        expectContent(frame, input);
        // The same frame into exactly its size; one byte less says so and writes nothing outside.
        const tight = new Walled(heap, size);
        expect(context.encodeFrame(settings, source.address, input.length, tight.address, size)).toBe(size);
        expect(Buffer.compare(tight.bytes, frame)).toBe(0);
        tight.release();
        const short = new Walled(heap, size - 1);
        expect(context.encodeFrame(settings, source.address, input.length, short.address, size - 1)).toBe(size);
        short.release();
        exact.release();
        source.release();
      }),
      { numRuns: process.env['MILLRACE_LONG'] ? 5000 : 120 },
    );
  });

  it('padding makes a multiple with a skippable frame, within the exact bound', () => {
    using encoder = new ZstdEncoder({ heap });
    for (const padding of [2, 7, 8, 9, 16, 100, 4096]) {
      for (const length of [0, 1, 20, 255, 256, 1000]) {
        const input = noise(length, length + padding);
        const bound = encoder.maxEncodedSize(length, { padding });
        using frame = encoder.encode(input, { padding });
        expect(frame.length % padding).toBe(0);
        expect(frame.length).toBeLessThanOrEqual(bound);
        expectContent(frame.toBuffer(), input);
      }
    }
  });

  it('finds matches as far back as the window, and not farther', () => {
    using encoder = new ZstdEncoder({ heap, checksum: false });
    const start = noise(4096, 11);
    for (const level of LEVELS) {
      const near = Buffer.concat([start, noise(50_000, 12), start]);
      using wide = encoder.encode(near, { level });
      using narrow = encoder.encode(near, { level, windowLog: 15 });
      expect(wide.length).toBeLessThan(near.length - 3500);
      expect(narrow.length).toBeGreaterThan(near.length - 500);
      expectContent(wide.toBuffer(), near);
      expectContent(narrow.toBuffer(), near);
    }
  });

  it('sources and destinations in and outside the heap give the same frame', () => {
    using encoder = new ZstdEncoder({ heap });
    const input = prose(30_000);
    using inside = Bytes.copyOf(input, heap);
    using adopted = Bytes.adopt(input);
    const mut = BytesMut.copyOf(Buffer.from('before'), heap);
    const size = encoder.encodeAppend(inside, mut);
    using appended = mut.freeze();
    const wanted = appended.copyToBuffer().subarray(6);
    expect(wanted.length).toBe(size);
    expectContent(wanted, input);
    for (const source of [input, inside, adopted, inside.toBuffer()]) {
      using pooled = encoder.encode(source);
      expect(pooled.toBuffer().equals(wanted)).toBe(true);
      expect(encoder.encodeToBuffer(source).equals(wanted)).toBe(true);
      const foreign = Buffer.alloc(size);
      expect(encoder.encodeInto(source, foreign)).toBe(size);
      expect(foreign.equals(wanted)).toBe(true);
      const room = BytesMut.zeroed(size, heap);
      expect(encoder.encodeInto(source, room.toBuffer())).toBe(size);
      expect(room.toBuffer().equals(wanted)).toBe(true);
      room.release();
    }
  });
});

describe('a batch', () => {
  it('holds the frames that the messages give one by one', () => {
    using encoder = new ZstdEncoder({ heap, level: 'fastest' });
    const plain = [prose(300, 1), noise(100, 2), new Uint8Array(0), prose(20_000, 3), new Uint8Array(500)];
    const handles = plain.map((message) => Bytes.copyOf(message, heap));
    const messages = [...plain, ...handles];
    for (const options of [{}, { emptyFrame: false }, { padding: 64 }]) {
      using batch = encoder.encodeBatch(messages, options);
      expect(batch.count).toBe(10);
      for (const [i, message] of messages.entries()) {
        using frame = batch.frame(i);
        const alone = encoder.encodeToBuffer(message, { ...options, padding: 1 });
        expect(Buffer.compare(frame.toBuffer(), alone)).toBe(0);
      }
      expect(batch.bytes.length % (options.padding ?? 1)).toBe(0);
      expect(decodeFrames(batch.bytes.toBuffer()).equals(Buffer.concat([...plain, ...plain]))).toBe(true);
      expect(() => batch.frame(10)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    }
    for (const handle of handles) handle.release();
    using none = encoder.encodeBatch([]);
    expect([none.count, none.bytes.length]).toEqual([0, 0]);
  });
});

describe('zstd encoder', () => {
  it('a frame does not depend on what its context did before, or how large it is', () => {
    // A match every four bytes: as many sequences as there can be.
    const dense = new Uint8Array(3000);
    const next = random(4);
    for (let i = 0; i < dense.length; i += 1) dense[i] = i % 4 === 3 ? next(4) : next(2);
    for (const level of LEVELS) {
      using encoder = new ZstdEncoder({ heap, level });
      using fresh = encoder.encode(dense);
      encoder.encode(prose(300_000)).release();
      using again = encoder.encode(dense);
      expect(again.toBuffer().equals(fresh.toBuffer())).toBe(true);
    }
  });

  it('keeps only the frame: the rest of the bound goes back', () => {
    using encoder = new ZstdEncoder({ heap });
    using frame = encoder.encode(new Uint8Array(100_000));
    encoder.release(); // its scratch and context
    expect(frame.length).toBeLessThan(40);
    expect(heap.live).toBe(frame.length);
  });

  it('says what size would do, for destinations in and outside the heap', () => {
    using encoder = new ZstdEncoder({ heap });
    const input = prose(5000);
    using frame = encoder.encode(input);
    const outside = Buffer.alloc(frame.length - 1);
    const inside = BytesMut.zeroed(frame.length - 1, heap);
    for (const target of [outside, inside.toBuffer()]) {
      expect(() => encoder.encodeInto(input, target)).toThrow(
        expect.objectContaining({ code: 'ERR_DESTINATION_TOO_SMALL', expected: frame.length, actual: frame.length - 1 }),
      );
    }
    inside.release();
  });

  it('writes a frame for no content, or nothing', () => {
    using encoder = new ZstdEncoder({ heap });
    using frame = encoder.encode(new Uint8Array(0), { checksum: false });
    // Magic, single segment with one byte of size, size 0, a last raw block of 0 bytes.
    expect([...frame.toBuffer()]).toEqual([0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0]);
    using nothing = encoder.encode(new Uint8Array(0), { emptyFrame: false });
    expect(nothing.length).toBe(0);
    expect(encoder.maxEncodedSize(0, { emptyFrame: false })).toBe(0);
  });

  it('bounds exactly: noise reaches it at every header size', () => {
    using encoder = new ZstdEncoder({ heap });
    const shapes: ZstdFrameOptions[] = [{}, { checksum: false }, { contentSize: false }, { singleSegment: false }, { lowMemory: true }, { windowLog: 12 }];
    for (const options of shapes) {
      for (const length of [0, 1, 255, 256, 65_791, 65_792, 131_072, 131_073]) {
        using frame = encoder.encode(noise(length, 9), options);
        expect(frame.length).toBe(encoder.maxEncodedSize(length, options));
      }
    }
  });

  it('bounds padding exactly: no frame below the bound needs more, and one needs all of it', () => {
    for (const padding of [2, 5, 8, 64, 1000]) {
      const plain = new ZstdSettings();
      const settings = new ZstdSettings({ padding });
      for (const length of [0, 10, 300, 2000]) {
        const most = plain.maxEncodedSize(length);
        let greatest = 0;
        for (let size = 9; size <= most; size += 1) greatest = Math.max(greatest, settings.padded(size));
        expect(settings.maxEncodedSize(length)).toBe(greatest);
      }
    }
  });

  it('refuses options out of range', () => {
    const bad: ZstdFrameOptions[] = [
      { windowLog: 9 }, { windowLog: 30 }, { padding: 0 }, { level: 'ultra' as ZstdLevel }, { literalEntropy: 'some' as LiteralEntropy },
    ];
    for (const options of bad) expect(() => new ZstdSettings(options)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    expect(() => new ZstdSettings({ checksum: 1 as unknown as boolean })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
  });

  it('refuses a released source', () => {
    using encoder = new ZstdEncoder({ heap });
    const source = Bytes.copyOf(prose(100), heap);
    source.release();
    expect(() => encoder.encode(source)).toThrow(expect.objectContaining({ code: 'ERR_RELEASED' }));
    const target = BytesMut.withCapacity(10, new Heap());
    expect(() => encoder.encodeAppend(prose(10), target)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    target.release();
  });

  it('a context has the size it says: the same for one block and for more, and little at low memory', () => {
    const sizes = LEVELS.map((level) => [131_072, 131_080, 20_000_000].map((length) => ZstdEncodeContext.sizeFor(new ZstdSettings({ level }), length)));
    for (const [one, two, many] of sizes) expect([two, many]).toEqual([one, one]);
    expect(sizes[0]![0]).toBeLessThan(2 ** 20);
    expect(ZstdEncodeContext.sizeFor(new ZstdSettings({ level: 'fastest', lowMemory: true }), 2 ** 30)).toBeLessThan(2 ** 18);
    expect(ZstdEncodeContext.sizeFor(new ZstdSettings({ level: 'fastest' }), 256)).toBeLessThan(40 * 1024);
  });
});
