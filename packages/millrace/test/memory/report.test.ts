import { describe, expect, it } from 'vitest';
import { Heap } from '../../src/memory/heap.js';

describe('statistics', () => {
  it('add up', () => {
    const heap = new Heap();
    const held = [100, 5000, 5000, 300_000, 9_000_000].map((size) => [heap.allocate(size), heap.roundUp(size)] as const);
    heap.free(held[1]![0], held[1]![1]);
    const stats = heap.stats();
    expect(stats.live).toBe(heap.live);
    expect(stats.highWater).toBe(stats.live + 5008);
    const { small, middle, large } = stats.tiers;
    expect(stats.free + stats.live).toBe(small.size + middle.size + large.size);
    expect([small.allocations, middle.allocations, large.allocations]).toEqual([1, 3, 1]);
    expect([small.misses, middle.misses, large.misses]).toEqual([1, 2, 1]);
    expect(middle.hitRate).toBeCloseTo(1 / 3);
    expect(small.blocks).toBe(1);
    expect(stats.fragmentation).toBeGreaterThan(0);
    expect(stats.fragmentation).toBeLessThan(1);
    expect(stats.shared.owned + stats.shared.unowned + 2 * 65_536).toBe(stats.shared.committed);
    expect(stats.shared.threads).toBe(1);
    const map = heap.map();
    expect(map.blocks.reduce((sum, block) => sum + block.end - block.start, 0)).toBe(stats.shared.owned);
    expect(map.blocks.flatMap((block) => block.free).reduce((sum, [start, end]) => sum + end - start, 0)).toBe(stats.free);
    expect(map.pages.at(0)!.start).toBe(65_536);
    expect(map.pages.at(-1)!.end).toBe(stats.shared.committed - 65_536);
    for (const [i, run] of map.pages.entries()) if (i > 0) expect(run.start).toBe(map.pages[i - 1]!.end);
    for (const i of [0, 2, 3, 4]) heap.free(held[i]![0], held[i]![1]);
    expect(heap.stats().tiers.large.blocks).toBe(0);
    expect(heap.live).toBe(0);
    heap.audit();
  });

  it('gives freed pages of a large allocation back before the rest is freed', () => {
    const heap = new Heap({ limit: 64 * 2 ** 20 });
    const size = 20 * 2 ** 20;
    const a = heap.allocate(size);
    const owned = () => heap.stats().shared.owned;
    expect(owned()).toBe(size);
    for (let at = 0; at < size / 2; at += 1000) heap.free(a + at, Math.min(1000, size / 2 - at));
    expect(owned()).toBe(size / 2);
    heap.free(a + size - 100_000, 100_000);
    expect(owned()).toBe(size / 2 - 65_536);
    heap.audit();
    heap.free(a + size / 2, size / 2 - 100_000);
    expect(owned()).toBe(0);
    expect(heap.live).toBe(0);
    heap.audit();
  });

  it('serves every tier by any allocator', () => {
    for (const allocator of ['bins', 'tree', 'pages'] as const) {
      const heap = new Heap({ tiers: { small: allocator, middle: allocator, large: allocator, smallBelow: 128, largeAbove: 100_000 } });
      for (let round = 0; round < 3; round += 1) {
        const held = [64, 100, 128, 5000, 100_000, 100_016, 3_000_000].map((size) => [heap.allocate(size), heap.roundUp(size)] as const);
        heap.audit();
        for (const [address, size] of held) heap.free(address, size);
        heap.audit();
      }
      expect(heap.live).toBe(0);
      if (allocator === 'pages') expect(heap.stats().shared.owned).toBe(0);
    }
    expect(() => new Heap({ tiers: { small: 'other' as 'bins' } })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    expect(() => new Heap({ tiers: { smallBelow: 2 ** 24 } })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  });
});
