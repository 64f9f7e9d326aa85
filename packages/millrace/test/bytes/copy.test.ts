import { expect, test } from 'vitest';
import { Block } from '../../src/bytes/block.js';
import { copyAcross, copyIn, copyOut, copyToHeap } from '../../src/bytes/copy.js';
import { Heap } from '../../src/memory/heap.js';

// Around every length at which the way of copying changes.
const LENGTHS = [0, 1, 7, 8, 15, 16, 17, 31, 63, 64, 65, 66, 71, 72, 100, 255, 256, 1023, 1024, 1025, 1031, 2048, 5000, 70_000];
const WALL = 16;

const pattern = Uint8Array.from({ length: 70_100 }, (_, i) => (Math.imul(i, 0x9e37_79b1) >>> 24) & 0xff);

/** Runs `copy` from each alignment to each, and finds out whether it wrote what it should and nothing beside it. */
function everyAlignment(target: Uint8Array, source: Uint8Array, copy: (from: number, length: number, to: number) => void): void {
  for (const length of LENGTHS) {
    for (let pair = 0; pair < 64; pair += 1) {
      const from = pair & 7;
      const to = WALL + (pair >> 3);
      const around = target.subarray(0, to + length + WALL);
      around.fill(0xee);
      copy(from, length, to);
      const wanted = new Uint8Array(around.length).fill(0xee);
      wanted.set(source.subarray(from, from + length), to);
      if (Buffer.compare(around, wanted) !== 0) expect.fail(`${length} bytes from alignment ${from} to ${to & 7}`);
    }
  }
}

// As a view of its own for each alignment, and the place it is copied to.
test('a copy into a heap is exact from every alignment to every other', () => {
  const heap = new Heap();
  const address = heap.allocate(70_200);
  const source = Uint8Array.from(pattern);
  everyAlignment(heap.u8.subarray(address), source, (from, length, to) => copyToHeap(source.subarray(from, from + length), heap, address + to));
  everyAlignment(heap.u8.subarray(address), source, (from, length, to) => copyIn(source.subarray(from, from + length), heap.u8, address + to));
  heap.free(address, 70_208);
  expect(heap.live).toBe(0);
  heap.audit();
});

test('a copy out of a heap is exact from every alignment to every other', () => {
  const heap = new Heap();
  const block = Block.allocate(heap, pattern.length);
  block.u8.set(pattern, block.base);
  const target = new Uint8Array(70_200);
  everyAlignment(target, pattern, (from, length, to) => copyOut(block, block.base + from, block.base + from + length, target, to));
  block.uncover(block.base, block.end);
  expect(heap.live).toBe(0);
});

test('a copy between blocks is exact, be they of one heap, of two, or adopted', () => {
  const [heap, other] = [new Heap(), new Heap()];
  const blocks = [Block.allocate(heap, 70_200), Block.allocate(heap, 70_200), Block.allocate(other, 70_200), new Block(undefined, new Uint8Array(70_203).subarray(3), 0, 70_200)];
  for (const source of blocks) {
    for (const target of blocks) {
      if (source === target) continue;
      source.u8.set(pattern, source.base);
      everyAlignment(target.u8.subarray(target.base), pattern, (from, length, to) =>
        copyAcross(source, source.base + from, source.base + from + length, target, target.base + to));
    }
  }
  for (const block of blocks) block.uncover(block.base, block.end);
  expect([heap.live, other.live]).toEqual([0, 0]);
});

test('without memory for the detour a copy is as exact', () => {
  const heap = new Heap({ limit: 2 ** 18, initial: 2 ** 18, debug: false });
  const address = heap.allocate(2 ** 17);
  expect(heap.bounce).toBe(-1);
  const source = Uint8Array.from(pattern);
  everyAlignment(heap.u8.subarray(address), source, (from, length, to) => copyToHeap(source.subarray(from, from + length), heap, address + to));
  heap.free(address, 2 ** 17);
});

test('what a detour needs is no leak: it goes back when the heap is trimmed', () => {
  const heap = new Heap();
  const address = heap.allocate(2048);
  copyToHeap(pattern.subarray(1, 501), heap, address);
  expect(heap.live).toBe(2048);
  heap.audit();
  heap.free(address, 2048);
  heap.trim();
  expect(heap.stats().shared.owned).toBe(0);
  heap.audit();
  expect(heap.detach()).toBe(true);
});

test('a copy onto a view of the same memory moves what it overlaps', () => {
  const heap = new Heap();
  const block = Block.allocate(heap, 20_000);
  for (const length of [100, 700, 1500, 9000]) {
    for (const by of [1, 8, 13, 500]) {
      for (const [from, to] of [[16, 16 + by], [16 + by, 16]] as const) {
        block.u8.set(pattern.subarray(0, 20_000), block.base);
        copyOut(block, block.base + from, block.base + from + length, heap.u8, block.base + to);
        expect(Buffer.compare(block.u8.subarray(block.base + to, block.base + to + length), pattern.subarray(from, from + length))).toBe(0);
        block.u8.set(pattern.subarray(0, 20_000), block.base);
        copyIn(heap.u8.subarray(block.base + from, block.base + from + length), heap.u8, block.base + to);
        expect(Buffer.compare(block.u8.subarray(block.base + to, block.base + to + length), pattern.subarray(from, from + length))).toBe(0);
      }
    }
  }
  block.uncover(block.base, block.end);
  expect(heap.live).toBe(0);
});
