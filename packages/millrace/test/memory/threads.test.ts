import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Heap } from '../../src/memory/heap.js';

const THREADS = 4;
const LONG = process.env['MILLRACE_LONG'] === '1';

interface Thread {
  readonly worker: Worker;
  next(): Promise<Record<string, number | boolean>>;
}

function start(id: number, rounds: number, heap: Heap, mailbox: Int32Array, hands: Int32Array): Thread {
  const worker = new Worker(new URL('./threads.worker.mjs', import.meta.url), { workerData: { descriptor: heap.share(), mailbox, hands, id, rounds } });
  const queue: Record<string, number | boolean>[] = [];
  const waiting: { resolve: (message: Record<string, number | boolean>) => void; reject: (error: unknown) => void }[] = [];
  let failure: unknown;
  worker.on('message', (message: Record<string, number | boolean>) => {
    const first = waiting.shift();
    if (first) first.resolve(message);
    else queue.push(message);
  });
  worker.on('error', (error) => {
    failure = error;
    for (const { reject } of waiting.splice(0)) reject(error);
  });
  return {
    worker,
    next: () =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) reject(failure as Error);
        else if (queue.length > 0) resolve(queue.shift()!);
        else waiting.push({ resolve, reject });
      }),
  };
}

function shared(words: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(words * 4));
}

// Frees what lies in the mailbox: whose it is shows in the page map.
function emptyMailbox(heap: Heap, mailbox: Int32Array, keep: (owner: number) => boolean = () => true): void {
  const words = new Int32Array(heap.u8.buffer);
  for (let i = 0; i < mailbox.length; i += 1) {
    const address = Atomics.exchange(mailbox, i, 0);
    if (address !== 0 && keep(words[(address >> 2) + 1]!)) heap.free(address, words[address >> 2]!);
  }
}

// Short ranges may have had to wait for a place in their table: everybody sends and takes until all are home.
async function collectAll(threads: readonly Thread[]): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    for (const thread of threads) {
      thread.worker.postMessage('collect', []);
      await thread.next();
    }
  }
}

describe('threads', () => {
  // A million crossings in the long run; a twentieth of that otherwise.
  it('allocate and free across each other and leave nothing behind', async () => {
    const heap = new Heap({ limit: 512 * 2 ** 20 });
    const mailbox = shared(2000);
    const hands = shared(THREADS);
    const rounds = LONG ? 1_000_000 : 60_000;
    const threads = [...Array(THREADS).keys()].map((id) => start(id, rounds, heap, mailbox, hands));
    const slots = await Promise.all(threads.map(async (thread) => (await thread.next())['slot']));
    expect(new Set([...slots, heap.slot]).size).toBe(THREADS + 1);
    for (const thread of threads) thread.worker.postMessage('go', []);
    let crossed = 0;
    for (const thread of threads) crossed += (await thread.next())['crossed'] as number;
    expect(crossed).toBeGreaterThan(LONG ? 1_000_000 : 20_000);
    emptyMailbox(heap, mailbox);
    heap.audit();
    await collectAll(threads);
    for (const thread of threads) {
      thread.worker.postMessage('finish', []);
      expect(await thread.next()).toEqual({ live: 0, detached: true });
      thread.worker.postMessage('exit', []);
    }
    expect(heap.live).toBe(0);
    heap.trim();
    expect(heap.stats().shared).toMatchObject({ owned: 0, threads: 1 });
    heap.audit();
  }, 300_000);

  it('lose nothing when one is terminated in the middle', async () => {
    for (let round = 0; round < (LONG ? 20 : 2); round += 1) {
      const heap = new Heap({ limit: 512 * 2 ** 20 });
      const mailbox = shared(500);
      const hands = shared(THREADS);
      const threads = [...Array(THREADS).keys()].map((id) => start(id, id === 3 ? 2 ** 30 : 30_000, heap, mailbox, hands));
      const slots: number[] = [];
      for (const thread of threads) slots.push((await thread.next())['slot'] as number);
      for (const thread of threads) thread.worker.postMessage('go', []);
      // In the middle: it has allocated, and has some way to go.
      while (heap.blocks.runsOf(slots[3]!).length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, 20 + round * 17));
      await threads[3]!.worker.terminate();
      const others = threads.slice(0, 3);
      for (const thread of others) await thread.next();
      // What the dead thread had allocated goes with it; what it had in its hand was another's.
      const dead = slots[3]!;
      emptyMailbox(heap, mailbox, (owner) => owner !== dead);
      const hand = hands[3]!;
      const words = new Int32Array(heap.u8.buffer);
      const handSize = hand !== 0 && words[(hand >> 2) + 1] !== dead ? words[hand >> 2]! : 0;
      await collectAll(others);
      let left = 0;
      for (const thread of others) {
        thread.worker.postMessage('finish', []);
        left += (await thread.next())['live'] as number;
      }
      expect(left === 0 || (left <= handSize && handSize > 0), `${left} live, ${handSize} in the hand`).toBe(true);
      expect(heap.reclaim(dead)).toBeGreaterThan(0);
      if (left > 0) {
        for (const slot of slots.slice(0, 3)) heap.reclaim(slot);
      }
      for (const thread of others) thread.worker.postMessage('exit', []);
      heap.trim();
      heap.audit();
      expect(heap.stats().shared).toMatchObject({ owned: 0, threads: 1 });
    }
  }, 300_000);
});
