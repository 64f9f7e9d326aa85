import { describe, expect, it } from 'vitest';
import { FreeRun } from '../../src/memory/free-run.js';
import { FreeRanges } from '../../src/memory/ranges.js';
import { PAGE_SHIFT } from '../../src/memory/state.js';
import type { SizeIndexKind } from '../../src/memory/size-index.js';

const PAGE = 1 << PAGE_SHIFT;

function make(index: SizeIndexKind, pagesEach: readonly number[], keepSpare = true) {
  const pages = new Int32Array(1024);
  const given: [number, number][] = [];
  const ranges = new FreeRanges({ pages, tag: 1, index, keepSpare, run: new FreeRun(), sink: { give: (start, end) => given.push([start, end]) } });
  let at = PAGE;
  for (const count of pagesEach) {
    ranges.addBlock(at, at + count * PAGE);
    at += (count + 1) * PAGE;
  }
  const header = (address: number) => pages[address >>> PAGE_SHIFT]! >> 2;
  return { ranges, pages, given, header, free: (a: number, e: number) => ranges.free(header(a), a, e) };
}

// Deterministic: the same history on every machine.
function random(seed: number): (below: number) => number {
  let s = seed >>> 0;
  return (below) => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), s | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** The plainest model of best fit: one byte for each 1 byte of memory. */
class Model {
  readonly bytes = new Uint8Array(1024 * PAGE);
  mark(start: number, end: number, value: number): void {
    this.bytes.fill(value, start, end);
  }
  all(start: number, end: number, value: number): boolean {
    const at = this.bytes.subarray(start, end).findIndex((byte) => byte !== value);
    return at < 0;
  }
}

for (const index of ['tree', 'bins'] as const) {
  describe(`free ranges with ${index}`, () => {
    it('serves from the front and coalesces in all four cases', () => {
      const { ranges, free } = make(index, [1]);
      const [a, b, c, d] = [ranges.allocate(112), ranges.allocate(208), ranges.allocate(48), ranges.allocate(64)];
      expect([a, b, c, d]).toEqual([PAGE, PAGE + 112, PAGE + 320, PAGE + 368]);
      free(b, b + 208); // neither side
      ranges.audit();
      free(a, a + 112); // right
      ranges.audit();
      free(d, d + 64); // right, into the rest of the block
      ranges.audit();
      free(c, c + 48); // both
      expect(ranges.audit()).toBe(PAGE);
      expect(ranges.allocate(PAGE)).toBe(PAGE);
    });

    it('frees 100 and 200 as 299 and 1', () => {
      const { ranges, free } = make(index, [1]);
      const a = ranges.allocate(112);
      expect(ranges.allocate(208)).toBe(a + 112);
      free(a, a + 299);
      ranges.audit();
      free(a + 299, a + 320);
      expect(ranges.audit()).toBe(PAGE);
      expect(ranges.allocate(PAGE)).toBe(a);
    });

    it('frees the second half, then the first', () => {
      const { ranges, free } = make(index, [1]);
      const a = ranges.allocate(112);
      ranges.allocate(16);
      free(a + 50, a + 112);
      free(a, a + 50);
      ranges.audit();
      expect(ranges.allocate(112)).toBe(a);
    });

    it('takes the smallest range that fits', () => {
      const { ranges, free } = make(index, [4]);
      const held: number[] = [];
      for (const size of [4096, 1024, 2048, 512]) {
        held.push(ranges.allocate(size));
        ranges.allocate(16); // keeps them apart
      }
      for (const [i, size] of [4096, 1024, 2048, 512].entries()) free(held[i]!, held[i]! + size);
      expect(ranges.allocate(600 & -16)).toBe(held[1]);
      expect(ranges.allocate(512)).toBe(held[3]);
      expect(ranges.allocate(2048)).toBe(held[2]);
      expect(ranges.allocate(4096)).toBe(held[0]);
      ranges.audit();
    });

    it('finds every double free, whichever range is open', () => {
      const { ranges, free } = make(index, [2]);
      const a = ranges.allocate(4096);
      ranges.allocate(64);
      const doubled = (from: number, to: number) =>
        expect(() => free(from, to)).toThrow(expect.objectContaining({ code: 'ERR_DOUBLE_FREE' }));
      free(a + 1000, a + 2000);
      for (const [from, to] of [[1000, 2000], [999, 1001], [1999, 2001], [1500, 1501], [0, 4096]]) doubled(a + from!, a + to!);
      free(a + 2000, a + 2100); // extends the open range
      doubled(a + 2000, a + 2100);
      doubled(a + 2099, a + 2101);
      free(a + 900, a + 1000);
      doubled(a + 900, a + 950);
      free(a, a + 10);
      doubled(a + 2050, a + 2060);
      doubled(a, a + 1);
      doubled(a + 4096 + 64, a + 4096 + 80); // never allocated
      ranges.audit();
      free(a + 10, a + 900);
      free(a + 2100, a + 4096);
      ranges.audit();
    });

    it('keeps one spare block and gives the others back', () => {
      const { ranges, given, free } = make(index, [1, 1, 1]);
      const held = [ranges.allocate(PAGE), ranges.allocate(PAGE), ranges.allocate(PAGE)];
      expect(ranges.allocate(16)).toBe(-1);
      for (const address of held) {
        free(address, address + PAGE);
        ranges.audit();
      }
      expect(given.length).toBe(2);
      expect(ranges.size).toBe(PAGE);
      for (let i = 0; i < 1000; i += 1) {
        const a = ranges.allocate(4096);
        free(a, a + 4096);
      }
      ranges.audit();
      expect(given.length).toBe(2);
      expect(ranges.trim()).toBe(PAGE);
      expect(ranges.size).toBe(0);
      ranges.audit();
    });

    it('keeps the larger of two free blocks', () => {
      const { ranges, given, free } = make(index, [1, 4]);
      const small = ranges.allocate(PAGE);
      const large = ranges.allocate(4 * PAGE);
      free(small, small + PAGE);
      free(large, large + 4 * PAGE);
      ranges.audit();
      expect(given).toEqual([[small, small + PAGE]]);
      expect(ranges.allocate(4 * PAGE)).toBe(large);
      free(large, large + 4 * PAGE);
      expect(ranges.size).toBe(4 * PAGE);
      ranges.audit();
    });

    it('claims the range behind an allocation', () => {
      const { ranges, header, free } = make(index, [1]);
      const a = ranges.allocate(64);
      const b = ranges.allocate(64);
      const c = ranges.allocate(64);
      const extend = (end: number, extra: number) => ranges.tryExtend(header(a), end, extra);
      expect(extend(a + 64, 16)).toBe(false);
      free(b, b + 64);
      expect(extend(a + 64, 80)).toBe(false);
      expect(extend(a + 64, 16)).toBe(true);
      ranges.audit();
      expect(extend(b + 16, 48)).toBe(true);
      ranges.audit();
      expect(extend(c + 64, PAGE - 192)).toBe(true);
      expect(ranges.audit()).toBe(0);
      expect(extend(PAGE * 2, 16)).toBe(false);
    });

    it('does not look beyond the block', () => {
      const { ranges, free } = make(index, [1, 1]);
      const a = ranges.allocate(PAGE);
      expect(free(a + 100, a + PAGE + 1)).toBe(false);
      ranges.audit();
    });

    it('agrees with a model of every byte over random histories', () => {
      const rounds = process.env['MILLRACE_LONG'] ? 1_000_000 : 8_000;
      const next = random(index === 'tree' ? 7 : 11);
      const { ranges, free, header, given } = make(index, []);
      const model = new Model();
      // Blocks of one to four pages, some of them neighbours, come and go.
      const unused: [number, number][] = [[1, 2], [2, 3], [3, 5], [5, 9], [9, 11], [20, 24], [30, 31], [40, 44]].map(([from, to]) => [from! * PAGE, to! * PAGE]);
      const live: [number, number][] = [];
      let order = 0;
      for (let round = 0; round < rounds; round += 1) {
        const kind = next(100);
        if (kind < 46 || live.length === 0) {
          const size = (1 + next(next(4) === 0 ? 4096 : 64)) * 16;
          const address = ranges.allocate(size);
          if (address < 0) {
            for (const block of given.splice(0)) {
              if (!model.all(block[0], block[1], 1)) expect.fail(`block ${block[0]} was given back in use`);
              model.mark(block[0], block[1], 0);
              unused.push(block);
            }
            const fitting = unused.findIndex(([from, to]) => to - from >= size);
            if (fitting >= 0 && next(3) > 0) {
              const [from, to] = unused.splice(fitting, 1)[0]!;
              ranges.addBlock(from, to);
              model.mark(from, to, 1);
              const first = ranges.allocate(size);
              expect(first).toBe(from);
              model.mark(first, first + size, 0);
              live.push([first, first + size]);
              continue;
            }
            for (let i = 0; i < 50 && live.length > 0; i += 1) {
              const [from, to] = live.splice(next(live.length), 1)[0]!;
              free(from, to);
              model.mark(from, to, 1);
            }
            continue;
          }
          expect(address & 15).toBe(0);
          if (!model.all(address, address + size, 1)) expect.fail(`[${address}, ${address + size}) was not free`);
          model.mark(address, address + size, 0);
          live.push([address, address + size]);
        } else if (kind < 50) {
          const at = next(live.length);
          const [from, to] = live[at]!;
          const extra = ((to + 15 + next(500)) & -16) - to;
          if (extra <= 0) continue;
          const expected = model.all(to, to + extra, 1) && header(from) === header(to) && header(to) !== 0 && to + extra <= ranges.blockEnd(header(to));
          const got = ranges.tryExtend(header(from), to, extra);
          if (got !== expected) expect.fail(`extending ${to} by ${extra} gave ${got}`);
          if (got) {
            model.mark(to, to + extra, 0);
            live[at] = [from, to + extra];
          }
        } else if (kind < 54) {
          // a range that touches something free, or does not: told exactly
          const [from] = live[next(live.length)]!;
          const start = from - next(40);
          const end = Math.min(start + 1 + next(80), ranges.blockEnd(header(from)));
          if (end <= start || header(start) !== header(from)) continue;
          if (!model.all(start, end, 0)) {
            if (!raised(() => ranges.free(header(from), start, end))) expect.fail(`[${start}, ${end}) was free in part`);
          }
        } else {
          // any part of a live range: its front in order mostly, as consumers do
          order = next(3) === 0 || order >= live.length ? next(live.length) : order;
          const [from, to] = live[order]!;
          const length = Math.min(to - from, 1 + next(next(2) === 0 ? 200 : 70_000));
          const how = next(4);
          const start = how < 2 ? from : how === 2 ? to - length : from + next(to - from - length + 1);
          free(start, start + length);
          model.mark(start, start + length, 1);
          live.splice(order, 1);
          if (start > from) live.push([from, start]);
          if (start + length < to) live.splice(order, 0, [start + length, to]);
        }
        if (round % 997 === 0) ranges.audit();
      }
      ranges.audit();
      for (const [from, to] of live) free(from, to);
      ranges.audit();
    }, 300_000);
  });
}

function raised(run: () => void): boolean {
  try {
    run();
    return false;
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_DOUBLE_FREE' });
    return true;
  }
}
