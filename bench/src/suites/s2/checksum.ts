import { Heap } from 'millrace';
import { crc32c } from 'millrace/codec';
import { interleave } from '../../harness/measure.js';
import type { SuiteContext } from '../../harness/suite.js';

/** CRC-32C over 64 KiB, beside the 1.5 GB/s it must exceed so that it does not hold streams up. */
export function checksumRow(context: SuiteContext): void {
  const heap = new Heap();
  const size = 65_536;
  const address = heap.allocate(size);
  for (let i = 0; i < size; i += 1) heap.u8[address + i] = Math.imul(i, 0x9e3779b1) >>> 24;
  heap.u8.set(Buffer.from('123456789'), address);
  const verified = crc32c(heap, address, 9) === 0xe3069283;
  const [ns] = interleave(
    [
      (n) => {
        for (let i = 0; i < n; i += 1) crc32c(heap, address, size);
      },
    ],
    context.verifyOnly ? { rounds: 1, sliceMs: 2 } : { rounds: 7, sliceMs: context.quick ? 15 : 60 },
  );
  context.row({ case: 'crc32c/65536', metric: 'MB/s', better: 'higher', ours: (size / ns!) * 1e3, peer: '-', peerValue: undefined, verified });
  heap.free(address, heap.roundUp(size));
}
