import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Suite } from '../harness/suite.js';
import { runMillrace } from '../ingest/run.js';

interface Sample {
  readonly event: 'progress';
  readonly bytesIn: number;
  readonly rss: number;
}

/** Whether memory stays flat while messages flow: resident memory against bytes ingested, and what the heap still holds at the end. */
export const soak: Suite = {
  name: 'soak',
  description: 'growth of resident memory of millrace ingest for each 100 MB, after warm-up',
  async run(context) {
    const messages = context.corpora.messages();
    const wireBytes = messages.reduce((sum, message) => sum + message.length + 1, 0);
    const target = context.verifyOnly ? 0.6e9 : context.quick ? 4e9 : 40e9;
    const repeats = Math.ceil(target / wireBytes);
    const scratch = mkdtempSync(join(tmpdir(), 'millrace-soak-'));
    const samples: Sample[] = [];
    try {
      const run = await runMillrace(join(scratch, 'data'), 'ndjson', repeats, {
        progressMs: 50,
        onEvent: (event) => {
          const sample = event as Sample;
          if (sample.event !== 'progress') return;
          samples.push(sample);
          context.progress(`${(sample.bytesIn / 1e9).toFixed(1)} GB of ${(target / 1e9).toFixed(1)}, ${(sample.rss / 2 ** 20).toFixed(0)} MiB resident`);
        },
      });
      // The first third warms up: code is compiled, the heap and the young generation take their size.
      const settled = samples.filter((sample) => sample.bytesIn >= (wireBytes * repeats) / 3);
      const growth = slope(settled) * 100e6;
      const counted = run.server.messages === messages.length * repeats;
      const name = `ndjson, ${((wireBytes * repeats) / 1e9).toFixed(1)} GB`;
      const alone = { peer: '-', peerValue: undefined } as const;
      context.row({ case: name, metric: 'RSS growth, MB for each 100 MB in', better: 'lower', ours: growth / 1e6, ...alone, verified: counted && settled.length >= 8 && growth < 1e6, note: `${settled.length} samples` });
      context.row({ case: name, metric: 'resident at the end, MB', better: 'lower', ours: (samples.at(-1)?.rss ?? Number.NaN) / 1e6, ...alone, verified: counted });
      context.row({ case: name, metric: 'heap still in use at the end, bytes', better: 'lower', ours: run.server.heapLive ?? Number.NaN, ...alone, verified: run.server.heapLive === 0 });
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  },
};

/** Bytes of resident memory for each byte in, by least squares. */
function slope(samples: readonly Sample[]): number {
  const meanX = samples.reduce((sum, { bytesIn }) => sum + bytesIn, 0) / samples.length;
  const meanY = samples.reduce((sum, { rss }) => sum + rss, 0) / samples.length;
  let covariance = 0;
  let variance = 0;
  for (const { bytesIn, rss } of samples) {
    covariance += (bytesIn - meanX) * (rss - meanY);
    variance += (bytesIn - meanX) ** 2;
  }
  return covariance / variance;
}
