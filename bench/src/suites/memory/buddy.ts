import { Heap } from 'millrace/memory';
import { median } from '../../harness/measure.js';
import type { SuiteContext } from '../../harness/suite.js';
import { GOMEM, type Gomem } from './gomem.js';
import { History, processorTime } from './history.js';

const KIB = 1024;

/** Blocks of the shared level against gomem's buddy, and what its lock costs: rows `buddy/...`. */
export async function buddyRows(context: SuiteContext, gomem: Gomem): Promise<void> {
  // One heap for all: V8 calls a kernel faster where a program has one instance of it.
  const heap = new Heap({ limit: 2 ** 30, initial: 2 ** 29 + 2 ** 17 });
  const level = heap.blocks;
  for (const [name, sizes, live] of [
    ['64 KiB', [64 * KIB], 500],
    ['64 KiB-1 MiB', [64, 128, 256, 512, 1024].map((size) => size * KIB), 300],
    ['alone, 64 KiB', [64 * KIB], 1],
  ] as const) {
    context.progress(`buddy ${name}`);
    const history = new History({ allocate: (size) => level.take(size >>> 16), free: (address, size) => level.give(address, address + size) }, live, sizes);
    const id = `buddy ${name}`;
    let good = true;
    if (gomem.twoTree) good = (await gomem.twoTree.ask({ op: 'buddy', id, live, sizes })).error === undefined;
    const n = context.verifyOnly ? 1000 : context.quick ? 50_000 : 300_000;
    const mine: number[] = [];
    const others: number[] = [];
    for (let round = -1; round < (context.quick ? 5 : 9); round += 1) {
      const { ns, sum } = processorTime(() => history.run(n));
      if (round >= 0) mine.push(ns / n);
      if (!gomem.twoTree) continue;
      const answer = await gomem.twoTree.ask({ op: 'run', id, n });
      good &&= answer.error === undefined && answer.sum === sum;
      if (round >= 0) others.push(answer.ns / n);
    }
    history.end();
    heap.audit();
    context.row({
      case: `buddy/${name}/live ${live}`,
      metric: 'ns/pair',
      better: 'lower',
      ours: median(mine),
      peer: `${GOMEM} buddy`,
      peerValue: others.length > 0 ? median(others) : undefined,
      verified: good && heap.stats().shared.owned === 0,
      note: 'blocks for all threads, under a lock',
    });
  }
  lockRow(context, heap);
}

// The same work with the lock and under one that is held already. Nobody else wants it.
function lockRow(context: SuiteContext, heap: Heap): void {
  const { kernels, slot } = heap;
  let page = kernels.pagesTake(1, slot + 1, 1);
  let good = page > 0;
  const n = context.verifyOnly ? 1000 : 300_000;
  const pair = (turn: number): number =>
    processorTime(() => {
      for (let i = 0; i < n; i += 1) {
        good &&= kernels.pagesGive(page, page + 1, slot + 1, turn) === 1;
        page = kernels.pagesTake(1, slot + 1, turn);
      }
      return 0;
    }).ns / n;
  const samples: [locked: number, unlocked: number][] = [];
  for (let round = -1; round < (context.verifyOnly ? 1 : 9); round += 1) {
    const sample: [number, number] = [pair(1), pair(0)];
    if (round >= 0) samples.push(sample);
  }
  const locked = median(samples.map(([with_]) => with_));
  const unlocked = median(samples.map(([, without]) => without));
  good &&= kernels.pagesGive(page, page + 1, slot + 1, 1) === 1;
  heap.audit();
  context.row({
    case: 'threads/uncontended lock over none, take + give',
    metric: 'ns/pair',
    better: 'lower',
    ours: locked,
    peer: 'the same without the lock',
    peerValue: unlocked,
    verified: good,
    note: `${((locked - unlocked) / 2).toFixed(0)} ns each time the lock is taken`,
  });
}
