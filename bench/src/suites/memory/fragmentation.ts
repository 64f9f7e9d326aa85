import { Heap } from 'millrace/memory';
import type { SuiteContext } from '../../harness/suite.js';
import { History, UNIFORM } from './history.js';
import { recordLinkBuffer } from './recorded.js';

/** How much of the blocks is in use after millions of operations, and whether the process grows: rows `fragmentation/...`. */
export function fragmentationRows(context: SuiteContext): void {
  const recorded = recordLinkBuffer(context.corpora.messages());
  const steps = context.verifyOnly ? 50_000 : context.quick ? 1_000_000 : 10_000_000;
  for (const [mix, sizes] of [['recorded LinkBuffer', recorded], ['uniform 16-8192', UNIFORM]] as const) {
    context.progress(`fragmentation ${mix}`);
    const heap = new Heap();
    const history = new History(heap, 10_000, sizes);
    history.run(Math.floor(steps / 10));
    const rss = process.memoryUsage.rss();
    const committed = heap.stats().shared.committed;
    let least = 1;
    for (let part = 0; part < 10; part += 1) {
      history.run(Math.floor((steps * 0.9) / 10));
      const { live, free } = heap.stats();
      least = Math.min(least, live / (live + free));
    }
    const grown = (process.memoryUsage.rss() - rss) / 2 ** 20;
    const after = heap.stats().shared.committed;
    heap.audit();
    history.end();
    context.row({
      case: `fragmentation/${mix}/live 10000/${steps} operations`,
      metric: 'live/(live+free)',
      better: 'higher',
      ours: least,
      peer: '-',
      peerValue: undefined,
      verified: heap.live === 0 && least > 0.75 && after <= committed * 2,
      note: `least seen; RSS ${grown < 0 ? '' : '+'}${grown.toFixed(1)} MiB after the first tenth, linear memory ${committed / 2 ** 20} -> ${after / 2 ** 20} MiB`,
    });
  }
  const heap = new Heap();
  const pinned = heap.allocate(64);
  let most = 0;
  for (let i = 0; i < 10_000; i += 1) {
    const address = heap.allocate(8192);
    most = Math.max(most, heap.stats().tiers.small.blocks + heap.stats().tiers.middle.blocks);
    heap.free(address, 8192);
  }
  heap.free(pinned, 64);
  context.row({ case: 'fragmentation/64 bytes pinned, 10,000 rounds of 8 KiB', metric: 'blocks', better: 'lower', ours: most, peer: '-', peerValue: undefined, verified: most <= 2 && heap.live === 0 });
}
