import type { Suite } from '../harness/suite.js';
import { bufferRows } from './s2/buffers.js';
import { checksumRow } from './s2/checksum.js';
import { items } from './s2/items.js';
import { kernelRows } from './s2/kernels.js';
import { streamRows } from './s2/streams.js';

/** Blocks and streams of S2 and Snappy: rows `operation/level/corpus/size`, and the geometric mean over the corpora at each size. */
export const s2Suite: Suite = {
  name: 's2',
  description: 'Snappy and S2, blocks and streams: kernels against klauspost/compress, Buffer to Buffer against npm snappy',
  async run(context) {
    const all = items(context.corpora);
    bufferRows(context, all);
    await kernelRows(context, all);
    checksumRow(context);
    await streamRows(context);
  },
};
