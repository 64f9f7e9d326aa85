import { afterEach, describe, expect, test } from 'vitest';
import { CodecError } from '../../../src/base/errors.js';
import { maxEncodedLength, type Dialect, type Level } from '../../../src/codec/snappy/format.js';
import { checkBlock, decodeBlock, decodedLength, RawEncoder } from '../../../src/codec/snappy/raw.js';
import { Heap } from '../../../src/memory/heap.js';
import { Walled } from '../arena.js';
import { BOUNDARY_SIZES, noise, prose, random } from '../inputs.js';
import { elementKinds, naiveDecode } from './naive.js';

// The long mode's rounds take minutes.
const LONG_MS = 900_000;

const heap = new Heap({ limit: 2 ** 27 });
afterEach(() => expect(heap.live).toBe(0));

const DIALECTS: readonly Dialect[] = ['snappy', 's2'];
const LEVELS: readonly Level[] = ['fast', 'better', 'best'];

function encode(bytes: Uint8Array, dialect: Dialect, level: Level, slack = 0): Uint8Array {
  const encoder = new RawEncoder(heap, { dialect, level });
  const source = new Walled(heap, bytes.length, bytes);
  const output = new Walled(heap, maxEncodedLength(bytes.length) + slack);
  const size = encoder.encode(source.address, bytes.length, output.address, output.length);
  expect(size).toBeLessThanOrEqual(maxEncodedLength(bytes.length));
  expect(Buffer.compare(source.bytes, bytes)).toBe(0);
  const block = output.bytes.slice(0, size);
  encoder.release();
  source.release();
  output.release();
  return block;
}

function decode(block: Uint8Array, dialect: Dialect, capacity: number): Uint8Array {
  const source = new Walled(heap, block.length, block);
  const output = new Walled(heap, capacity);
  try {
    const length = decodeBlock(heap, source.address, block.length, output.address, capacity, dialect);
    return output.bytes.slice(0, length);
  } finally {
    source.release();
    output.release();
  }
}

function same(a: Uint8Array | number[], b: Uint8Array): void {
  expect(Buffer.compare(a instanceof Uint8Array ? a : Uint8Array.from(a), b)).toBe(0);
}

function roundtrip(bytes: Uint8Array, dialect: Dialect, level: Level): void {
  const block = encode(bytes, dialect, level);
  same(naiveDecode(block, { s2: dialect === 's2' }), bytes);
  if (dialect === 'snappy') expect(elementKinds(block).has('repeat')).toBe(false);
  same(decode(block, dialect, bytes.length), bytes);
  same(decode(block, dialect, bytes.length + 200), bytes);
  same(encode(bytes, dialect, level, 100), block);
}

describe.each(DIALECTS)('%s blocks', (dialect) => {
  describe.each(LEVELS)('level %s', (level) => {
    test('every size from 0 to 600, of prose, noise and runs', () => {
      const text = prose(600, 7);
      const random_ = noise(600, 8);
      for (let size = 0; size <= 600; size += 1) {
        roundtrip(text.subarray(0, size), dialect, level);
        if (size % 7 === 0) roundtrip(random_.subarray(0, size), dialect, level);
        if (size % 5 === 0) roundtrip(new Uint8Array(size).fill(size), dialect, level);
      }
    });

    test('sizes at which tables and tags change', () => {
      for (const size of BOUNDARY_SIZES) {
        roundtrip(prose(size, size), dialect, level);
        roundtrip(noise(size, size), dialect, level);
      }
    });

    test('runs of every period, whose copies overlap what they write', () => {
      for (let period = 1; period <= 40; period += 1) {
        const unit = noise(period, period);
        const bytes = Uint8Array.from({ length: 700 + period }, (_, i) => unit[i % period]!);
        roundtrip(bytes, dialect, level);
      }
    });

    test('a run of 20 MB needs repeats of every length code', () => {
      const bytes = new Uint8Array(20_000_000).fill(120);
      const block = encode(bytes, dialect, level);
      expect(block.length).toBeLessThan(dialect === 's2' ? 40 : bytes.length / 20);
      same(decode(block, dialect, bytes.length), bytes);
    });

    test('offsets over 64 KiB', () => {
      const far = noise(3000, 5);
      const bytes = Buffer.concat([far, new Uint8Array(70_000).fill(9), far]);
      const block = encode(bytes, dialect, level);
      expect(block.length).toBeLessThan(dialect === 's2' ? 3600 : 6900);
      roundtrip(bytes, dialect, level);
    });

    test('is short where the content is: one word over and over', () => {
      const bytes = Buffer.from('shorter than this. '.repeat(500));
      expect(encode(bytes, dialect, level).length).toBeLessThan(dialect === 's2' ? 60 : 520);
    });

    test('tryEncode gives 0 for what does not save, and the block of encode otherwise', () => {
      const encoder = new RawEncoder(heap, { dialect, level });
      for (const [bytes, saves] of [[noise(5000), false], [prose(5000), true], [prose(31), false], [new Uint8Array(0), false]] as const) {
        const source = new Walled(heap, Math.max(1, bytes.length), bytes);
        const output = new Walled(heap, maxEncodedLength(bytes.length));
        const size = encoder.tryEncode(source.address, bytes.length, output.address, output.length);
        expect(size > 0).toBe(saves);
        if (saves) same(encode(bytes, dialect, level), output.bytes.slice(0, size));
        source.release();
        output.release();
      }
      encoder.release();
    });

    test('a destination below the bound takes what fits exactly, and names the size that would do', () => {
      const bytes = prose(3000);
      const block = encode(bytes, dialect, level);
      const encoder = new RawEncoder(heap, { dialect, level });
      const source = new Walled(heap, bytes.length, bytes);
      const exact = new Walled(heap, block.length);
      expect(encoder.encode(source.address, bytes.length, exact.address, exact.length)).toBe(block.length);
      same(exact.bytes, block);
      exact.release();
      const small = new Walled(heap, block.length - 1);
      expect(() => encoder.encode(source.address, bytes.length, small.address, small.length)).toThrow(
        expect.objectContaining({ code: 'ERR_DESTINATION_TOO_SMALL', expected: block.length, actual: block.length - 1 }),
      );
      small.release();
      source.release();
      encoder.release();
    });
  });

  test('mutated blocks decode as the naive decoder says, or are refused where it refuses', () => {
    const next = random(dialect === 's2' ? 11 : 12);
    const originals = [prose(200, 1), prose(900, 2), prose(3000, 3), new Uint8Array(500).fill(7)].map((bytes) => encode(bytes, dialect, 'fast'));
    const rounds = process.env['MILLRACE_LONG'] ? 200_000 : 6000;
    for (let round = 0; round < rounds; round += 1) {
      const block = Uint8Array.from(originals[next(originals.length)]!);
      for (let i = 1 + next(4); i > 0; i -= 1) {
        const at = next(8) === 0 ? next(Math.min(block.length, 4)) : next(block.length);
        const kind = next(4);
        if (kind === 0) block[at] = next(256);
        else if (kind === 1) block[at]! ^= 1 << next(8);
        else if (kind === 2) block[at] = [0, 1, 0x15, 0x19, 0x1d, 0xf0, 0xf4, 0xfc, 0xff][next(9)]!;
        else block.copyWithin(at, next(block.length), next(block.length));
      }
      const cut = next(10) === 0 ? block.subarray(0, next(block.length)) : block;
      let expected: number[] | undefined;
      try {
        expected = naiveDecode(cut, { s2: dialect === 's2' });
      } catch {
        expected = undefined;
      }
      const source = new Walled(heap, Math.max(1, cut.length), cut);
      let declared: number;
      try {
        declared = decodedLength(heap, source.address, cut.length);
      } catch {
        declared = -1;
      }
      if (declared > 1e6) declared = 1e6;
      if (declared >= 0) {
        const output = new Walled(heap, Math.max(1, declared + (next(2) === 0 ? 0 : next(130))));
        let got: Uint8Array | undefined;
        let fault: unknown;
        try {
          const length = decodeBlock(heap, source.address, cut.length, output.address, output.length, dialect);
          got = output.bytes.slice(0, length);
        } catch (error) {
          fault = error;
        }
        output.release();
        if (expected === undefined) {
          expect(fault).toBeInstanceOf(CodecError);
          if ((fault as CodecError).code !== 'ERR_DESTINATION_TOO_SMALL') {
            expect((fault as CodecError).offset).toBeLessThanOrEqual(cut.length);
            expect(() => checkBlock(heap, source.address, cut.length, dialect)).toThrow((fault as CodecError).message);
          }
        } else {
          expect(fault).toBeUndefined();
          same(expected, got!);
          expect(checkBlock(heap, source.address, cut.length, dialect)).toBe(expected.length);
        }
      } else expect(expected).toBeUndefined();
      source.release();
    }
  }, LONG_MS);
});

const LITERAL_20: readonly number[] = [19 << 2, ...Array.from({ length: 20 }, (_, i) => 65 + i)];

describe('refusals', () => {
  // Each row: the bytes of a block, the dialect that refuses it, the code, and the offset of the element at fault.
  const rows: [string, Dialect, number[], string, number | undefined][] = [
    ['nothing at all', 'snappy', [], 'ERR_TRUNCATED', 0],
    ['a length that never ends', 'snappy', [0x80, 0x80], 'ERR_TRUNCATED', 2],
    ['a length of six bytes', 'snappy', [0x80, 0x80, 0x80, 0x80, 0x80, 0x00], 'ERR_CORRUPT', 4],
    ['a length over 2^32 - 1', 'snappy', [0xff, 0xff, 0xff, 0xff, 0x1f], 'ERR_CORRUPT', 4],
    ['a literal of 3 with 2 bytes left', 'snappy', [3, 2 << 2, 1, 2], 'ERR_TRUNCATED', 1],
    ['a literal length byte that is missing', 'snappy', [3, 60 << 2], 'ERR_TRUNCATED', 1],
    ['a literal of 2^32 bytes', 'snappy', [3, 63 << 2, 0xff, 0xff, 0xff, 0xff, 1, 2, 3], 'ERR_TRUNCATED', 1],
    ['a literal longer than declared', 'snappy', [1, 1 << 2, 65, 66], 'ERR_CORRUPT', 1],
    ['a copy as the first element', 'snappy', [4, 0x01, 1], 'ERR_CORRUPT', 1],
    ['a copy that reaches before the start', 'snappy', [5, 0, 65, 0x01, 2], 'ERR_CORRUPT', 3],
    ['a copy with offset 0, 11 bits', 'snappy', [5, 0, 65, 0x01, 0], 'ERR_CORRUPT', 3],
    ['a copy with offset 0, 16 bits', 's2', [5, 0, 65, 3 << 2 | 2, 0, 0], 'ERR_CORRUPT', 3],
    ['a copy with offset 0, 32 bits', 's2', [5, 0, 65, 3 << 2 | 3, 0, 0, 0, 0], 'ERR_CORRUPT', 3],
    ['a copy offset over 2^31', 's2', [5, 0, 65, 3 << 2 | 3, 0, 0, 0, 0xff], 'ERR_CORRUPT', 3],
    ['a copy cut off in its offset', 'snappy', [5, 0, 65, 3 << 2 | 2, 1], 'ERR_TRUNCATED', 3],
    ['a copy longer than declared', 'snappy', [4, 0, 65, 0x01, 1], 'ERR_CORRUPT', 3],
    ['a repeat before any copy', 's2', [5, 0, 65, 0x01, 0], 'ERR_CORRUPT', 3],
    ['a repeat cut off in its length', 's2', [30, 0, 65, 0x01, 1, 6 << 2 | 1, 0, 1], 'ERR_TRUNCATED', 5],
    ['a repeat longer than declared', 's2', [20, 0, 65, 0x01, 1, 7 << 2 | 1, 0, 0xff, 0xff, 0xff], 'ERR_CORRUPT', 5],
    ['elements that end too soon', 'snappy', [9, 0, 65], 'ERR_TRUNCATED', 3],
    ['a literal after the end', 'snappy', [1, 0, 65, 0, 66], 'ERR_CORRUPT', 3],
    ['a copy after the end', 'snappy', [1, 0, 65, 0x01, 1], 'ERR_CORRUPT', 3],
    // With enough of the destination left, the decoder's inner loop meets these first.
    ['a far copy that reaches before the start', 'snappy', [30, ...LITERAL_20, 3 << 2 | 2, 21, 0], 'ERR_CORRUPT', 22],
    ['a far copy that reaches before the start, 11 bits', 'snappy', [30, ...LITERAL_20, 0x01, 21], 'ERR_CORRUPT', 22],
    ['a far copy that reaches before the start, 32 bits', 'snappy', [30, ...LITERAL_20, 3 << 2 | 3, 21, 0, 0, 0], 'ERR_CORRUPT', 22],
    ['a far copy after the end', 'snappy', [20, ...LITERAL_20, 0x01, 20], 'ERR_CORRUPT', 22],
    ['a far copy cut off in its offset', 'snappy', [30, ...LITERAL_20, 3 << 2 | 2, 20], 'ERR_TRUNCATED', 22],
    ['a long literal cut off', 'snappy', [64, 60 << 2, 63, ...LITERAL_20], 'ERR_TRUNCATED', 1],
    ['a long literal after the end', 'snappy', [20, ...LITERAL_20, 60 << 2, 19, ...LITERAL_20.slice(1)], 'ERR_CORRUPT', 22],
    ['a long repeat before any copy', 's2', [30, ...LITERAL_20, 5 << 2 | 1, 0, 2], 'ERR_CORRUPT', 22],
    ['a long repeat after the end', 's2', [24, ...LITERAL_20, 0x01, 20, 5 << 2 | 1, 0, 0], 'ERR_CORRUPT', 24],
    ['a long repeat cut off in its length', 's2', [32, ...LITERAL_20, 0x01, 20, 5 << 2 | 1, 0], 'ERR_TRUNCATED', 24],
    ['nothing but a length', 'snappy', [1], 'ERR_TRUNCATED', 1],
  ];
  for (const [name, dialect, bytes, code, offset] of rows) {
    test.each([0, 128, 300])(`${name} (%i bytes of slack)`, (slack) => {
      const block = Uint8Array.from(bytes);
      const padded = new Uint8Array(Math.max(1, block.length));
      padded.set(block);
      const source = new Walled(heap, padded.length, padded);
      const output = new Walled(heap, 64 + slack);
      expect(() => decodeBlock(heap, source.address, block.length, output.address, output.length, dialect)).toThrow(
        expect.objectContaining({ name: 'CodecError', code, offset }),
      );
      source.release();
      output.release();
    });
  }

  test('a destination smaller than declared, without touching it', () => {
    const block = encode(prose(1000), 's2', 'fast');
    const source = new Walled(heap, block.length, block);
    const output = new Walled(heap, 999);
    expect(() => decodeBlock(heap, source.address, block.length, output.address, 999, 's2')).toThrow(
      expect.objectContaining({ code: 'ERR_DESTINATION_TOO_SMALL', expected: 1000, actual: 999 }),
    );
    expect(output.bytes.every((byte) => byte === 0xa5)).toBe(true);
    source.release();
    output.release();
  });

  test('a length in more bytes than it needs is valid', () => {
    same(decode(Uint8Array.from([0x81, 0x80, 0x00, 0, 65]), 'snappy', 1), Uint8Array.of(65));
  });
});

test('maxEncodedLength: exact for noise, at most 10 over, -1 where no block can be', () => {
  for (const size of [0, 1, 60, 61, 256, 257, 65_536, 65_537]) {
    expect(encode(noise(size), 'snappy', 'fast').length).toBe(maxEncodedLength(size));
    expect(maxEncodedLength(size)).toBeLessThanOrEqual(size + 10);
  }
  expect(maxEncodedLength(2 ** 32 - 11)).toBe(2 ** 32 - 1);
  expect(maxEncodedLength(2 ** 32 - 10)).toBe(-1);
  expect(maxEncodedLength(2 ** 32)).toBe(-1);
});
