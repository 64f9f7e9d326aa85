import { describe, expect, it, vi } from 'vitest';
import { Heap } from '../../src/memory/heap.js';

const MiB = 2 ** 20;
const code = (wanted: string) => expect.objectContaining({ code: wanted });

function full(): { heap: Heap; held: number[] } {
  const heap = new Heap({ limit: 2 * MiB });
  const held: number[] = [];
  for (let address = heap.tryAllocate(64 * 1024); address >= 0; address = heap.tryAllocate(64 * 1024)) held.push(address);
  return { heap, held };
}

function drain(heap: Heap, addresses: Iterable<number>): void {
  for (const address of addresses) heap.free(address, 64 * 1024);
  expect(heap.live).toBe(0);
  heap.audit();
}

describe('allocateAsync', () => {
  it('does not wait when there is room', async () => {
    const heap = new Heap();
    const address = await heap.allocateAsync(100);
    heap.free(address, 112);
    expect(heap.stats().waits).toBe(0);
    expect(heap.live).toBe(0);
  });

  it('serves in the order asked, also when a later one would fit first', async () => {
    const { heap, held } = full();
    const order: string[] = [];
    const big = heap.allocateAsync(192 * 1024).then((address) => (order.push('big'), address));
    const little = heap.allocateAsync(64 * 1024).then((address) => (order.push('little'), address));
    expect(heap.stats().waiting).toBe(2);
    const freed = held.sort((a, b) => a - b).splice(4, 4);
    heap.free(freed[0]!, 64 * 1024);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(order).toEqual([]);
    for (const address of freed.slice(1)) heap.free(address, 64 * 1024);
    const [a, b] = await Promise.all([big, little]);
    expect(order).toEqual(['big', 'little']);
    expect(heap.stats()).toMatchObject({ waits: 2, waiting: 0 });
    heap.free(a, 192 * 1024);
    drain(heap, [...held, b]);
  });

  it('stops waiting on abort, and those behind go on', async () => {
    const { heap, held } = full();
    const abort = new AbortController();
    const first = heap.allocateAsync(MiB, { signal: abort.signal });
    const second = heap.allocateAsync(64 * 1024);
    heap.free(held.pop()!, 64 * 1024);
    abort.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    held.push(await second);
    await expect(heap.allocateAsync(16, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
    drain(heap, held);
  });

  it('is woken by what another thread frees', async () => {
    const { heap, held } = full();
    const other = Heap.attach(heap.share());
    const waiting = heap.allocateAsync(60_000);
    other.free(held.pop()!, 64 * 1024);
    const address = await waiting;
    heap.free(address, heap.roundUp(60_000));
    drain(heap, held);
    expect(other.detach()).toBe(true);
  });

  it('refuses at once what can never be had', async () => {
    const heap = new Heap({ limit: MiB });
    await expect(heap.allocateAsync(MiB)).rejects.toThrow(code('ERR_MEMORY_LIMIT'));
    await expect(heap.allocateAsync(-1)).rejects.toThrow(code('ERR_OUT_OF_RANGE'));
    heap.audit();
  });
});

describe('high-water marks', () => {
  it('fire on the way up, and again after a fall', () => {
    const heap = new Heap();
    const seen: [number, number][] = [];
    const ends = [heap.onHighWater(1000, (live) => seen.push([1000, live])), heap.onHighWater(5000, (live) => seen.push([5000, live]))];
    const a = heap.allocate(992);
    expect(seen).toEqual([]);
    const b = heap.allocate(16);
    const c = heap.allocate(16);
    expect(seen).toEqual([[1000, 1008]]);
    heap.free(b, 16);
    heap.free(c, 16);
    const d = heap.allocate(16); // not fallen by an eighth
    expect(seen.length).toBe(1);
    heap.free(a, 992);
    const e = heap.allocate(8000);
    expect(seen.slice(1)).toEqual([[1000, 8016], [5000, 8016]]);
    heap.free(d, 16);
    heap.free(e, 8000);
    for (const end of ends) end();
    heap.free(heap.allocate(8000), 8000);
    expect(seen.length).toBe(3);
    expect(heap.live).toBe(0);
    expect(heap.stats().highWater).toBe(8016);
    heap.audit();
  });
});

describe('idle', () => {
  it('gives spare blocks back after a while without change', () => {
    vi.useFakeTimers();
    try {
      const heap = new Heap({ idleMs: 1000 });
      heap.free(heap.allocate(5000), 5008);
      expect(heap.stats().shared.owned).toBeGreaterThan(0);
      vi.advanceTimersByTime(1000);
      expect(heap.stats().shared.owned).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
      const a = heap.allocate(100);
      vi.advanceTimersByTime(5000);
      expect(heap.stats().shared.owned).toBe(65_536); // what is live stays
      heap.free(a, 112);
      vi.advanceTimersByTime(2000);
      expect(heap.stats().shared.owned).toBe(0);
      expect(heap.live).toBe(0);
      heap.audit();
    } finally {
      vi.useRealTimers();
    }
  });
});
