import { Heap } from 'millrace/memory';
import { median } from '../../harness/measure.js';
import type { SuiteContext } from '../../harness/suite.js';
import { processorTime } from './history.js';

/** What the floors above do most: rows `hot/...`, ns of processor time for one operation. */
export function hotPathRows(context: SuiteContext): void {
  const heap = new Heap();
  const ring = new Int32Array(1024);
  for (let i = 0; i < ring.length; i += 1) ring[i] = heap.allocate(256);
  let at = 0;
  const runs: [string, (n: number) => void][] = [
    [
      'free of 16 bytes next to the last free',
      (n) => {
        for (let i = 0; i < n; i += 512) {
          let address = heap.allocate(8192);
          for (let k = 0; k < 512; k += 1) {
            heap.free(address, 16);
            address += 16;
          }
        }
      },
    ],
    [
      'allocation of 16 bytes in a row',
      (n) => {
        for (let i = 0; i < n; i += 512) {
          const first = heap.allocate(16);
          let last = first;
          for (let k = 1; k < 512; k += 1) last = heap.allocate(16);
          heap.free(first, last - first + 16);
        }
      },
    ],
    [
      'allocate + free of 4 KiB, last in first out',
      (n) => {
        for (let i = 0; i < n; i += 1) heap.free(heap.allocate(4096), 4096);
      },
    ],
    [
      'allocate + free of 256 bytes, first in first out of 1024',
      (n) => {
        for (let i = 0; i < n; i += 1) {
          heap.free(ring[at]!, 256);
          ring[at] = heap.allocate(256);
          at = (at + 1) & 1023;
        }
      },
    ],
  ];
  const n = context.verifyOnly ? 5000 : 2_000_000;
  const samples = runs.map((): number[] => []);
  for (let round = -1; round < (context.verifyOnly ? 1 : 7); round += 1) {
    for (const [i, [, run]] of runs.entries()) {
      const { ns } = processorTime(() => {
        run(n);
        return 0;
      });
      if (round >= 0) samples[i]!.push(ns / n);
    }
  }
  const figures = samples.map(median);
  for (const address of ring) heap.free(address, 256);
  heap.audit();
  for (const [i, [name]] of runs.entries()) {
    context.row({ case: `hot/${name}`, metric: 'ns', better: 'lower', ours: figures[i]!, peer: '-', peerValue: undefined, verified: heap.live === 0 });
  }
}
