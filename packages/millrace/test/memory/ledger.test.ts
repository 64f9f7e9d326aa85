import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Heap } from '../../src/memory/heap.js';

const code = (wanted: string) => expect.objectContaining({ code: wanted });

function caught(run: () => void): Error & { code: string } {
  try {
    run();
  } catch (error) {
    return error as Error & { code: string };
  }
  return expect.fail('nothing was thrown');
}

function hereAllocated(heap: Heap): number {
  return heap.allocate(100);
}

function firstFreed(heap: Heap, address: number): void {
  heap.free(address + 10, 50);
}

describe('debug mode', () => {
  it('behaves like the normal one', () => {
    const heap = new Heap({ debug: true });
    const a = heap.allocate(100);
    const b = heap.allocate(5000);
    expect([a % 16, heap.live]).toEqual([0, 112 + 5008]);
    heap.free(a + 16, 20);
    heap.free(a, 16);
    heap.audit();
    heap.free(b, 5008);
    heap.free(a + 36, 76);
    expect(heap.live).toBe(0);
    expect(heap.leaks()).toEqual([]);
    heap.audit();
  });

  it('names both places of a double free, and the allocation', () => {
    const heap = new Heap({ debug: true });
    const a = hereAllocated(heap);
    firstFreed(heap, a);
    const error = caught(() => heap.free(a + 20, 10));
    expect(error.code).toBe('ERR_DOUBLE_FREE');
    expect(error.message).toMatch(/hereAllocated/);
    expect(error.message).toMatch(/firstFreed/);
    expect(caught(() => heap.free(a + 4096, 16))).toEqual(code('ERR_FOREIGN_FREE'));
    heap.free(a, 10);
    heap.free(a + 60, 52);
    expect(heap.live).toBe(0);
    heap.audit();
  });

  it('notices writes before and behind an allocation when that end is freed', () => {
    for (const [offset, where] of [[-1, 'before'], [112, 'behind'], [127, 'behind'], [-16, 'before']] as const) {
      const heap = new Heap({ debug: true });
      const a = hereAllocated(heap);
      heap.u8[a + offset] = 1;
      heap.free(a + 20, 20);
      const error = caught(() => {
        heap.free(a, 20);
        heap.free(a + 40, 72);
      });
      expect(error).toMatchObject({ code: 'ERR_RED_ZONE', offset: a + offset, actual: 1 });
      expect(error.message).toContain(where);
      expect(error.message).toMatch(/hereAllocated/);
      if (where === 'before') heap.free(a + 40, 72);
      expect(heap.live).toBe(0);
      heap.audit();
    }
  });

  it('overwrites what is freed', () => {
    const heap = new Heap({ debug: true });
    const a = heap.allocate(64);
    heap.u8.fill(1, a, a + 64);
    heap.free(a + 8, 8);
    expect([...heap.u8.subarray(a + 6, a + 18)]).toEqual([1, 1, 0xdd, 0xdd, 0xdd, 0xdd, 0xdd, 0xdd, 0xdd, 0xdd, 1, 1]);
    heap.free(a, 8);
    heap.free(a + 16, 48);
    expect(heap.live).toBe(0);
  });

  it('reports what is live by who allocated it, and which view pins it', () => {
    const heap = new Heap({ debug: true });
    const held = [hereAllocated(heap), hereAllocated(heap)];
    const view = {};
    const key = heap.ledger!.track(view, 'Bytes of 10', held[1]! + 5, held[1]! + 15);
    heap.free(held[0]!, 12);
    const leaks = heap.leaks();
    expect(leaks).toMatchObject([{ bytes: 100, count: 1 }, { bytes: 112, count: 1 }].sort((a, b) => b.bytes - a.bytes));
    expect(leaks[0]!.site).toMatch(/hereAllocated/);
    expect(leaks[0]!.pinnedBy[0]).toMatch(/Bytes of 10/);
    heap.ledger!.untrack(view, key);
    expect(heap.leaks().flatMap((leak) => leak.pinnedBy)).toEqual([]);
    heap.free(held[0]! + 12, 100);
    heap.free(held[1]!, 112);
    expect(heap.live).toBe(0);
  });

  it('reports at the end of the process what was never freed, and nothing when all was', () => {
    const heapFile = new URL('../../dist/memory/heap.js', import.meta.url).href;
    const run = (body: string): string =>
      spawnSync(process.execPath, ['--input-type=module', '-e', `import { Heap } from '${heapFile}'; const heap = new Heap(); ${body}`], {
        encoding: 'utf8',
        env: { ...process.env, MILLRACE_DEBUG: '1' },
      }).stderr;
    expect(run('heap.allocate(100); heap.allocate(5000);')).toMatch(/millrace: 5008 bytes in 1 allocations.*\n[^]*millrace: 112 bytes/);
    expect(run('heap.free(heap.allocate(100), 112);')).not.toContain('millrace:');
    expect(run('const kept = heap.allocate(100); heap.onTrim(() => heap.free(kept, 112)); heap.allocate(50)')).toMatch(/^millrace: 64 bytes in 1 allocations[^]*$/);
  });

  it('is off unless asked for', () => {
    expect(new Heap().ledger).toBeUndefined();
    process.env['MILLRACE_DEBUG'] = '1';
    try {
      expect(new Heap().ledger).toBeDefined();
      expect(new Heap({ debug: false }).ledger).toBeUndefined();
    } finally {
      delete process.env['MILLRACE_DEBUG'];
    }
  });
});
