import { median } from '../../harness/measure.js';
import type { SuiteContext } from '../../harness/suite.js';
import { ourWays, peerWays, readsOf, type Digest, type FramingName, type Reads, type Way } from './decoders.js';
import { messageSets } from './messages.js';

const CHUNK = 65_536;
const TURN_MS = 10;

/** Messages out of a stream that comes in 64 KiB reads: ours against all peers, and against the best of them. */
export async function decodeRows(context: SuiteContext): Promise<void> {
  const bytes = context.verifyOnly ? 2 ** 18 : context.quick ? 2 ** 21 : 2 ** 22;
  const rounds = context.verifyOnly ? 1 : context.quick ? 7 : 15;
  for (const framing of ['length32', 'ndjson'] as const) {
    for (const set of messageSets(context.corpora, bytes)) {
      context.progress(`decode ${framing} ${set.name}`);
      const reads = readsOf(frame(set.messages, framing), CHUNK);
      const ways = [...ourWays(framing), ...(await peerWays(framing))];
      const speeds = await race(ways, reads, rounds, digestOf(set.messages));
      report(context, `decode ${framing} ${set.name}`, ways, speeds, reads.stream.length);
    }
  }
}

function frame(messages: readonly Buffer[], framing: FramingName): Buffer {
  return Buffer.concat(messages.flatMap((message) => {
    if (framing === 'ndjson') return [message, Buffer.from('\n')];
    const header = Buffer.alloc(4);
    header.writeUInt32BE(message.length);
    return [header, message];
  }));
}

function digestOf(messages: readonly Buffer[]): Record<Way['gives'], Digest> {
  const bytes = { messages: messages.length, sum: 0 };
  const string = { messages: messages.length, sum: 0 };
  for (const message of messages) {
    const text = message.toString();
    bytes.sum = (bytes.sum + message.length + message[0]! + 3 * message.at(-1)!) | 0;
    string.sum = (string.sum + text.length + text.charCodeAt(0) + 3 * text.charCodeAt(text.length - 1)) | 0;
  }
  return { bytes, string };
}

// Median nanoseconds of a pass for each way, all in turn; undefined for one that did not give the right messages every time. A turn lasts some
// milliseconds, and its first pass, over caches that another way has filled, does not count.
async function race(ways: readonly Way[], reads: Reads, rounds: number, wanted: Record<Way['gives'], Digest>): Promise<(number | undefined)[]> {
  const samples: number[][] = ways.map(() => []);
  const wrong = new Set<number>();
  // Two rounds more than are counted warm the code up.
  for (let round = -2; round < rounds; round += 1) {
    for (const [i, way] of ways.entries()) {
      const { messages, sum } = wanted[way.gives];
      const end = performance.now() + TURN_MS;
      for (let pass = -1; pass < 1 || performance.now() < end; pass += 1) {
        const digest: Digest = { messages: 0, sum: 0 };
        const ns = await way.run(reads, digest);
        if (digest.messages !== messages || digest.sum !== sum) wrong.add(i);
        if (round >= 0 && pass >= 0) samples[i]!.push(ns);
      }
    }
  }
  return samples.map((times, i) => (wrong.has(i) ? undefined : median(times)));
}

function report(context: SuiteContext, name: string, ways: readonly Way[], times: readonly (number | undefined)[], bytes: number): void {
  const speed = (i: number): number => (times[i] === undefined ? 0 : bytes / times[i]! * 1000);
  for (const [i, way] of ways.entries()) {
    if (!way.name.startsWith('FrameDecoder')) continue;
    const rivals = ways.flatMap((other, k) => (other.name.startsWith('FrameDecoder') || other.gives !== way.gives ? [] : [k]));
    if (rivals.length === 0) continue;
    for (const k of rivals) {
      context.row({
        case: `${name}: ${way.name}`,
        metric: 'MB/s',
        better: 'higher',
        ours: speed(i),
        peer: ways[k]!.name,
        peerValue: speed(k),
        verified: times[i] !== undefined && times[k] !== undefined,
      });
    }
  }
}
