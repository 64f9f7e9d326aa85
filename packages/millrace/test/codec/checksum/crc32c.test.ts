import { afterEach, describe, expect, test } from 'vitest';
import { crc32c, maskedCrc32c } from '../../../src/codec/checksum/crc32c.js';
import { Heap } from '../../../src/memory/heap.js';
import { Walled } from '../arena.js';
import { noise } from '../inputs.js';
import { naiveCrc32c } from '../snappy/naive.js';

const heap = new Heap({ limit: 2 ** 25 });
afterEach(() => expect(heap.live).toBe(0));

function of(bytes: Uint8Array, seed?: number): number {
  const source = new Walled(heap, Math.max(1, bytes.length), bytes);
  try {
    return crc32c(heap, source.address, bytes.length, seed);
  } finally {
    source.release();
  }
}

describe('crc32c', () => {
  test('gives the values of RFC 3720, appendix B.4', () => {
    expect(of(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(of(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(of(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(of(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c);
    expect(of(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  test('agrees with the definition at every length and at every alignment', () => {
    const bytes = noise(1700);
    for (let length = 0; length <= 600; length += 1) expect(of(bytes.subarray(0, length))).toBe(naiveCrc32c(bytes.subarray(0, length)));
    const source = new Walled(heap, bytes.length, bytes);
    for (let start = 0; start < 40; start += 1) {
      expect(crc32c(heap, source.address + start, 1600)).toBe(naiveCrc32c(bytes.subarray(start, start + 1600)));
    }
    source.release();
  });

  test('goes on from a seed: the parts of an input give the CRC of the whole', () => {
    const bytes = noise(9000, 3);
    const whole = naiveCrc32c(bytes);
    for (const cut of [0, 1, 15, 16, 63, 64, 1000, 4096, 8999, 9000]) {
      expect(of(bytes.subarray(cut), of(bytes.subarray(0, cut)))).toBe(whole);
    }
  });

  test('agrees with the definition for long inputs, which are divided first', () => {
    // Around the lengths from which that is done, once and twice; whole pieces of 512 vectors behind the 79 or 209 of the remainder; and in between.
    const once = (79 + 2 * 512) * 16;
    const twice = (209 + 3 * 512) * 16;
    const lengths = [3071, 3072, 3073, 3087, 3088, 5000, once - 16, once - 1, once, once + 1, once + 16, once + 64, 24_575, 24_576, 24_577];
    lengths.push(twice - 16, twice - 1, twice, twice + 1, twice + 16, twice + 48, twice + 64, 70_001);
    const bytes = noise(70_001 + 40, 7);
    const source = new Walled(heap, bytes.length, bytes);
    for (const length of lengths) {
      for (const [start, seed] of [[0, 0], [1, 0xffff_ffff], [17, 0x1234_5678], [39, 1]] as const) {
        const expected = naiveCrc32c(bytes.subarray(start, start + length), seed);
        expect(crc32c(heap, source.address + start, length, seed)).toBe(expected);
      }
    }
    source.release();
    for (const fill of [0, 0xff]) expect(of(new Uint8Array(20_000).fill(fill))).toBe(naiveCrc32c(new Uint8Array(20_000).fill(fill)));
  });

  test('masks as Snappy framing does', () => {
    const source = new Walled(heap, 9, Buffer.from('123456789'));
    const crc = 0xe3069283;
    const masked = (((crc >>> 15) | (crc << 17)) >>> 0) + 0xa282ead8;
    expect(maskedCrc32c(heap, source.address, 9)).toBe(masked % 2 ** 32);
    source.release();
  });
});
