// A program: the job of `millrace ingest` with what Node users have today: npm snappy and a write stream to one file, batches of 1 MiB with a
// 4-byte length before each. Two styles:
//
//   plain   as one writes it: `for await` over readline's lines, or over chunks that Buffer.concat joins and that are cut into messages; a batch
//           is compressed and written before more is read
//   tuned   as one writes it after profiling: events instead of iteration, runs of messages sliced at once, four batches under way in the
//           thread pool while reading goes on
//
//   node node-pipeline.js plain|tuned ndjson|length32 FILE      prints events in JSON as `millrace ingest --json` does
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { PerformanceObserver } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { peers } from '../harness/peers.js';
import type { FramingName } from './messages.js';
import { peakRss } from 'millrace-cli/peak-rss';

const BATCH_BYTES = 1 << 20;
const [style, framing, file] = process.argv.slice(2) as ['plain' | 'tuned', FramingName, string];
const { compress } = peers().require('snappy') as { compress(input: Buffer): Promise<Buffer> };

let gcCount = 0;
let gcPauseMs = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    gcCount += 1;
    gcPauseMs += entry.duration;
  }
}).observe({ entryTypes: ['gc'] });

const totals = { messages: 0, bytesIn: 0, bytesOut: 0 };
const output = createWriteStream(file);
async function write(batch: Buffer, compressed: Promise<Buffer>): Promise<void> {
  const block = await compressed;
  const prefix = Buffer.allocUnsafe(4);
  prefix.writeUInt32BE(block.length);
  output.write(prefix);
  if (!output.write(block)) await new Promise<void>((resolve) => output.once('drain', () => resolve()));
  totals.bytesIn += batch.length;
  totals.bytesOut += block.length + 4;
}

// ---- plain ---------------------------------------------------------------------------------------------------------

async function readLinesPlain(socket: Socket): Promise<void> {
  let lines: string[] = [];
  let size = 0;
  const store = async (): Promise<void> => {
    const batch = Buffer.from(`${lines.join('\n')}\n`);
    lines = [];
    size = 0;
    await write(batch, compress(batch));
  };
  for await (const line of createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })) {
    totals.messages += 1;
    lines.push(line);
    size += line.length + 1;
    if (size >= BATCH_BYTES) await store();
  }
  if (lines.length > 0) await store();
}

async function readPrefixedPlain(socket: Socket): Promise<void> {
  let pending: Buffer = Buffer.alloc(0);
  let messages: Buffer[] = [];
  let size = 0;
  const store = async (): Promise<void> => {
    const batch = Buffer.concat(messages, size);
    messages = [];
    size = 0;
    await write(batch, compress(batch));
  };
  // Left alone, the iteration would close the socket, which is the receipt here, before the last batch is written.
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length >= 4) {
      const end = 4 + pending.readUInt32BE(0);
      if (end > pending.length) break;
      totals.messages += 1;
      messages.push(pending.subarray(0, end));
      size += end;
      pending = pending.subarray(end);
    }
    if (size >= BATCH_BYTES) await store();
  }
  if (size > 0) await store();
}

// ---- tuned ---------------------------------------------------------------------------------------------------------

let inOrder: Promise<void> = Promise.resolve();
let waiting = 0;

function overlap(batch: Buffer, socket: Socket): void {
  waiting += 1;
  if (waiting > 4) socket.pause();
  const compressed = compress(batch);
  inOrder = inOrder.then(async () => {
    await write(batch, compressed);
    waiting -= 1;
    if (waiting <= 2) socket.resume();
  });
}

function readLinesTuned(socket: Socket): Promise<void> {
  let lines: string[] = [];
  let size = 0;
  const store = (): void => {
    if (lines.length === 0) return;
    overlap(Buffer.from(`${lines.join('\n')}\n`), socket);
    lines = [];
    size = 0;
  };
  const reader = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY });
  reader.on('line', (line) => {
    totals.messages += 1;
    lines.push(line);
    size += line.length + 1;
    if (size >= BATCH_BYTES) store();
  });
  return once(reader, 'close').then(async () => {
    store();
    await inOrder;
  });
}

function readPrefixedTuned(socket: Socket): Promise<void> {
  let pending: Buffer = Buffer.alloc(0);
  let parts: Buffer[] = [];
  let size = 0;
  const store = (): void => {
    if (size === 0) return;
    overlap(Buffer.concat(parts, size), socket);
    parts = [];
    size = 0;
  };
  socket.on('data', (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    let at = 0;
    while (pending.length - at >= 4) {
      const end = at + 4 + pending.readUInt32BE(at);
      if (end > pending.length) break;
      totals.messages += 1;
      at = end;
    }
    parts.push(pending.subarray(0, at));
    size += at;
    pending = pending.subarray(at);
    if (size >= BATCH_BYTES) store();
  });
  return once(socket, 'end').then(async () => {
    store();
    await inOrder;
  });
}

const readers = {
  plain: { ndjson: readLinesPlain, length32: readPrefixedPlain },
  tuned: { ndjson: readLinesTuned, length32: readPrefixedTuned },
};

const server = createServer({ allowHalfOpen: true }, (socket) => {
  void readers[style][framing](socket).then(() => socket.end());
});
server.listen(0, '127.0.0.1', () => {
  const baseline = process.memoryUsage.rss();
  console.log(JSON.stringify({ event: 'listening', port: (server.address() as { port: number }).port }));
  process.once('SIGTERM', () => {
    server.close();
    output.end(() => {
      const { userCPUTime, systemCPUTime } = process.resourceUsage();
      console.log(
        JSON.stringify({ event: 'summary', ...totals, rssGrowth: peakRss() - baseline, gcCount, gcPauseMs, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 }),
      );
    });
  });
});
