// npm start: real messages over a real socket into `millrace ingest`, read back and compared, beside the same job with what Node users
// have today. Exit 0 only when every message came back as it was sent and both runs did what they say.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Corpora } from '../harness/corpora.js';
import { peers } from '../harness/peers.js';
import { frameAll } from '../ingest/messages.js';
import { millraceCommand, runMillrace, runNodePipeline, type IngestRun } from '../ingest/run.js';

const DIRECTORY = './millrace-data';
const MESSAGES_WANTED = 200_000;
const FRAMING = 'ndjson';

interface ReadBack {
  readonly bytes: number;
  readonly sha256: string;
}

function say(text: string): void {
  console.log(text);
}

async function readBack(directory: string): Promise<ReadBack> {
  const cat = spawn(process.execPath, [millraceCommand, 'cat', directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(cat, 'exit') as Promise<[number | null]>;
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of cat.stdout as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  const [code] = await exit;
  if (code !== 0) throw new Error(`millrace cat ended with ${code}`);
  return { bytes, sha256: hash.digest('hex') };
}

async function verify(directory: string): Promise<number> {
  const child = spawn(process.execPath, [millraceCommand, 'verify', directory], { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

function row(name: string, run: IngestRun): string {
  const { server, bytes, seconds } = run;
  return [
    name.padEnd(44),
    `${(bytes / 1e6 / seconds).toFixed(0)} MB/s`.padStart(9),
    `${(server.rssGrowth / 2 ** 20).toFixed(0)} MiB`.padStart(10),
    `${server.cpuSeconds.toFixed(2)} s`.padStart(8),
    `${server.gcCount}, ${server.gcPauseMs.toFixed(1)} ms`.padStart(16),
    (bytes / server.bytesOut).toFixed(2).padStart(7),
  ].join('  ');
}

async function main(): Promise<number> {
  const messages = new Corpora(new Map()).messages();
  if (messages.length < 10_000) throw new Error(`the data package gives only ${messages.length} messages`);
  const repeats = Math.ceil(MESSAGES_WANTED / messages.length);
  const wire = frameAll(messages, FRAMING);
  say(`${messages.length} messages of ${peers().label('@mdn/browser-compat-data')}, sent ${repeats} times over TCP (${((wire.length * repeats) / 1e6).toFixed(0)} MB)`);

  rmSync(DIRECTORY, { recursive: true, force: true });
  const ours = await runMillrace(DIRECTORY, FRAMING, repeats);
  say(`\nwritten to ${DIRECTORY}; verifying and reading back`);
  const verified = await verify(DIRECTORY);
  const found = await readBack(DIRECTORY);
  const expected = createHash('sha256');
  for (let round = 0; round < repeats; round += 1) expected.update(wire);
  const same = found.sha256 === expected.digest('hex') && found.bytes === wire.length * repeats && ours.server.messages === messages.length * repeats;
  say(same ? `read back: ${found.bytes} bytes, the same to the byte` : `READ BACK DIFFERS: ${found.bytes} bytes of ${wire.length * repeats}`);

  const scratch = join(DIRECTORY, 'peer');
  mkdirSync(scratch);
  const plain = await runNodePipeline(join(scratch, 'plain'), FRAMING, repeats, 'plain');
  const tuned = await runNodePipeline(join(scratch, 'tuned'), FRAMING, repeats, 'tuned');
  rmSync(scratch, { recursive: true });

  const peer = `readline + ${peers().label('snappy')} + fs stream`;
  say(`\n${'the same job'.padEnd(44)}  ${'speed'.padStart(9)}  ${'RSS growth'.padStart(10)}  ${'CPU'.padStart(8)}  ${'collections'.padStart(16)}  ${'ratio'.padStart(7)}`);
  say(row('millrace ingest', ours));
  say(row(peer, plain));
  say(row(`${peer}, tuned`, tuned));
  say(`millrace copied ${ours.server.bytesCopiedPerByte?.toFixed(4)} bytes for each byte that came in`);

  const counted = [plain, tuned].every(({ server }) => server.messages === messages.length * repeats);
  if (!counted) say('A PEER LOST MESSAGES');
  return same && verified === 0 && counted ? 0 : 1;
}

process.exitCode = await main();
