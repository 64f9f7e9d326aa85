import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer, connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ReadableStream, WritableStream } from 'node:stream/web';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Bytes } from '../../src/bytes/bytes.js';
import { Heap } from '../../src/memory/heap.js';
import { fileSink } from '../../src/stream/file-sink.js';
import { compress, decompress, indexStream, writeTo } from '../../src/stream/iterate.js';
import { nodeSink } from '../../src/stream/node-sink.js';
import { S2CompressStream, S2DecompressStream } from '../../src/stream/node-transform.js';
import { S2WriteStream } from '../../src/stream/node-writable.js';
import { fileSource, memorySource, type RandomSource } from '../../src/stream/random-source.js';
import { S2Index } from '../../src/stream/s2-index.js';
import { SeekableReader } from '../../src/stream/seekable-reader.js';
import { SinkWriter } from '../../src/stream/sink-writer.js';
import { functionSink, type ByteSink } from '../../src/stream/sink.js';
import { webSink } from '../../src/stream/web-sink.js';
import { s2CompressionStream, s2DecompressionStream, type BytePair } from '../../src/stream/web-transform.js';
import { chunkOf, chunksOf, dataOf, expectSame, joined, noise, S2_IDENTIFIER, storedChunk, text } from './oracle.js';

const MIB = 2 ** 20;
let heap = new Heap();
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-stream-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

afterEach(() => {
  const { live } = heap;
  heap = new Heap(); // one test's leak is not the next one's
  expect(live).toBe(0);
});

const data = joined(text(300_000, 1), noise(150_000), text(50_000, 2));

/** A sink that keeps copies, and can be slow or fail. */
class Collector implements ByteSink {
  readonly parts: Uint8Array[] = [];
  failAt = Number.POSITIVE_INFINITY;
  closed = 0;
  aborted: Error | undefined;
  inside = 0;
  wait: Promise<void> | undefined;

  async write(pieces: readonly Bytes[]): Promise<void> {
    expect((this.inside += 1)).toBe(1);
    await this.wait;
    for (const piece of pieces) this.parts.push(new Uint8Array(piece.copyToBuffer()));
    this.inside -= 1;
    if (this.parts.length > this.failAt) throw new Error('disk full');
  }

  async close(): Promise<void> {
    this.closed += 1;
  }

  abort(error: Error): void {
    this.aborted = error;
  }

  get stream(): Uint8Array {
    return joined(...this.parts);
  }
}

async function collect(pieces: AsyncIterable<Bytes | Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) {
    if (piece instanceof Bytes) {
      parts.push(new Uint8Array(piece.copyToBuffer()));
      piece.release();
    } else parts.push(piece);
  }
  return joined(...parts);
}

function* cut(bytes: Uint8Array, size = 10_000): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function streamOf(bytes: Uint8Array, options = {}): Promise<Uint8Array> {
  return collect(compress(cut(bytes, 100_000), { heap, ...options }));
}

describe('SinkWriter', () => {
  it('writes all kinds of calls in order and closes the sink', async () => {
    const sink = new Collector();
    const back: number[] = [];
    const out = new SinkWriter(sink, { heap, addIndex: true, onBufferDone: (buffer, error) => void back.push(error === undefined ? buffer.length : -1) });
    await out.addSkippableBlock(0x80, text(9));
    await out.write(text(1000, 1));
    await out.encodeBuffer(text(2000, 2));
    await out.encodeBuffer(Bytes.copyOf(text(3000, 3), heap));
    await out.flush();
    expect(out.writer.written).toBe(sink.stream.length);
    expect(out.writer.pendingOutput).toBe(0);
    await out.write(text(10, 4));
    await out.close();
    expect([sink.closed, back]).toEqual([1, [2000]]);
    expectSame(dataOf(sink.stream), joined(text(1000, 1), text(2000, 2), text(3000, 3), text(10, 4)));
    expect(chunksOf(sink.stream).map((chunk) => chunk.type)).toEqual([255, 0x80, 0, 0, 0, 1, 0x99]);
  });

  it('writes all of a source, and goes on after one that fails', async () => {
    const sink = new Collector();
    const out = new SinkWriter(sink, { heap });
    expect(await out.writeFrom(cut(data))).toBe(data.length);
    expect(await out.writeFrom(Readable.from([Buffer.from('abc')]))).toBe(3);
    expect(await out.writeFrom([Bytes.copyOf(text(10), heap)])).toBe(10);
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield text(5);
      throw new Error('gone');
    };
    await expect(out.writeFrom(broken())).rejects.toThrow('gone');
    await out.close();
    expectSame(dataOf(sink.stream), joined(data, Buffer.from('abc'), text(10), text(5)));
  });

  it('gives the index at close', async () => {
    const sink = new Collector();
    const out = new SinkWriter(sink, { heap });
    await out.write(text(2 * MIB + 1));
    const index = S2Index.load(await out.closeIndex());
    expect(index.totalCompressed).toBe(sink.stream.length);
    expect(index.length).toBe(3);
  });

  it('keeps the order of calls that are not awaited', async () => {
    const sink = new Collector();
    const out = new SinkWriter(sink, { heap });
    const calls: Promise<void>[] = [];
    for (let i = 0; i < 100; i += 1) calls.push(out.encodeBuffer(text(i + 1, i)));
    calls.push(out.close());
    await Promise.all(calls);
    expectSame(dataOf(sink.stream), joined(...Array.from({ length: 100 }, (_, i) => text(i + 1, i))));
  });

  it('makes callers wait while the sink is behind, and lets them go on', async () => {
    const sink = new Collector();
    let open = (): void => {};
    sink.wait = new Promise((resolve) => {
      open = resolve;
    });
    const out = new SinkWriter(sink, { heap, highWaterMark: 50_000 });
    await out.encodeBuffer(noise(10_000)); // the write that hangs
    await out.encodeBuffer(noise(10_000));
    let welcome = false;
    const third = out.encodeBuffer(noise(60_000)).then(() => void (welcome = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(welcome).toBe(false);
    open();
    await third;
    await out.close();
    expectSame(dataOf(sink.stream), joined(noise(10_000), noise(10_000), noise(60_000)));
  });

  it('fails with the error of the sink, gives lent buffers back, and releases what was pending', async () => {
    const sink = new Collector();
    sink.failAt = 1;
    const back: (string | undefined)[] = [];
    const out = new SinkWriter(sink, { heap, highWaterMark: 1, onBufferDone: (_, error) => void back.push(error?.message) });
    const lend = async (): Promise<void> => {
      for (let i = 0; i < 100; i += 1) await out.encodeBuffer(noise(1000));
    };
    await expect(lend()).rejects.toThrow('disk full');
    const lent = back.length;
    expect(back.at(-1)).toBe('disk full'); // the one refused
    await expect(out.write(text(1))).rejects.toThrow('disk full');
    await expect(out.flush()).rejects.toThrow('disk full');
    await expect(out.encodeBuffer(text(1))).rejects.toThrow('disk full');
    await expect(out.close()).rejects.toThrow('disk full');
    expect(back).toHaveLength(lent + 1);
    expect(sink.closed).toBe(0);
  });

  it('aborts the sink, and whoever waits is told', async () => {
    const sink = new Collector();
    let open = (): void => {};
    sink.wait = new Promise((resolve) => {
      open = resolve;
    });
    const out = new SinkWriter(sink, { heap });
    await out.encodeBuffer(text(1000));
    const flushed = out.flush();
    const reason = new Error('client has gone');
    out.abort(reason);
    open();
    await expect(flushed).rejects.toThrow(reason);
    await expect(out.write(text(1))).rejects.toThrow(reason);
    expect(sink.aborted).toBe(reason);
  });

  it('reports a sink that cannot be closed', async () => {
    const sink = new Collector();
    sink.close = () => Promise.reject(new Error('no sync'));
    const out = new SinkWriter(sink, { heap });
    await out.write(text(10));
    await expect(out.close()).rejects.toThrow('no sync');
    expect(sink.aborted).toEqual(new Error('no sync'));
  });

  it('takes no high-water mark below 1', () => {
    expect(() => new SinkWriter(new Collector(), { heap, highWaterMark: 0 })).toThrow(RangeError);
  });
});

describe('sinks', () => {
  it('write to a function, whose view is valid until its promise settles', async () => {
    const parts: Uint8Array[] = [];
    const out = new SinkWriter(
      functionSink(async (view) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        parts.push(new Uint8Array(Buffer.from(view)));
      }),
      { heap, blockSize: 65_536 },
    );
    await out.write(data);
    await out.close();
    expectSame(dataOf(joined(...parts)), data);
  });

  it('write to a file, and leave it open', async () => {
    const path = join(folder, 'file-sink.s2');
    const fd = openSync(path, 'w');
    const out = new SinkWriter(fileSink(fd), { heap, blockSize: 4096 });
    for (const part of cut(noise(2 * MIB), 1000)) out.writer.encodeBuffer(part); // over 1,024 pieces in one call
    await out.close();
    closeSync(fd);
    expectSame(dataOf(readFileSync(path)), noise(2 * MIB));
  });

  it('report a file that cannot be written', async () => {
    const path = join(folder, 'read-only');
    await writeFile(path, '');
    const fd = openSync(path, 'r');
    const out = new SinkWriter(fileSink(fd), { heap });
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
    const out = new SinkWriter(nodeSink(socket), { heap, blockSize: 65_536, highWaterMark: 1 });
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
    const out = new SinkWriter(nodeSink(pass, { copy: true, end: false }), { heap });
    await out.write(data);
    await out.close();
    expect(pass.writableEnded).toBe(false);
    pass.end();
    expectSame(dataOf(joined(...parts)), data);
  });

  it('report a Node stream that fails, now or later', async () => {
    let writes = 0;
    const broken = new Writable({ write: (_chunk, _encoding, callback) => callback((writes += 1) > 1 ? new Error('peer reset') : null) });
    const out = new SinkWriter(nodeSink(broken), { heap });
    await out.encodeBuffer(noise(100));
    await expect(out.flush()).rejects.toThrow('peer reset');
    await expect(out.flush()).rejects.toThrow('peer reset');

    const late = new Writable({ write: (_chunk, _encoding, callback) => callback(), final: (callback) => callback(new Error('no room')) });
    const second = new SinkWriter(nodeSink(late), { heap });
    await second.write(text(5));
    await expect(second.close()).rejects.toThrow('no room');
  });

  it('write to a web stream', async () => {
    const parts: Uint8Array[] = [];
    let closed = false;
    const stream = new WritableStream<Uint8Array>({ write: (chunk) => void parts.push(chunk), close: () => void (closed = true) });
    const out = new SinkWriter(webSink(stream), { heap, blockSize: 65_536 });
    await out.write(data);
    await out.close();
    expect(closed).toBe(true);
    expect(parts.every((part) => part.buffer instanceof ArrayBuffer)).toBe(true); // not shared
    expectSame(dataOf(joined(...parts)), data);

    const open = new WritableStream<Uint8Array>();
    const second = new SinkWriter(webSink(open, { close: false, copy: false }), { heap });
    await second.write(text(5));
    await second.close();
    expect(open.locked).toBe(false);
  });

  it('report a web stream that fails', async () => {
    const stream = new WritableStream<Uint8Array>({ write: () => Promise.reject(new Error('quota')) });
    const out = new SinkWriter(webSink(stream), { heap });
    await out.write(text(5));
    await expect(out.close()).rejects.toThrow('quota');
    out.abort();
  });
});

describe('Node transforms', () => {
  it('compress and decompress in a pipeline', async () => {
    const parts: Buffer[] = [];
    await pipeline(Readable.from(cut(data)), new S2CompressStream({ heap, blockSize: 65_536 }), new S2DecompressStream({ heap }), async (source: AsyncIterable<Buffer>) => {
      for await (const part of source) parts.push(part);
    });
    expectSame(joined(...parts), data);
  });

  it('take strings', async () => {
    const compressor = new S2CompressStream({ heap });
    compressor.end('žluťoučký', 'utf8');
    expect(Buffer.from(dataOf(await collect(compressor))).toString()).toBe('žluťoučký');
  });

  it('report broken input, and give memory back', async () => {
    const reader = new S2DecompressStream({ heap });
    await expect(pipeline(Readable.from([text(100)]), reader, new PassThrough())).rejects.toThrow(expect.objectContaining({ code: 'ERR_CORRUPT' }));
    const torn = new S2DecompressStream({ heap });
    await expect(pipeline(Readable.from([S2_IDENTIFIER.subarray(0, 9)]), torn, new PassThrough())).rejects.toThrow(expect.objectContaining({ code: 'ERR_TRUNCATED' }));
  });

  it('give memory back when destroyed midway', async () => {
    const compressor = new S2CompressStream({ heap });
    compressor.write(text(1000));
    compressor.destroy();
    await new Promise((resolve) => void compressor.once('close', resolve));
  });
});

describe('S2WriteStream', () => {
  it('compresses what is piped into it straight to the sink', async () => {
    const sink = new Collector();
    await pipeline(Readable.from(cut(data)), new S2WriteStream(sink, { heap, addIndex: true }));
    expect(sink.closed).toBe(1);
    expectSame(dataOf(sink.stream), data);
  });

  it('aborts the sink when destroyed, and is destroyed when the sink fails', async () => {
    const sink = new Collector();
    const source = new Readable({ read: () => {} });
    source.push(text(1000));
    const running = pipeline(source, new S2WriteStream(sink, { heap }));
    source.destroy(new Error('source broke'));
    await expect(running).rejects.toThrow('source broke');
    expect(sink.aborted?.message).toBe('source broke');

    const full = new Collector();
    full.failAt = 0;
    await expect(pipeline(Readable.from(cut(data)), new S2WriteStream(full, { heap, blockSize: 4096, highWaterMark: 1 }))).rejects.toThrow('disk full');
  });
});

describe('web transforms', () => {
  const source = (bytes: Uint8Array): ReadableStream<Uint8Array> => ReadableStream.from(cut(bytes)) as ReadableStream<Uint8Array>;
  const through = (stream: ReadableStream<Uint8Array>, pair: BytePair): ReadableStream<Uint8Array> => stream.pipeThrough(pair);

  it('compress and decompress', async () => {
    const compressed = through(source(data), s2CompressionStream({ heap, blockSize: 65_536 }));
    expectSame(await collect(through(compressed, s2DecompressionStream({ heap }))), data);
  });

  it('report broken input', async () => {
    await expect(collect(through(source(text(100)), s2DecompressionStream({ heap })))).rejects.toThrow(expect.objectContaining({ code: 'ERR_CORRUPT' }));
    await expect(collect(through(source(S2_IDENTIFIER.subarray(0, 3)), s2DecompressionStream({ heap })))).rejects.toThrow(expect.objectContaining({ code: 'ERR_TRUNCATED' }));
  });

  it('give memory back when the reading side goes away, and tell the writing side', async () => {
    const { readable, writable } = s2CompressionStream({ heap, blockSize: 4096 });
    const writer = writable.getWriter();
    const first = writer.write(noise(10_000)); // more than is wanted: waits
    const reader = readable.getReader();
    expect((await reader.read()).done).toBe(false);
    await reader.cancel('enough');
    await first;
    await expect(writer.write(text(1))).rejects.toThrow('enough');
  });

  it('give memory back when the writing side is aborted', async () => {
    const { readable, writable } = s2CompressionStream({ heap });
    const writer = writable.getWriter();
    const reading = readable.getReader().read();
    await writer.write(text(100));
    await writer.abort(new Error('stopped'));
    await expect(reading).rejects.toThrow('stopped');
  });
});

describe('async iterables', () => {
  it('compress and decompress arrays, generators and handles', async () => {
    const handles = [text(1000, 1), noise(500), text(10, 2)];
    const stream = await collect(compress(handles.map((part) => Bytes.copyOf(part, heap)), { heap }));
    expectSame(dataOf(stream), joined(...handles));
    expectSame(await collect(decompress(cut(stream, 77), { heap })), joined(...handles));
    expectSame(await collect(decompress([Bytes.copyOf(stream, heap)], { heap })), joined(...handles));
  });

  it('release everything when the consumer leaves early', async () => {
    for await (const piece of compress(cut(noise(100_000)), { heap, blockSize: 4096 })) {
      piece.release();
      break;
    }
    const stream = await streamOf(data, { blockSize: 4096 });
    for await (const piece of decompress([stream], { heap })) {
      piece.release();
      break;
    }
  });

  it('write to a sink, which is aborted when the source fails', async () => {
    const sink = new Collector();
    await writeTo(sink, decompress([await streamOf(data)], { heap }));
    expect(sink.closed).toBe(1);
    expectSame(sink.stream, data);

    const broken = new Collector();
    await expect(writeTo(broken, decompress([text(100)], { heap }))).rejects.toThrow(expect.objectContaining({ code: 'ERR_CORRUPT' }));
    expect(broken.aborted).toMatchObject({ code: 'ERR_CORRUPT' });
    const full = new Collector();
    full.failAt = 0;
    await expect(writeTo(full, decompress([await streamOf(data)], { heap }))).rejects.toThrow('disk full');
  });
});

describe('indexStream', () => {
  it('gives the index that the writer would have given', async () => {
    const long = text(5 * MIB);
    for (const blockSize of [MIB, 65_536, 2 * MIB]) {
      const stream = await streamOf(long, { blockSize, addIndex: true });
      const last = chunksOf(stream).at(-1)!.start;
      const index = await indexStream(cut(stream.subarray(0, last), 12_345), { heap });
      expect(index.toJSON()).toEqual(S2Index.load(stream.subarray(last)).toJSON());
    }
  });

  it('takes its block size from the first block, and looks into none', async () => {
    const stream = joined(S2_IDENTIFIER, storedChunk(text(7)), chunkOf(0, Uint8Array.of(0, 0, 0, 0, 9, 0xff)), chunkOf(0x80, text(3)));
    const index = await indexStream([stream], { heap });
    expect(index.toJSON()).toEqual({ total_uncompressed: 16, total_compressed: stream.length, offsets: [{ compressed: 10, uncompressed: 0 }], est_block_uncompressed: 7 });
  });

  it('checks the structure', async () => {
    await expect(indexStream([text(50)], { heap })).rejects.toThrow(expect.objectContaining({ code: 'ERR_CORRUPT' }));
    await expect(indexStream([joined(S2_IDENTIFIER, storedChunk(text(7)).subarray(0, 9))], { heap })).rejects.toThrow(expect.objectContaining({ code: 'ERR_TRUNCATED', offset: 10 }));
  });
});

describe('SeekableReader', () => {
  const long = joined(text(3 * MIB, 1), noise(MIB), text(2 * MIB + 77, 2));

  async function check(reader: SeekableReader): Promise<void> {
    expect(reader.length).toBe(long.length);
    const ranges: [number, number][] = [
      [0, 1],
      [0, 0],
      [MIB - 1, 2],
      [3 * MIB + 5, 100],
      [2 * MIB - 50, 2 * MIB],
      [long.length - 3, 3],
      [long.length - 3, 100],
      [long.length, 5],
      [MIB, MIB],
    ];
    for (const [position, length] of ranges) {
      const part = await reader.readAt(position, length);
      expectSame(part.toBuffer(), long.subarray(position, position + length));
      part.release();
    }
    const end = await reader.readAt(-10, 4);
    expectSame(end.toBuffer(), long.subarray(-10, -6));
    end.release();
    expectSame(await collect(reader.readFrom(4 * MIB + 3)), long.subarray(4 * MIB + 3));
    await expect(reader.readAt(long.length + 1, 1)).rejects.toThrow(RangeError);
    await expect(reader.readAt(0, -1)).rejects.toThrow(RangeError);
  }

  it('reads any part of a file that has an index at its end', async () => {
    const path = join(folder, 'seekable.s2');
    await writeFile(path, await streamOf(long, { addIndex: true, padding: 1000 }));
    const fd = openSync(path, 'r');
    await check(await SeekableReader.open(await fileSource(fd), { heap }));
    closeSync(fd);
  });

  it('reads with an index kept apart, blocks of any size, Snappy too', async () => {
    for (const options of [{ blockSize: 4096 }, { dialect: 'snappy' }]) {
      const stream = await streamOf(long, options);
      const index = await indexStream([stream], { heap });
      await check(await SeekableReader.open(memorySource(stream), { heap, index }));
    }
  });

  it('reads no more than it must', async () => {
    const stream = await streamOf(long, { addIndex: true });
    const inner = memorySource(stream);
    let bytes = 0;
    const counting: RandomSource = {
      length: inner.length,
      async read(target, position) {
        const n = await inner.read(target, position);
        bytes += n;
        return n;
      },
    };
    const reader = await SeekableReader.open(counting, { heap });
    bytes = 0;
    (await reader.readAt(3 * MIB + 5, 10)).release();
    expect(bytes).toBeLessThan(2 * MIB);
    expect(bytes).toBeGreaterThan(MIB); // the one block of noise
  });

  it('refuses streams without an index, or with a broken one', async () => {
    const stream = await streamOf(data);
    await expect(SeekableReader.open(memorySource(stream), { heap })).rejects.toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED' }));
    await expect(SeekableReader.open(memorySource(new Uint8Array(3)), { heap })).rejects.toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED' }));
    const indexed = await streamOf(data, { addIndex: true });
    indexed[chunksOf(indexed).at(-1)!.start] = 0x98;
    await expect(SeekableReader.open(memorySource(indexed), { heap })).rejects.toThrow(expect.objectContaining({ code: 'ERR_CORRUPT' }));
  });

  it('reports an index that points elsewhere, and a source that fails', async () => {
    const stream = await streamOf(data);
    const index = new S2Index();
    index.add(11, 0);
    index.totalUncompressed = data.length;
    const reader = await SeekableReader.open(memorySource(stream), { heap, index });
    await expect(reader.readAt(5, 5)).rejects.toThrow(expect.objectContaining({ name: 'CodecError' }));
    const broken: RandomSource = { length: 100, read: () => Promise.reject(new Error('EIO')) };
    await expect(SeekableReader.open(broken, { heap })).rejects.toThrow('EIO');
  });
});
