import { expect, test } from 'vitest';
import { Bytes, BytesMut } from '../../src/bytes/bytes.js';
import { Heap } from '../../src/memory/heap.js';
import { chain } from '../../src/bytes/rope.js';
import { take } from '../../src/bytes/take.js';
import { codeOf, counting, ledgerHeap } from './ledger.js';

test('telling case: split at every index and unsplit', () => {
  const heap = ledgerHeap();
  for (let n = 0; n <= 40; n += 1) {
    const head = BytesMut.copyOf(counting(40), heap);
    const tail = head.splitOff(n);
    expect([head.length, head.capacity, tail.length]).toEqual([n, n, 40 - n]);
    const { start } = head;
    head.unsplit(tail);
    expect([head.start, head.length, tail.isReleased]).toEqual([start, 40, true]);
    expect(head.equals(counting(40))).toBe(true);
    head.release();
  }
});

test('telling case: unsplit of an empty self or other', () => {
  const heap = ledgerHeap();
  const empty = BytesMut.withCapacity(0, heap);
  const full = BytesMut.copyOf(counting(20), heap);
  const { start } = full;
  empty.unsplit(full);
  expect([empty.start, empty.length, full.isReleased]).toEqual([start, 20, true]);
  const room = BytesMut.withCapacity(64, heap);
  empty.unsplit(room);
  expect([empty.start, empty.length, room.isReleased]).toEqual([start, 20, true]);
  const { live } = heap;
  expect(live).toBe(empty.capacity);
  const spare = BytesMut.withCapacity(64, heap);
  spare.unsplit(empty);
  expect([spare.start, spare.length]).toEqual([start, 20]);
  expect(heap.live).toBe(live);
  spare.release();
});

test('unsplit of buffers that do not touch appends a copy', () => {
  const heap = ledgerHeap();
  const a = BytesMut.copyOf(counting(16), heap);
  const between = BytesMut.copyOf(counting(16), heap);
  const b = BytesMut.copyOf(counting(16), heap);
  expect(a.tryUnsplit(b)).toBe(false);
  expect(b.length).toBe(16);
  a.unsplit(b);
  expect(a.equals(Uint8Array.from([...counting(16), ...counting(16)]))).toBe(true);
  a.release();
  between.release();
});

test('a buffer that is not full does not unsplit in place: bytes would be missing between', () => {
  const heap = ledgerHeap();
  const head = BytesMut.copyOf(counting(32), heap);
  const tail = head.splitOff(20);
  head.truncate(10);
  expect(head.tryUnsplit(tail)).toBe(false);
  head.unsplit(tail);
  expect([...head]).toEqual([...counting(10), ...counting(32).subarray(20)]);
  head.release();
});

test('telling case: ten rounds of splitOff and reserve keep the capacity', () => {
  const heap = ledgerHeap();
  const buffer = BytesMut.withCapacity(1024, heap);
  for (let round = 0; round < 10; round += 1) {
    buffer.splitOff(32).release();
    expect(buffer.capacity).toBe(32);
    buffer.reserve(900);
    expect(buffer.capacity, `round ${round}`).toBeGreaterThanOrEqual(900);
    expect(buffer.capacity, `round ${round}`).toBeLessThanOrEqual(1024);
  }
  buffer.release();
});

test('telling case: a buffer that was split to nothing comes back at the size it had', () => {
  const heap = ledgerHeap();
  const buffer = BytesMut.withCapacity(1024, heap);
  buffer.putBytes(1, 1020);
  const taken = buffer.split();
  buffer.reserve(16);
  expect(buffer.capacity).toBeGreaterThanOrEqual(1024);
  taken.release();
  buffer.release();
});

test('telling case: capacities of splits add up', () => {
  const heap = ledgerHeap();
  const buffer = BytesMut.withCapacity(1000, heap);
  const whole = buffer.capacity;
  buffer.putBytes(7, 300);
  const head = buffer.splitTo(100);
  const spare = buffer.splitOff(500);
  const written = buffer.split();
  expect([head.capacity, written.capacity, buffer.capacity, spare.capacity]).toEqual([100, 200, 300, whole - 600]);
  expect([head.length, written.length, buffer.length, spare.length]).toEqual([100, 200, 0, 0]);
  expect(heap.live).toBe(whole);
  for (const one of [head, written, buffer, spare]) one.release();
});

test('telling case: advance lowers the capacity and gives back at once', () => {
  const heap = ledgerHeap();
  const buffer = BytesMut.withCapacity(160, heap);
  buffer.putBytes(7, 100);
  buffer.advance(30);
  expect([buffer.length, buffer.capacity, heap.live]).toEqual([70, 130, 130]);
  expect(codeOf(() => buffer.advance(71))).toBe('ERR_OUT_OF_RANGE');
  buffer.release();
});

test('telling case: put steals a unique Bytes, and copies one that is shared', () => {
  const heap = ledgerHeap();
  const unique = Bytes.copyOf(counting(100), heap);
  const { start } = unique;
  const buffer = BytesMut.withCapacity(16, heap);
  buffer.put(unique);
  expect([buffer.start, buffer.length, unique.length, heap.live]).toEqual([start, 100, 0, 100]);
  const shared = Bytes.copyOf(counting(100), heap);
  const clone = shared.clone();
  const other = BytesMut.withCapacity(16, heap);
  other.put(shared);
  expect(other.start).not.toBe(clone.start);
  expect(other.equals(clone)).toBe(true);
  expect(shared.isEmpty).toBe(true);
  for (const one of [buffer, other, shared, clone, unique]) one.release();
});

test.each([0, 1, 3, 4, 6, 7])('telling case: Take over chunks of three and four bytes, limit %i', (limit) => {
  const heap = ledgerHeap();
  // Made in this order, they do not touch.
  const second = Bytes.copyOf(Buffer.from('defg'), heap);
  const rope = chain(Bytes.copyOf(Buffer.from('abc'), heap), second);
  const part = take(rope, limit);
  const chunks = part.chunksVectored().map((chunk) => chunk.toString());
  expect(chunks).toEqual(['abc'.slice(0, limit), 'defg'.slice(0, Math.max(0, limit - 3))].filter((chunk) => chunk !== ''));
  expect(part.chunk().toString()).toBe(chunks[0] ?? '');
  const bytes = part.copyToBytes(limit);
  expect([bytes.toString(), part.remaining, rope.length]).toEqual(['abcdefg'.slice(0, limit), 0, 7 - limit]);
  bytes.release();
  rope.release();
});

test('appending grows in place when what lies behind is free, and moves when it is not', () => {
  const heap = ledgerHeap({ debug: false });
  const buffer = BytesMut.withCapacity(64, heap);
  const { start } = buffer;
  buffer.putBytes(1, 1000);
  expect(buffer.start).toBe(start);
  const wall = heap.allocate(16);
  const { limit } = buffer;
  if (wall !== limit) heap.free(wall, 16);
  const block = wall === limit ? wall : heap.allocate(16);
  buffer.putBytes(2, 5000);
  expect(buffer.length).toBe(6000);
  expect([buffer.at(999), buffer.at(1000), buffer.at(5999)]).toEqual([1, 2, 2]);
  heap.free(block, 16);
  buffer.release();
});

test('growth that does not fit leaves the buffer as it was', () => {
  const heap = new Heap({ limit: 2 ** 20, initial: 2 ** 16 });
  const buffer = BytesMut.copyOf(counting(100), heap);
  expect(codeOf(() => buffer.reserve(2 ** 20))).toBe('ERR_MEMORY_LIMIT');
  expect(codeOf(() => buffer.putBytes(1, 2 ** 20))).toBe('ERR_MEMORY_LIMIT');
  expect(codeOf(() => buffer.reserve(-1))).toBe('ERR_OUT_OF_RANGE');
  expect(buffer.equals(counting(100))).toBe(true);
  // Near the limit what is needed is taken where doubling does not fit.
  buffer.reserve(500_000);
  expect(buffer.capacity).toBeGreaterThanOrEqual(500_100);
  buffer.release();
  expect(heap.live).toBe(0);
});

test('resize, truncate, clear, putFromWithin and zeroed', () => {
  const heap = ledgerHeap();
  const buffer = BytesMut.zeroed(10, heap);
  expect([...buffer]).toEqual(Array.from({ length: 10 }, () => 0));
  buffer.resize(12, 5);
  buffer.resize(11, 9);
  expect([...buffer].slice(9)).toEqual([0, 5]);
  buffer.putFromWithin(9, 11);
  expect([...buffer].slice(9)).toEqual([0, 5, 0, 5]);
  expect(codeOf(() => buffer.putFromWithin(5, 14))).toBe('ERR_OUT_OF_RANGE');
  const capacity = buffer.capacity;
  buffer.clear();
  expect([buffer.length, buffer.capacity]).toEqual([0, capacity]);
  expect(codeOf(() => buffer.put(buffer))).toBe('ERR_INVALID_ARG_TYPE');
  buffer.release();
});

test('what the caller writes into the spare room counts once it says so', () => {
  const heap = ledgerHeap();
  const buffer = BytesMut.withCapacity(32, heap);
  buffer.chunkMut().set([1, 2, 3]);
  expect(buffer.length).toBe(0);
  buffer.advanceMut(3);
  expect([...buffer]).toEqual([1, 2, 3]);
  expect(codeOf(() => buffer.advanceMut(30))).toBe('ERR_OUT_OF_RANGE');
  buffer.putBytes(0, buffer.spareLength);
  expect(buffer.chunkMut().length).toBeGreaterThan(0);
  buffer.release();
});

test('freeze gives the spare room back, and tryIntoMut takes a part for writing while others are read', () => {
  const heap = ledgerHeap();
  const buffer = BytesMut.withCapacity(1000, heap);
  buffer.putSlice(counting(100));
  const bytes = buffer.freeze();
  expect(heap.live).toBe(100);
  const tail = bytes.splitOff(50);
  const reader = tail.clone();
  const own = bytes.tryIntoMut()!;
  own.clear();
  own.putBytes(255, 50);
  expect(reader.at(0)).toBe(50);
  expect(tail.tryIntoMut()).toBeUndefined();
  for (const one of [own, tail, reader]) one.release();
});

test('memory may grow under a handle: its view stays, and copies reach both ends', () => {
  const heap = new Heap({ limit: 2 ** 23, initial: 2 ** 17 });
  const first = Bytes.copyOf(counting(200), heap);
  const large = BytesMut.withCapacity(2 ** 21, heap);
  large.putBytes(3, 2 ** 20);
  const clone = first.clone();
  large.put(clone);
  clone.release();
  expect(first.equals(counting(200))).toBe(true);
  const tail = large.splitOff(2 ** 20);
  expect(tail.equals(first)).toBe(true);
  first.release();
  tail.release();
  large.release();
});
