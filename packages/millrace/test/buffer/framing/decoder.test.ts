import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FrameDecoder } from '../../../src/buffer/framing/decoder.js';
import { crlf, ndjson } from '../../../src/buffer/framing/delimiter.js';
import { writeFrame } from '../../../src/buffer/framing/encoder.js';
import type { Framing } from '../../../src/buffer/framing/framing.js';
import { length32, LengthPrefixFraming } from '../../../src/buffer/framing/length-prefix.js';
import { netstring } from '../../../src/buffer/framing/netstring.js';
import { varintDelimited } from '../../../src/buffer/framing/varint-prefix.js';
import { LinkBuffer } from '../../../src/buffer/link-buffer.js';
import { Bytes } from '../../../src/bytes/bytes.js';
import { Heap } from '../../../src/memory/heap.js';
import { apart } from '../../bytes/ledger.js';

let heap: Heap;

beforeEach(() => {
  heap = new Heap({ limit: 2 ** 26 });
});

afterEach(() => {
  expect(heap.live).toBe(0);
});

const framings: Framing[] = [ndjson(), crlf(), length32(), new LengthPrefixFraming({ width: 2, byteOrder: 'little', fieldOffset: 3, adjustment: -5 }), varintDelimited(), netstring()];

function encode(framing: Framing, payloads: readonly Uint8Array[]): Buffer {
  using output = new LinkBuffer({ heap });
  for (const payload of payloads) writeFrame(output, framing, payload);
  output.flush();
  return output.readBinary(output.length);
}

type Feed = (decoder: FrameDecoder, piece: Uint8Array) => void;
const feeds: Record<string, Feed> = {
  'chunks copied in': (decoder, piece) => decoder.push(piece),
  'handles of the heap': (decoder, piece) => decoder.pushBytes(Bytes.copyOf(piece, heap)), // side by side
  'handles that do not touch': (decoder, piece) => decoder.pushBytes(apart(piece, heap)),
  'handles of other memory': (decoder, piece) => decoder.pushBytes(Bytes.adopt(Uint8Array.from(piece))),
};

/** What a decoder gives for the stream in pieces: messages read by turns in every way there is. */
function decode(framing: Framing, feed: Feed, pieces: readonly Uint8Array[]): Buffer[] {
  const decoder = new FrameDecoder(framing, { heap });
  const taken: { bytes: Bytes; at: number }[] = [];
  const messages: Buffer[] = [];
  const drain = (): void => {
    while (decoder.next()) {
      const at = messages.length;
      messages.push(Buffer.from(decoder.toBuffer()));
      if (at % 3 === 1) taken.push({ bytes: decoder.take(), at });
      if (at % 3 === 2) decoder.takeFrame().release();
    }
  };
  for (const piece of pieces) {
    feed(decoder, piece);
    drain();
  }
  expect(decoder.finish()).toBe(false);
  decoder.close();
  // Taken messages are their takers', whatever became of the decoder.
  for (const { bytes, at } of taken) {
    expect(bytes.toBuffer().equals(messages[at]!)).toBe(true);
    bytes.release();
  }
  return messages;
}

const cut = (bytes: Buffer, at: readonly number[]): Buffer[] => [0, ...at].map((from, i) => bytes.subarray(from, [...at, bytes.length][i]));

describe.each(framings.map((framing) => ({ name: framing.name, framing })))('$name', ({ framing }) => {
  const payload = fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ minLength: 100, maxLength: 300 })).map((bytes) => bytes.map((byte) => (byte === 10 || byte === 13 ? 0 : byte)));

  it.each(Object.keys(feeds))('gives back what was framed, from %s, however cut', (name) => {
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 40 }), fc.array(fc.nat(), { maxLength: 12 }), (payloads, cuts) => {
        const bytes = encode(framing, payloads);
        const at = cuts.map((where) => where % (bytes.length + 1)).toSorted((a, b) => a - b);
        expect(decode(framing, feeds[name]!, cut(bytes, at)).map((message) => [...message])).toEqual(payloads.map((message) => [...message]));
        expect(heap.live).toBe(0);
      }),
      { numRuns: process.env['MILLRACE_LONG'] ? 2000 : 30 },
    );
  });

  it('split at every byte', () => {
    const payloads = [3, 0, 1, 17, 70, 2].map((length, i) => new Uint8Array(length).fill(65 + i));
    const bytes = encode(framing, payloads);
    const wanted = payloads.map((message) => Buffer.from(message).toString('hex'));
    const hex = (messages: readonly Buffer[]): string[] => messages.map((message) => message.toString('hex'));
    for (const feed of Object.values(feeds)) {
      for (let at = 0; at <= bytes.length; at += 1) expect(hex(decode(framing, feed, cut(bytes, [at])))).toEqual(wanted);
      expect(hex(decode(framing, feed, cut(bytes, Array.from({ length: bytes.length - 1 }, (_, i) => i + 1))))).toEqual(wanted);
    }
  });

  it('a stream that ends inside a message is torn', () => {
    const decoder = new FrameDecoder(framing, { heap });
    const bytes = encode(framing, [new Uint8Array(9).fill(65)]);
    decoder.push(bytes);
    decoder.push(bytes.subarray(0, -1));
    expect(decoder.next()).toBe(true);
    expect(decoder.next()).toBe(false);
    expect(decoder.pending).toBe(bytes.length - 1);
    expect(() => decoder.finish()).toThrow(expect.objectContaining({ code: 'ERR_TORN_MESSAGE', offset: bytes.length }));
    decoder.close();
  });
});

describe('FrameDecoder', () => {
  it('copies nothing when messages lie in one region, and gives memory back as it goes', () => {
    const input = new LinkBuffer({ heap });
    const decoder = new FrameDecoder(length32(), input); // the same as { input }
    expect(decoder.input).toBe(input);
    const bytes = encode(length32(), Array.from({ length: 50 }, () => new Uint8Array(100)));
    input.book(bytes.length);
    heap.u8.set(bytes, input.roomAddress);
    input.commit(bytes.length);
    input.releaseRoom();
    const address = input.front!.start;
    for (let i = 0; i < 50; i += 1) {
      expect(decoder.next()).toBe(true);
      expect(decoder.start).toBe(address + i * 104 + 4);
    }
    expect(decoder.next()).toBe(false);
    expect(input.copiedBytes).toBe(0);
    expect(heap.live).toBe(0);
    decoder.close();
    input.close();
  });

  it('throws a fault after the messages before it', () => {
    const decoder = new FrameDecoder(length32({ maxMessage: 10 }), { heap });
    decoder.push(Uint8Array.of(0, 0, 0, 1, 65, 0, 0, 0, 11));
    expect(decoder.next()).toBe(true);
    expect(decoder.toString()).toBe('A');
    const fault = expect.objectContaining({ code: 'ERR_MESSAGE_TOO_LARGE', offset: 5, actual: 11 });
    expect(() => decoder.next()).toThrow(fault);
    expect(() => decoder.next()).toThrow(fault);
    expect(() => decoder.finish()).toThrow(fault);
    decoder.close();
  });

  it('drops messages over the limit where asked to, wherever the pieces end', () => {
    const long = 'x'.repeat(50);
    const stream = Buffer.from(`one\n${long}\ntwo\n\n${long}${long}\nthree\n${long}\n`);
    for (let at = 0; at <= stream.length; at += 1) {
      for (const pieces of [cut(stream, [at]), at === 7 ? cut(stream, Array.from({ length: stream.length - 1 }, (_, i) => i + 1)) : []]) {
        if (pieces.length === 0) continue;
        const decoder = new FrameDecoder(ndjson({ maxMessage: 20 }), { heap, tooLarge: 'drop' });
        const found: string[] = [];
        for (const piece of pieces) {
          decoder.push(piece);
          while (decoder.next()) found.push(decoder.toString());
        }
        expect(found).toEqual(['one', 'two', '', 'three']);
        expect(decoder.dropped).toBe(3);
        expect(decoder.finish()).toBe(false);
        decoder.close();
      }
    }
    expect(() => new FrameDecoder(length32(), { heap, tooLarge: 'drop' })).toThrow(RangeError);
  });

  it('gives a last line without its end, and lines that end with CRLF', () => {
    const decoder = new FrameDecoder(ndjson({ unterminated: 'message', trimCarriageReturn: true }), { heap });
    decoder.push(Buffer.from('{"a":1}\r\n{"b"'));
    decoder.push(Buffer.from(':2}'));
    const found: string[] = [];
    while (decoder.next()) found.push(decoder.toString());
    expect(decoder.finish()).toBe(true);
    found.push(decoder.toString());
    const last = decoder.take();
    expect(String(last.toBuffer())).toBe('{"b":2}');
    last.release();
    expect(found).toEqual(['{"a":1}', '{"b":2}']);
    expect(decoder.finish()).toBe(false);
    expect(decoder.next()).toBe(false);
    decoder.close();
  });

  it('text is right whether messages are short or long, ASCII or not, whole or cut, in any order of asking', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 30 }), fc.string({ minLength: 1100, maxLength: 1300 })), { maxLength: 30 }),
        fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
        fc.nat(),
        (texts, asked, where) => {
          const lines = texts.map((text) => text.replaceAll('\n', ' ').toWellFormed());
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          const decoder = new FrameDecoder(ndjson(), { heap });
          let i = 0;
          for (const piece of cut(bytes, [where % (bytes.length + 1)])) {
            decoder.push(piece);
            while (decoder.next()) {
              if (asked[i]) expect(decoder.toString()).toBe(lines[i]);
              if (asked[29 - i]) expect(decoder.toString('latin1')).toBe(Buffer.from(lines[i]!).toString('latin1'));
              expect(Buffer.from(decoder.toUint8Array()).toString()).toBe(lines[i]);
              if (asked[(i * 7) % 30]) decoder.take().release();
              i += 1;
            }
          }
          expect(i).toBe(lines.length);
          decoder.close();
        },
      ),
      { numRuns: process.env['MILLRACE_LONG'] ? 5000 : 100 },
    );
  });

  it('text of many short messages, some not ASCII, does not depend on where runs of 8 KiB end', () => {
    const lines = Array.from({ length: 3000 }, (_, i) => (i % 97 === 50 ? `größe ≤ ${i}` : `line ${i} ${'x'.repeat(i % 40)}`));
    lines.splice(1500, 0, 'y'.repeat(1024), 'z'.repeat(1025), '', `${'a'.repeat(9000)}ß`);
    for (const [framing, kept] of [[ndjson(), [] as string[]], [length32(), [] as string[]]] as const) {
      using decoder = new FrameDecoder(framing, { heap });
      decoder.push(encode(framing, lines.map((line) => Buffer.from(line))));
      while (decoder.next()) kept.push(decoder.toString());
      expect(kept).toEqual(lines);
    }
  });

  it('text is that of the bytes there now, where memory is used again', () => {
    const decoder = new FrameDecoder(ndjson(), { heap });
    const addresses = new Set<number>();
    for (let i = 0; i < 5; i += 1) {
      decoder.push(Buffer.from(`first ${i}\nsecond ${i}\n`));
      decoder.input.releaseRoom();
      expect(decoder.next()).toBe(true);
      addresses.add(decoder.start);
      expect(decoder.toString()).toBe(`first ${i}`);
      expect(decoder.next()).toBe(true);
      expect(decoder.toString()).toBe(`second ${i}`);
      expect(decoder.next()).toBe(false);
    }
    expect(addresses.size).toBe(1);
    decoder.close();
  });

  it('a message is taken once', () => {
    const decoder = new FrameDecoder(length32(), { heap });
    expect(() => decoder.take()).toThrow(expect.objectContaining({ code: 'ERR_INSUFFICIENT_DATA' }));
    decoder.push(Uint8Array.of(0, 0, 0, 1, 65));
    decoder.next();
    decoder.take().release();
    expect(() => decoder.take()).toThrow(expect.objectContaining({ code: 'ERR_INSUFFICIENT_DATA' }));
    expect(decoder.next()).toBe(false);
    decoder.close();
  });

  it('a message that comes in thirty thousand parts costs a few copies of it, not thirty thousand', () => {
    const decoder = new FrameDecoder(ndjson(), { heap });
    for (let i = 0; i < 30_000; i += 1) {
      decoder.pushBytes(Bytes.adopt(Uint8Array.of(65)));
      if (decoder.next()) throw new Error('a message without its end');
    }
    decoder.pushBytes(Bytes.adopt(Uint8Array.of(10)));
    expect(decoder.next()).toBe(true);
    expect(decoder.end - decoder.start).toBe(30_000);
    expect(decoder.input.copiedBytes).toBeLessThan(150_000);
    decoder.close();
  });

  it('two decoders over one heap do not disturb each other', () => {
    const a = new FrameDecoder(ndjson(), { heap });
    const b = new FrameDecoder(ndjson(), { heap });
    a.push(Buffer.from('a1\na2\na3\n'));
    b.push(Buffer.from('b1\nb2\nb3\n'));
    const found: string[] = [];
    while (a.next()) {
      found.push(a.toString());
      if (b.next()) found.push(b.toString());
    }
    expect(found).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3']);
    a.close();
    b.close();
  });
});

describe('writeFrame', () => {
  it('leaves the handle with the caller when it cannot be framed', () => {
    using output = new LinkBuffer({ heap });
    const bytes = Bytes.copyOf(Buffer.from('a\nb'), heap);
    expect(() => writeFrame(output, ndjson(), bytes)).toThrow(expect.objectContaining({ code: 'ERR_FRAMING' }));
    expect(() => writeFrame(output, length32({ maxMessage: 2 }), bytes)).toThrow(expect.objectContaining({ code: 'ERR_MESSAGE_TOO_LARGE' }));
    expect(output.mallocLength).toBe(0);
    writeFrame(output, length32(), bytes);
    expect(bytes.isReleased).toBe(true);
    expect(output.flush()).toBe(7);
  });
});
