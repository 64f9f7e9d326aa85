import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer, connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { WritableStream } from 'node:stream/web';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Heap } from '../../src/memory/heap.js';
import { fileSink } from '../../src/stream/file-sink.js';
import { nodeSink } from '../../src/stream/node-sink.js';
import { S2Writer } from '../../src/stream/s2-writer.js';
import { SinkWriter } from '../../src/stream/sink-writer.js';
import { functionSink } from '../../src/stream/sink.js';
import { webSink } from '../../src/stream/web-sink.js';
import { cut } from './collector.js';
import { dataOf, expectSame, joined, noise, text } from './oracle.js';

let heap = new Heap();

afterEach(() => {
  const { live } = heap;
  heap = new Heap(); // one test's leak is not the next one's
  expect(live).toBe(0);
});

const data = joined(text(300_000, 1), noise(150_000), text(50_000, 2));

const MIB = 2 ** 20;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-stream-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('sinks', () => {
  it('write to a function, whose view is valid until its promise settles', async () => {
    const parts: Uint8Array[] = [];
    const out = new SinkWriter(
      functionSink(async (view) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        parts.push(new Uint8Array(Buffer.from(view)));
      }),
      new S2Writer({ heap, blockSize: 65_536 }),
    );
    await out.write(data);
    await out.close();
    expectSame(dataOf(joined(...parts)), data);
  });

  it('write to a file, and leave it open', async () => {
    const path = join(folder, 'file-sink.s2');
    const fd = openSync(path, 'w');
    const out = new SinkWriter(fileSink(fd), new S2Writer({ heap, blockSize: 4096 }));
    for (const part of cut(noise(2 * MIB), 1000)) out.writer.encodeBuffer(part); // over 1,024 pieces in one call
    await out.close();
    closeSync(fd);
    expectSame(dataOf(readFileSync(path)), noise(2 * MIB));
  });

  it('report a file that cannot be written', async () => {
    const path = join(folder, 'read-only');
    await writeFile(path, '');
    const fd = openSync(path, 'r');
    const out = new SinkWriter(fileSink(fd), new S2Writer({ heap }));
    await out.write(text(100));
    await expect(out.close()).rejects.toThrow(expect.objectContaining({ code: 'EBADF' }));
    closeSync(fd);
    expect(() => fileSink(-1)).toThrow(RangeError);
  });

  it('write views to a socket, pinned until they are sent', async () => {
    const parts: Buffer[] = [];
    const server = createServer((socket) => void socket.on('data', (part) => void parts.push(Buffer.from(part))));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const ended = new Promise((resolve) => void server.once('connection', (peer) => void peer.once('end', resolve)));
    const out = new SinkWriter(nodeSink(socket), new S2Writer({ heap, blockSize: 65_536 }), { highWaterMark: 1 });
    for (const part of cut(data, 50_000)) await out.write(part);
    await out.close();
    await ended;
    server.close();
    expectSame(dataOf(joined(...parts)), data);
  });

  it('write copies to a Node stream that keeps its chunks, and need not end it', async () => {
    const pass = new PassThrough();
    const parts: Buffer[] = [];
    pass.on('data', (part: Buffer) => void parts.push(part));
    const out = new SinkWriter(nodeSink(pass, { copy: true, end: false }), new S2Writer({ heap }));
    await out.write(data);
    await out.close();
    expect(pass.writableEnded).toBe(false);
    pass.end();
    expectSame(dataOf(joined(...parts)), data);
  });

  it('report a Node stream that fails, now or later', async () => {
    let writes = 0;
    const broken = new Writable({ write: (_chunk, _encoding, callback) => callback((writes += 1) > 1 ? new Error('peer reset') : null) });
    const out = new SinkWriter(nodeSink(broken), new S2Writer({ heap }));
    await out.encodeBuffer(noise(100));
    await expect(out.flush()).rejects.toThrow('peer reset');
    await expect(out.flush()).rejects.toThrow('peer reset');

    const late = new Writable({ write: (_chunk, _encoding, callback) => callback(), final: (callback) => callback(new Error('no room')) });
    const second = new SinkWriter(nodeSink(late), new S2Writer({ heap }));
    await second.write(text(5));
    await expect(second.close()).rejects.toThrow('no room');
  });

  it('write to a web stream', async () => {
    const parts: Uint8Array[] = [];
    let closed = false;
    const stream = new WritableStream<Uint8Array>({ write: (chunk) => void parts.push(chunk), close: () => void (closed = true) });
    const out = new SinkWriter(webSink(stream), new S2Writer({ heap, blockSize: 65_536 }));
    await out.write(data);
    await out.close();
    expect(closed).toBe(true);
    expect(parts.every((part) => part.buffer instanceof ArrayBuffer)).toBe(true); // not shared
    expectSame(dataOf(joined(...parts)), data);

    const open = new WritableStream<Uint8Array>();
    const second = new SinkWriter(webSink(open, { close: false, copy: false }), new S2Writer({ heap }));
    await second.write(text(5));
    await second.close();
    expect(open.locked).toBe(false);
  });

  it('report a web stream that fails', async () => {
    const stream = new WritableStream<Uint8Array>({ write: () => Promise.reject(new Error('quota')) });
    const out = new SinkWriter(webSink(stream), new S2Writer({ heap }));
    await out.write(text(5));
    await expect(out.close()).rejects.toThrow('quota');
    out.abort();
  });
});
