import { afterEach, beforeEach, expect, it } from 'vitest';
import { ZstdEncodeContext } from '../../../src/codec/zstd/encode-context.js';
import { ZstdEncoder } from '../../../src/codec/zstd/encode.js';
import { ZstdContextPool } from '../../../src/codec/zstd/encode-pool.js';
import { ZstdSettings } from '../../../src/codec/zstd/encode-settings.js';
import { Heap } from '../../../src/memory/heap.js';
import { prose } from '../inputs.js';

const fastest = new ZstdSettings({ level: 'fastest' });
const best = new ZstdSettings({ level: 'best' });
let heap: Heap;
beforeEach(() => {
  heap = new Heap();
});
afterEach(() => {
  expect(heap.live).toBe(0);
});

it('one context serves message after message, and grows once', () => {
  const pool = new ZstdContextPool({ heap });
  const encoder = new ZstdEncoder({ pool, level: 'fastest' });
  for (let i = 0; i < 10; i += 1) encoder.encode(prose(500)).release();
  for (let i = 0; i < 10; i += 1) encoder.encode(prose(50_000)).release();
  encoder.encode(prose(500)).release();
  expect(pool.statistics).toMatchObject({ inUse: 0, misses: 2, hits: 19, waits: 0 });
  encoder.release();
  pool.trim();
  expect(pool.statistics).toMatchObject({ idle: 0, bytes: 0 });
});

it('those who wait are served in turn, and an abort leaves the queue', async () => {
  const pool = new ZstdContextPool({ heap, concurrency: 1 });
  const held = pool.take(fastest, 1000);
  expect(() => pool.take(fastest, 1000)).toThrow(expect.objectContaining({ code: 'ERR_MEMORY_LIMIT' }));
  const order: number[] = [];
  const first = pool.acquire(fastest, 1000).then((context) => (order.push(1), context));
  const control = new AbortController();
  const second = pool.acquire(fastest, 1000, control.signal);
  const third = pool.acquire(fastest, 1000).then((context) => (order.push(3), context));
  expect(pool.statistics).toMatchObject({ waits: 3, waiting: 3 });
  control.abort(new Error('enough'));
  await expect(second).rejects.toThrow('enough');
  pool.give(held);
  pool.give(await first);
  pool.give(await third);
  expect(order).toEqual([1, 3]);
  await expect(pool.acquire(fastest, 1, AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
  expect(pool.statistics).toMatchObject({ inUse: 0, waiting: 0 });
  pool.trim();
});

it('the budget holds: idle contexts make room, those in use are waited for, and what never fits is refused', async () => {
  const small = ZstdEncodeContext.sizeFor(fastest, 1000);
  const large = ZstdEncodeContext.sizeFor(fastest, 100_000);
  const pool = new ZstdContextPool({ heap, maxBytes: large + small });
  pool.give(pool.take(fastest, 1000));
  const a = pool.take(fastest, 100_000);
  const b = pool.take(fastest, 1000);
  const waiting = pool.acquire(fastest, 100_000);
  expect(pool.statistics.waiting).toBe(1);
  pool.give(b);
  expect(pool.statistics.waiting).toBe(1); // a small one is free, yet a large one was asked for
  pool.give(a);
  pool.give(await waiting);
  expect(pool.statistics.highWater).toBeLessThanOrEqual(large + small);
  await expect(pool.acquire(best, 10_000_000)).rejects.toMatchObject({ code: 'ERR_MEMORY_LIMIT', actual: large + small });
  pool.trim();
});

it('contexts idle for long go back by themselves', async () => {
  const pool = new ZstdContextPool({ heap, idleMs: 20 });
  pool.give(pool.take(fastest, 1000));
  expect(heap.live).toBeGreaterThan(0);
  await expect.poll(() => heap.live).toBe(0);
  expect(pool.statistics).toMatchObject({ idle: 0, bytes: 0 });
});

it('an encoder waits for its turn', async () => {
  const pool = new ZstdContextPool({ heap, concurrency: 1 });
  const encoder = new ZstdEncoder({ pool });
  const held = pool.take(fastest, 10);
  const frames = Promise.all([encoder.encodeWhenFree(prose(2000, 1)), encoder.encodeWhenFree(prose(2000, 2))]);
  pool.give(held);
  for (const frame of await frames) {
    expect(frame.length).toBeLessThan(2000);
    frame.release();
  }
  encoder.release();
  pool.trim();
});
