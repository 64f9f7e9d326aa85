import { Bytes } from 'millrace/bytes';
import { Heap } from 'millrace/memory';
import type { SuiteContext } from '../../harness/suite.js';
import { sink, timed } from './pace.js';

/** Finding and comparing, against Buffer's own. What is sought stands at the end. */
export function search(context: SuiteContext): void {
  const heap = new Heap();
  for (const size of [64, 4096, 65_536]) {
    context.progress(`search in ${size} B`);
    const source = Buffer.from(Uint8Array.from({ length: size }, (_, i) => 97 + (i % 23)));
    source.write('\r\n\r\n', size - 4);
    const bytes = Bytes.copyOf(source, heap);
    const twin = Bytes.copyOf(source, heap);
    const copy = Buffer.from(source);
    const crlf = Buffer.from('\r\n\r\n');
    const cases: readonly (readonly [string, () => number, () => number])[] = [
      ['indexOf a byte', () => bytes.indexOf(13), () => source.indexOf(13)],
      ['indexOf 4 bytes', () => bytes.indexOf(crlf), () => source.indexOf(crlf)],
      ['equals', () => Number(bytes.equals(twin)), () => Number(source.equals(copy))],
      ['compare', () => bytes.compare(twin), () => source.compare(copy)],
    ];
    for (const [title, ours, theirs] of cases) {
      const before = ours() === theirs();
      const [mine, other] = timed(context, [
        (n) => { for (let i = 0; i < n; i += 1) sink.number += ours(); },
        (n) => { for (let i = 0; i < n; i += 1) sink.number += theirs(); },
      ]);
      context.row({ case: `${title}, ${size} B`, metric: 'ns', better: 'lower', ours: mine!, peer: 'Buffer', peerValue: other!, verified: before && ours() === theirs() });
    }
    bytes.release();
    twin.release();
  }
}
