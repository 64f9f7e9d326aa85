import { afterEach, describe, expect, test } from 'vitest';
import { BytesMut } from '../../../src/bytes/bytes.js';
import { BlockCodec } from '../../../src/codec/snappy/block.js';
import type { Dialect } from '../../../src/codec/snappy/format.js';
import { LZ4Converter } from '../../../src/codec/snappy/lz4.js';
import { CodecError } from '../../../src/base/errors.js';
import { Heap } from '../../../src/memory/heap.js';
import { noise, prose, random } from '../inputs.js';
import { elementKinds, naiveDecode } from './naive.js';

// The long mode's rounds take minutes.
const LONG_MS = 900_000;

const heap = new Heap({ limit: 2 ** 27 });
afterEach(() => expect(heap.live).toBe(0));

function extended(n: number): number[] {
  const bytes: number[] = [];
  for (n -= 15; n >= 255; n -= 255) bytes.push(255);
  bytes.push(n);
  return bytes;
}

/** A plain LZ4 encoder: greedy, with the last place of each four bytes. */
function lz4(bytes: Uint8Array): Buffer {
  const out: number[] = [];
  const places = new Map<number, number>();
  let literal = 0;
  const sequence = (end: number, offset: number, n: number): void => {
    const literals = end - literal;
    out.push((Math.min(15, literals) << 4) | (offset === 0 ? 0 : Math.min(15, n - 4)));
    if (literals >= 15) out.push(...extended(literals));
    for (let i = literal; i < end; i += 1) out.push(bytes[i]!);
    if (offset === 0) return;
    out.push(offset & 0xff, offset >> 8);
    if (n - 4 >= 15) out.push(...extended(n - 4));
  };
  for (let at = 0; at + 12 < bytes.length; ) {
    const key = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    const from = places.get(key);
    places.set(key, at);
    if (from === undefined || at - from > 65_535) {
      at += 1;
      continue;
    }
    let n = 4;
    while (at + n < bytes.length - 5 && bytes[from + n] === bytes[at + n]) n += 1;
    sequence(at, at - from, n);
    at += n;
    literal = at;
  }
  sequence(bytes.length, 0, 0);
  return Buffer.from(out);
}

/** Decodes an LZ4 block byte by byte; throws on what the format forbids. */
function naiveLZ4(block: Uint8Array): number[] {
  const out: number[] = [];
  let at = 0;
  const next = (): number => {
    if (at >= block.length) throw new Error('truncated');
    return block[at++]!;
  };
  const length = (nibble: number): number => {
    let n = nibble;
    if (nibble === 15) for (let more = 255; more === 255; ) n += more = next();
    return n;
  };
  for (;;) {
    const token = next();
    for (let n = length(token >> 4); n > 0; n -= 1) out.push(next());
    if (at === block.length && (token & 15) === 0) return out;
    const offset = next() | (next() << 8);
    if (offset === 0 || offset > out.length) throw new Error('offset');
    for (let n = length(token & 15) + 4; n > 0; n -= 1) out.push(out[out.length - offset]!);
  }
}

describe.each<Dialect>(['s2', 'snappy'])('LZ4 to %s', (dialect) => {
  test('blocks decode to the same, in every form of output', () => {
    const converter = new LZ4Converter({ dialect, heap });
    const codec = new BlockCodec({ dialect, heap });
    const inputs = [0, 1, 5, 13, 60, 100, 300, 1000, 5000, 70_000].flatMap((size) => [prose(size, size), noise(size, size)]);
    inputs.push(new Uint8Array(100_000).fill(7), Uint8Array.from({ length: 5000 }, (_, i) => i % 3), new Uint8Array(17_000_000));
    for (const bytes of inputs) {
      const block = lz4(bytes);
      const converted = converter.convertToBuffer(block);
      if (bytes.length < 10_000) {
        expect(Buffer.compare(Uint8Array.from(naiveDecode(converted, { s2: dialect === 's2' })), bytes)).toBe(0);
        if (dialect === 'snappy') expect(elementKinds(converted).has('repeat')).toBe(false);
      }
      expect(Buffer.compare(codec.decodeToBuffer(converted), bytes)).toBe(0);
      const exact = Buffer.alloc(converted.length);
      expect(converter.convertInto(block, exact)).toBe(converted.length);
      expect(exact.equals(converted)).toBe(true);
      const appended = BytesMut.copyOf(Buffer.from('before'), heap);
      expect(converter.convertAppend(block, appended)).toBe(converted.length);
      expect(appended.toBuffer().subarray(6).equals(converted)).toBe(true);
      appended.release();
    }
    codec.release();
    converter.release();
  });

  test('mutated blocks convert to what the naive decoder gives, or are refused where it refuses', () => {
    const converter = new LZ4Converter({ dialect, heap });
    const codec = new BlockCodec({ dialect, heap });
    const originals = [prose(200, 1), prose(2000, 2), new Uint8Array(900)].map(lz4);
    const next = random(21);
    const rounds = process.env['MILLRACE_LONG'] ? 200_000 : 4000;
    for (let round = 0; round < rounds; round += 1) {
      let block = Uint8Array.from(originals[next(3)]!);
      for (let i = 1 + next(3); i > 0; i -= 1) block[next(block.length)] = next(2) ? next(256) : [0, 1, 15, 0xf0, 0xff][next(5)]!;
      if (next(6) === 0) block = block.subarray(0, next(block.length));
      let expected: number[] | undefined;
      try {
        expected = naiveLZ4(block);
      } catch {
        expected = undefined;
      }
      if (expected === undefined) expect(() => converter.convertToBuffer(block)).toThrow(CodecError);
      else expect(Buffer.compare(codec.decodeToBuffer(converter.convertToBuffer(block)), Uint8Array.from(expected))).toBe(0);
    }
    codec.release();
    converter.release();
  }, LONG_MS);
});

describe('refusals', () => {
  test.each<[string, number[], string, number]>([
    ['nothing', [], 'ERR_TRUNCATED', 0],
    ['a literal length that does not end', [0xf0, 255, 255], 'ERR_TRUNCATED', 0],
    ['literals that are not there', [0x30, 1, 2], 'ERR_TRUNCATED', 0],
    ['half an offset', [0x11, 65, 1], 'ERR_TRUNCATED', 0],
    ['offset 0', [0x10, 65, 0, 0, 0], 'ERR_CORRUPT', 0],
    ['an offset before the start', [0x10, 65, 2, 0, 0], 'ERR_CORRUPT', 0],
    ['a match length that does not end', [0x1f, 65, 1, 0, 255], 'ERR_TRUNCATED', 0],
    ['a last sequence with a match', [0x10, 65, 1, 0, 0x11, 66], 'ERR_TRUNCATED', 4],
    ['no last sequence', [0x10, 65, 1, 0], 'ERR_TRUNCATED', 4],
  ])('%s', (_, bytes, code, offset) => {
    const converter = new LZ4Converter({ heap });
    expect(() => converter.convert(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ name: 'CodecError', code, offset }));
    expect(() => converter.convertInto(Uint8Array.of(0x10, 65), new Uint8Array(1))).toThrow(
      expect.objectContaining({ code: 'ERR_DESTINATION_TOO_SMALL', expected: 3, actual: 1 }),
    );
    converter.release();
  });
});
