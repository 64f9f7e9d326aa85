import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { median } from '../../harness/measure.js';
import type { SuiteContext } from '../../harness/suite.js';
import type { LoadAnswer, LoadRequest } from './load.js';
import { messageSets } from './messages.js';
import type { Kind, Role, Usage } from './server.js';

const CONNECTIONS = 4;
const KINDS: readonly Kind[] = ['ours', 'concat', 'pipe'];

/** A process of the socket rows, and what it says. */
export class Child {
  readonly process: ChildProcess;

  constructor(file: 'server' | 'load', args: readonly string[] = [], execArgv: readonly string[] = []) {
    this.process = fork(fileURLToPath(new URL(`${file}.js`, import.meta.url)), [...args], { execArgv: [...execArgv], serialization: 'advanced' });
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
  readonly gcPauseMs: number;
}

/** One contender in one case: its process serves all rounds. */
class Contender {
  readonly runs: Run[] = [];
  /** Since it began to listen: what its code takes, and what the traffic takes on top. */
  rssGrowth = 0;
  verified = true;
  readonly #server: Child;
  readonly #load: Child;
  readonly #kind: Kind;
  readonly #request: LoadRequest;
  readonly #messages: number;

  private constructor(kind: Kind, server: Child, load: Child, request: LoadRequest, messages: number) {
    this.#kind = kind;
    this.#server = server;
    this.#load = load;
    this.#request = request;
    this.#messages = messages;
  }

  /** @param messages how many `wire` has */
  static async start(kind: Kind, role: Role, wire: Uint8Array, messages: number, repeats: number): Promise<Contender> {
    const load = new Child('load');
    const upstream = await load.hear<{ port: number }>();
    const server = new Child('server', [kind, role, String(upstream.port)]);
    const { port } = await server.hear<{ port: number }>();
    return new Contender(kind, server, load, { port, connections: CONNECTIONS, proxied: role === 'proxy', wire, repeats }, messages);
  }

  async run(count: boolean): Promise<void> {
    const before = await this.#server.hear<Usage>({});
    const answer = await this.#load.hear<LoadAnswer>(this.#request);
    const after = await this.#server.hear<Usage>({});
    const { repeats, connections, proxied } = this.#request;
    const wanted = this.#messages * repeats * connections * (proxied ? 2 : 1);
    this.verified &&= answer.verified && (this.#kind === 'pipe' || after.messages - before.messages === wanted);
    this.rssGrowth = after.rssGrowth;
    if (!count) return;
    const gb = answer.bytes / 1e9;
    this.runs.push({
      mbps: answer.bytes / 1e6 / answer.seconds,
      cpuPerGb: (after.cpuSeconds - before.cpuSeconds) / gb,
      gcPauseMs: (after.gcPauseMs - before.gcPauseMs) / gb,
    });
  }

  async stop(): Promise<void> {
    this.verified &&= (await this.#server.hear<Usage>({})).live === 0;
    await this.#load.close();
    await this.#server.close();
  }
}

/** Echo and proxy of framed messages: ours, the Buffer.concat idiom, and socket.pipe, which does not look at messages at all. */
export async function socketRows(context: SuiteContext): Promise<void> {
  const rounds = context.verifyOnly ? 1 : context.quick ? 3 : 9;
  const repeats = context.verifyOnly ? 2 : context.quick ? 50 : 200;
  const [small, middle] = messageSets(context.corpora, 2 ** 20);
  for (const role of ['echo', 'proxy'] as const) {
    for (const set of [small!, middle!]) {
      const wire = Buffer.concat(set.messages.flatMap((message) => {
        const header = Buffer.alloc(4);
        header.writeUInt32BE(message.length);
        return [header, message];
      }));
      const contenders = await Promise.all(KINDS.map((kind) => Contender.start(kind, role, wire, set.messages.length, repeats)));
      // A few first, so that the code is warm when it counts.
      for (let round = context.verifyOnly ? 0 : -2; round < rounds; round += 1) {
        for (const [i, contender] of contenders.entries()) {
          context.progress(`${role} ${set.name} ${KINDS[i]} ${round + 1}/${rounds}`);
          await contender.run(round >= 0);
        }
      }
      for (const contender of contenders) await contender.stop();
      report(context, `${role}, ${CONNECTIONS} connections, ${set.name.split(' (')[0]}`, contenders);
    }
  }
}

function report(context: SuiteContext, name: string, [ours, concat, pipe]: readonly Contender[]): void {
  for (const [peer, other] of [["'data' + Buffer.concat", concat!], ['socket.pipe, no framing', pipe!]] as const) {
    const row = (metric: string, better: 'higher' | 'lower', value: (contender: Contender) => number): void =>
      context.row({ case: name, metric, better, ours: value(ours!), peer, peerValue: value(other), verified: ours!.verified && other.verified });
    const typical = (of: (run: Run) => number) => (contender: Contender): number => median(contender.runs.map(of));
    row('MB/s', 'higher', typical((run) => run.mbps));
    row('CPU s per GB', 'lower', typical((run) => run.cpuPerGb));
    row('peak RSS growth, MiB', 'lower', (contender) => contender.rssGrowth / 2 ** 20);
    // None counts as a millisecond: a ratio to nothing says nothing.
    row('GC pause, ms per GB', 'lower', typical((run) => Math.max(1, run.gcPauseMs)));
  }
}
