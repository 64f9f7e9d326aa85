// A program: the job of `millrace ingest` with what Node users have today. NDJSON through readline, length prefixes through 'data' and
// Buffer.concat; batches of 1 MiB joined and compressed by npm snappy on its thread pool; a write stream to one file, blocks with a
// 4-byte length before each. Backpressure: the socket pauses while more than four batches wait.
//   node node-pipeline.js ndjson|length32 FILE      prints events in JSON as `millrace ingest --json` does
import { createWriteStream } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { PerformanceObserver } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { peers } from '../harness/peers.js';
import type { FramingName } from './messages.js';

const BATCH_BYTES = 1 << 20;
const [framing, file] = process.argv.slice(2) as [FramingName, string];
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
let inOrder: Promise<void> = Promise.resolve();
let waiting = 0;

function store(batch: Buffer, socket: Socket): void {
  waiting += 1;
  if (waiting > 4) socket.pause();
  const compressed = compress(batch);
  inOrder = inOrder.then(async () => {
    const block = await compressed;
    const prefix = Buffer.allocUnsafe(4);
    prefix.writeUInt32BE(block.length);
    output.write(prefix);
    if (!output.write(block)) await new Promise<void>((resolve) => output.once('drain', () => resolve()));
    totals.bytesIn += batch.length;
    totals.bytesOut += block.length + 4;
    waiting -= 1;
    if (waiting <= 2) socket.resume();
  });
}

function readLines(socket: Socket): void {
  let lines: string[] = [];
  let size = 0;
  const flush = (): void => {
    if (lines.length === 0) return;
    store(Buffer.from(`${lines.join('\n')}\n`), socket);
    lines = [];
    size = 0;
  };
  const reader = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY });
  reader.on('line', (line) => {
    totals.messages += 1;
    lines.push(line);
    size += line.length + 1;
    if (size >= BATCH_BYTES) flush();
  });
  reader.on('close', () => {
    flush();
    void inOrder.then(() => socket.end());
  });
}

function readPrefixed(socket: Socket): void {
  let pending: Buffer = Buffer.alloc(0);
  let parts: Buffer[] = [];
  let size = 0;
  const flush = (): void => {
    if (size === 0) return;
    store(Buffer.concat(parts, size), socket);
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
    if (size >= BATCH_BYTES) flush();
  });
  socket.on('end', () => {
    flush();
    void inOrder.then(() => socket.end());
  });
}

const server = createServer({ allowHalfOpen: true }, framing === 'ndjson' ? readLines : readPrefixed);
server.listen(0, '127.0.0.1', () => {
  const baseline = process.memoryUsage().rss;
  console.log(JSON.stringify({ event: 'listening', port: (server.address() as { port: number }).port }));
  process.once('SIGTERM', () => {
    server.close();
    output.end(() => {
      const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
      console.log(
        JSON.stringify({ event: 'summary', ...totals, rssGrowth: maxRSS * 1024 - baseline, gcCount, gcPauseMs, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 }),
      );
    });
  });
});
