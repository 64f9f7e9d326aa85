import { expect, test } from 'vitest';
import { Bytes, BytesMut } from '../../src/bytes/bytes.js';
import { Rope } from '../../src/bytes/rope.js';
import { Heap } from '../../src/memory/heap.js';
import { counting, ledgerHeap } from './ledger.js';

const debugHeap = (): Heap => new Heap({ limit: 2 ** 24, initial: 2 ** 16, debug: true });

test('which regions are frozen is known by range', () => {
  const heap = debugHeap();
  const buffer = BytesMut.withCapacity(100, heap);
  buffer.putSlice(counting(100));
  expect(buffer.frozenRanges()).toEqual([]);
  const head = buffer.splitTo(30).freeze();
  const tail = buffer.splitOff(20).freeze();
  expect([head.frozenRanges(), buffer.frozenRanges(), tail.frozenRanges()]).toEqual([[[0, 30]], [], [[0, 50]]]);
  const { block } = buffer;
  const { start } = head;
  const at = (): unknown => block.frozenRanges(start, start + 100)!.map(([from, to]) => [from - start, to - start]);
  expect(at()).toEqual([[0, 30], [50, 100]]);
  const middle = buffer.freeze();
  expect(at()).toEqual([[0, 100]]);
  const own = middle.tryIntoMut()!;
  expect(at()).toEqual([[0, 30], [50, 100]]);
  const clone = tail.clone();
  tail.release();
  expect(at()).toEqual([[0, 30], [50, 100]]);
  clone.release();
  expect(at()).toEqual([[0, 30]]);
  own.release();
  head.release();
  expect(at()).toEqual([]);
  expect(heap.live).toBe(0);
});

test('without debug mode nobody keeps books', () => {
  const heap = ledgerHeap({ debug: false });
  const bytes = Bytes.copyOf(counting(10), heap);
  expect(bytes.frozenRanges()).toBeUndefined();
  expect(heap.leaks()).toEqual([]);
  bytes.release();
});

test('a leak report names the views that pin the memory, by their ranges of now', () => {
  const heap = debugHeap();
  const bytes = Bytes.copyOf(counting(100), heap);
  const tail = bytes.splitOff(60);
  const slice = bytes.slice(10, 20);
  bytes.release();
  const names = heap.leaks().flatMap((leak) => leak.pinnedBy.map((line) => line.split(' ')[0]));
  expect(names.toSorted()).toEqual(['Bytes(10)', 'Bytes(40)']);
  tail.advance(5);
  expect(heap.leaks().flatMap((leak) => leak.pinnedBy.map((line) => line.split(' ')[0])).toSorted()).toEqual(['Bytes(10)', 'Bytes(35)']);
  const buffer = tail.tryIntoMut()!;
  expect(heap.leaks().flatMap((leak) => leak.pinnedBy.map((line) => line.split(' ')[0])).toSorted()).toEqual(['Bytes(10)', 'BytesMut(35)']);
  buffer.release();
  slice.release();
  expect(heap.leaks()).toEqual([]);
});

test('handles do the same in debug mode', () => {
  const heap = debugHeap();
  const buffer = BytesMut.withCapacity(10, heap);
  for (let i = 0; i < 50; i += 1) buffer.putSlice(counting(100));
  const tail = buffer.splitOff(2500);
  buffer.unsplit(tail);
  const bytes = buffer.freeze();
  const clone = bytes.clone();
  const rope = Rope.of(bytes, clone.splitTo(100));
  rope.advance(40);
  expect(rope.at(0)).toBe(40);
  rope.release();
  expect(heap.live).toBe(clone.length);
  const whole = clone.intoMut(heap);
  whole.advance(whole.length);
  whole.release();
  expect(heap.live).toBe(0);
  expect(heap.leaks()).toEqual([]);
  heap.audit();
});
