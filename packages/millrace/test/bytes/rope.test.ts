import { expect, test, vi } from 'vitest';
import { Bytes, BytesMut } from '../../src/bytes/bytes.js';
import { gather } from '../../src/bytes/gather.js';
import { chain, Rope } from '../../src/bytes/rope.js';
import { apart, codeOf, counting, ledgerHeap } from './ledger.js';

test('every method of a released rope throws', () => {
  const heap = ledgerHeap();
  const rope = Rope.of(Bytes.copyOf(counting(10), heap));
  rope.release();
  const calls = [
    () => rope.append(Bytes.empty()),
    () => rope.prepend(Bytes.empty()),
    () => new Rope().append(rope),
    () => new Rope().prepend(rope),
    () => rope.at(0),
    () => rope.slice(0),
    () => rope.clone(),
    () => rope.splitTo(0),
    () => rope.splitOff(0),
    () => rope.truncate(0),
    () => rope.clear(),
    () => rope.advance(0),
    () => rope.release(),
    () => rope.isUnique(),
    () => rope.intoParts(),
    () => rope.flatten(),
    () => rope.copyToBytes(0),
    () => rope.peekTo(new Uint8Array(0), 0),
    () => rope.copyTo(new Uint8Array(0)),
    () => rope.copyToBuffer(),
    () => rope.toIovec(),
    () => [...rope.chunks()],
    () => [...rope],
    () => rope.indexOf(0),
    () => rope.equals(rope),
    () => rope.compare(rope),
    () => rope.toString(),
    () => rope.getU8(),
  ];
  for (const call of calls) expect(codeOf(call), call.toString()).toBe('ERR_RELEASED');
  expect(rope.isReleased).toBe(true);
  rope[Symbol.dispose]();
});

test('ranges outside are refused and change nothing', () => {
  const heap = ledgerHeap();
  const rope = chain(Bytes.copyOf(counting(5), heap), Bytes.copyOf(counting(5), heap));
  for (const n of [-1, 11, 0.5, Number.NaN]) {
    for (const call of [() => rope.splitTo(n), () => rope.splitOff(n), () => rope.advance(n), () => rope.slice(n), () => rope.slice(0, n), () => rope.indexOf(1, n)]) {
      expect(codeOf(call)).toBe('ERR_OUT_OF_RANGE');
    }
    expect(rope.at(n)).toBeUndefined();
  }
  expect(codeOf(() => rope.append(rope))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => rope.append(counting(3) as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect(rope.length).toBe(10);
  rope.release();
});

test('parts that touch are one part, and flatten does not copy them', () => {
  const heap = ledgerHeap();
  const bytes = Bytes.copyOf(counting(30), heap);
  const start = bytes.start;
  const rope = Rope.of(bytes.splitTo(10), bytes.splitTo(10), bytes);
  expect(rope.partCount).toBe(1);
  const flat = rope.flatten(heap);
  expect([flat.start, flat.length]).toEqual([start, 30]);
  flat.release();
});

test('flatten copies once when parts lie apart, and leaves the rope alone when there is no room', () => {
  const heap = ledgerHeap();
  const rope = chain(Bytes.copyOf(counting(100), heap), Bytes.adopt(counting(100)));
  const flat = rope.flatten(heap);
  expect(flat.equals(Uint8Array.from([...counting(100), ...counting(100)]))).toBe(true);
  expect(rope.isReleased).toBe(true);
  flat.release();
  const large = chain(Bytes.adopt(new Uint8Array(2 ** 24)), Bytes.adopt(new Uint8Array(2 ** 24)));
  expect(codeOf(() => large.flatten(heap))).toBe('ERR_MEMORY_LIMIT');
  large.advance(3);
  expect(codeOf(() => large.copyToBytes(2 ** 24 + 5, heap))).toBe('ERR_MEMORY_LIMIT');
  expect(large.length).toBe(2 ** 25 - 3);
  large.release();
});

test('a slice of many parts gives back what it alone covered', () => {
  const heap = ledgerHeap();
  const rope = new Rope();
  for (let i = 0; i < 1000; i += 1) rope.append(apart(counting(16), heap));
  expect(rope.partCount).toBe(1000);
  const slice = rope.slice(100, 15_900);
  rope.release();
  expect(heap.live).toBe(15_800);
  expect([slice.length, slice.at(0), slice.at(15_799)]).toEqual([15_800, 4, 11]);
  slice.advance(7000);
  expect(heap.live).toBe(8800);
  slice.release();
});

test('owners of adopted parts hear once, and all of them when one throws', () => {
  const quiet = vi.fn();
  const loud = vi.fn(() => {
    throw new Error('from the owner');
  });
  const rope = chain(Bytes.adopt(counting(3), quiet), Bytes.adopt(counting(3), loud), Bytes.adopt(counting(3), quiet));
  const slice = rope.slice(5);
  expect(() => rope.release()).not.toThrow();
  expect([quiet.mock.calls.length, loud.mock.calls.length]).toEqual([1, 0]);
  expect(() => slice.release()).toThrow('from the owner');
  expect([quiet.mock.calls.length, loud.mock.calls.length]).toEqual([2, 1]);
  expect(slice.isReleased).toBe(true);
});

test('an owner may use a rope of the same line', () => {
  const rope = new Rope();
  const seen: number[] = [];
  for (let i = 0; i < 4; i += 1) rope.append(Bytes.adopt(Uint8Array.of(i), () => seen.push(rope.length)));
  const clone = rope.clone();
  clone.release();
  rope.advance(2);
  rope.append(Bytes.adopt(Uint8Array.of(9)));
  rope.advance(2);
  expect(seen).toEqual([2, 2, 1, 1]);
  rope.release();
});

test('what stands across parts is found, from any place on', () => {
  const heap = ledgerHeap();
  const text = 'the quick brown fox jumps over the lazy dog, and the fox over the dog';
  for (const size of [1, 2, 3, 7, 50]) {
    const rope = new Rope();
    for (let at = 0; at < text.length; at += size) rope.append(apart(Buffer.from(text.slice(at, at + size)), heap));
    expect(rope.partCount).toBe(Math.ceil(text.length / size));
    for (const needle of ['the', 'fox', 'over the lazy', 'g', 'z', 'cat', 'the dog', '', text]) {
      for (const from of [0, 1, 20, 45, text.length]) expect(rope.indexOf(needle, from), `${needle} from ${from}`).toBe(text.indexOf(needle, from));
    }
    expect(rope.toString()).toBe(text);
    rope.release();
  }
});

test('equality and order are by content, whatever the parts', () => {
  const heap = ledgerHeap();
  const parts = (sizes: number[]): Rope => {
    const rope = new Rope();
    let at = 0;
    for (const size of sizes) {
      rope.append(apart(counting(256).subarray(at, at + size), heap));
      at += size;
    }
    return rope;
  };
  const a = parts([100, 1, 99]);
  const b = parts([3, 130, 67]);
  const shorter = parts([100]);
  const bytes = Bytes.copyOf(counting(200), heap);
  expect([a.equals(b), a.compare(b), a.equals(bytes), a.equals(counting(200)), a.equals(shorter)]).toEqual([true, 0, true, true, false]);
  expect(a.compare(shorter)).toBeGreaterThan(0);
  expect(shorter.compare(b)).toBeLessThan(0);
  b.advance(1);
  expect(a.compare(b)).toBeLessThan(0);
  for (const one of [a, b, shorter, bytes]) one.release();
});

test('gather rebuilds the original from its pieces in any order', () => {
  const heap = ledgerHeap();
  const bytes = Bytes.copyOf(counting(100), heap);
  const { start } = bytes;
  const pieces = [bytes.splitTo(20), bytes.splitTo(0), bytes.splitTo(30), bytes.splitTo(50), bytes];
  const whole = gather([pieces[3]!, pieces[0]!, pieces[4]!, pieces[2]!, pieces[1]!]);
  expect(whole).toBeInstanceOf(Bytes);
  expect([whole.length, whole.start]).toEqual([100, start]);
  expect(pieces.filter((piece) => !piece.isReleased)).toEqual([whole]);
  whole.release();
});

test('gather makes a rope, and never a copy, of what is not one range', () => {
  const heap = ledgerHeap();
  const bytes = Bytes.copyOf(counting(100), heap);
  const middle = bytes.slice(40, 60);
  const rope = gather([middle, bytes]);
  expect(rope).toBeInstanceOf(Rope);
  expect([...rope].slice(0, 21)).toEqual([...counting(60).subarray(40), 0]);
  expect(heap.live).toBe(100);
  rope.release();
  const empty = gather([]);
  expect(empty.isEmpty).toBe(true);
  const one = Bytes.copyOf(counting(3), heap);
  expect(codeOf(() => gather([one, one]))).toBe('ERR_INVALID_ARG_TYPE');
  const gone = one.clone();
  gone.release();
  expect(codeOf(() => gather([one, gone]))).toBe('ERR_RELEASED');
  expect(gather([one])).toBe(one);
  one.release();
});

test('a writev of the parts writes the whole', () => {
  const heap = ledgerHeap();
  const rope = chain(Bytes.copyOf(counting(5), heap), Bytes.adopt(counting(7)), BytesMut.copyOf(counting(3), heap).freeze());
  expect(rope.toIovec().map((chunk) => chunk.length)).toEqual([5, 7, 3]);
  expect(rope.chunksVectored(2).length).toBe(2);
  expect(JSON.stringify(rope)).toBe(JSON.stringify(rope.copyToBuffer()));
  rope.release();
});
