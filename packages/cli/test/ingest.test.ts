import { once } from 'node:events';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Server, jsonMessages, length32, millrace, ndjson, scratch } from './harness.js';

describe('from a file', () => {
  test.each([
    ['ndjson', 's2'],
    ['ndjson', 'snappy'],
    ['length32', 's2'],
    ['length32', 'snappy'],
  ])('%s messages in %s segments come back exactly', async (framing, codec) => {
    const folder = scratch();
    const messages = jsonMessages(5000);
    const wire = framing === 'ndjson' ? ndjson(messages) : length32(messages);
    writeFileSync(join(folder, 'in'), wire);
    const ingest = await millrace(['ingest', join(folder, 'in'), '--out', join(folder, 'data'), '--framing', framing, '--codec', codec, '--json']);
    expect(ingest.stderr).toBe('');
    expect(ingest.code).toBe(0);
    const summary = JSON.parse(ingest.stdout.toString().trim().split('\n').at(-1)!) as Record<string, number>;
    expect(summary).toMatchObject({ event: 'summary', messages: 5000, bytesIn: wire.length, segments: 1, heapLive: 0, faults: 0 });
    expect(summary['bytesOut']).toBe(readFileSync(join(folder, 'data', readdirSync(join(folder, 'data'))[0]!)).length);
    expect(summary['bytesCopiedPerByte']).toBeLessThan(0.05);
    const cat = await millrace(['cat', join(folder, 'data')]);
    expect(cat.code).toBe(0);
    expect(cat.stdout.equals(wire)).toBe(true);
    const verify = await millrace(['verify', join(folder, 'data'), '--json']);
    expect(verify.code).toBe(0);
    expect(JSON.parse(verify.stdout.toString())).toMatchObject({ sound: true, messages: 5000, bytes: wire.length });
  });

  test.each([1, 3])('standard input, messages longer than a block, many segments, %d threads', async (threads) => {
    const folder = scratch();
    const messages = ['x'.repeat(3_000_000), 'y', 'z'.repeat(1 << 20), ...jsonMessages(60_000)];
    const wire = ndjson(messages);
    const ingest = await millrace(['ingest', '-', '--out', folder, '--segment-bytes', '64KiB', '--threads', String(threads)], wire);
    expect(ingest.code).toBe(0);
    expect(ingest.stdout.toString()).toContain('60,003');
    const segments = readdirSync(folder);
    expect(segments.length).toBeGreaterThan(1);
    const cat = await millrace(['cat', folder]);
    expect(cat.stdout.equals(wire)).toBe(true);
    // Each segment is readable alone, and holds whole messages.
    const first = await millrace(['cat', join(folder, segments.toSorted()[1]!)]);
    expect(wire.includes(first.stdout)).toBe(true);
    expect(first.stdout.at(-1)).toBe(0x0a);
  });

  test('an empty input leaves an empty directory', async () => {
    const folder = scratch();
    const ingest = await millrace(['ingest', '-', '--out', join(folder, 'data')], Buffer.alloc(0));
    expect(ingest.code).toBe(0);
    expect(readdirSync(join(folder, 'data'))).toEqual([]);
    expect((await millrace(['cat', join(folder, 'data')])).stdout.length).toBe(0);
  });
});

describe('over TCP', () => {
  test('many connections at once: every connection keeps its order, nothing is lost', async () => {
    const folder = scratch();
    const server = await Server.start(['--out', folder]);
    const all = Array.from({ length: 8 }, (_, connection) => jsonMessages(3000).map((text) => `${connection}:${text}`));
    await Promise.all(all.map((messages) => server.send(ndjson(messages))));
    const { summary, code } = await server.stop();
    expect(code).toBe(0);
    expect(summary).toMatchObject({ messages: 24_000, connections: 8, faults: 0, heapLive: 0 });
    const lines = (await millrace(['cat', folder])).stdout.toString().split('\n');
    expect(lines.pop()).toBe('');
    for (const [connection, messages] of all.entries()) expect(lines.filter((line) => line.startsWith(`${connection}:`))).toEqual(messages);
  });

  test('the close of the connection tells that everything is on disk', async () => {
    const folder = scratch();
    const server = await Server.start(['--out', folder]);
    const wire = ndjson(jsonMessages(1000));
    await server.send(wire);
    server.child.kill('SIGKILL');
    await once(server.child, 'exit');
    expect((await millrace(['cat', folder])).stdout.equals(wire)).toBe(true);
  });

  test('a message on an open connection is written after --flush-ms', async () => {
    const folder = scratch();
    const server = await Server.start(['--out', folder, '--flush-ms', '20', '--progress-ms', '20']);
    const socket = server.connect();
    socket.write('{"slow":1}\n');
    for (;;) {
      const { messages } = await server.event('progress');
      if (messages === 1) break;
    }
    expect((await millrace(['cat', folder])).stdout.toString()).toBe('{"slow":1}\n');
    const { code } = await server.stop();
    expect(code).toBe(0);
  });

  test('one byte at a time', async () => {
    const folder = scratch();
    const server = await Server.start(['--out', folder, '--framing', 'length32']);
    const wire = length32(['a', '', 'bcd', 'e'.repeat(300)]);
    const socket = server.connect();
    socket.setNoDelay(true);
    for (const byte of wire) {
      socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.end();
    await once(socket, 'close');
    const { summary } = await server.stop();
    expect(summary).toMatchObject({ messages: 4, bytesIn: wire.length, heapLive: 0 });
    expect((await millrace(['cat', folder])).stdout.equals(wire)).toBe(true);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends cleanly: what has come in whole is written, the segment is closed', async (signal) => {
    const folder = scratch();
    const server = await Server.start(['--out', folder, '--flush-ms', '60000', '--progress-ms', '10']);
    const socket = server.connect();
    socket.on('error', () => undefined);
    socket.write('{"whole":1}\n{"torn":');
    while ((await server.event('progress'))['bytesIn'] !== 20) ;
    const { summary, code } = await server.stop(signal);
    expect(code).toBe(0);
    expect(summary).toMatchObject({ messages: 1, heapLive: 0 });
    const verify = await millrace(['verify', folder, '--json']);
    expect(JSON.parse(verify.stdout.toString())).toMatchObject({ sound: true, messages: 1, segments: [{ state: 'closed' }] });
  });

  test('a port in use is one clear line and exit code 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const result = await millrace(['ingest', '--port', String(port), '--out', scratch()]);
    taken.close();
    expect(result.code).toBe(1);
    expect(result.stderr).toBe(`millrace: cannot listen on 127.0.0.1:${port}: the port is in use (EADDRINUSE)\n`);
  });
});
