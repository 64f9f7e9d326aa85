import { expect, test, vi } from 'vitest';
import { Bytes, BytesMut } from '../../src/bytes/bytes.js';
import { Heap } from '../../src/memory/heap.js';
import { codeOf, counting, ledgerHeap } from './ledger.js';

test('a copy covers its bytes and nothing more', () => {
  const heap = ledgerHeap();
  const bytes = Bytes.copyOf(counting(100), heap);
  expect(heap.live).toBe(100);
  expect(bytes.length).toBe(100);
  expect(bytes.at(99)).toBe(99);
  expect(bytes.at(100)).toBeUndefined();
  expect(bytes.at(-1)).toBeUndefined();
  bytes.release();
});

test('a small slice does not pin its block', () => {
  const heap = ledgerHeap();
  const bytes = Bytes.copyOf(counting(200), heap);
  const slice = bytes.slice(50, 60);
  bytes.release();
  expect(heap.live).toBe(10);
  expect([...slice.toBuffer()]).toEqual([50, 51, 52, 53, 54, 55, 56, 57, 58, 59]);
  slice.release();
});

test('telling case: split at every index, recombine and read', () => {
  const heap = ledgerHeap();
  for (let n = 0; n <= 40; n += 1) {
    const head = Bytes.copyOf(counting(40), heap);
    const tail = head.splitOff(n);
    const front = head.splitTo(n >> 1);
    expect([front.length, head.length, tail.length]).toEqual([n >> 1, n - (n >> 1), 40 - n]);
    expect(front.tryMerge(head)).toBe(true);
    expect(front.tryMerge(tail)).toBe(true);
    expect(Buffer.compare(front.toBuffer(), counting(40))).toBe(0);
    front.release();
  }
});

test('telling case: truncate(0) and clear release', () => {
  const heap = ledgerHeap();
  const bytes = Bytes.copyOf(counting(100), heap);
  const other = bytes.clone();
  bytes.truncate(0);
  expect(heap.live).toBe(100);
  other.clear();
  expect(heap.live).toBe(0);
  bytes.release();
  other.release();
});

test('telling case: the second half and then the first, given back, are one free range', () => {
  const heap = new Heap({ limit: 2 ** 24, initial: 2 ** 18, debug: false });
  for (const size of [100, 100_000]) {
    const wall = Bytes.copyOf(counting(16), heap);
    const bytes = BytesMut.zeroed(size, heap).freeze();
    const { start, end } = bytes;
    const after = BytesMut.zeroed(size, heap);
    const tail = bytes.splitOff(size / 2);
    tail.release();
    bytes.release();
    const free = heap.map().blocks.flatMap((one) => one.free).filter(([from, to]) => from < end && to > start);
    expect(free.length).toBe(1);
    expect(free[0]![0]).toBeLessThanOrEqual(start);
    expect(free[0]![1]).toBeGreaterThanOrEqual(end);
    after.release();
    wall.release();
  }
  expect(heap.live).toBe(0);
});

test('unique by range: a slice elsewhere in the block does not matter', () => {
  const heap = ledgerHeap();
  const bytes = Bytes.copyOf(counting(100), heap);
  const slice = bytes.slice(10, 20);
  expect(bytes.isUnique()).toBe(false);
  const tail = bytes.splitOff(20);
  expect(tail.isUnique()).toBe(true);
  const writable = tail.tryIntoMut()!;
  expect(writable.capacity).toBe(80);
  expect(bytes.tryIntoMut()).toBeUndefined();
  expect(bytes.length).toBe(20);
  slice.release();
  expect(bytes.isUnique()).toBe(true);
  bytes.release();
  writable.release();
});

test('every method of a released handle throws', () => {
  const heap = ledgerHeap();
  const bytes = Bytes.copyOf(counting(10), heap);
  bytes.release();
  const target = new Uint8Array(10);
  const calls = [
    () => bytes.at(0),
    () => bytes.isUnique(),
    () => bytes.clone(),
    () => bytes.slice(0, 0),
    () => bytes.sliceRef(target),
    () => bytes.splitTo(0),
    () => bytes.splitOff(0),
    () => bytes.truncate(1),
    () => bytes.clear(),
    () => bytes.advance(0),
    () => bytes.tryMerge(Bytes.empty()),
    () => Bytes.empty().tryMerge(bytes),
    () => bytes.tryIntoMut(),
    () => bytes.intoMut(),
    () => bytes.release(),
    () => bytes.toBuffer(),
    () => bytes.copyToBuffer(),
    () => bytes.copyTo(target),
  ];
  for (const call of calls) expect(codeOf(call), call.toString()).toBe('ERR_RELEASED');
  expect(bytes.isReleased).toBe(true);
  bytes[Symbol.dispose]();
});

test('every method of a frozen buffer throws', () => {
  const heap = ledgerHeap();
  const buffer = BytesMut.withCapacity(10, heap);
  const frozen = buffer.freeze();
  frozen.release();
  const calls = [
    () => buffer.at(0),
    () => buffer.advanceMut(0),
    () => buffer.spareBuffer(),
    () => buffer.reserve(0),
    () => buffer.tryReclaim(0),
    () => buffer.putSlice(new Uint8Array(0)),
    () => buffer.putSlice(counting(3)),
    () => buffer.putBytes(0, 1),
    () => buffer.putFromWithin(0, 0),
    () => buffer.truncate(0),
    () => buffer.clear(),
    () => buffer.resize(0, 0),
    () => buffer.advance(0),
    () => buffer.freeze(),
    () => buffer.splitTo(0),
    () => buffer.splitOff(0),
    () => buffer.split(),
    () => buffer.tryUnsplit(BytesMut.withCapacity(0, heap)),
    () => buffer.unsplit(BytesMut.withCapacity(0, heap)),
    () => buffer.release(),
    () => buffer.toBuffer(),
  ];
  for (const call of calls) expect(codeOf(call), call.toString()).toBe('ERR_RELEASED');
});

test('offsets outside the range are refused and change nothing', () => {
  const heap = ledgerHeap();
  const bytes = Bytes.copyOf(counting(10), heap);
  for (const n of [-1, 11, 0.5, Number.NaN, 2 ** 32]) {
    expect(codeOf(() => bytes.splitTo(n))).toBe('ERR_OUT_OF_RANGE');
    expect(codeOf(() => bytes.splitOff(n))).toBe('ERR_OUT_OF_RANGE');
    expect(codeOf(() => bytes.advance(n))).toBe('ERR_OUT_OF_RANGE');
    expect(codeOf(() => bytes.slice(n))).toBe('ERR_OUT_OF_RANGE');
    expect(codeOf(() => bytes.slice(0, n))).toBe('ERR_OUT_OF_RANGE');
  }
  expect(codeOf(() => bytes.slice(5, 4))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => bytes.copyTo(new Uint8Array(9)))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => bytes.splitTo('1' as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect(bytes.length).toBe(10);
  bytes.release();
});

test('sliceRef finds the range of a view, and refuses one from elsewhere', () => {
  const heap = ledgerHeap();
  const bytes = Bytes.copyOf(counting(100), heap);
  const part = bytes.sliceRef(bytes.toBuffer().subarray(20, 30));
  expect([part.start - bytes.start, part.length]).toEqual([20, 10]);
  const head = bytes.splitTo(25);
  expect(codeOf(() => head.sliceRef(part.toBuffer()))).toBe('ERR_FOREIGN_RANGE');
  expect(codeOf(() => head.sliceRef(counting(3)))).toBe('ERR_FOREIGN_RANGE');
  for (const one of [bytes, part, head]) one.release();
});

test('adopted memory: the owner hears exactly once, when the last view goes', () => {
  const memory = counting(100);
  const owner = vi.fn();
  const bytes = Bytes.adopt(memory, owner);
  const clone = bytes.clone();
  const middle = bytes.slice(40, 50);
  expect(bytes.toBuffer().buffer).toBe(memory.buffer);
  bytes.release();
  clone.splitTo(45).release();
  clone.release();
  expect(owner).not.toHaveBeenCalled();
  middle.advance(5);
  expect(owner).not.toHaveBeenCalled();
  middle.release();
  expect(owner.mock.calls).toEqual([[memory]]);
});

test('telling case: adopted memory: an owner that throws is called once, and the release is done', () => {
  const owner = vi.fn(() => {
    throw new Error('from the owner');
  });
  const bytes = Bytes.adopt(counting(10), owner);
  expect(() => bytes.release()).toThrow('from the owner');
  expect(bytes.isReleased).toBe(true);
  expect(codeOf(() => bytes.release())).toBe('ERR_RELEASED');
  const cut = Bytes.adopt(counting(10), owner);
  expect(() => cut.clear()).toThrow('from the owner');
  expect(cut.length).toBe(0);
  cut.release();
  expect(owner).toHaveBeenCalledTimes(2);
});

test('adopted memory that is empty has no last byte: its owner hears at once', () => {
  const owner = vi.fn();
  const bytes = Bytes.adopt(new Uint8Array(0), owner);
  expect(owner).toHaveBeenCalledTimes(1);
  bytes.release();
  expect(owner).toHaveBeenCalledTimes(1);
});

test('adopted memory is not ours to write: intoMut copies', () => {
  const heap = ledgerHeap();
  const owner = vi.fn();
  const bytes = Bytes.adopt(counting(10), owner);
  expect(bytes.tryIntoMut()).toBeUndefined();
  const copy = bytes.intoMut(heap);
  expect(owner).toHaveBeenCalledTimes(1);
  expect([...copy.toBuffer()]).toEqual([...counting(10)]);
  copy.release();
});

test('views of different blocks do not merge, empty ones merge with any', () => {
  const heap = ledgerHeap();
  const a = Bytes.copyOf(counting(1024), heap);
  const b = Bytes.copyOf(counting(1024), heap);
  expect(a.tryMerge(b)).toBe(false);
  expect(b.tryMerge(a)).toBe(false);
  expect(a.tryMerge(a)).toBe(false);
  expect(a.tryMerge(Bytes.empty())).toBe(true);
  const empty = Bytes.empty();
  expect(empty.tryMerge(b)).toBe(true);
  expect(b.isReleased).toBe(true);
  expect(empty.length).toBe(1024);
  a.release();
  empty.release();
});

test('clones of a whole merge with their neighbours and keep every count', () => {
  const heap = ledgerHeap();
  const bytes = Bytes.copyOf(counting(40), heap);
  const clone = bytes.clone();
  const tail = clone.splitOff(10);
  expect(clone.tryMerge(tail)).toBe(true);
  expect(bytes.isUnique()).toBe(false);
  bytes.release();
  expect(clone.isUnique()).toBe(true);
  expect(heap.live).toBe(40);
  clone.release();
});
