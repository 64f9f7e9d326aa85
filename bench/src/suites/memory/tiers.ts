import { Heap, type TierAllocator } from 'millrace/memory';
import { interleave } from '../../harness/measure.js';
import type { SuiteContext } from '../../harness/suite.js';
import { History } from './history.js';

/** What each allocator costs for each size: the ground for the tiers' defaults. Rows `tiers/<size>/<allocator>`. */
export function tierRows(context: SuiteContext): void {
  for (const [name, sizes, live] of [
    ['16-1008', range(16, 1008, 16), 2000],
    ['1 KiB-64 KiB', range(1024, 65_536, 1008), 1000],
    ['64 KiB-8 MiB', range(65_536, 2 ** 23, 500_000), 40],
    ['8-16 MiB', range(2 ** 23 + 16, 2 ** 24, 2 ** 20), 20],
  ] as const) {
    context.progress(`tiers ${name}`);
    const allocators: readonly TierAllocator[] = ['bins', 'tree', 'pages'];
    const heaps = allocators.map((allocator) => new Heap({ limit: 2 ** 30, tiers: { small: allocator, middle: allocator, large: allocator } }));
    const histories = heaps.map((heap) => new History(heap, live, sizes));
    const figures = interleave(histories.map((history) => (n: number) => void history.run(n)), { sliceMs: context.verifyOnly ? 1 : 50, rounds: context.verifyOnly ? 1 : 5 });
    for (const [i, allocator] of allocators.entries()) {
      const heap = heaps[i]!;
      const { live: liveBytes, free } = heap.stats();
      histories[i]!.end();
      heap.audit();
      context.row({
        case: `tiers/${name}/${allocator}`,
        metric: 'ns/pair',
        better: 'lower',
        ours: figures[i]!,
        peer: '-',
        peerValue: undefined,
        verified: heap.live === 0,
        note: `live/(live + free) ${(liveBytes / (liveBytes + free)).toFixed(2)}`,
      });
    }
  }
}

function range(from: number, to: number, step: number): number[] {
  const sizes: number[] = [];
  for (let size = from; size <= to; size += step) sizes.push(size & -16);
  return sizes;
}
