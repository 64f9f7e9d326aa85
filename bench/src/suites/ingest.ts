import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../harness/measure.js';
import { peers } from '../harness/peers.js';
import type { Suite, SuiteContext } from '../harness/suite.js';
import { frameAll, type FramingName } from '../ingest/messages.js';
import { millraceCommand, runMillrace, runNodePipeline, type IngestRun, type PeerStyle } from '../ingest/run.js';

/** The main job against the pipeline Node users build today, over a real socket. */
export const ingest: Suite = {
  name: 'ingest',
  description: 'millrace ingest against readline or concat + npm snappy + fs stream, over TCP',
  async run(context) {
    for (const framing of ['ndjson', 'length32'] as const) await measure(context, framing);
  },
};

async function measure(context: SuiteContext, framing: FramingName): Promise<void> {
  const messages = context.corpora.messages();
  const wire = frameAll(messages, framing);
  const repeats = context.verifyOnly ? 2 : context.quick ? 10 : 25;
  const rounds = context.verifyOnly ? 1 : context.quick ? 3 : 7;
  const scratch = mkdtempSync(join(tmpdir(), 'millrace-ingest-'));
  const ours: IngestRun[] = [];
  const theirs: Record<PeerStyle, IngestRun[]> = { plain: [], tuned: [] };
  let verified = true;
  const whole = ({ server }: IngestRun): boolean => server.messages === messages.length * repeats && server.bytesIn === wire.length * repeats;
  try {
    for (let round = 0; round < rounds; round += 1) {
      context.progress(`${framing}: round ${round + 1} of ${rounds}`);
      const directory = join(scratch, `ours-${round}`);
      const run = await runMillrace(directory, framing, repeats);
      verified &&= whole(run);
      if (round === 0 || round === rounds - 1) verified &&= readsBack(directory, wire, repeats);
      rmSync(directory, { recursive: true });
      ours.push(run);
      const file = join(scratch, 'theirs');
      for (const style of ['plain', 'tuned'] as const) {
        const peer = await runNodePipeline(file, framing, repeats, style);
        verified &&= whole(peer);
        rmSync(file);
        theirs[style].push(peer);
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const of = (runs: readonly IngestRun[], value: (run: IngestRun) => number): number => median(runs.map(value));
  const name = `${framing}, ${messages.length * repeats} messages, ${((wire.length * repeats) / 1e6).toFixed(0)} MB`;
  for (const style of ['plain', 'tuned'] as const) {
    const peer = `${framing === 'ndjson' ? 'readline' : 'Buffer.concat'} + ${peers().label('snappy')}, ${style}`;
    const compare = (metric: string, better: 'higher' | 'lower', value: (run: IngestRun) => number): void =>
      context.row({ case: name, metric, better, ours: of(ours, value), peer, peerValue: of(theirs[style], value), verified });
    compare('MB/s', 'higher', (run) => run.bytes / 1e6 / run.seconds);
    compare('peak RSS growth, MiB', 'lower', (run) => run.server.rssGrowth / 2 ** 20);
    compare('CPU s', 'lower', (run) => run.server.cpuSeconds);
    compare('GC pause, ms', 'lower', (run) => run.server.gcPauseMs);
    compare('compression ratio', 'higher', (run) => run.bytes / run.server.bytesOut);
  }
  const copied = of(ours, (run) => run.server.bytesCopiedPerByte ?? Number.NaN);
  context.row({ case: name, metric: 'bytes copied per byte in', better: 'lower', ours: copied, peer: '-', peerValue: undefined, verified });
}

function readsBack(directory: string, wire: Buffer, repeats: number): boolean {
  const { stdout, status } = spawnSync(process.execPath, [millraceCommand, 'cat', directory], { maxBuffer: 2 ** 32, stdio: ['ignore', 'pipe', 'inherit'] });
  const expected = createHash('sha256');
  for (let round = 0; round < repeats; round += 1) expected.update(wire);
  return status === 0 && createHash('sha256').update(stdout).digest('hex') === expected.digest('hex');
}
