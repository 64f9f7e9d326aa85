import { describe, expect, test } from 'vitest';
import { BytesMut } from '../../src/bytes/bytes.js';
import { limit } from '../../src/bytes/limit.js';
import { take } from '../../src/bytes/take.js';
import { codeOf, counting, ledgerHeap } from './ledger.js';
import { kinds } from './numbers.js';
import { sources } from './sources.js';

// Every method of Buf on every implementation of it, and every put on every BufMut. What would break: an implementation that hands a
// number over whose bytes lie in two chunks, that consumes on failure, or that gives more than it holds.
describe.each(sources)('Buf: %s', (_name, make) => {
  for (const kind of kinds()) {
    test(`${kind.name}: value, position, and too little`, () => {
      const heap = ledgerHeap();
      for (const value of kind.values) {
        const encoded = kind.encode(value as never);
        const { buf, done } = make(Uint8Array.from([0xaa, ...encoded, 0xbb, ...encoded]), heap);
        expect(buf.getU8()).toBe(0xaa);
        expect(kind.get(buf)).toBe(value);
        expect(buf.getU8()).toBe(0xbb);
        expect(buf.remaining).toBe(encoded.length);
        expect(kind.tryGet(buf)).toBe(value);
        expect([buf.remaining, buf.hasRemaining, buf.start]).toEqual([0, false, buf.end]);
        done();
        const short = make(encoded.subarray(0, -1), heap);
        expect(kind.tryGet(short.buf)).toBeUndefined();
        expect(() => kind.get(short.buf)).toThrow(expect.objectContaining({ code: 'ERR_INSUFFICIENT_DATA', actual: encoded.length - 1, expected: encoded.length }) as Error);
        expect(short.buf.remaining).toBe(encoded.length - 1);
        short.done();
      }
    });
  }

  test('numbers that are no safe integer are refused and not consumed', () => {
    const heap = ledgerHeap();
    const { buf, done } = make(new Uint8Array(8).fill(0x7f), heap);
    expect(codeOf(() => buf.getU64Number())).toBe('ERR_TOO_LARGE');
    expect(codeOf(() => buf.tryGetI64Number())).toBe('ERR_TOO_LARGE');
    expect(codeOf(() => buf.getUint(7))).toBe('ERR_TOO_LARGE');
    expect(buf.getU64()).toBe(0x7f7f_7f7f_7f7f_7f7fn);
    done();
    const long = make(Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), heap);
    expect(codeOf(() => long.buf.getVarint())).toBe('ERR_TOO_LARGE');
    expect(codeOf(() => long.buf.getZigzag())).toBe('ERR_TOO_LARGE');
    expect(long.buf.getVarintBig()).toBe(2n ** 64n - 1n);
    long.done();
  });

  test.each([[[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]], [[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00]]])('a varint over 64 bits is corrupt: %j', (data) => {
    const heap = ledgerHeap();
    const { buf, done } = make(Uint8Array.from(data), heap);
    expect(codeOf(() => buf.getVarint())).toBe('ERR_CORRUPT');
    expect(codeOf(() => buf.tryGetZigzagBig())).toBe('ERR_CORRUPT');
    expect(buf.remaining).toBe(data.length);
    done();
  });

  test('sizes of integers outside 1 to 8 are refused', () => {
    const heap = ledgerHeap();
    const { buf, done } = make(counting(20), heap);
    for (const n of [0, 9, 1.5]) expect(codeOf(() => buf.getUint(n))).toBe('ERR_OUT_OF_RANGE');
    done();
  });

  test('chunks, one after the other, are the whole', () => {
    const heap = ledgerHeap();
    const data = counting(23);
    const { buf, done } = make(data, heap);
    expect(Buffer.concat(buf.chunksVectored())).toEqual(Buffer.from(data));
    expect(buf.chunksVectored(0)).toEqual([]);
    expect(buf.chunksVectored(1)).toEqual([buf.chunk()]);
    const seen: number[] = [];
    while (buf.hasRemaining) {
      const chunk = buf.chunk();
      expect(chunk.length).toBe(buf.end - buf.start);
      seen.push(...chunk);
      buf.advance(chunk.length);
    }
    expect(seen).toEqual([...data]);
    expect([buf.chunk().length, buf.chunksVectored().length]).toEqual([0, 0]);
    done();
  });

  test('peekTo and copyToSlice copy, advance skips, and none goes past the end', () => {
    const heap = ledgerHeap();
    const { buf, done } = make(counting(23), heap);
    const target = new Uint8Array(9);
    buf.peekTo(target, 5);
    expect([...target]).toEqual([0, 1, 2, 3, 4, 0, 0, 0, 0]);
    expect(codeOf(() => buf.peekTo(new Uint8Array(24), 24))).toBe('ERR_INSUFFICIENT_DATA');
    buf.advance(2);
    buf.copyToSlice(target);
    expect([...target]).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
    buf.copyToSlice(new Uint8Array(0));
    expect(codeOf(() => buf.copyToSlice(new Uint8Array(13)))).toBe('ERR_INSUFFICIENT_DATA');
    expect(buf.tryCopyToSlice(new Uint8Array(13))).toBe(false);
    for (const n of [13, -1, 0.5]) expect(codeOf(() => buf.advance(n))).toBe('ERR_OUT_OF_RANGE');
    expect(buf.tryCopyToSlice(new Uint8Array(12))).toBe(true);
    expect(buf.remaining).toBe(0);
    done();
  });

  test('copyToBytes consumes into a handle that outlives the source', () => {
    const heap = ledgerHeap();
    const { buf, done } = make(counting(23), heap);
    const empty = buf.copyToBytes(0);
    const head = buf.copyToBytes(7);
    expect(codeOf(() => buf.copyToBytes(17))).toBe('ERR_INSUFFICIENT_DATA');
    const tail = buf.copyToBytes(16);
    expect(buf.remaining).toBe(0);
    done();
    expect([...empty]).toEqual([]);
    expect([...head]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(tail.at(15)).toBe(22);
    for (const one of [empty, head, tail]) one.release();
  });

  test.each([0, 1, 3, 4, 6, 7, 23, 24])('take %i', (n) => {
    const heap = ledgerHeap();
    const { buf, done } = make(counting(23), heap);
    const part = take(buf, n);
    const there = Math.min(n, 23);
    expect([part.remaining, part.limit]).toEqual([there, n]);
    expect(Buffer.concat(part.chunksVectored())).toEqual(Buffer.from(counting(there)));
    expect(codeOf(() => part.advance(there + 1))).toBe('ERR_OUT_OF_RANGE');
    expect(codeOf(() => part.copyToBytes(there + 1))).toBe('ERR_INSUFFICIENT_DATA');
    const seen: number[] = [];
    while (part.hasRemaining) seen.push(part.getU8());
    expect(seen).toEqual([...counting(there)]);
    expect(part.tryGetU8()).toBeUndefined();
    expect(buf.remaining).toBe(23 - there);
    part.limit = 1;
    expect(part.remaining).toBe(Math.min(1, 23 - there));
    done();
  });

  test('a sink takes all of it', () => {
    const heap = ledgerHeap();
    const { buf, done } = make(counting(23), heap);
    const sink = BytesMut.copyOf(Uint8Array.of(99), heap);
    buf.advance(3);
    sink.put(buf);
    expect([...sink]).toEqual([99, ...counting(23).subarray(3)]);
    expect(buf.remaining).toBe(0);
    done();
    sink.release();
  });
});

describe.each(['BytesMut', 'BytesMut that grows', 'Limit'])('BufMut: %s', (name) => {
  for (const kind of kinds()) {
    test(`${kind.name}: bytes, and values that do not fit`, () => {
      const heap = ledgerHeap();
      for (const value of kind.values) {
        const encoded = kind.encode(value as never);
        const buffer = BytesMut.withCapacity(name === 'BytesMut that grows' ? 1 : 64, heap);
        if (name === 'BytesMut that grows') buffer.putBytes(0, buffer.spareLength);
        const before = buffer.length;
        const sink = name === 'Limit' ? limit(buffer, encoded.length) : buffer;
        kind.put(sink, value as never);
        expect([...buffer].slice(before)).toEqual([...encoded]);
        for (const wrong of kind.refused) expect(codeOf(() => kind.put(sink, wrong as never)), String(wrong)).toBe('ERR_OUT_OF_RANGE');
        if (name === 'Limit') expect(codeOf(() => kind.put(sink, value as never))).toBe('ERR_NO_ROOM');
        expect(buffer.length).toBe(before + encoded.length);
        buffer.release();
      }
    });
  }
});
