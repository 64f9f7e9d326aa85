import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { CodecError } from '../../src/base/errors.js';
import { MIN_INDEX_DISTANCE, S2Index } from '../../src/stream/s2-index.js';
import { INDEX_TAIL, MAX_INDEX_ENTRIES, indexLengthFromTail, restoreIndexHeaders, stripIndexHeaders } from '../../src/stream/s2-index-format.js';

const MIB = 2 ** 20;

function filled(entries: number, block = MIB, packed = 300_000): S2Index {
  const index = new S2Index(block);
  for (let i = 0; i < entries; i += 1) index.add(10 + i * packed, i * block);
  index.totalUncompressed = entries * block;
  index.totalCompressed = 10 + entries * packed;
  return index;
}

function fault(run: () => unknown): { code: string; offset: number | undefined } {
  try {
    run();
  } catch (error) {
    if (error instanceof CodecError) return { code: error.code, offset: error.offset };
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('S2Index', () => {
  it('comes back from its encoding as it was', () => {
    for (const entries of [0, 1, 2, 3, 100, 1000]) {
      const index = filled(entries);
      expect(S2Index.load(index.encode()).toJSON()).toEqual(index.toJSON());
    }
  });

  it('writes no uncompressed offsets where they follow from the block size', () => {
    const regular = filled(1000);
    const shifted = new S2Index(MIB);
    for (let i = 0; i < 1000; i += 1) shifted.add(10 + i * 300_000, i * MIB + (i % 7));
    shifted.totalUncompressed = 1000 * MIB;
    shifted.totalCompressed = regular.totalCompressed;
    expect(regular.encode().length + 1000).toBeLessThanOrEqual(shifted.encode().length);
    expect(S2Index.load(shifted.encode()).toJSON()).toEqual(shifted.toJSON());
  });

  it('keeps any ascending entries', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 5_000_000 }), fc.integer({ min: MIN_INDEX_DISTANCE, max: 40 * MIB })), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 4 * MIB }), (deltas, estimate) => {
        const index = new S2Index(estimate);
        let compressed = 0;
        let uncompressed = 0;
        for (const [c, u] of deltas) {
          index.add(compressed, uncompressed);
          compressed += c;
          uncompressed += u;
        }
        index.totalUncompressed = uncompressed;
        index.totalCompressed = compressed;
        expect(index.length).toBe(deltas.length);
        expect(S2Index.load(index.encode()).toJSON()).toEqual(index.toJSON());
      }),
    );
  });

  it('keeps entries at least 1 MiB apart', () => {
    const index = new S2Index(4096);
    for (let i = 0; i < 1024; i += 1) index.add(10 + i * 100, i * 4096);
    expect(index.length).toBe(4);
    expect(index.at(1)).toEqual({ compressed: 10 + 256 * 100, uncompressed: MIB });
    expect(index.blockEstimate).toBe(MIB);
  });

  it('moves an entry past an empty chunk', () => {
    const index = new S2Index(MIB);
    index.add(10, 0);
    index.add(30, 0);
    expect(index.at(0)).toEqual({ compressed: 30, uncompressed: 0 });
    expect(index.length).toBe(1);
  });

  it('stays within its most entries by halving', () => {
    const index = filled(MAX_INDEX_ENTRIES + 10);
    expect(index.length).toBeLessThanOrEqual(MAX_INDEX_ENTRIES / 2 + 5);
    expect(index.at(1)).toEqual({ compressed: 10 + 2 * 300_000, uncompressed: 2 * MIB });
    expect(index.at(index.length - 1).uncompressed).toBe((MAX_INDEX_ENTRIES + 8) * MIB);
    expect(S2Index.load(index.encode()).toJSON()).toEqual(index.toJSON());
  });

  it('finds the last entry at or before an offset, from either end', () => {
    const index = filled(300);
    expect(index.find(0)).toEqual(index.at(0));
    expect(index.find(MIB - 1)).toEqual(index.at(0));
    expect(index.find(MIB)).toEqual(index.at(1));
    expect(index.find(299 * MIB + 5)).toEqual(index.at(299));
    expect(index.find(300 * MIB)).toEqual(index.at(299));
    expect(index.find(-1)).toEqual(index.at(299));
    expect(index.find(-300 * MIB)).toEqual(index.at(0));
    expect(() => index.find(300 * MIB + 1)).toThrow(RangeError);
    expect(() => index.find(-300 * MIB - 1)).toThrow(RangeError);
  });

  it('points to the stream itself before the first entry, and has no answer while the length is unknown', () => {
    const index = new S2Index();
    expect(() => index.find(0)).toThrow(RangeError);
    index.totalUncompressed = 5;
    expect(index.find(3)).toEqual({ compressed: 0, uncompressed: 0 });
  });

  it('loses its headers and gets them back', () => {
    const chunk = filled(50).encode();
    const stripped = stripIndexHeaders(chunk);
    expect(stripped.length).toBe(chunk.length - 20);
    expect(restoreIndexHeaders(stripped)).toEqual(chunk);
    expect(fault(() => stripIndexHeaders(chunk.subarray(1)))).toEqual({ code: 'ERR_CORRUPT', offset: 0 });
  });

  it('is found from the end of a stream', () => {
    const chunk = filled(50).encode();
    const stream = new Uint8Array([1, 2, 3, ...chunk]);
    expect(indexLengthFromTail(stream.subarray(stream.length - INDEX_TAIL))).toBe(chunk.length);
    expect(indexLengthFromTail(stream.subarray(0, stream.length - 1))).toBe(0);
    expect(indexLengthFromTail(new Uint8Array(3))).toBe(0);
    // A size that no chunk can have.
    expect(indexLengthFromTail(new Uint8Array([255, 255, 255, 255, 0, 0x78, 0x64, 0x69, 0x32, 0x73]))).toBe(0);
    expect(indexLengthFromTail(new Uint8Array([19, 0, 0, 0, 0, 0x78, 0x64, 0x69, 0x32, 0x73]))).toBe(0);
  });
});

describe('S2Index.load refuses', () => {
  // 0x99, length 27, s2idx\0 | 100, -1, 4096, 2 entries | 0 | offsets 10, +3 | size 31 | \0xdi2s
  const good = Uint8Array.of(0x99, 25, 0, 0, 0x73, 0x32, 0x69, 0x64, 0x78, 0, 200, 1, 1, 128, 64, 4, 0, 20, 6, 29, 0, 0, 0, 0, 0x78, 0x64, 0x69, 0x32, 0x73);
  const changed = (at: number, ...bytes: number[]): Uint8Array => {
    const chunk = good.slice();
    chunk.set(bytes, at);
    return chunk;
  };

  it('nothing in the example that the others are made from', () => {
    expect(S2Index.load(good).toJSON()).toEqual({
      total_uncompressed: 100,
      total_compressed: -1,
      offsets: [
        { compressed: 10, uncompressed: 0 },
        { compressed: 10 + 2048 + 3, uncompressed: 4096 },
      ],
      est_block_uncompressed: 4096,
    });
  });

  it('every truncation', () => {
    for (let length = 0; length < good.length; length += 1) {
      expect(fault(() => S2Index.load(good.subarray(0, length)))).toEqual({ code: 'ERR_TRUNCATED', offset: 0 });
    }
  });

  it.each([
    ['another chunk type', changed(0, 0x98), 'ERR_CORRUPT', 0],
    ['another use of chunk 0x99', changed(4, 0x74), 'ERR_UNSUPPORTED', 4],
    ['a length that ends elsewhere', changed(1, 24), 'ERR_CORRUPT', 22],
    ['a length shorter than any index', changed(1, 3), 'ERR_CORRUPT', 10],
    ['no trailer', changed(28, 0), 'ERR_CORRUPT', 23],
    ['a negative uncompressed size', changed(10, 201), 'ERR_CORRUPT', 12],
    ['a compressed size below -1', changed(12, 3), 'ERR_CORRUPT', 13],
    ['a negative block size', changed(13, 129), 'ERR_CORRUPT', 15],
    ['a negative number of entries', changed(15, 5), 'ERR_CORRUPT', 16],
    ['a flag that is neither 0 nor 1', changed(16, 2), 'ERR_CORRUPT', 16],
    ['uncompressed offsets that do not ascend', changed(13, 0, 4, 1, 0, 0), 'ERR_CORRUPT', 18],
    ['entries that do not ascend without offsets', changed(13, 128, 0), 'ERR_CORRUPT', 17],
    ['a first compressed offset below 0', changed(17, 21), 'ERR_CORRUPT', 18],
    ['compressed offsets that do not ascend', changed(13, 2, 4, 0, 20, 0, 2), 'ERR_CORRUPT', 18],
    ['more entries than it holds', changed(15, 6), 'ERR_TRUNCATED', 17],
    ['entries that end in the middle of one', changed(18, 0x86), 'ERR_TRUNCATED', 18],
    ['fewer entries than it holds', changed(15, 2), 'ERR_CORRUPT', 18],
    ['a size that is not its own', changed(19, 30), 'ERR_CORRUPT', 19],
  ])('%s', (_, chunk, code, offset) => {
    expect(fault(() => S2Index.load(chunk))).toEqual({ code, offset });
  });

  it('more entries than there may be', () => {
    const chunk = restoreIndexHeaders(Uint8Array.of(0, 0, 0, 0x82, 0x80, 0x08, 0)); // 65,537 entries
    expect(fault(() => S2Index.load(chunk))).toEqual({ code: 'ERR_CORRUPT', offset: 16 });
  });

  it('numbers that are no varints or too large', () => {
    expect(fault(() => S2Index.load(restoreIndexHeaders(new Uint8Array(12).fill(255))))).toEqual({ code: 'ERR_CORRUPT', offset: 10 });
    const large = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 127);
    expect(fault(() => S2Index.load(restoreIndexHeaders(large)))).toEqual({ code: 'ERR_CORRUPT', offset: 10 });
    expect(fault(() => S2Index.load(restoreIndexHeaders(Uint8Array.of(128))))).toEqual({ code: 'ERR_TRUNCATED', offset: 10 });
  });
});
