// What goes wrong in gomem (the two-level allocator this floor follows), each as a test that would fail here if it did.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Heap } from '../../src/memory/heap.js';

const PAGE = 65_536;

describe('gaps of the original', () => {
  it('a buddy block at any offset can be freed, not only the first', () => {
    const heap = new Heap();
    const level = heap.blocks;
    const held = [level.take(1), level.take(1), level.take(2), level.take(4)];
    for (const [i, pages] of [[3, 4], [1, 1], [2, 2], [0, 1]] as const) level.give(held[i]!, held[i]! + pages * PAGE);
    expect(heap.stats().shared.owned).toBe(0);
    heap.audit();
  });

  it('the smallest sizes and the smallest memory do not loop for ever', () => {
    const heap = new Heap({ limit: 4 * PAGE, initial: 0 });
    for (const size of [1, 2, 15, 16, 512, 1023]) heap.free(heap.allocate(size), heap.roundUp(size));
    for (const pages of [0, -1, 1.5, Number.NaN, 2 ** 20]) expect(() => heap.blocks.take(pages)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    expect(heap.blocks.take(3)).toBe(0);
    expect(heap.live).toBe(0);
    heap.audit();
  });

  it('the trees stay balanced when ranges come and go in order', () => {
    for (const index of ['tree', 'bins'] as const) {
      const heap = new Heap({ tiers: { small: index, middle: index } });
      // Rising, then falling sizes: what drives an unbalanced tree to a list.
      const held: [number, number][] = [];
      const rest: [number, number][] = [];
      for (let i = 1; i <= 2000; i += 1) {
        held.push([heap.allocate(i * 16), i * 16]);
        rest.push([heap.allocate(16), 16]);
      }
      for (const [address, size] of held) heap.free(address, size);
      heap.audit(); // proves a height difference of at most 1 everywhere
      for (let i = 2000; i >= 1; i -= 1) rest.push([heap.allocate(i * 16), i * 16]);
      heap.audit();
      for (const [address, size] of rest) heap.free(address, size);
      expect(heap.live).toBe(0);
      heap.audit();
    }
  });

  it('no fit is missed: what is taken is the smallest range that would do', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.boolean()), { minLength: 2, maxLength: 120 }), fc.integer({ min: 64, max: 300 }), fc.constantFrom('tree', 'bins'), (plan, wanted, index) => {
        const heap = new Heap({ idleMs: 0, tiers: { smallBelow: 0, middle: index as 'tree' } });
        const held = plan.map(([units, drop]) => [heap.allocate(units * 16), units * 16, drop] as const);
        for (const [address, size, drop] of held) if (drop) heap.free(address, size);
        const fitting = heap.map().blocks.flatMap((block) => block.free.map(([start, end]) => end - start)).filter((size) => size >= wanted * 16);
        const least = Math.min(...fitting);
        const address = heap.allocate(wanted * 16);
        // The range taken from was the smallest that fits: what is left of it lies right behind the allocation.
        const after = heap.map().blocks.flatMap((block) => [...block.free]).find(([start]) => start === address + wanted * 16);
        if (fitting.length > 0) expect(after === undefined ? 0 : after[1] - after[0]).toBe(least - wanted * 16);
        heap.audit();
        heap.free(address, wanted * 16);
        for (const [start, size, dropped] of held) if (!dropped) heap.free(start, size);
        expect(heap.live).toBe(0);
      }),
      { numRuns: process.env['MILLRACE_LONG'] === '1' ? 3000 : 150 },
    );
  });

  it('a double free is an error and changes nothing', () => {
    const heap = new Heap();
    const [a, b] = [heap.allocate(2000), heap.allocate(2000)];
    heap.free(a, 2000);
    const before = heap.map();
    for (const [address, size] of [[a, 2000], [a + 1999, 2], [a, 1], [b - 1, 2]] as const) {
      expect(() => heap.free(address, size)).toThrow(expect.objectContaining({ code: 'ERR_DOUBLE_FREE' }));
    }
    expect(heap.map()).toEqual(before);
    heap.free(b, 2000);
    expect(heap.live).toBe(0);
    heap.audit();
  });
});
