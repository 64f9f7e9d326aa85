import { afterEach, describe, expect, test } from 'vitest';
import { Bytes, BytesMut } from '../../../src/bytes/bytes.js';
import { BlockCodec } from '../../../src/codec/snappy/block.js';
import { type Dialect, maxEncodedLength } from '../../../src/codec/snappy/format.js';
import { type Source } from '../../../src/codec/source.js';
import { Heap } from '../../../src/memory/heap.js';
import { noise, prose } from '../inputs.js';
import { naiveDecode } from './naive.js';

const heap = new Heap({ limit: 2 ** 27 });
const other = new Heap({ limit: 2 ** 24 });
afterEach(() => {
  expect(heap.live).toBe(0);
  expect(other.live).toBe(0);
});

function same(a: Uint8Array, b: Uint8Array): void {
  expect(Buffer.compare(a, b)).toBe(0);
}

/** Runs `use` with the same bytes in every kind of source. */
function eachSource(bytes: Uint8Array, use: (source: Source) => void): void {
  use(bytes);
  use(Buffer.concat([Buffer.of(1, 2, 3), bytes]).subarray(3));
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  use(shared);
  const own = Bytes.copyOf(bytes, heap);
  use(own);
  use(own.toBuffer());
  own.release();
  const foreign = Bytes.copyOf(bytes, other);
  use(foreign);
  foreign.release();
  const adopted = Bytes.adopt(Buffer.concat([bytes, Buffer.of(9)]));
  const part = adopted.slice(0, bytes.length);
  use(part);
  part.release();
  adopted.release();
  const mutable = BytesMut.copyOf(bytes, heap);
  use(mutable);
  mutable.release();
}

describe.each<Dialect>(['s2', 'snappy'])('BlockCodec %s', (dialect) => {
  const sizes = [0, 1, 31, 32, 250, 600, 5000, 70_000, 300_000];

  test.each(sizes)('encodes and decodes %i bytes from every kind of source to every kind of destination', (size) => {
    const codec = new BlockCodec({ dialect, heap });
    const bytes = prose(size, size + 1);
    const block = codec.encodeToBuffer(bytes);
    if (size < 10_000) same(Uint8Array.from(naiveDecode(block, { s2: dialect === 's2' })), bytes);

    eachSource(bytes, (source) => {
      const pooled = codec.encode(source);
      same(pooled.toBuffer(), block);
      pooled.release();
      same(codec.encodeToBuffer(source), block);
      const room = Buffer.alloc(block.length + 2, 0xee);
      expect(codec.encodeInto(source, room.subarray(1, 1 + block.length))).toBe(block.length);
      same(room, Buffer.concat([Buffer.of(0xee), block, Buffer.of(0xee)]));
      const inHeap = BytesMut.withCapacity(block.length, heap);
      expect(codec.encodeInto(source, inHeap.spareBuffer().subarray(0, block.length))).toBe(block.length);
      same(inHeap.spareBuffer().subarray(0, block.length), block);
      inHeap.release();
      for (const home of [heap, other]) {
        const appended = BytesMut.copyOf(Buffer.from('before'), home);
        expect(codec.encodeAppend(source, appended)).toBe(block.length);
        same(appended.toBuffer(), Buffer.concat([Buffer.from('before'), block]));
        appended.release();
      }
    });

    eachSource(block, (source) => {
      expect(codec.decodedLength(source)).toBe(size);
      const pooled = codec.decode(source);
      same(pooled.toBuffer(), bytes);
      pooled.release();
      same(codec.decodeToBuffer(source), bytes);
      const room = Buffer.alloc(size + 2, 0xee);
      expect(codec.decodeInto(source, room.subarray(1, 1 + size))).toBe(size);
      same(room, Buffer.concat([Buffer.of(0xee), bytes, Buffer.of(0xee)]));
      const inHeap = BytesMut.withCapacity(size, heap);
      expect(codec.decodeInto(source, inHeap.spareBuffer().subarray(0, size))).toBe(size);
      same(inHeap.spareBuffer().subarray(0, size), bytes);
      inHeap.release();
      for (const home of [heap, other]) {
        const appended = BytesMut.copyOf(Buffer.from('before'), home);
        expect(codec.decodeAppend(source, appended)).toBe(size);
        same(appended.toBuffer(), Buffer.concat([Buffer.from('before'), bytes]));
        appended.release();
      }
    });
    codec.release();
  });

  test('pooled output holds no more than its bytes, rounded up', () => {
    const codec = new BlockCodec({ dialect, heap });
    const kept = Array.from({ length: 200 }, (_, i) => codec.encode(prose(4000, i)));
    codec.release();
    const payload = kept.reduce((sum, bytes) => sum + heap.roundUp(bytes.length), 0);
    expect(heap.live).toBeLessThanOrEqual(payload);
    for (const bytes of kept) bytes.release();
  });

  test('scratch is bounded, and given back', () => {
    const codec = new BlockCodec({ dialect, heap });
    const block = codec.encodeToBuffer(prose(2_000_000));
    same(codec.decodeToBuffer(block), prose(2_000_000));
    expect(heap.live).toBeLessThanOrEqual(2 * 128 * 1024 + 64 * 1024);
    codec.release();
    codec.release();
    expect(heap.live).toBe(0);
    same(codec.decodeToBuffer(codec.encodeToBuffer(prose(100))), prose(100));
    codec[Symbol.dispose]();
  });

  test('a target that is too small: the length that would do, and for encoding the exact one', () => {
    const codec = new BlockCodec({ dialect, heap });
    const bytes = prose(3000);
    const block = codec.encodeToBuffer(bytes);
    expect(() => codec.encodeInto(bytes, new Uint8Array(block.length - 1))).toThrow(
      expect.objectContaining({ code: 'ERR_DESTINATION_TOO_SMALL', expected: block.length, actual: block.length - 1 }),
    );
    expect(() => codec.decodeInto(block, new Uint8Array(2999))).toThrow(
      expect.objectContaining({ code: 'ERR_DESTINATION_TOO_SMALL', expected: 3000, actual: 2999 }),
    );
    codec.release();
  });

  test('a claim is not believed: no memory is taken for a length that the elements do not give', () => {
    const small = new Heap({ limit: 2 ** 20 });
    const codec = new BlockCodec({ dialect, heap: small, maxOutput: 2 ** 31 - 1 });
    // Declares 1 GiB and holds one byte.
    const liar = Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x04, 0, 65);
    expect(() => codec.decode(liar)).toThrow(expect.objectContaining({ code: 'ERR_TRUNCATED', expected: 2 ** 30, actual: 1 }));
    expect(() => codec.decodeToBuffer(liar)).toThrow(expect.objectContaining({ code: 'ERR_TRUNCATED' }));
    const out = BytesMut.withCapacity(10, small);
    expect(() => codec.decodeAppend(liar, out)).toThrow(expect.objectContaining({ code: 'ERR_TRUNCATED' }));
    expect(out.length).toBe(0);
    out.release();
    codec.release();
    expect(small.live).toBe(0);
  });

  test('maxOutput bounds what a call allocates for, not what a caller brings', () => {
    const codec = new BlockCodec({ dialect, heap, maxOutput: 999 });
    const block = codec.encodeToBuffer(prose(1000));
    const error = expect.objectContaining({ code: 'ERR_TOO_LARGE', expected: 999, actual: 1000 }) as Error;
    expect(() => codec.decode(block)).toThrow(error);
    expect(() => codec.decodeToBuffer(block)).toThrow(error);
    expect(codec.decodeInto(block, new Uint8Array(1000))).toBe(1000);
    codec.release();
  });

  test('a fault frees what was taken, and says where it is', () => {
    const codec = new BlockCodec({ dialect, heap });
    const block = Uint8Array.from(codec.encodeToBuffer(prose(500)));
    block.set([0xfe, 0xff, 0xff], block.length - 3);
    expect(() => codec.decode(block)).toThrow(expect.objectContaining({ name: 'CodecError' }));
    expect(() => codec.decodeToBuffer(Uint8Array.of(4, 0x01, 1))).toThrow(expect.objectContaining({ code: 'ERR_CORRUPT', offset: 1 }));
    codec.release();
  });

  test('estimateSize is the size encode gives, or -1 without a gain', () => {
    const codec = new BlockCodec({ dialect, heap });
    expect(codec.estimateSize(prose(5000))).toBe(codec.encodeToBuffer(prose(5000)).length);
    for (const bytes of [new Uint8Array(0), prose(20), noise(5000)]) expect(codec.estimateSize(bytes)).toBe(-1);
    codec.release();
  });

  test('concatenate joins blocks without encoding them again', () => {
    const codec = new BlockCodec({ dialect, heap });
    const parts = [prose(0), prose(10), prose(5000, 2), noise(300), new Uint8Array(200_000)];
    const blocks = parts.map((part) => codec.encodeToBuffer(part));
    const pooled = Bytes.copyOf(blocks[2]!, heap);
    const whole = codec.concatenate([blocks[0]!, blocks[1]!, pooled, blocks[3]!, blocks[4]!]);
    pooled.release();
    same(codec.decodeToBuffer(whole), Buffer.concat(parts));
    expect(whole.length).toBeLessThan(blocks.reduce((sum, block) => sum + block.length, 0) + 5);
    whole.release();
    const none = codec.concatenate([]);
    same(none.toBuffer(), Buffer.of(0));
    none.release();
    expect(() => codec.concatenate([blocks[1]!, Uint8Array.of(4, 0x01, 1)])).toThrow(expect.objectContaining({ code: 'ERR_CORRUPT' }));
    codec.release();
  });
});

describe('misuse', () => {
  test('is refused by its type', () => {
    const codec = new BlockCodec({ heap });
    expect(() => codec.encode('text' as unknown as Uint8Array)).toThrow(TypeError);
    expect(() => codec.decodeInto(Uint8Array.of(0), 'text' as unknown as Uint8Array)).toThrow(TypeError);
    const released = Bytes.copyOf(Uint8Array.of(1), heap);
    released.release();
    expect(() => codec.encode(released)).toThrow(expect.objectContaining({ code: 'ERR_RELEASED' }));
    expect(() => new BlockCodec({ dialect: 'lz4' as Dialect })).toThrow(RangeError);
    expect(() => new BlockCodec({ maxOutput: -1 })).toThrow(RangeError);
    codec.release();
  });

  test('a heap that is full fails the call and keeps nothing', () => {
    const small = new Heap({ limit: 2 ** 20 });
    const codec = new BlockCodec({ heap: small });
    expect(() => codec.encode(noise(2_000_000))).toThrow(expect.objectContaining({ code: 'ERR_MEMORY_LIMIT' }));
    codec.release();
    expect(small.live).toBe(0);
  });

  test('the bound holds for what does not compress', () => {
    const codec = new BlockCodec({ heap });
    for (const size of [0, 1, 100, 100_000]) expect(codec.encodeToBuffer(noise(size)).length).toBe(maxEncodedLength(size));
    codec.release();
  });
});
