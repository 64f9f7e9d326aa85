import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reader, writer } from '../../src/bytes/adapters.js';
import { Bytes, BytesMut } from '../../src/bytes/bytes.js';
import { limit } from '../../src/bytes/limit.js';
import { Rope } from '../../src/bytes/rope.js';
import { isShared, webSafe } from '../../src/bytes/web.js';
import { codeOf, counting, ledgerHeap } from './ledger.js';

// Sizes around what the code decides by: loops below 64, kernels to 2 KiB or 8 KiB, Node above; vectors of 16, 64 and 128 bytes in the kernels.
const SIZES = [0, 1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 200, 2047, 2048, 2049, 8191, 8192, 8300];

test.each(['heap', 'adopted'])('search agrees with Buffer at every size (%s)', (where) => {
  const heap = ledgerHeap();
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (const size of SIZES) {
    for (let round = 0; round < 30; round += 1) {
      // Few different bytes, so that patterns nearly match often.
      const letters = 1 + random(4);
      const data = Buffer.from(Uint8Array.from({ length: size }, () => 97 + random(letters)));
      const bytes = where === 'heap' ? Bytes.copyOf(data, heap) : Bytes.adopt(data);
      const from = random(size + 1);
      const at = random(size + 1);
      const inside = data.subarray(at, at + 1 + random(20));
      for (const needle of [inside, Buffer.from('ab'), Buffer.from('abcabcabcabcabcabc')]) {
        if (needle.length === 0) continue;
        expect(bytes.indexOf(needle, from)).toBe(data.indexOf(needle, from));
        expect(bytes.lastIndexOf(needle)).toBe(data.lastIndexOf(needle));
        expect(bytes.includes(needle)).toBe(data.includes(needle));
      }
      expect(bytes.indexOf(98, from)).toBe(data.indexOf(98, from));
      expect(bytes.lastIndexOf(98)).toBe(data.lastIndexOf(98));
      expect(bytes.indexOf('', from)).toBe(from);
      expect(bytes.lastIndexOf('')).toBe(size);
      bytes.release();
    }
  }
});

test('what lies outside the range is not found', () => {
  const heap = ledgerHeap();
  for (const size of SIZES.filter((one) => one > 0)) {
    const whole = Bytes.copyOf(Buffer.from(`\n\r${'x'.repeat(size)}\r\n`), heap);
    const inner = whole.slice(2, size + 2);
    for (const needle of [10, '\r', 'x\r', '\rx', 'x\r\n']) expect([inner.indexOf(needle), inner.lastIndexOf(needle)], `${size}`).toEqual([-1, -1]);
    whole.release();
    inner.release();
  }
});

test('comparison agrees with Buffer, wherever the first difference is', () => {
  const heap = ledgerHeap();
  for (const size of SIZES.filter((one) => one > 0)) {
    const data = Buffer.from(Uint8Array.from({ length: size }, (_, i) => i * 7));
    const bytes = Bytes.copyOf(data, heap);
    for (const at of new Set([0, size >> 1, size - 1, Math.max(0, size - 17)])) {
      const other = Buffer.from(data);
      other[at] = other[at]! ^ 0x80;
      const twin = Bytes.copyOf(other, heap);
      const order = Math.sign(data.compare(other));
      expect([bytes.equals(twin), bytes.equals(other), Math.sign(bytes.compare(twin)), Math.sign(bytes.compare(other))]).toEqual([false, false, order, order]);
      twin.release();
    }
    const same = bytes.slice(0, size - 1);
    expect(Math.sign(bytes.compare(same))).toBe(1);
    expect(bytes.equals(data)).toBe(true);
    expect([bytes.startsWith(same), bytes.endsWith(data.subarray(1)), same.startsWith(bytes), bytes.startsWith(''), bytes.endsWith('')]).toEqual([true, true, false, true, true]);
    same.release();
    bytes.release();
  }
});

test('equal bytes have one hash, wherever they lie', () => {
  const heap = ledgerHeap();
  const a = Bytes.copyOf(counting(100), heap);
  const b = Bytes.adopt(counting(110).subarray(0, 100));
  expect(a.hash()).toBe(b.hash());
  a.advance(1);
  expect(a.hash()).not.toBe(b.hash());
  // FNV-1a of "foobar", from the authors' test vectors.
  const known = Bytes.adopt(Buffer.from('foobar'));
  expect(known.hash()).toBe(0xbf9c_f968);
  a.release();
});

test('text goes in and out in every encoding', () => {
  const heap = ledgerHeap();
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), fc.uint8Array({ maxLength: 80 }), (text, data) => {
      const buffer = BytesMut.withCapacity(1, heap);
      expect(buffer.putText(text)).toBe(Buffer.byteLength(text));
      expect(buffer.toString()).toBe(Buffer.from(text).toString());
      buffer.release();
      const same = Bytes.fromText(text, 'utf8', heap);
      expect(same.equals(Buffer.from(text))).toBe(true);
      same.release();
      const bytes = Bytes.copyOf(data, heap);
      for (const encoding of ['latin1', 'hex', 'base64', 'base64url'] as const) {
        const out = bytes.toString(encoding);
        expect(out).toBe(Buffer.from(data).toString(encoding));
        const back = BytesMut.withCapacity(0, heap);
        back.putText(out, encoding);
        expect(back.equals(data)).toBe(true);
        back.release();
      }
      bytes.release();
    }),
    { numRuns: 200 },
  );
});

test('inspect shows what it is and the first bytes; JSON is that of Buffer', () => {
  const heap = ledgerHeap();
  const bytes = Bytes.copyOf(Buffer.from('hi "x"\\\n\r\t\0\xff', 'latin1'), heap);
  expect(inspect(bytes)).toBe(String.raw`Bytes(12) "hi \"x\"\\\n\r\t\x00\xff"`);
  expect(JSON.parse(JSON.stringify(bytes))).toEqual(bytes.copyToBuffer().toJSON());
  bytes.release();
  expect(inspect(bytes)).toBe('Bytes(released)');
  const long = BytesMut.copyOf(Buffer.alloc(60, 'a'), heap);
  expect(inspect(long)).toBe(`BytesMut(60) "${'a'.repeat(50)}" ... 10 more`);
  // Made in this order, the two do not touch.
  const second = Bytes.copyOf(Buffer.from('cd'), heap);
  const rope = Rope.of(Bytes.copyOf(Buffer.from('ab'), heap), second);
  expect(inspect(rope)).toBe('Rope(4) of 2 parts, "ab" ...');
  rope.release();
  expect(inspect(rope)).toBe('Rope(released)');
  long.release();
});

test('views alias, copies do not', () => {
  const heap = ledgerHeap();
  const buffer = BytesMut.copyOf(counting(600), heap);
  const view = buffer.toBuffer();
  const copies = [buffer.copyToBuffer(), Buffer.from(buffer.toArrayBuffer())];
  view[0] = 99;
  expect(buffer.at(0)).toBe(99);
  for (const copy of copies) expect([copy.length, copy[0], isShared(copy)]).toEqual([600, 0, false]);
  expect(isShared(view)).toBe(true);
  buffer.release();
});

test('webSafe copies what is shared and only that', async () => {
  const heap = ledgerHeap();
  const bytes = Bytes.copyOf(Buffer.from('for the web'), heap);
  const safe = webSafe(bytes);
  expect(isShared(safe)).toBe(false);
  expect(await crypto.subtle.digest('SHA-256', safe)).toEqual(await crypto.subtle.digest('SHA-256', Buffer.from('for the web')));
  expect(await new Response(safe as Uint8Array<ArrayBuffer>).text()).toBe('for the web');
  const memory = counting(10);
  const adopted = Bytes.adopt(memory);
  expect(webSafe(adopted).buffer).toBe(memory.buffer);
  expect(webSafe(memory)).toBe(memory);
  const rope = Rope.of(bytes);
  expect(Buffer.from(webSafe(rope)).toString()).toBe('for the web');
  rope.release();
});

test('a fetch sends what webSafe gives, byte for byte', async () => {
  const heap = ledgerHeap();
  const server = createServer((request, response) => request.pipe(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const data = counting(1000);
  const bytes = Bytes.copyOf(data, heap);
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: webSafe(bytes) as Uint8Array<ArrayBuffer> });
    expect(Buffer.compare(Buffer.from(await answer.arrayBuffer()), data)).toBe(0);
  } finally {
    bytes.release();
    server.close();
    server.closeAllConnections();
  }
});

test('handles and ropes are async iterables of Buffers', async () => {
  const heap = ledgerHeap();
  // Made in this order, the two do not touch.
  const second = Bytes.copyOf(Buffer.from('cd'), heap);
  const rope = Rope.of(Bytes.copyOf(Buffer.from('ab'), heap), second);
  expect((await Readable.from(rope).toArray()).map(String)).toEqual(['ab', 'cd']);
  const bytes = Bytes.copyOf(Buffer.from('xyz'), heap);
  expect((await Readable.from(bytes).toArray()).map(String)).toEqual(['xyz']);
  bytes.clear();
  expect(await Readable.from(bytes).toArray()).toEqual([]);
  bytes.release();
  rope.release();
});

test('reader and writer are Node streams over a source and a sink', async () => {
  const heap = ledgerHeap();
  const bytes = Bytes.copyOf(counting(250), heap);
  const sink = BytesMut.withCapacity(10, heap);
  const out = writer(sink);
  for await (const chunk of reader(bytes, 100)) out.write(chunk as Buffer);
  await new Promise<void>((resolve) => out.end(resolve));
  expect(sink.equals(counting(250))).toBe(true);
  expect(bytes.isEmpty).toBe(true);
  const small = writer(limit(sink, 3));
  const failure = new Promise((resolve) => small.once('error', resolve));
  small.write('four');
  expect(await failure).toMatchObject({ code: 'ERR_NO_ROOM', expected: 4, actual: 3 });
  bytes.release();
  const late = reader(bytes);
  const broken = new Promise((resolve) => late.once('error', resolve));
  late.resume();
  expect(await broken).toMatchObject({ code: 'ERR_RELEASED' });
  sink.release();
});

test('wrong types are refused', () => {
  const heap = ledgerHeap();
  const bytes = Bytes.copyOf(counting(3), heap);
  for (const call of [
    () => Bytes.copyOf('abc' as never, heap),
    () => Bytes.adopt([1] as never),
    () => BytesMut.copyOf(null as never, heap),
    () => bytes.indexOf({} as never),
    () => bytes.copyToSlice([1] as never),
  ]) {
    expect(codeOf(call)).toBe('ERR_INVALID_ARG_TYPE');
  }
  for (const call of [() => bytes.indexOf(256), () => bytes.indexOf(-1), () => bytes.indexOf(1, 4)]) expect(codeOf(call)).toBe('ERR_OUT_OF_RANGE');
  bytes.release();
});
