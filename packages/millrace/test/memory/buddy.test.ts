import { describe, expect, it } from 'vitest';
import { Buddy } from '../../src/memory/buddy.js';
import { LinearMemory } from '../../src/memory/linear-memory.js';
import { SharedLock } from '../../src/memory/lock.js';
import { instantiateKernels } from '../../src/wasm/module.js';
import { COMMITTED, DEAD, LOCK, LOCK_STEALS, PAGE, SLOT_STATE, SLOT_TABLE, SLOT_WORDS } from '../../src/memory/state.js';

function make(limitPages: number, initialPages = limitPages) {
  const memory = new LinearMemory(limitPages * PAGE, initialPages * PAGE);
  const kernels = instantiateKernels(memory.memory);
  const buddy = new Buddy(memory, kernels, 0);
  buddy.initialize();
  return { memory, kernels, buddy, words: new Int32Array(memory.memory.buffer, 0, PAGE / 4) };
}

const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe('Buddy', () => {
  it('gives disjoint blocks until nothing is left, and merges them all again', () => {
    const { buddy } = make(300);
    const held: [number, number][] = [];
    let seed = 1;
    for (;;) {
      seed = (seed * 48_271) % 2_147_483_647;
      const pages = 1 << (seed % 6);
      const start = buddy.take(pages);
      if (start === 0) break;
      for (const [from, to] of held) if (start < to && start + pages * PAGE > from) expect.fail('two blocks overlap');
      held.push([start, start + pages * PAGE]);
      buddy.audit();
    }
    held.sort(([a], [b]) => ((a * 7919) % 1009) - ((b * 7919) % 1009));
    for (const [start, end] of held) {
      buddy.give(start, end);
      buddy.audit();
    }
    expect(buddy.audit()).toBe(298 * PAGE);
  });

  it('cuts and gives back any run of pages, also across blocks', () => {
    const { buddy } = make(64);
    for (const pages of [62, 61, 33, 7]) {
      const start = buddy.take(pages);
      expect(start).toBeGreaterThan(0);
      expect(start + pages * PAGE).toBeLessThanOrEqual(63 * PAGE);
      buddy.audit();
      buddy.give(start + PAGE, start + (pages - 1) * PAGE);
      buddy.audit();
      buddy.give(start, start + PAGE);
      buddy.give(start + (pages - 1) * PAGE, start + pages * PAGE);
      expect(buddy.audit()).toBe(62 * PAGE);
    }
  });

  it('gives more than its largest block in one run', () => {
    const { buddy } = make(4096, 4);
    const start = buddy.take(2500);
    expect(start).toBeGreaterThan(0);
    buddy.audit();
    buddy.give(start, start + 2500 * PAGE);
    buddy.audit();
  });

  it('grows to the limit and no further', () => {
    const { memory, buddy } = make(20, 4);
    expect(buddy.take(19)).toBe(0);
    const start = buddy.take(18);
    expect(start).toBe(PAGE);
    expect(memory.size).toBe(20 * PAGE);
    expect(buddy.take(1)).toBe(0);
    buddy.give(start, start + 18 * PAGE);
    buddy.audit();
  });

  it('takes back only what is its', () => {
    const { buddy } = make(20);
    const start = buddy.take(2);
    for (const [from, to] of [[start, start + 3 * PAGE], [0, PAGE], [19 * PAGE, 20 * PAGE], [start + 4 * PAGE, start + 5 * PAGE]]) {
      expect(() => buddy.give(from!, to!)).toThrow(code('ERR_FOREIGN_FREE'));
    }
    for (const [from, to] of [[start, start], [start + PAGE, start], [start + 16, start + PAGE], [start, start + 100], [-PAGE, PAGE], [2 ** 31 - PAGE, 2 ** 31 + PAGE]]) {
      expect(() => buddy.give(from!, to!)).toThrow(code('ERR_FOREIGN_FREE'));
    }
    buddy.audit();
    buddy.give(start, start + 2 * PAGE);
    expect(() => buddy.give(start, start + 2 * PAGE)).toThrow(code('ERR_FOREIGN_FREE'));
    buddy.audit();
  });

  it('finds every corruption of its state that it audits for', () => {
    const { buddy, words } = make(20);
    words[COMMITTED] = words[COMMITTED]! - 1;
    expect(() => buddy.audit()).toThrow(code('ERR_AUDIT'));
    words[COMMITTED] = words[COMMITTED]! + 1;
    buddy.audit();
    for (const word of [12_544 / 4, 12_544 / 4 + 1024]) {
      words[word] = words[word]! ^ 4;
      expect(() => buddy.audit(), `word ${word}`).toThrow(code('ERR_AUDIT'));
      words[word] = words[word]! ^ 4;
    }
    buddy.audit();
  });

  it('takes the lock from a dead holder and rebuilds what it left half changed', () => {
    const { memory, kernels, buddy, words } = make(64);
    const held = buddy.take(5);
    const other = new SharedLock(words, 7);
    expect(other.acquire()).toBe(false);
    words.fill(-1, 12_544 / 4, 12_544 / 4 + 100); // died in the middle of something
    Atomics.store(words, SLOT_TABLE + 7 * SLOT_WORDS + SLOT_STATE, DEAD);
    const again = new Buddy(memory, kernels, 1);
    const start = again.take(3);
    expect(start).toBeGreaterThan(0);
    expect(words[LOCK_STEALS]).toBe(1);
    other.release(); // too late: it must not free the lock of anyone else
    buddy.audit();
    again.give(start, start + 3 * PAGE);
    buddy.give(held, held + 5 * PAGE);
    expect(buddy.audit()).toBe(62 * PAGE);
  });

  it('takes the lock from a holder that has stalled', () => {
    const { buddy, words } = make(64);
    Atomics.store(words, LOCK, (5 << 8) | 10);
    const before = Date.now();
    expect(buddy.take(1)).toBeGreaterThan(0);
    expect(Date.now() - before).toBeGreaterThan(1000);
    expect(words[LOCK_STEALS]).toBe(1);
    buddy.audit();
  });
});
