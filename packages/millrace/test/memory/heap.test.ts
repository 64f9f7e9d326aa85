import { describe, expect, it } from 'vitest';
import { Heap } from '../../src/memory/heap.js';

const MiB = 2 ** 20;

function code(wanted: string) {
  return expect.objectContaining({ code: wanted });
}

describe('Heap', () => {
  it('gives aligned addresses inside the memory, away from both ends', () => {
    const heap = new Heap();
    for (const size of [1, 15, 16, 17, 1023, 1024, 1025, 65_535, 65_536, MiB, 9 * MiB]) {
      const address = heap.allocate(size);
      expect(address % 16).toBe(0);
      expect(address).toBeGreaterThanOrEqual(160);
      expect(address + heap.roundUp(size)).toBeLessThanOrEqual(heap.u8.length - 160);
      heap.u8.fill(1, address, address + size);
      heap.audit();
      heap.free(address, heap.roundUp(size));
    }
    expect(heap.live).toBe(0);
    heap.audit();
  });

  it('knows the address of its views, those of before a growth included, and of no others', () => {
    const heap = new Heap({ initial: MiB });
    const old = heap.u8.subarray(5000, 5010);
    const address = heap.allocate(4 * MiB);
    expect(heap.u8.buffer).not.toBe(old.buffer);
    expect(heap.addressOf(old)).toBe(5000);
    expect(heap.addressOf(heap.u8.subarray(address))).toBe(address);
    expect(heap.addressOf(new Uint8Array(10))).toBe(-1);
    expect(heap.addressOf(new Heap().u8.subarray(5))).toBe(-1);
    heap.free(address, 4 * MiB);
  });

  it('counts live bytes', () => {
    const heap = new Heap();
    const a = heap.allocate(100);
    expect(heap.live).toBe(112);
    heap.free(a + 3, 50);
    expect(heap.live).toBe(62);
    heap.free(a, 3);
    heap.free(a + 53, 59);
    expect(heap.live).toBe(0);
    heap.audit();
  });

  it('refuses sizes that are none', () => {
    const heap = new Heap();
    for (const size of [0, -1, 1.5, Number.NaN, 2 ** 31, Number.POSITIVE_INFINITY]) expect(() => heap.allocate(size)).toThrow(code('ERR_OUT_OF_RANGE'));
    expect(() => heap.allocate('16' as unknown as number)).toThrow(code('ERR_INVALID_ARG_TYPE'));
    expect(() => heap.allocate(2 ** 31 - 1)).toThrow(code('ERR_MEMORY_LIMIT'));
    heap.audit();
  });

  it('refuses to free what it never gave', () => {
    const heap = new Heap();
    const a = heap.allocate(64);
    for (const [address, size] of [[0, 16], [160, 16], [heap.u8.length - 16, 16], [-16, 16], [a, 0], [a, -1], [2 ** 31, 16], [a + 0.5, 1], [Number.NaN, 1], [a, Number.NaN], [2 ** 30 + 4096, 16]]) {
      expect(() => heap.free(address!, size!), `${address}, ${size}`).toThrow(code('ERR_FOREIGN_FREE'));
    }
    expect(() => heap.free(a + 64, 16)).toThrow(code('ERR_DOUBLE_FREE'));
    heap.free(a, 64);
    expect(() => heap.free(a, 64)).toThrow(code('ERR_DOUBLE_FREE'));
    expect(heap.live).toBe(0);
    heap.audit();
  });

  it('frees a range over neighbouring blocks whole or not at all', () => {
    const heap = new Heap({ limit: 64 * MiB });
    const held: number[] = [];
    for (let i = 0; i < 24; i += 1) held.push(heap.allocate(256 * 1024));
    held.sort((a, b) => a - b);
    const start = held[0]!;
    let end = start;
    for (const address of held) if (address === end) end += 256 * 1024;
    const live = heap.live;
    expect(() => heap.free(start, end - start + 65_536)).toThrow();
    expect(heap.live).toBe(live);
    heap.free(start, end - start);
    expect(heap.live).toBe(live - (end - start));
    for (const address of held) if (address >= end) heap.free(address, 256 * 1024);
    expect(heap.live).toBe(0);
    heap.audit();
  });

  it('reaches its limit with a typed error and stays usable', () => {
    const heap = new Heap({ limit: 2 * MiB });
    const held: number[] = [];
    let error: unknown;
    try {
      for (;;) held.push(heap.allocate(5000));
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ code: 'ERR_MEMORY_LIMIT', expected: 5000 });
    // All but the state's page and the guard's could be used.
    expect(heap.live).toBeGreaterThan(2 * MiB - 3 * 65_536);
    heap.audit();
    for (const address of held) heap.free(address, heap.roundUp(5000));
    expect(heap.live).toBe(0);
    heap.audit();
    const whole = heap.allocate(2 * MiB - 2 * 65_536);
    heap.free(whole, 2 * MiB - 2 * 65_536);
    heap.audit();
  });

  it('uses every page of a small memory, whatever the size', () => {
    for (const size of [1000, 64 * 1024, 100_000, 300_000]) {
      const heap = new Heap({ limit: MiB, initial: 0 });
      const held: number[] = [];
      expect(() => {
        for (;;) held.push(heap.allocate(size));
      }).toThrow(code('ERR_MEMORY_LIMIT'));
      expect(heap.live / (MiB - 2 * 65_536)).toBeGreaterThan(size > 65_536 ? 0.6 : 0.8);
      heap.audit();
      for (const address of held) heap.free(address, heap.roundUp(size));
      expect(heap.live).toBe(0);
      heap.audit();
    }
  });

  it('gives the pages of large allocations back at once', () => {
    const heap = new Heap({ limit: 64 * MiB });
    for (let i = 0; i < 100; i += 1) {
      const a = heap.allocate(20 * MiB);
      const b = heap.allocate(30 * MiB);
      heap.free(a, 20 * MiB);
      heap.free(b, 30 * MiB);
    }
    expect(heap.live).toBe(0);
    heap.audit();
  });

  it('extends in place when what follows is free', () => {
    const heap = new Heap();
    const a = heap.allocate(2000);
    expect(heap.tryExtend(a + 2000, 100)).toBe(112);
    const b = heap.allocate(2000);
    expect(heap.tryExtend(a + 2112, 1)).toBe(0);
    heap.free(b, 2000);
    expect(heap.tryExtend(a + 2112, 1)).toBe(16);
    heap.free(a, 2128);
    expect(heap.live).toBe(0);
    heap.audit();
  });

  it('makes a table once', () => {
    const heap = new Heap();
    let built = 0;
    const address = heap.table('test', 1000, (at) => {
      built += 1;
      heap.u8[at] = 7;
    });
    expect(heap.table('test', 1000, () => expect.fail('built twice'))).toBe(address);
    expect([built, heap.live, heap.u8[address]]).toEqual([1, 0, 7]);
    heap.audit();
  });

  it('uses at most two blocks for one pinned 64-byte range and 10,000 rounds of 8 KiB', () => {
    const heap = new Heap();
    const pinned = heap.allocate(64);
    for (let i = 0; i < 10_000; i += 1) {
      const a = heap.allocate(8192);
      heap.free(a, 8192);
    }
    expect(heap.memory.size).toBe(MiB);
    heap.free(pinned, 64);
    expect(heap.live).toBe(0);
    heap.audit();
  });

  it('keeps an old view valid when the memory grows', () => {
    const heap = new Heap({ initial: 0 });
    const a = heap.allocate(16);
    const old = heap.u8;
    old[a] = 9;
    const b = heap.allocate(40 * MiB);
    expect(heap.u8.length).toBeGreaterThan(old.length);
    expect(heap.u8[a]).toBe(9);
    old[a] = 10;
    expect(heap.u8[a]).toBe(10);
    heap.free(a, 16);
    heap.free(b, 40 * MiB);
    expect(heap.live).toBe(0);
    heap.audit();
  });

  it('shares a memory between heaps: what one frees of another goes home', () => {
    const one = new Heap();
    const two = Heap.attach(one.share());
    expect(two.report).not.toBe(one.report);
    const held = [...Array(200).keys()].map((i) => [one.allocate(1 + i * 37), one.roundUp(1 + i * 37)] as const);
    two.u8[held[0]![0]] = 42;
    expect(one.u8[held[0]![0]]).toBe(42);
    for (const [address, size] of held) {
      // in pieces too short to carry their own record, and the rest
      const cut = Math.min(size, 1 + (address % 23));
      two.free(address, cut);
      if (cut < size) two.free(address + cut, size - cut);
    }
    expect(one.live).toBe(0);
    expect(two.live).toBe(0);
    one.audit();
    two.audit();
    const a = one.allocate(5000);
    two.free(a, 5008);
    expect(() => two.free(a, 5008)).toThrow(code('ERR_DOUBLE_FREE'));
    expect(() => two.free(0, 16)).toThrow(code('ERR_FOREIGN_FREE'));
    expect(one.live).toBe(0);
    const big = two.allocate(100 * MiB);
    one.u8[big + 100 * MiB - 1] = 1; // sees the growth of another
    one.free(big, 100 * MiB);
    expect(two.live).toBe(0);
    expect(two.detach()).toBe(true);
    one.audit();
  });

  it('reports a double free by another thread when it comes home', () => {
    const one = new Heap();
    const two = Heap.attach(one.share());
    const a = one.allocate(4096);
    const b = one.allocate(4096);
    two.free(a, 4096);
    two.free(a + 1024, 2048);
    two.free(b, 4096);
    expect(() => one.collect()).toThrow(code('ERR_DOUBLE_FREE'));
    expect(one.live).toBe(0);
    one.audit();
  });
});
