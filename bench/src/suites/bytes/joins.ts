import { Bytes, Rope } from 'millrace/bytes';
import { Heap } from 'millrace/memory';
import type { SuiteContext } from '../../harness/suite.js';
import { sink, timed } from './pace.js';

const SHAPES: readonly (readonly [parts: number, size: number])[] = [[4, 256], [16, 4096], [16, 65_536]];

/** Parts that come one by one, joined and read once: what a writer that wants one body does. Read: a byte of every KiB, in order. */
export function joins(context: SuiteContext): void {
  const heap = new Heap({ initial: 2 ** 23 });
  for (const [count, size] of SHAPES) {
    context.progress(`join ${count} x ${size}`);
    const sources = Array.from({ length: count }, (_, k) => Buffer.alloc(size, k + 1));
    // Blocks of their own each, so that nothing touches by chance.
    const parts = sources.map((source) => {
      const bytes = Bytes.copyOf(Buffer.concat([source, Buffer.alloc(16)]), heap);
      bytes.truncate(size);
      return bytes;
    });
    const ours = (): number => {
      const rope = new Rope();
      for (const part of parts) rope.append(part.clone());
      let sum = 0;
      for (const chunk of rope.toIovec()) for (let i = 0; i < chunk.length; i += 1024) sum += chunk[i]!;
      rope.release();
      return sum;
    };
    const walk = (): number => {
      const rope = new Rope();
      for (const part of parts) rope.append(part.clone());
      let sum = 0;
      for (let n = rope.end - rope.start; n > 0; n = rope.end - rope.start) {
        const memory = rope.block.u8;
        for (let i = rope.start; i < rope.end; i += 1024) sum += memory[i]!;
        rope.advance(n);
      }
      rope.release();
      return sum;
    };
    const theirs = (): number => {
      const whole = Buffer.concat(sources);
      let sum = 0;
      for (let i = 0; i < whole.length; i += 1024) sum += whole[i]!;
      return sum;
    };
    const check = (): boolean => {
      const rope = Rope.of(...parts.map((part) => part.clone()));
      const same = rope.equals(Buffer.concat(sources));
      rope.release();
      // With parts below a KiB every part gives a byte to us, the whole gives one in a KiB to them.
      return same && ours() === walk() && (size < 1024 || ours() === theirs());
    };
    const before = check();
    const [chunks, cursor, other] = timed(context, [
      (n) => { for (let i = 0; i < n; i += 1) sink.number += ours(); },
      (n) => { for (let i = 0; i < n; i += 1) sink.number += walk(); },
      (n) => { for (let i = 0; i < n; i += 1) sink.number += theirs(); },
    ]);
    const verified = before && check();
    const title = `join ${count} x ${size} B, read once`;
    context.row({ case: `${title}, as chunks in place`, metric: 'ns', better: 'lower', ours: cursor!, peer: 'Buffer.concat', peerValue: other!, verified });
    context.row({ case: `${title}, as an iovec of Buffers`, metric: 'ns', better: 'lower', ours: chunks!, peer: 'Buffer.concat', peerValue: other!, verified });
    for (const part of parts) part.release();
  }
  if (heap.live !== 0) throw new Error(`${heap.live} bytes were not given back`);
}
