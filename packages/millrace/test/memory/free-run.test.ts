import { describe, expect, it } from 'vitest';
import { Heap } from '../../src/memory/heap.js';

const KiB = 1024;

function code(wanted: string) {
  return expect.objectContaining({ code: wanted });
}

// An allocation of which the front has gone in two frees, so that a run is open behind them.
function opened(heap: Heap, size: number): number {
  const address = heap.allocate(size);
  heap.free(address, 10);
  heap.free(address + 10, 10);
  expect(heap.run.end).toBe(address + 20);
  return address;
}

describe('frees in a row', () => {
  it('count as live no longer, and their memory is there for the next allocation', () => {
    const heap = new Heap();
    const a = opened(heap, 4 * KiB);
    for (let at = 20; at < 4000; at += 20) heap.free(a + at, 20);
    expect(heap.live).toBe(96);
    heap.audit();
    expect(heap.allocate(3984)).toBe(a);
    heap.free(a, 3984);
    heap.free(a + 4000, 96);
    expect(heap.live).toBe(0);
    heap.audit();
  });

  it('find a double free and a free of what is not theirs as ever, and nothing is freed then', () => {
    const heap = new Heap();
    const a = opened(heap, 4 * KiB);
    heap.free(a + 20, 30);
    for (const [from, size] of [[0, 10], [40, 10], [45, 10], [49, 2]] as const) {
      expect(() => heap.free(a + from, size)).toThrow(code('ERR_DOUBLE_FREE'));
      heap.free(a + 50, 1);
      heap.audit();
      heap.free(a + 51, 1);
      expect(() => heap.free(a + 50, 2)).toThrow(code('ERR_DOUBLE_FREE'));
      // Back to where it was: claimed again.
      heap.free(a + 52, 4 * KiB - 52);
      expect(heap.allocate(4 * KiB)).toBe(a);
      heap.free(a, 20);
      heap.free(a + 20, 30);
    }
    expect(() => heap.free(a + 50, 8 * KiB)).toThrow();
    for (const size of [0, -1, 0.5, Number.NaN]) expect(() => heap.free(a + 50, size)).toThrow(code('ERR_FOREIGN_FREE'));
    heap.free(a + 50, 4 * KiB - 50);
    expect(heap.live).toBe(0);
    heap.audit();
  });

  it('wake whoever waits for memory, also when the run was open before', async () => {
    const heap = new Heap({ limit: 256 * KiB, initial: 256 * KiB, idleMs: 0 });
    const a = heap.allocate(64 * KiB);
    const b = heap.allocate(64 * KiB);
    heap.free(a, 16);
    heap.free(a + 16, 16);
    const waiting = heap.allocateAsync(60 * KiB);
    for (let at = 32; at < 64 * KiB; at += 16) heap.free(a + at, 16);
    // Served inside the free that made it possible, not by the timer that looks after other threads.
    expect(heap.stats().waiting).toBe(0);
    heap.free(await waiting, 60 * KiB);
    heap.free(b, 64 * KiB);
    expect(heap.live).toBe(0);
    heap.audit();
  });

  it('fire a mark again after a fall in small steps', () => {
    const heap = new Heap();
    const seen: number[] = [];
    const end = heap.onHighWater(64 * KiB, (live) => seen.push(live));
    for (let round = 0; round < 3; round += 1) {
      const a = heap.allocate(64 * KiB);
      for (let at = 0; at < 64 * KiB; at += 64) heap.free(a + at, 64);
    }
    expect(seen).toEqual([64 * KiB, 64 * KiB, 64 * KiB]);
    end();
    heap.audit();
  });

  it('agree with a model of every byte, whatever comes between', () => {
    const heap = new Heap({ initial: 2 ** 21 });
    let seed = 7;
    const random = (n: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((seed / 2 ** 32) * n);
    };
    // What is live, by the address at which its owner goes on freeing.
    const owned: [at: number, end: number][] = [];
    let live = 0;
    for (let step = 0; step < 60_000; step += 1) {
      const what = random(10);
      if (owned.length === 0 || (what === 0 && live < 2 ** 19)) {
        const size = 16 * (1 + random(random(2) === 0 ? 40 : 1000));
        const at = heap.allocate(size);
        for (const [from, to] of owned) expect(at >= to || at + size <= from).toBe(true);
        owned.push([at, at + size]);
        live += size;
      } else if (what === 1) {
        const one = owned[random(owned.length)]!;
        const more = heap.tryExtend(one[1], 1 + random(100));
        one[1] += more;
        live += more;
      } else {
        const index = random(owned.length);
        const one = owned[index]!;
        for (let k = random(12); k >= 0 && one[0] < one[1]; k -= 1) {
          const size = Math.min(one[1] - one[0], 1 + random(300));
          heap.free(one[0], size);
          one[0] += size;
          live -= size;
        }
        if (one[0] === one[1]) owned.splice(index, 1);
      }
      if (step % 61 === 0) expect(heap.live).toBe(live);
      if (step % 997 === 0) heap.audit();
    }
    for (const [at, end] of owned) heap.free(at, end - at);
    expect(heap.live).toBe(0);
    heap.audit();
  });
});
