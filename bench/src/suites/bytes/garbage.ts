import { PerformanceObserver, constants, type PerformanceEntry } from 'node:perf_hooks';
import { Bytes, BytesMut } from 'millrace/bytes';
import { Heap } from 'millrace/memory';
import type { SuiteContext } from '../../harness/suite.js';
import { sink } from './pace.js';

interface Collections {
  minor: number;
  major: number;
}

/** Collections that ten million splitTo, clone and release cause, beside those of the same loop over Buffer.subarray. */
export async function garbage(context: SuiteContext): Promise<void> {
  const count = context.verifyOnly ? 100_000 : 10_000_000;
  context.progress('garbage');
  const heap = new Heap({ initial: 2 ** 23 });
  const ours = await collections(() => {
    let rest = Bytes.empty();
    for (let i = 0; i < count; i += 1) {
      if (rest.length < 100) {
        rest.release();
        const buffer = BytesMut.withCapacity(2 ** 20, heap);
        buffer.advanceMut(2 ** 20);
        rest = buffer.freeze();
      }
      const part = rest.splitTo(100);
      const clone = part.clone();
      part.release();
      clone.release();
    }
    rest.release();
  });
  const source = Buffer.alloc(2 ** 20);
  const theirs = await collections(() => {
    for (let i = 0, at = 0; i < count; i += 1, at = at + 200 > source.length ? 0 : at + 100) {
      const part = source.subarray(at, at + 100);
      const clone = part.subarray(0, 100);
      sink.number += clone.length;
    }
  });
  const empty = await collections(() => {
    for (let i = 0; i < count; i += 1) sink.number += i & 1;
  });
  const title = `${count.toLocaleString('en-US')} times splitTo, clone, release`;
  const verified = heap.live === 0;
  const row = (kind: keyof Collections): void =>
    context.row({
      case: title,
      metric: `${kind} collections`,
      better: 'lower',
      ours: ours[kind],
      peer: '-',
      peerValue: undefined,
      verified,
      note: `an empty loop ${empty[kind]}, the same with Buffer.subarray ${theirs[kind]}`,
    });
  row('major');
  row('minor');
}

async function collections(run: () => void): Promise<Collections> {
  const seen: Collections = { minor: 0, major: 0 };
  const count = (entries: readonly PerformanceEntry[]): void => {
    for (const entry of entries) {
      const { kind } = (entry as PerformanceEntry & { detail: { kind: number } }).detail;
      if (kind === constants.NODE_PERFORMANCE_GC_MINOR) seen.minor += 1;
      else if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) seen.major += 1;
    }
  };
  const observer = new PerformanceObserver((list) => count(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  run();
  // Entries of collections are queued after the fact.
  await new Promise((resolve) => setTimeout(resolve, 50));
  count(observer.takeRecords());
  observer.disconnect();
  return seen;
}
