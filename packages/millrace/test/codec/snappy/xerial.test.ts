import { afterEach, describe, expect, test } from 'vitest';
import { Bytes, BytesMut } from '../../../src/bytes/bytes.js';
import { BlockCodec } from '../../../src/codec/snappy/block.js';
import { LEVELS } from '../../../src/codec/snappy/format.js';
import { isXerial, XerialCodec } from '../../../src/codec/snappy/xerial.js';
import { Heap } from '../../../src/memory/heap.js';
import { noise, prose } from '../inputs.js';
import { elementKinds, naiveDecode } from './naive.js';

const heap = new Heap({ limit: 2 ** 27 });
const raw = new BlockCodec({ dialect: 'snappy', heap });
afterEach(() => {
  raw.release();
  expect(heap.live).toBe(0);
});

const HEAD = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1];

function same(a: Uint8Array, b: Uint8Array): void {
  expect(Buffer.compare(a, b)).toBe(0);
}

/** The blocks of a framing, decoded one by one by the oracle. */
function naive(framed: Buffer): Buffer {
  expect([...framed.subarray(0, 16)]).toEqual(HEAD);
  const parts: Buffer[] = [];
  for (let at = 16; at < framed.length; ) {
    const size = framed.readInt32BE(at);
    const block = framed.subarray(at + 4, at + 4 + size);
    expect(elementKinds(block).has('repeat')).toBe(false);
    parts.push(Buffer.from(naiveDecode(block)));
    at += 4 + size;
  }
  return Buffer.concat(parts);
}

describe.each(LEVELS)('xerial framing at level %s', (level) => {
  test.each([0, 1, 100, 1024, 1025, 32_767, 32_768, 32_769, 100_000])('%i bytes, every way in and out', (size) => {
    const codec = new XerialCodec({ heap, level });
    const bytes = prose(size, size);
    const framed = codec.encodeToBuffer(bytes);
    expect(framed.length).toBeLessThanOrEqual(codec.maxEncodedLength(size));
    same(naive(framed), bytes);
    for (const source of [bytes, Bytes.copyOf(bytes, heap)]) {
      const pooled = codec.encode(source);
      same(pooled.toBuffer(), framed);
      pooled.release();
      const room = Buffer.alloc(framed.length);
      expect(codec.encodeInto(source, room)).toBe(framed.length);
      same(room, framed);
      if (source instanceof Bytes) source.release();
    }
    const pooled = codec.decode(framed);
    same(pooled.toBuffer(), bytes);
    pooled.release();
    const room = Buffer.alloc(size);
    expect(codec.decodeInto(framed, room)).toBe(size);
    same(room, bytes);
    const appended = BytesMut.copyOf(Buffer.from('before'), heap);
    codec.decodeAppend(framed, appended);
    same(appended.toBuffer(), Buffer.concat([Buffer.from('before'), bytes]));
    appended.release();
    codec.release();
  });
});

describe('XerialCodec', () => {
  test('block sizes: as many blocks as the size says', () => {
    const bytes = noise(5000);
    for (const blockSize of [1024, 2500, 5000, 65_536]) {
      const codec = new XerialCodec({ heap, blockSize });
      const framed = codec.encodeToBuffer(bytes);
      expect(framed.length).toBe(codec.maxEncodedLength(5000));
      same(naive(framed), bytes);
      codec.release();
    }
    expect(() => new XerialCodec({ heap, blockSize: 1023 })).toThrow(RangeError);
  });

  test('reads raw blocks, which it tells by their start', () => {
    const codec = new XerialCodec({ heap });
    const block = raw.encodeToBuffer(prose(1000));
    expect(isXerial(block)).toBe(false);
    expect(isXerial(Uint8Array.from(HEAD))).toBe(true);
    expect(isXerial(Uint8Array.from(HEAD.slice(0, 7)))).toBe(false);
    const handle = Bytes.copyOf(Uint8Array.from([1, ...HEAD]), heap);
    handle.advance(1);
    expect(isXerial(handle)).toBe(true);
    handle.release();
    same(codec.decodeToBuffer(block), prose(1000));
    // A length in nine bytes, as other readers of this framing take it: 3, and a literal of 3.
    same(codec.decodeToBuffer(Uint8Array.of(0x83, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 2 << 2, 7, 8, 9)), Uint8Array.of(7, 8, 9));
    expect(() => codec.decodeToBuffer(Uint8Array.of(0x83, 0x80, 0x80, 0x80, 0x80, 0x01, 0))).toThrow(expect.objectContaining({ code: 'ERR_CORRUPT', offset: 5 }));
    codec.release();
  });

  test('reads concatenated outputs, with or without their heads', () => {
    const codec = new XerialCodec({ heap });
    const a = codec.encodeToBuffer(prose(40_000, 1));
    const b = codec.encodeToBuffer(prose(500, 2));
    const both = Buffer.concat([prose(40_000, 1), prose(500, 2)]);
    same(codec.decodeToBuffer(Buffer.concat([a, b])), both);
    same(codec.decodeToBuffer(Buffer.concat([a, b.subarray(16)])), both);
    codec.release();
  });

  test('every truncation is refused with its place, except between blocks', () => {
    const codec = new XerialCodec({ heap, blockSize: 1024 });
    const framed = codec.encodeToBuffer(noise(1500));
    const between = new Set([16, 16 + 4 + framed.readInt32BE(16), framed.length]);
    for (let length = 8; length <= framed.length; length += 1) {
      const cut = framed.subarray(0, length);
      if (between.has(length)) codec.decodeToBuffer(cut);
      else expect(() => codec.decodeToBuffer(cut)).toThrow(expect.objectContaining({ code: 'ERR_TRUNCATED' }));
    }
    codec.release();
  });

  test('a fault in a block says where it is in the whole', () => {
    const codec = new XerialCodec({ heap });
    const bad = Buffer.from([...HEAD, 0, 0, 0, 3, 1, 0, 65, 0, 0, 0, 3, 4, 0x01, 1]);
    expect(() => codec.decodeToBuffer(bad)).toThrow(expect.objectContaining({ code: 'ERR_CORRUPT', offset: 16 + 7 + 4 + 1 }));
    const out = BytesMut.copyOf(Buffer.from('before'), heap);
    expect(() => codec.decodeAppend(bad, out)).toThrow(expect.objectContaining({ code: 'ERR_CORRUPT' }));
    same(out.toBuffer(), Buffer.from('before'));
    out.release();
    codec.release();
  });

  test('limits: maxOutput over all blocks, exact destinations', () => {
    const codec = new XerialCodec({ heap, maxOutput: 40_000 });
    expect(() => codec.decodeToBuffer(codec.encodeToBuffer(prose(40_001)))).toThrow(expect.objectContaining({ code: 'ERR_TOO_LARGE', expected: 40_000, actual: 40_001 }));
    const framed = codec.encodeToBuffer(prose(1000));
    expect(() => codec.decodeInto(framed, Buffer.alloc(999))).toThrow(expect.objectContaining({ code: 'ERR_DESTINATION_TOO_SMALL', expected: 1000, actual: 999 }));
    expect(() => codec.encodeInto(prose(1000), Buffer.alloc(framed.length - 1))).toThrow(
      expect.objectContaining({ code: 'ERR_DESTINATION_TOO_SMALL', expected: framed.length, actual: framed.length - 1 }),
    );
    codec.release();
  });
});
