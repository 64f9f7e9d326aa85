import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryError } from '../../../src/base/errors.js';
import { DecoderPool, decoderPool } from '../../../src/codec/zstd/decode-pool.js';
import { RawDecoder } from '../../../src/codec/zstd/decode-raw.js';
import { Heap } from '../../../src/memory/heap.js';
import { frames } from './fixtures.js';

const CONTEXT = 32 * 1024;
const LEAST = 160 * 1024; // a context and the literals of the largest block

let heap: Heap;

beforeEach(() => {
  heap = new Heap({ limit: 64 * 2 ** 20 });
});

afterEach(() => {
  expect(heap.live).toBe(0);
  heap.audit();
});

function fault(run: () => unknown): MemoryError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(MemoryError);
    return error as MemoryError;
  }
  throw new Error('nothing was thrown');
}

describe('the budget', () => {
  test('bounds contexts and literals together; what does not fit says what was missing', () => {
    const pool = new DecoderPool(heap, { budget: LEAST });
    const held = [pool.acquire(), pool.acquire(), pool.acquire(), pool.acquire(), pool.acquire()];
    expect(pool.bytes).toBe(LEAST);
    expect(heap.live).toBe(LEAST);
    expect(fault(() => pool.acquire())).toMatchObject({ code: 'ERR_MEMORY_LIMIT', expected: CONTEXT, actual: 0 });
    expect(fault(() => pool.growLiterals(held[0]!, 1))).toMatchObject({ code: 'ERR_MEMORY_LIMIT', expected: 4096, actual: 0 });
    for (const context of held) pool.release(context);
    expect(pool.inUse).toBe(0);
    expect(pool.bytes).toBe(CONTEXT); // one is kept
    pool.trim();
    expect(pool.bytes).toBe(0);
  });

  test('idle contexts make way for literals', () => {
    const pool = new DecoderPool(heap, { budget: LEAST });
    const [used, idle] = [pool.acquire(), pool.acquire()];
    pool.release(idle!);
    pool.growLiterals(used!, 128 * 1024);
    expect(pool.bytes).toBe(LEAST);
    pool.growLiterals(used!, 5000); // in place of the others, not beside them
    expect(pool.bytes).toBe(CONTEXT + 8192);
    pool.release(used!);
    pool.trim();
  });

  test('is at least that of one context', () => {
    expect(() => new DecoderPool(heap, { budget: LEAST - 1 })).toThrow(RangeError);
  });
});

describe('waiting for a context', () => {
  test('ends in the order in which it began, or with the reason of the signal', async () => {
    const pool = new DecoderPool(heap, { budget: LEAST });
    const held = Array.from({ length: 5 }, () => pool.acquire());
    const order: number[] = [];
    const aborted = new AbortController();
    const first = pool.acquireAsync().then((context) => (order.push(1), context));
    const second = pool.acquireAsync(aborted.signal);
    const third = pool.acquireAsync().then((context) => (order.push(3), context));
    const reason = new Error('enough');
    aborted.abort(reason);
    await expect(second).rejects.toBe(reason);
    await expect(pool.acquireAsync(AbortSignal.abort(reason))).rejects.toBe(reason);
    pool.release(held[0]!);
    pool.release(held[1]!);
    expect(await first).toBe(held[0]);
    expect(await third).toBe(held[1]);
    expect(order).toEqual([1, 3]);
    expect(pool.inUse).toBe(5);
    for (const context of held) pool.release(context);
    pool.trim();
  });
});

describe('the context that is kept', () => {
  test('goes back when the heap is trimmed, and by itself when that has long been idle', async () => {
    heap = new Heap({ limit: 64 * 2 ** 20, idleMs: 20 });
    const raw = new RawDecoder(heap);
    const { frame, content } = frames[0]!;
    const src = heap.allocate(frame.length);
    const dst = heap.allocate(content.length);
    heap.u8.set(frame, src);
    const decode = (): number => raw.decode(src, frame.length, dst, content.length, content.length);
    expect(decode()).toBe(content.length);
    expect(decoderPool(heap).bytes).toBeGreaterThan(0);
    heap.trim();
    expect(decoderPool(heap).bytes).toBe(0);
    expect(decode()).toBe(content.length);
    await expect.poll(() => decoderPool(heap).bytes).toBe(0);
    expect(decode()).toBe(content.length);
    heap.free(src, heap.roundUp(frame.length));
    heap.free(dst, heap.roundUp(content.length));
    heap.trim();
  });
});
