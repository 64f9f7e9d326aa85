import { Netpoll } from '@millrace/interop/netpoll';
import { Heap } from 'millrace';
import { LinkBuffer } from 'millrace/buffer';
import { median } from '../../harness/measure.js';
import type { SuiteContext } from '../../harness/suite.js';

type Op = 'malloc' | 'binary';

/** Write, flush, read as one piece, release: ours against netpoll's LinkBuffer, each in its own process, in turn. */
export async function netpollRows(context: SuiteContext): Promise<void> {
  const rounds = context.verifyOnly ? 1 : context.quick ? 5 : 9;
  const sliceMs = context.verifyOnly ? 1 : context.quick ? 25 : 60;
  const peer = new Netpoll();
  const heap = new Heap();
  try {
    const label = `netpoll ${(await peer.ask('version', 0, 0)).version} (Go)`;
    for (const op of ['malloc', 'binary'] as const) {
      for (const size of [64, 512, 4096, 65_536]) {
        context.progress(`LinkBuffer ${op} ${size}`);
        const n = Math.max(100, Math.round((sliceMs * 1e6) / 60 / Math.max(1, size / 16_384)));
        const ours: number[] = [];
        const theirs: number[] = [];
        let verified = true;
        const run = runs[op];
        for (let warm = 0; warm < 3; warm += 1) run(heap, size, n);
        for (let round = 0; round < rounds; round += 1) {
          const start = process.hrtime.bigint();
          verified &&= run(heap, size, n) === n * size;
          ours.push(Number(process.hrtime.bigint() - start) / n);
          const reply = await peer.ask(op, size, n);
          verified &&= reply.sum === n * size;
          theirs.push(reply.ns / n);
        }
        context.row({
          case: `LinkBuffer ${op === 'malloc' ? 'malloc' : 'writeBinary'} ${size} B + flush + next + release`,
          metric: 'ns/op',
          better: 'lower',
          ours: median(ours),
          peer: label,
          peerValue: median(theirs),
          verified: verified && heap.live === 0,
        });
      }
    }
  } finally {
    peer.close();
  }
}

type Run = (heap: Heap, size: number, n: number) => number;

const runs: Readonly<Record<Op, Run>> = {
  malloc(heap, size, n) {
    const buffer = new LinkBuffer({ heap });
    let sum = 0;
    for (let i = 0; i < n; i += 1) {
      const at = buffer.mallocAddress(size);
      heap.u8[at] = i;
      buffer.flush();
      const bytes = buffer.next(size);
      sum += bytes.length;
      bytes.release();
    }
    buffer.close();
    return sum;
  },
  binary(heap, size, n) {
    const buffer = new LinkBuffer({ heap });
    const source = Buffer.alloc(size, 7);
    let sum = 0;
    for (let i = 0; i < n; i += 1) {
      buffer.writeBinary(source);
      buffer.flush();
      const bytes = buffer.next(size);
      sum += bytes.length;
      bytes.release();
    }
    buffer.close();
    return sum;
  },
};
