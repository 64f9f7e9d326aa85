import { Heap } from 'millrace/memory';
import { interleave } from '../../harness/measure.js';
import type { SuiteContext } from '../../harness/suite.js';

const SIZES: readonly (readonly [string, number])[] = [
  ['1 KiB', 1024],
  ['4 KiB', 4096],
  ['16 KiB', 16_384],
  ['64 KiB', 65_536],
  ['1 MiB', 2 ** 20],
  ['8 MiB', 2 ** 23],
];

/** Allocate, touch the first and the last byte, free; against what Node gives out: rows `pooled/<size>`. */
export function pooledRows(context: SuiteContext): void {
  const heap = new Heap();
  for (const [name, size] of SIZES) {
    context.progress(`pooled ${name}`);
    let mark = 0;
    let good = true;
    const own = (n: number): void => {
      for (let i = 0; i < n; i += 1) {
        const address = heap.allocate(size);
        const u8 = heap.u8;
        u8[address] = mark;
        u8[address + size - 1] = mark;
        good &&= u8[address] === (mark & 255);
        mark += 1;
        heap.free(address, size);
      }
    };
    const node = (allocate: (size: number) => Buffer) => (n: number): void => {
      for (let i = 0; i < n; i += 1) {
        const buffer = allocate(size);
        buffer[0] = mark;
        buffer[size - 1] = mark;
        good &&= buffer[0] === (mark & 255);
        mark += 1;
      }
    };
    const [mine, unsafe, slow] = interleave([own, node(Buffer.allocUnsafe), node(Buffer.allocUnsafeSlow)], {
      sliceMs: context.verifyOnly ? 1 : context.quick ? 50 : 150,
      rounds: context.verifyOnly ? 1 : 7,
    });
    for (const [peer, peerValue] of [['Buffer.allocUnsafe', unsafe], ['Buffer.allocUnsafeSlow', slow]] as const) {
      context.row({ case: `pooled/${name}`, metric: 'ns', better: 'lower', ours: mine!, peer, peerValue, verified: good && heap.live === 0, note: 'allocate, touch both ends, free; of Buffer its collection too' });
    }
  }
  heap.audit();
}
