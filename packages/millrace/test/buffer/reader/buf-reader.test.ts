import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync, createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BufReader } from '../../../src/buffer/reader/buf-reader.js';
import { LinkSource } from '../../../src/buffer/reader/link-source.js';
import type { ByteSource, Readables, WebByteStream } from '../../../src/buffer/reader/source.js';
import { attach, connectLink } from '../../../src/buffer/socket/attach.js';
import { Bytes } from '../../../src/bytes/bytes.js';
import { Heap } from '../../../src/memory/heap.js';

let heap: Heap;

beforeEach(() => {
  heap = new Heap({ limit: 2 ** 25 });
});

afterEach(() => {
  expect(heap.live).toBe(0);
});

const text = (bytes: Bytes): string => {
  const found = bytes.toBuffer().toString('latin1');
  bytes.release();
  return found;
};

const pieces = (...texts: string[]): Uint8Array[] => texts.map((piece) => Buffer.from(piece, 'latin1'));

describe('BufReader', () => {
  it('reads, peeks and skips across the pieces of its source', async () => {
    const reader = new BufReader(pieces('ab', '', 'cde', 'f', 'ghij'), { heap });
    expect((await reader.peek(4)).toString()).toBe('abcd');
    expect(text(await reader.read(3))).toBe('abc');
    await reader.skip(4);
    expect(await reader.readByte()).toBe(0x68);
    expect(await reader.readString(2)).toBe('ij');
    expect(await reader.isAtEnd()).toBe(true);
    await reader.close();
  });

  it('too little is an error that consumes nothing', async () => {
    const reader = new BufReader(pieces('abc'), { heap });
    const wrong = { code: 'ERR_INSUFFICIENT_DATA', expected: 4, actual: 3 };
    await expect(reader.read(4)).rejects.toMatchObject(wrong);
    await expect(reader.peek(4)).rejects.toMatchObject(wrong);
    await expect(reader.readBigBE()).rejects.toMatchObject({ code: 'ERR_INSUFFICIENT_DATA', expected: 8 });
    await expect(reader.readUntil(10)).rejects.toMatchObject({ code: 'ERR_INSUFFICIENT_DATA' });
    expect(text(await reader.read(3))).toBe('abc');
    await expect(reader.readByte()).rejects.toMatchObject({ code: 'ERR_INSUFFICIENT_DATA' });
    expect(text(await reader.read(0))).toBe('');
    await reader.close();
    await expect(reader.readByte()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('reads a source of two bytes, one at a time', async () => {
    const reader = new BufReader(pieces('a', 'b'), { heap });
    expect(await reader.readByte()).toBe(97);
    expect(await reader.readByte()).toBe(98);
    expect(await reader.isAtEnd()).toBe(true);
    await reader.close();
  });

  it('skips across pieces of unequal size', async () => {
    const reader = new BufReader(pieces('a', 'bcdefg', 'hi', 'j', 'klmnopqrstu', 'v'), { heap });
    await reader.skip(8);
    expect(await reader.readByte()).toBe(0x69);
    await reader.skip(11);
    expect(await reader.readString(2)).toBe('uv');
    await expect(reader.skip(1)).rejects.toMatchObject({ code: 'ERR_INSUFFICIENT_DATA' });
    await reader.close();
  });

  it('reads numbers in both orders, and varints', async () => {
    const bytes = Uint8Array.of(1, 0x12, 0x34, 0x56, 0x12, 0x34, 0x56, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0x96, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
    for (const cut of [1, 3, 100]) {
      const source = Array.from({ length: Math.ceil(bytes.length / cut) }, (_, i) => bytes.slice(i * cut, (i + 1) * cut));
      const reader = new BufReader(source, { heap });
      expect(await reader.readBE(1)).toBe(1);
      expect(await reader.readBE(3)).toBe(0x123456);
      expect(await reader.readLE(3)).toBe(0x563412);
      expect(await reader.readBigBE()).toBe(0x0102030405060708n);
      expect(await reader.readBigLE()).toBe(0x0807060504030201n);
      expect(await reader.readVarint()).toBe(150);
      expect(await reader.readVarint()).toBe(2 ** 53 - 1);
      await expect(reader.readVarint()).rejects.toMatchObject({ code: 'ERR_FRAMING' });
      await expect(reader.readBE(7)).rejects.toThrow(RangeError);
      await reader.close();
    }
    const long = new BufReader([new Uint8Array(11).fill(0x80)], { heap });
    await expect(long.readVarint()).rejects.toMatchObject({ code: 'ERR_FRAMING' });
    await long.close();
  });

  it('reads numbers of every width from 1 to 8 bytes in both orders, and consumes nothing of one that is not there', async () => {
    const bytes = Buffer.from('f1e2d3c4b5a69788', 'hex');
    for (let width = 1; width <= 8; width += 1) {
      const front = bytes.subarray(0, width);
      const reader = new BufReader([front, front, front, front, Uint8Array.of(7)], { heap });
      const big = BigInt(`0x${front.toString('hex')}`);
      const little = BigInt(`0x${Buffer.from(front.toReversed()).toString('hex')}`);
      expect(await reader.readBigBE(width)).toBe(big);
      expect(await reader.readBigLE(width)).toBe(little);
      if (width <= 6) {
        expect(await reader.readBE(width)).toBe(Number(big));
        expect(await reader.readLE(width)).toBe(Number(little));
      } else await reader.skip(2 * width);
      await expect(reader.readBigBE(2)).rejects.toMatchObject({ code: 'ERR_INSUFFICIENT_DATA' });
      expect(await reader.readByte()).toBe(7);
      await reader.close();
    }
    const reader = new BufReader([bytes], { heap });
    for (const width of [0, 9, 1.5]) {
      await expect(reader.readBigBE(width)).rejects.toThrow(RangeError);
      await expect(reader.readLE(width)).rejects.toThrow(RangeError);
    }
    await reader.close();
  });

  it('reads lines that end with LF, CRLF or the source, and refuses those without end', async () => {
    const reader = new BufReader(pieces('one\r', '\ntwo\n\nth', 'ree\rfour'), { heap, maxLine: 64 });
    expect(await reader.readLine()).toBe('one');
    expect(await reader.readLine()).toBe('two');
    expect(await reader.readLine()).toBe('');
    expect(await reader.readLine()).toBe('three\rfour');
    expect(await reader.readLine()).toBeUndefined();
    await reader.close();
    const endless = new BufReader(pieces('x'.repeat(40), 'x'.repeat(40), '\n'), { heap, maxLine: 64 });
    await expect(endless.readLine()).rejects.toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE', expected: 64 });
    await endless.skip(80);
    expect(text(await endless.readUntil(10))).toBe('\n');
    await endless.close();
  });

  it('readRange yields what lies there, copies nothing and frees each part with the next', async () => {
    const reader = new BufReader(pieces('a'.repeat(1000), 'b'.repeat(2000), 'c'.repeat(3000)), { heap });
    const parts: string[] = [];
    const live: number[] = [];
    for await (const part of reader.readRange(5000)) {
      parts.push(`${String.fromCharCode(part[0]!)}${part.length}`);
      live.push(heap.live);
    }
    expect(parts).toEqual(['a1000', 'b2000', 'c2000']);
    expect(Math.max(...live)).toBeLessThanOrEqual(3008);
    expect(heap.live).toBeLessThanOrEqual(1008);
    expect(await reader.readString(1000)).toBe('c'.repeat(1000));
    for await (const part of reader.readRange(0)) expect(part).toBeUndefined();
    await expect(reader.readRange(1).next()).rejects.toMatchObject({ code: 'ERR_INSUFFICIENT_DATA' });
    await reader.close();
  });

  it('gives the unread tail of a read back at once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-reader-'));
    writeFileSync(join(folder, 'file'), 'short');
    const file = await open(join(folder, 'file'));
    const reader = new BufReader(file, { heap });
    await reader.peek(1);
    expect(heap.live).toBe(5);
    expect(reader.buffer.copiedBytes).toBe(0);
    await reader.close();
    await file.close();
    rmSync(folder, { recursive: true });
  });

  it('passes on the error of its source, after what came before it', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('good');
      throw new Error('disk on fire');
    }
    const reader = new BufReader(failing(), { heap });
    expect(await reader.readString(4)).toBe('good');
    await expect(reader.readByte()).rejects.toThrow('disk on fire');
    await reader.close();
  });

  it('cancels its source when it is closed early, also while it waits', async () => {
    let cancelled = 0;
    const source = { pull: () => new Promise<boolean>(() => {}), cancel: () => void (cancelled += 1) };
    const reader = new BufReader(source, { heap });
    void reader.readByte();
    await reader.close();
    await reader.close();
    expect(cancelled).toBe(1);
    const stream = Readable.from(pieces('a', 'b'));
    const other = new BufReader(stream, { heap });
    await other.readByte();
    await other.close();
    expect(stream.destroyed).toBe(true);
    expect(() => new BufReader(5 as unknown as Readables)).toThrow(TypeError);
    const wrong = new BufReader(['text' as unknown as Uint8Array], { heap });
    await expect(wrong.readByte()).rejects.toThrow(TypeError);
    await wrong.close();
  });
});

it('closed while a source reads into its room, it keeps the room until that is over', async () => {
  let address = 0;
  let arrive!: () => void;
  const source: ByteSource = {
    async pull(into) {
      into.bookRead();
      address = into.roomAddress;
      await new Promise<void>((resolve) => {
        arrive = resolve;
      });
      heap.u8.set(Buffer.from('late'), address);
      into.commit(4);
      return true;
    },
    cancel() {},
  };
  const reader = new BufReader(source, { heap });
  const byte = reader.readByte();
  await reader.close();
  // Were the room free, this would be there, and be written over.
  const other = Bytes.copyOf(Buffer.alloc(16_384, 'x'), heap);
  arrive();
  await expect(byte).rejects.toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
  expect(other.toString()).toBe('x'.repeat(16_384));
  other.release();
});

describe('sources', () => {
  const all = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7 + (i >> 9)) & 255));

  async function readsAll(source: Readables): Promise<void> {
    const reader = new BufReader(source, { heap });
    let at = 0;
    for (let n = 1; at < all.length; n = Math.min(n * 3, 30_000)) {
      const some = Math.min(n, all.length - at);
      const bytes = await reader.read(some);
      expect(bytes.toBuffer().equals(all.subarray(at, at + some))).toBe(true);
      bytes.release();
      at += some;
    }
    expect(await reader.isAtEnd()).toBe(true);
    await reader.close();
  }

  it('a stream of the file system', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-reader-'));
    writeFileSync(join(folder, 'file'), all);
    await readsAll(createReadStream(join(folder, 'file'), { highWaterMark: 10_000 }));
    const file = await open(join(folder, 'file'));
    await readsAll(file);
    await file.close();
    rmSync(folder, { recursive: true });
  });

  it('a web stream', async () => {
    await readsAll(Readable.toWeb(Readable.from([all.subarray(0, 70_000), all.subarray(70_000)])) as unknown as WebByteStream);
  });

  it('handles, which become its own', async () => {
    await readsAll([Bytes.copyOf(all.subarray(0, 99_999), heap), Bytes.adopt(all.subarray(99_999))]);
  });

  it('a socket as a stream, and a link without a copy', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {}); // the reader that is closed early resets its connection
      socket.end(all);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await readsAll(connect(port, '127.0.0.1'));
    const source = new LinkSource();
    connectLink({ port, host: '127.0.0.1' }, source.handlers, { heap });
    await readsAll(source);
    const other = new LinkSource();
    attach(connect(port, '127.0.0.1'), other.handlers, { heap });
    await readsAll(other);
    const dropped = new LinkSource();
    const link = connectLink({ port, host: '127.0.0.1' }, dropped.handlers, { heap });
    const reader = new BufReader(dropped, { heap });
    await reader.readByte();
    await reader.close();
    if (!link.isClosed) await once(link.socket, 'close');
    await new Promise((resolve) => server.close(resolve));
  });
});

it('random reads agree with the bytes, however the source is cut', async () => {
  const step = fc.record({ kind: fc.constantFrom('read', 'peek', 'skip', 'range', 'until', 'string'), n: fc.nat(70) });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), fc.array(step, { maxLength: 20 }), async (chunks, steps) => {
      let left = Buffer.concat(chunks);
      const reader = new BufReader(chunks, { heap });
      for (const { kind, n } of steps) {
        if (kind === 'until') {
          const end = left.indexOf(n) + 1;
          if (end === 0) await expect(reader.readUntil(n)).rejects.toMatchObject({ code: 'ERR_INSUFFICIENT_DATA' });
          else expect(text(await reader.readUntil(n))).toBe(left.subarray(0, end).toString('latin1'));
          left = left.subarray(end);
          continue;
        }
        const some = Math.min(n, left.length);
        if (kind === 'read') expect(text(await reader.read(some))).toBe(left.subarray(0, some).toString('latin1'));
        if (kind === 'peek') expect((await reader.peek(some)).equals(left.subarray(0, some))).toBe(true);
        if (kind === 'skip') await reader.skip(some);
        if (kind === 'string') expect(await reader.readString(some, 'latin1')).toBe(left.subarray(0, some).toString('latin1'));
        if (kind === 'range') {
          const parts: Buffer[] = [];
          for await (const part of reader.readRange(some)) parts.push(Buffer.from(part));
          expect(Buffer.concat(parts).equals(left.subarray(0, some))).toBe(true);
        }
        if (kind !== 'peek') left = left.subarray(some);
      }
      await reader.close();
      expect(heap.live).toBe(0);
    }),
    { numRuns: 100 },
  );
});
