import { expect, test } from 'vitest';
import { Bytes, BytesMut } from '../../src/bytes/bytes.js';
import { gather } from '../../src/bytes/gather.js';
import { Rope } from '../../src/bytes/rope.js';
import { Heap } from '../../src/memory/heap.js';
import type { HeapOptions } from '../../src/memory/heap-options.js';
import { NURSERY_BELOW, NURSERY_ROOM } from '../../src/memory/nursery.js';
import { counting } from './ledger.js';

// What is special about handles on less than a KiB: they are cut from room that many share (memory/nursery.ts). Debug mode does without.
function plainHeap(options: HeapOptions = {}): Heap {
  return new Heap({ limit: 2 ** 24, initial: 2 ** 18, idleMs: 0, ...options, debug: false });
}

test('the room that small handles are cut from is not live, and statistics and audit do not see it', () => {
  const heap = plainHeap();
  const bytes = Bytes.copyOf(counting(100), heap);
  expect(heap.live).toBe(100);
  const stats = heap.stats();
  expect(stats.live).toBe(100);
  expect(stats.free + stats.live).toBe(stats.tiers.small.size);
  expect(stats.tiers.middle.size).toBe(0);
  heap.audit();
  const more = Bytes.copyOf(counting(50), heap);
  expect(heap.map().blocks.flatMap((block) => block.free).reduce((sum, [start, end]) => sum + end - start, 0)).toBe(65_536 - 150);
  for (const one of [bytes, more]) one.release();
  expect(heap.live).toBe(0);
  expect(heap.trim()).toBe(65_536);
  expect(heap.detach()).toBe(true);
});

test('copies made one after the other lie side by side and merge without a copy', () => {
  const heap = plainHeap();
  const parts = [10, 1, 33, 100].map((n) => Bytes.copyOf(counting(n), heap));
  const rope = Rope.of(...parts.map((part) => part.clone()));
  expect(rope.partCount).toBe(1);
  rope.release();
  const whole = gather(parts.toReversed());
  expect(whole).toBeInstanceOf(Bytes);
  expect(whole.equals(Buffer.concat([10, 1, 33, 100].map((n) => counting(n))))).toBe(true);
  whole.release();
  expect(heap.live).toBe(0);
});

test.each(['in order', 'last first', 'every second first'])('what is released goes back at once: %s', (order) => {
  const heap = plainHeap();
  const handles = Array.from({ length: 400 }, (_, i) => Bytes.copyOf(counting(1 + (i % 150)), heap));
  let live = handles.reduce((sum, one) => sum + one.length, 0);
  expect(heap.live).toBe(live);
  const queue = order === 'in order' ? handles : order === 'last first' ? handles.toReversed() : [...handles.filter((_, i) => i % 2 === 1), ...handles.filter((_, i) => i % 2 === 0)];
  for (const one of queue) {
    live -= one.length;
    one.release();
    expect(heap.live).toBe(live);
  }
  heap.audit();
});

test('the last one released leaves its place to the next, unless something still covers it', () => {
  const heap = plainHeap();
  const first = Bytes.copyOf(counting(40), heap);
  const { start } = first;
  first.release();
  const second = Bytes.copyOf(counting(60), heap);
  expect(second.start).toBe(start);
  const slice = second.slice(50, 60);
  const clone = second.clone();
  second.release();
  const third = Bytes.copyOf(counting(60), heap);
  expect(third.start).toBe(start + 60);
  clone.release();
  expect([...slice]).toEqual([50, 51, 52, 53, 54, 55, 56, 57, 58, 59]);
  slice.release();
  expect(heap.live).toBe(60);
  third.release();
  expect(heap.live).toBe(0);
  heap.audit();
});

test('a handle of a room that is used up goes back to its own room, also where the next room begins right behind it', () => {
  const heap = plainHeap();
  const size = 512;
  const room = Array.from({ length: NURSERY_ROOM / size }, () => Bytes.copyOf(counting(size), heap));
  const last = room.at(-1)!;
  const next = Bytes.copyOf(counting(size), heap);
  const { end, block } = last;
  expect(next.block).not.toBe(block);
  expect(next.start).toBe(end); // the case that is meant
  next.release();
  expect(heap.nursery.at).toBe(end); // the next room is whole again, and begins where the old one ended
  last.release();
  expect(heap.nursery.at).toBe(end);
  const again = Bytes.copyOf(counting(size), heap);
  expect(again.start).toBe(end);
  for (const one of [again, ...room.slice(0, -1)]) one.release();
  expect(heap.live).toBe(0);
  heap.audit();
});

test('spare room that is given back by freeze and truncate is the next handle\'s', () => {
  const heap = plainHeap();
  const buffer = BytesMut.withCapacity(500, heap);
  buffer.putBytes(7, 30);
  const bytes = buffer.freeze();
  expect(heap.live).toBe(30);
  const next = Bytes.copyOf(counting(5), heap);
  expect(next.start).toBe(bytes.end);
  next.truncate(2);
  const last = Bytes.copyOf(counting(5), heap);
  expect(last.start).toBe(next.end);
  for (const one of [bytes, next, last]) one.release();
  expect(heap.live).toBe(0);
});

test('the last buffer grows in place while there is room, any other moves', () => {
  const heap = plainHeap();
  const first = BytesMut.withCapacity(20, heap);
  const last = BytesMut.withCapacity(20, heap);
  const { start } = last;
  last.putBytes(1, 300);
  expect(last.start).toBe(start);
  first.putBytes(2, 21);
  expect(first.start).toBeGreaterThan(last.start);
  // Beyond the room.
  last.putBytes(3, NURSERY_ROOM);
  expect(last.start).not.toBe(start);
  expect([last.at(0), last.at(299), last.at(300), first.at(20)]).toEqual([1, 1, 3, 2]);
  for (const one of [first, last]) one.release();
  expect(heap.live).toBe(0);
  heap.audit();
});

test('handles just below, at and above the limit of what is small', () => {
  const heap = plainHeap();
  for (const n of [NURSERY_BELOW - 1, NURSERY_BELOW, NURSERY_BELOW + 1]) {
    const bytes = Bytes.copyOf(counting(n), heap);
    expect([bytes.length, heap.live]).toEqual([n, n]);
    expect(bytes.equals(counting(n))).toBe(true);
    bytes.release();
    expect(heap.live).toBe(0);
  }
});

test('holes between handles that stay are used before there is more memory', () => {
  const heap = plainHeap();
  const stay: Bytes[] = [];
  for (let i = 0; i < 5000; i += 1) {
    const bytes = Bytes.copyOf(counting(200), heap);
    if (i % 10 === 0) stay.push(bytes);
    else bytes.release();
  }
  // One after the other they reuse one place; now many at a time, of which a tenth stays.
  const { owned } = heap.stats().shared;
  for (let round = 0; round < 20; round += 1) {
    const batch = Array.from({ length: 100 }, () => Bytes.copyOf(counting(200), heap));
    for (const one of stay.splice(0, 10)) one.release();
    stay.push(...batch.splice(0, 10));
    for (const one of batch) one.release();
  }
  expect(heap.stats().shared.owned).toBeLessThanOrEqual(owned + 65_536);
  for (const one of stay) one.release();
  expect(heap.live).toBe(0);
  heap.audit();
});

test('the room held for small handles is not missing where memory is short', () => {
  const heap = plainHeap({ limit: 2 ** 18, initial: 2 ** 18 });
  const small = Bytes.copyOf(counting(16), heap);
  // The other page, then the rest of that which the small one lies in, to the byte.
  const other = heap.allocate(65_536);
  const rest = heap.allocate(65_520);
  expect(() => Bytes.copyOf(counting(16), heap)).toThrow(expect.objectContaining({ code: 'ERR_MEMORY_LIMIT' }));
  expect(() => BytesMut.withCapacity(100, heap)).toThrow(expect.objectContaining({ code: 'ERR_MEMORY_LIMIT' }));
  small.release();
  const again = Bytes.copyOf(counting(16), heap);
  again.release();
  heap.free(rest, 65_520);
  heap.free(other, 65_536);
  expect(heap.live).toBe(0);
});

test('a small release serves who waits for memory, and marks see every byte', async () => {
  const heap = plainHeap({ limit: 2 ** 18, initial: 2 ** 18 });
  const small = Array.from({ length: 4 }, () => Bytes.copyOf(counting(1000), heap));
  const other = heap.allocate(65_536);
  const waiting = heap.allocateAsync(65_536 - 16);
  for (const one of small) one.release();
  expect(heap.stats().waiting).toBe(0);
  heap.free(await waiting, 65_536 - 16);
  heap.free(other, 65_536);
  const seen: number[] = [];
  const end = heap.onHighWater(300, (live) => seen.push(live));
  const a = BytesMut.withCapacity(160, heap);
  const b = BytesMut.withCapacity(160, heap);
  expect(seen).toEqual([320]);
  a.release();
  b.release();
  end();
  const after = Bytes.copyOf(counting(10), heap);
  after.release();
  expect(heap.live).toBe(0);
  heap.audit();
});

test('memory may grow while the room is in use', () => {
  const heap = plainHeap({ initial: 2 ** 17 });
  const before = Bytes.copyOf(counting(100), heap);
  const large = BytesMut.withCapacity(2 ** 21, heap);
  const after = Bytes.copyOf(counting(100), heap);
  expect(after.equals(before)).toBe(true);
  for (const one of [before, large, after]) one.release();
  expect(heap.live).toBe(0);
});
