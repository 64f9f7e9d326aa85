import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Server, command, jsonMessages, length32, millrace, ndjson, scratch } from './harness.js';

describe('bad input from a file: one line, exit code 3, what came before is kept', () => {
  const good = ['{"a":1}', '{"b":2}'];

  test.each<[string, string, Buffer, RegExp]>([
    ['a message over --max-message', 'ndjson', ndjson([...good, 'x'.repeat(101)]), /offset 16 has 101 bytes or more; the limit is 100$/m],
    ['a message over --max-message that never ends', 'ndjson', Buffer.concat([ndjson(good), Buffer.alloc(5000, 0x61)]), /offset 16 has 101 bytes or more; the limit is 100$/m],
    ['a line without its line feed', 'ndjson', Buffer.concat([ndjson(good), Buffer.from('{"c"')]), /ends inside the message at offset 16, after 4 bytes$/m],
    ['a length prefix over the limit', 'length32', Buffer.concat([length32(good), Buffer.from([0xff, 0xff, 0xff, 0xff, 1])]), /offset 22 has 4294967295 bytes or more; the limit is 100$/m],
    ['a torn prefix', 'length32', Buffer.concat([length32(good), Buffer.from([0, 0])]), /offset 22, after 2 bytes$/m],
    ['a torn message', 'length32', Buffer.concat([length32(good), Buffer.from([0, 0, 0, 9, 1, 2])]), /offset 22, after 6 of 13 bytes$/m],
  ])('%s', async (_, framing, wire, line) => {
    const folder = scratch();
    const result = await millrace(['ingest', '-', '--out', folder, '--framing', framing, '--max-message', '100'], wire);
    expect(result.code).toBe(3);
    expect(result.stderr).toMatch(line);
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
    const kept = framing === 'ndjson' ? ndjson(good) : length32(good);
    expect((await millrace(['cat', folder])).stdout.equals(kept)).toBe(true);
    expect((await millrace(['verify', folder])).code).toBe(0);
  });

  test('a message of exactly the limit passes', async () => {
    const folder = scratch();
    expect((await millrace(['ingest', '-', '--out', folder, '--max-message', '100'], ndjson(['y'.repeat(100)]))).code).toBe(0);
  });

  test('--accept-unterminated stores the last line and adds its line feed', async () => {
    const folder = scratch();
    const result = await millrace(['ingest', '-', '--out', folder, '--accept-unterminated'], Buffer.from('{"a":1}\n{"b":2}'));
    expect(result.code).toBe(0);
    expect((await millrace(['cat', folder])).stdout.toString()).toBe('{"a":1}\n{"b":2}\n');
  });
});

describe('a directory that cannot be had: one line, exit code 1', () => {
  test.each([
    ['below a file', () => join(scratch(), 'file', 'below')],
    // Linux answers ENOENT there to every new entry, which Node's own recursive mkdir tries for ever.
    ...(process.platform === 'linux' ? [['in /proc', () => '/proc/millrace/data'] as const] : []),
  ])('%s', async (_, out) => {
    const folder = out();
    if (!folder.startsWith('/proc')) writeFileSync(join(folder, '..'), 'a file');
    const result = await millrace(['ingest', '-', '--out', folder], ndjson(['{"a":1}']));
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^millrace: cannot write to .*\n$/);
  });

  test('directories above it are made', async () => {
    const folder = join(scratch(), 'a', 'b');
    expect((await millrace(['ingest', '-', '--out', folder], ndjson(['{"a":1}']))).code).toBe(0);
    expect((await millrace(['cat', folder])).stdout.toString()).toBe('{"a":1}\n');
  });
});

describe('bad connections do not disturb the others', () => {
  test('an oversized message closes its own connection only', async () => {
    const folder = scratch();
    const server = await Server.start(['--out', folder, '--max-message', '1000']);
    const good = server.connect();
    good.write('{"good":1}\n');
    const bad = server.connect();
    bad.on('error', () => undefined);
    bad.write(`{"kept":1}\n${'x'.repeat(5000)}`);
    await once(bad, 'close');
    good.end('{"good":2}\n');
    await once(good, 'close');
    const { summary, code } = await server.stop();
    expect(code).toBe(0);
    expect(summary).toMatchObject({ messages: 3, connections: 2, faults: 1, heapLive: 0 });
    expect(server.stderr).toMatch(/^millrace: 127\.0\.0\.1:\d+: .*the limit is 1000\n$/);
    const lines = (await millrace(['cat', folder])).stdout.toString().trim().split('\n').toSorted();
    expect(lines).toEqual(['{"good":1}', '{"good":2}', '{"kept":1}']);
  });

  test('a connection torn by a reset keeps its whole messages', async () => {
    const folder = scratch();
    const server = await Server.start(['--out', folder, '--progress-ms', '10']);
    const socket = server.connect();
    socket.on('error', () => undefined);
    socket.write('{"a":1}\n{"torn":');
    while ((await server.event('progress'))['bytesIn'] !== 16) ;
    socket.resetAndDestroy();
    while ((await server.event('progress'))['connections'] !== 0) ;
    const { summary, code } = await server.stop();
    expect(code).toBe(0);
    expect(summary).toMatchObject({ messages: 1, faults: 1, heapLive: 0 });
    expect((await millrace(['cat', folder])).stdout.toString()).toBe('{"a":1}\n');
  });
});

describe('kill -9', () => {
  test('at any moment: complete chunks are found, the next ingest goes on with a new segment', async () => {
    const folder = scratch();
    const messages = jsonMessages(4000);
    const wire = ndjson(messages);
    for (let round = 0; round < 3; round += 1) {
      const server = await Server.start(['--out', folder, '--flush-ms', '1']);
      const socket = server.connect();
      socket.on('error', () => undefined);
      for (let at = 0; at < wire.length && !socket.destroyed; at += 10_000) {
        socket.write(wire.subarray(at, at + 10_000));
        if (at > wire.length * 0.3 * (round + 1)) break;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      server.child.kill('SIGKILL');
      await once(server.child, 'exit');
      socket.destroy();
    }
    const verify = JSON.parse((await millrace(['verify', folder, '--json'])).stdout.toString()) as { segments: { state: string; messages: number; file: string }[]; messages: number };
    expect(verify.messages).toBeGreaterThan(0);
    for (const segment of verify.segments) {
      expect(['open', 'torn']).toContain(segment.state);
      const { stdout } = await millrace(['cat', join(folder, segment.file)]);
      // Whole messages from the start of what was sent, in order.
      expect(stdout.equals(wire.subarray(0, stdout.length))).toBe(true);
      expect(stdout.toString().split('\n').length - 1).toBe(segment.messages);
    }
    const before = readdirSync(folder).length;
    expect((await millrace(['ingest', '-', '--out', folder], ndjson(['{"after":1}']))).code).toBe(0);
    expect(readdirSync(folder)).toHaveLength(before + 1);
  });

  test('verify names a torn tail to the byte, cat gives all before it, at every length', async () => {
    const folder = scratch();
    const wire = ndjson(jsonMessages(300));
    await millrace(['ingest', '-', '--out', folder], wire);
    const file = join(folder, readdirSync(folder)[0]!);
    const whole = readFileSync(file);
    for (const length of [1, 9, 10, 11, 40, 100, whole.length >> 1, whole.length - 1]) {
      writeFileSync(file, whole);
      truncateSync(file, length);
      const verify = await millrace(['verify', folder, '--json']);
      const { sound, segments } = JSON.parse(verify.stdout.toString()) as { sound: boolean; segments: { state: string; validBytes: number; tornBytes: number }[] };
      const [segment] = segments;
      expect(segment!.validBytes + segment!.tornBytes).toBe(length);
      expect(sound).toBe(segment!.tornBytes === 0);
      expect(verify.code).toBe(sound ? 0 : 3);
      const cat = await millrace(['cat', folder]);
      expect(wire.subarray(0, cat.stdout.length).equals(cat.stdout)).toBe(true);
      expect(cat.code).toBe(sound ? 0 : 3);
    }
  });

  test('a flipped bit is named with its place', async () => {
    const folder = scratch();
    await millrace(['ingest', '-', '--out', folder], ndjson(jsonMessages(3000)));
    const file = join(folder, readdirSync(folder)[0]!);
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 0x10;
    writeFileSync(file, bytes);
    const verify = await millrace(['verify', folder]);
    expect(verify.code).toBe(3);
    expect(verify.stdout.toString()).toMatch(/000001\.s2.*corrupt.*offset \d+/);
    expect((await millrace(['cat', folder])).code).toBe(3);
  });
});

test('cat into a reader that has gone ends quietly', async () => {
  const folder = scratch();
  await millrace(['ingest', '-', '--out', folder], ndjson(jsonMessages(40_000)));
  const child = spawn(process.execPath, [command, 'cat', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [code] = (await once(child, 'close')) as [number | null];
  expect(stderr).toBe('');
  expect(code).toBe(0);
});

describe('the command line', () => {
  test.each<[string[], RegExp]>([
    [['ingest', '--framing', 'xml'], /xml.*Allowed choices are ndjson, length32/],
    [['ingest', '--codec', 'gzip'], /gzip.*Allowed choices are s2, snappy/],
    [['ingest', '--port', '99999'], /--port takes a whole number from 0 to 65535/],
    [['ingest', '--segment-bytes', 'lots'], /--segment-bytes takes a size/],
    [['ingest', '--max-message', '0'], /--max-message takes a size/],
    [['ingest', '--memory-limit', '16MiB', '--max-message', '8MiB'], /four times --max-message/],
    [['ingest', '-', '--port', '1'], /standard input is read instead/],
    [['ingest', '--nonsense'], /unknown option '--nonsense'/],
    [['cat'], /missing required argument/],
    [['frobnicate'], /unknown command 'frobnicate'/],
  ])('%j is exit code 2', async (args, line) => {
    const result = await millrace(args);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(line);
    expect(result.stdout.length).toBe(0);
  });

  test('a directory that cannot be made is exit code 1', async () => {
    const folder = scratch();
    writeFileSync(join(folder, 'file'), '');
    const result = await millrace(['ingest', '-', '--out', join(folder, 'file', 'data')], Buffer.from('a\n'));
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^millrace: cannot write to .*: a part of the path is not a directory \(ENOTDIR\)\n$/);
  });

  test.each(['cat', 'verify'])('%s of what is not there is exit code 1', async (command) => {
    const result = await millrace([command, join(scratch(), 'nothing')]);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/no such file or directory \(ENOENT\)/);
  });
});
