import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { median } from '../../harness/measure.js';
import type { SuiteContext } from '../../harness/suite.js';
import type { LoadAnswer, LoadRequest } from './load.js';
import { messageSets } from './messages.js';
import type { Kind, Role, Usage } from './server.js';

const CONNECTIONS = 4;

/** A process of the socket rows, and what it says. */
export class Child {
  readonly process: ChildProcess;

  constructor(file: 'server' | 'load', args: readonly string[], execArgv: readonly string[] = []) {
    this.process = fork(fileURLToPath(new URL(`${file}.js`, import.meta.url)), [...args], { execArgv: [...execArgv] });
  }

  /** Its next message, after it was sent `question`. */
  async hear<Answer>(question?: object): Promise<Answer> {
    const heard = once(this.process, 'message');
    if (question !== undefined) this.process.send(question);
    const [answer] = (await heard) as [Answer];
    return answer;
  }

  async close(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const gone = once(this.process, 'exit');
    if (this.process.connected) this.process.disconnect();
    await gone;
  }
}

interface Run {
  readonly mbps: number;
  readonly cpuPerGb: number;
  readonly rssGrowth: number;
  readonly gcPauseMs: number;
  readonly copiedPerByte: number;
  readonly verified: boolean;
}

async function runOnce(kind: Kind, role: Role, wire: Buffer, messages: number, repeats: number): Promise<Run> {
  const upstream = role === 'proxy' ? new Child('load', ['upstream']) : undefined;
  const upstreamPort = upstream === undefined ? 0 : (await upstream.hear<{ port: number }>()).port;
  const server = new Child('server', [kind, role, String(upstreamPort)]);
  const load = new Child('load', []);
  try {
    const { port } = await server.hear<{ port: number }>();
    // A little first, so that the code is warm when it counts.
    const request: LoadRequest = { port, connections: CONNECTIONS, wire: wire.toString('base64'), repeats: Math.max(1, repeats >> 3), chunk: 65_536 };
    await load.hear(request);
    const before = await server.hear<Usage>({});
    const again = new Child('load', []);
    const answer = await again.hear<LoadAnswer>({ ...request, repeats });
    const after = await server.hear<Usage>({});
    await again.close();
    const gb = answer.bytes / 1e9;
    const counted = after.messages - before.messages;
    const wanted = messages * repeats * CONNECTIONS * (role === 'proxy' ? 2 : 1);
    return {
      mbps: answer.bytes / 1e6 / answer.seconds,
      cpuPerGb: (after.cpuSeconds - before.cpuSeconds) / gb,
      rssGrowth: (after.peakRss - before.rss) / 2 ** 20,
      gcPauseMs: (after.gcPauseMs - before.gcPauseMs) / gb,
      copiedPerByte: (after.copied - before.copied) / answer.bytes,
      verified: answer.verified && (kind === 'pipe' || counted === wanted),
    };
  } finally {
    await load.close();
    await server.close();
    await upstream?.close();
  }
}

/** Echo and proxy of framed messages: ours, the Buffer.concat idiom, and socket.pipe, which does not look at messages at all. */
export async function socketRows(context: SuiteContext): Promise<void> {
  const rounds = context.verifyOnly ? 1 : context.quick ? 3 : 5;
  const repeats = context.verifyOnly ? 2 : context.quick ? 40 : 100;
  const [small, middle] = messageSets(context.corpora, 2 ** 20);
  const peers: [Kind, string][] = [['concat', "'data' + Buffer.concat"], ['pipe', 'socket.pipe, no framing']];
  for (const role of ['echo', 'proxy'] as const) {
    for (const set of [small!, middle!]) {
      const wire = Buffer.concat(set.messages.flatMap((message) => {
        const header = Buffer.alloc(4);
        header.writeUInt32BE(message.length);
        return [header, message];
      }));
      const runs: Record<Kind, Run[]> = { ours: [], concat: [], pipe: [] };
      for (let round = 0; round < rounds; round += 1) {
        for (const kind of ['ours', 'concat', 'pipe'] as const) {
          context.progress(`${role} ${set.name} ${kind} ${round + 1}/${rounds}`);
          runs[kind].push(await runOnce(kind, role, wire, set.messages.length, repeats));
        }
      }
      const of = (kind: Kind, value: (run: Run) => number): number => median(runs[kind].map(value));
      const name = `${role}, ${CONNECTIONS} connections, ${set.name.split(' (')[0]}`;
      for (const [kind, peer] of peers) {
        const row = (metric: string, better: 'higher' | 'lower', value: (run: Run) => number): void =>
          context.row({
            case: name,
            metric,
            better,
            ours: of('ours', value),
            peer,
            peerValue: of(kind, value),
            verified: [...runs.ours, ...runs[kind]].every((run) => run.verified),
          });
        row('MB/s', 'higher', (run) => run.mbps);
        row('CPU s per GB', 'lower', (run) => run.cpuPerGb);
        row('peak RSS growth, MiB', 'lower', (run) => run.rssGrowth);
        // Below a hundredth of a millisecond is none: a ratio to nothing says nothing.
        row('GC pause, ms per GB', 'lower', (run) => Math.max(0.01, run.gcPauseMs));
      }
    }
  }
}
