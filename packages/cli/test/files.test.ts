import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { command, jsonMessages, millrace, ndjson, scratch } from './harness.js';

const DATA = ndjson(jsonMessages(12_000)); // about 4 MB: several blocks

describe('compress, test, list, decompress', () => {
  test.each([
    ['s2', '.s2', ['-1']],
    ['s2', '.s2', ['-9', '--block-size', '64KiB', '--index', '-T3']],
    ['snappy', '.sz', ['--level', '5', '-T', '1']],
    ['zstd', '.zst', []],
    ['zstd', '.zst', ['-1', '--no-check']],
    ['zstd', '.zst', ['--long']],
    ['zstd', '.zst', ['-6', '-T3']],
    ['zstd', '.zst', ['-T0', '--check']],
    ['zstd', '.zst', ['-T1']],
    ['xerial', '.snappy', []],
  ])('%s %s %j', async (format, ending, options) => {
    const folder = scratch();
    const file = join(folder, 'data');
    writeFileSync(file, DATA);
    const compressed = await millrace(['compress', '--format', format, ...options, '--json', file]);
    expect(compressed.stderr).toBe('');
    expect(compressed.code).toBe(0);
    expect(JSON.parse(compressed.stdout.toString())).toMatchObject({ input: file, output: file + ending, bytesIn: DATA.length, bytesOut: readFileSync(file + ending).length });
    expect(existsSync(file)).toBe(true);

    const tested = await millrace(['test', file + ending]);
    expect(tested.code).toBe(0);
    expect(tested.stdout.toString()).toBe(`${file}${ending}: sound, ${DATA.length} bytes\n`);
    const [listed] = JSON.parse((await millrace(['list', '--json', file + ending])).stdout.toString()) as Record<string, unknown>[];
    expect(listed).toMatchObject({ format, uncompressed: DATA.length, compressed: readFileSync(file + ending).length });

    const out = join(folder, 'out');
    const decompressed = await millrace(['decompress', '--rm', '-o', out, file + ending]);
    expect(decompressed.code).toBe(0);
    expect(readFileSync(out).equals(DATA)).toBe(true);
    expect(existsSync(file + ending)).toBe(false);
  });

  test('through pipes, an empty input too', async () => {
    for (const data of [DATA, Buffer.alloc(0)]) {
      for (const format of ['s2', 'snappy', 'zstd']) {
        const packed = await millrace(['compress', '-c', '--format', format], data);
        expect(packed.code).toBe(0);
        const unpacked = await millrace(['decompress'], packed.stdout);
        expect(unpacked.stderr).toBe('');
        expect(unpacked.code).toBe(0);
        expect(unpacked.stdout.equals(data)).toBe(true);
      }
    }
  });

  test('the ending of -o names the format, and endings are taken off', async () => {
    const folder = scratch();
    const file = join(folder, 'data');
    writeFileSync(file, DATA);
    expect((await millrace(['compress', file, '-o', join(folder, 'x.zst')])).code).toBe(0);
    expect(readFileSync(join(folder, 'x.zst')).readUInt32LE(0)).toBe(0xfd2fb528);
    expect((await millrace(['decompress', join(folder, 'x.zst')])).code).toBe(0);
    expect(readFileSync(join(folder, 'x')).equals(DATA)).toBe(true);
  });

  test('--offset and --tail read through the index', async () => {
    const file = join(scratch(), 'data');
    writeFileSync(file, DATA);
    await millrace(['compress', '--index', file]);
    const offset = await millrace(['decompress', '-c', '--offset', '3000000', `${file}.s2`]);
    expect(offset.stdout.equals(DATA.subarray(3_000_000))).toBe(true);
    const tail = await millrace(['decompress', '-c', '--tail', '1000', `${file}.s2`]);
    expect(tail.stdout.equals(DATA.subarray(-1000))).toBe(true);
    const all = await millrace(['decompress', '-c', '--tail', '1GB', `${file}.s2`]);
    expect(all.stdout.equals(DATA)).toBe(true);
    expect(await millrace(['decompress', '-c', '--offset', String(DATA.length), `${file}.s2`])).toMatchObject({ code: 0, stdout: Buffer.alloc(0) });
    const beyond = await millrace(['decompress', '-c', '--offset', String(DATA.length + 1), `${file}.s2`]);
    expect(beyond.code).toBe(1);
    expect(beyond.stderr).toBe(`millrace: ${file}.s2: its data ends at ${DATA.length}, before --offset ${DATA.length + 1}\n`);
  });
});

test('-d, -t and -l make compress do the others\' work', async () => {
  const file = join(scratch(), 'data');
  writeFileSync(file, DATA);
  await millrace(['compress', file]);
  expect((await millrace(['compress', '-dc', `${file}.s2`])).stdout.equals(DATA)).toBe(true);
  expect((await millrace(['compress', '-t', `${file}.s2`])).stdout.toString()).toBe(`${file}.s2: sound, ${DATA.length} bytes\n`);
  expect((await millrace(['compress', '-l', `${file}.s2`])).stdout.toString()).toMatch(/^format .*\ns2 .* .*data\.s2\n$/);
  expect((await millrace(['compress', '-dt', `${file}.s2`])).code).toBe(2);
  expect((await millrace(['compress', '-d', '-9', `${file}.s2`])).code).toBe(2);
});

test('a pipe gives the blocks that a file gives, whatever pieces it comes in', async () => {
  const file = join(scratch(), 'data');
  writeFileSync(file, DATA);
  for (const options of [[], ['--block-size', '4MiB'], ['--block-size', '100KiB'], ['--format', 'snappy']]) {
    const fromFile = await millrace(['compress', '-c', ...options, file]);
    const fromPipe = await millrace(['compress', ...options], DATA);
    expect(fromPipe.stdout.equals(fromFile.stdout)).toBe(true);
  }
});

describe('files', () => {
  test('take permissions and time from what they are made of', async () => {
    const file = join(scratch(), 'data');
    writeFileSync(file, DATA);
    chmodSync(file, 0o640);
    utimesSync(file, 1_500_000_000, 1_577_934_245);
    await millrace(['compress', file]);
    await millrace(['decompress', '-o', `${file}.back`, `${file}.s2`]);
    for (const made of [`${file}.s2`, `${file}.back`]) {
      expect([statSync(made).mode & 0o777, statSync(made).mtimeMs]).toEqual([0o640, 1_577_934_245_000]);
    }
  });

  test('that are overwritten stay as they were until the new one is whole', async () => {
    const folder = scratch();
    const file = join(folder, 'data');
    writeFileSync(file, DATA);
    await millrace(['compress', file]);
    writeFileSync(join(folder, 'old'), 'precious');
    symlinkSync('old', join(folder, 'link'));
    const torn = readFileSync(`${file}.s2`).subarray(0, -100);
    expect((await millrace(['decompress', '-f', '-o', join(folder, 'link')], torn)).code).toBe(1);
    expect(readFileSync(join(folder, 'old'), 'latin1')).toBe('precious');
    expect((await millrace(['decompress', '-f', '-o', join(folder, 'link'), `${file}.s2`])).code).toBe(0);
    expect(readFileSync(join(folder, 'old')).equals(DATA)).toBe(true);
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    expect(readdirSync(folder).toSorted()).toEqual(['data', 'data.s2', 'link', 'old']);
  });

  test('that are devices are written to, and stay when that fails', async () => {
    const file = join(scratch(), 'data');
    writeFileSync(file, DATA);
    expect((await millrace(['compress', '-o', '/dev/null', file])).code).toBe(0);
    expect((await millrace(['decompress', '-f', '-o', '/dev/null', file])).code).toBe(1);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('that are half written go at %s', async (signal) => {
    const out = join(scratch(), 'out');
    const child = spawn(process.execPath, [command, 'compress', '--block-size', '4KiB', '-o', out], { stdio: ['pipe', 'ignore', 'ignore'] });
    child.stdin.on('error', () => undefined);
    const feed = setInterval(() => child.stdin.write(DATA), 5);
    while (!existsSync(out) || statSync(out).size === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill(signal);
    const [code, by] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    clearInterval(feed);
    expect([code, by]).toEqual([null, signal]);
    expect(existsSync(out)).toBe(false);
  });
});

test('a dictionary makes a small file smaller, and is needed to read it', async () => {
  const folder = scratch();
  const [file, dictionary] = [join(folder, 'message'), join(folder, 'dictionary')];
  const messages = jsonMessages(50);
  writeFileSync(file, messages.at(-1)!);
  writeFileSync(dictionary, ndjson(messages.slice(0, -1)));
  await millrace(['compress', '--format', 'zstd', '-o', `${file}.plain.zst`, file]);
  expect((await millrace(['compress', '--format', 'zstd', '-D', dictionary, file])).code).toBe(0);
  expect(readFileSync(`${file}.zst`).length).toBeLessThan(readFileSync(`${file}.plain.zst`).length * 0.6);
  const listed = await millrace(['list', '--json', '-D', dictionary, `${file}.zst`]);
  expect(JSON.parse(listed.stdout.toString())).toMatchObject([{ format: 'zstd', uncompressed: messages.at(-1)!.length }]);
  expect((await millrace(['list', `${file}.zst`])).code).toBe(1); // a raw dictionary has no ID that could be missed
  const read = await millrace(['decompress', '-c', '-D', dictionary, `${file}.zst`]);
  expect(read.stdout.toString()).toBe(messages.at(-1));
  expect((await millrace(['test', `${file}.zst`])).code).toBe(1);
});

test('cat reads every format', async () => {
  const file = join(scratch(), 'data');
  writeFileSync(file, DATA);
  for (const [format, ending] of [['s2', '.s2'], ['snappy', '.sz'], ['zstd', '.zst'], ['xerial', '.snappy']]) {
    await millrace(['compress', '--format', format!, file]);
    expect((await millrace(['cat', file + ending!])).stdout.equals(DATA)).toBe(true);
    expect((await millrace(['cat', '-'], readFileSync(file + ending!))).stdout.equals(DATA)).toBe(true);
  }
});

test('--stream-size is declared, and checked', async () => {
  const packed = await millrace(['compress', '--format', 'zstd', '--stream-size', String(DATA.length)], DATA);
  expect(packed.code).toBe(0);
  expect((await millrace(['decompress'], packed.stdout)).stdout.equals(DATA)).toBe(true);
  expect((await millrace(['compress', '--format', 'zstd', '--stream-size', '100'], DATA)).code).toBe(1);
});

describe('refusals', () => {
  test('what exists is not overwritten without -f, and the input never is', async () => {
    const file = join(scratch(), 'data');
    writeFileSync(file, DATA);
    writeFileSync(`${file}.s2`, 'precious');
    const refused = await millrace(['compress', file]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toBe(`millrace: ${file}.s2 exists already; -f overwrites it\n`);
    expect(readFileSync(`${file}.s2`, 'latin1')).toBe('precious');
    expect((await millrace(['compress', '-f', file])).code).toBe(0);
    const same = await millrace(['compress', '-f', '-o', file, file]);
    expect(same.code).toBe(1);
    expect(same.stderr).toMatch(/is the input/);
    expect(readFileSync(file).equals(DATA)).toBe(true);
  });

  test.each(['s2', 'snappy', 'zstd'])('a damaged %s file fails, leaves no output, and does not keep the next file from being done', async (format) => {
    const folder = scratch();
    const files = ['a', 'b'].map((name) => join(folder, name));
    for (const file of files) {
      writeFileSync(file, DATA);
      await millrace(['compress', '--rm', '--format', format, file]);
    }
    const ending = { s2: '.s2', snappy: '.sz', zstd: '.zst' }[format]!;
    const damaged = readFileSync(files[0]! + ending);
    damaged[damaged.length >> 1]! ^= 0xff;
    writeFileSync(files[0]! + ending, damaged);
    const result = await millrace(['decompress', ...files.map((file) => file + ending)]);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^millrace: .*a\.\w+: .* \(ERR_\w+\)\n$/);
    expect(existsSync(files[0]!)).toBe(false);
    expect(readFileSync(files[1]!).equals(DATA)).toBe(true);

    truncateSync(files[0]! + ending, 1000);
    const torn = await millrace(['test', files[0]! + ending]);
    expect(torn.code).toBe(1);
    expect(torn.stderr).toMatch(/ERR_TRUNCATED/);
  });

  test.each<[string[], number, RegExp]>([
    [['compress', '/nonexistent/file'], 1, /no such file or directory \(ENOENT\)/],
    [['compress', '/tmp'], 1, /is a directory/],
    [['compress', '-o', 'x', '-c'], 2, /-o and -c exclude each other/],
    [['compress', '-k', '--rm', 'x'], 2, /-k and --rm exclude/],
    [['compress', '-o', 'x', 'a', 'b'], 2, /-o takes one input/],
    [['compress', '-', '-'], 2, /standard input can be read once/],
    [['compress', '--level', '20'], 2, /--level takes a whole number from 1 to 19/],
    [['compress', '--format', 'zstd', '--index'], 2, /--index is for S2 and Snappy/],
    [['compress', '--format', 'snappy', '--block-size', '1MiB'], 2, /--block-size takes a size/],
    [['decompress', '--offset', '1', '--tail', '1', 'x'], 2, /exclude each other/],
    [['compress', '-D', 'x'], 2, /are for Zstandard/],
    [['compress', '--format', 'zstd', '-D', '/nonexistent/d', 'x'], 1, /cannot read the dictionary/],
    [['compress', '--format', 'zstd', '--long=30', 'x'], 2, /--long takes a whole number from 10 to 29/],
    [['list'], 2, /missing required argument/],
  ])('%j is exit code %d', async (args, code, line) => {
    const result = await millrace(args, Buffer.alloc(0));
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(line);
  });

  test('what is no compressed stream is told so', async () => {
    const result = await millrace(['decompress'], Buffer.from('plain text, not a stream'));
    expect(result.code).toBe(1);
    expect(result.stderr).toBe('millrace: standard input is no S2, Snappy, xerial or Zstandard stream\n');
  });

  test.each([0xfd2fb51e, 0xfd2fb522, 0xfd2fb527])('what an old version of Zstandard wrote is refused by name: magic number %i', async (magic) => {
    const head = Buffer.alloc(20);
    head.writeUInt32LE(magic, 0);
    const result = await millrace(['test'], head);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/ERR_UNSUPPORTED/);
  });
});

test('train makes a dictionary that makes small messages smaller', async () => {
  const folder = scratch();
  const [samples, dictionary, file] = [join(folder, 'samples'), join(folder, 'dictionary'), join(folder, 'message')];
  const messages = jsonMessages(3000);
  writeFileSync(samples, ndjson(messages.slice(0, -1)));
  writeFileSync(file, messages.at(-1)!);
  const trained = await millrace(['train', '--framing', 'ndjson', '--size', '8KiB', '--id', '77', '-o', dictionary, samples]);
  expect(trained.stderr).toMatch(/from 2999 samples/);
  expect(trained.code).toBe(0);
  expect(readFileSync(dictionary).readUInt32LE(0)).toBe(0xec30a437);
  expect(readFileSync(dictionary).readUInt32LE(4)).toBe(77);
  await millrace(['compress', '--format', 'zstd', '-o', `${file}.plain.zst`, file]);
  await millrace(['compress', '--format', 'zstd', '-D', dictionary, file]);
  expect(readFileSync(`${file}.zst`).length).toBeLessThan(readFileSync(`${file}.plain.zst`).length);
  expect((await millrace(['decompress', '-c', '-D', dictionary, `${file}.zst`])).stdout.toString()).toBe(messages.at(-1));
  expect((await millrace(['train', '-o', dictionary, samples])).stderr).toMatch(/exists already|samples/);
  expect((await millrace(['train', '-f', '-o', dictionary, file])).code).toBe(3);
});
