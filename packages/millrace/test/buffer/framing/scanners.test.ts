import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BufferError } from '../../../src/base/errors.js';
import { crlf, DelimiterFraming, ndjson } from '../../../src/buffer/framing/delimiter.js';
import type { Framing } from '../../../src/buffer/framing/framing.js';
import { length32, LengthPrefixFraming } from '../../../src/buffer/framing/length-prefix.js';
import { netstring } from '../../../src/buffer/framing/netstring.js';
import type { FrameScanner } from '../../../src/buffer/framing/scanner.js';
import { varintDelimited } from '../../../src/buffer/framing/varint-prefix.js';
import { Heap } from '../../../src/memory/heap.js';
import { frame, naiveDelimited, naiveLength, naiveNetstring, naiveVarint, type Found } from './naive.js';

const ROOM = 1 << 16;
const TABLE = 64;
let heap: Heap;
let region: number;
let table: number;

beforeEach(() => {
  heap = new Heap({ limit: 2 ** 24 });
  region = heap.allocate(ROOM);
  table = heap.allocate(TABLE * 4);
});

afterEach(() => {
  heap.free(region, ROOM);
  heap.free(table, TABLE * 4);
  expect(heap.live).toBe(0);
});

interface Case {
  readonly name: string;
  make(maxMessage: number): Framing;
  naive(bytes: Uint8Array, limit: number): Found;
}

const cases: Case[] = [
  { name: 'ndjson', make: (maxMessage) => ndjson({ maxMessage }), naive: (bytes, limit) => naiveDelimited(bytes, [10], limit) },
  { name: 'crlf', make: (maxMessage) => crlf({ maxMessage }), naive: (bytes, limit) => naiveDelimited(bytes, [13, 10], limit) },
  { name: 'varint', make: (maxMessage) => varintDelimited({ maxMessage }), naive: naiveVarint },
  { name: 'netstring', make: (maxMessage) => netstring({ maxMessage }), naive: naiveNetstring },
];
for (const width of [1, 2, 4, 8] as const) {
  for (const byteOrder of ['big', 'little'] as const) {
    for (const [fieldOffset, adjustment] of [[0, 0], [3, -2], [0, -width], [24, -1]] as const) {
      cases.push({
        name: `length ${width} ${byteOrder} at ${fieldOffset} adjusted by ${adjustment}`,
        make: (maxMessage) => new LengthPrefixFraming({ width, byteOrder, fieldOffset, adjustment, maxMessage }),
        naive: (bytes, limit) => naiveLength(bytes, { width, bigEndian: byteOrder === 'big', fieldOffset, adjustment }, limit),
      });
    }
  }
}

/** Runs a scanner over `bytes` cut into pieces, each placed alone amid bytes that would mislead a scan that strays. */
function scanPieces(scanner: FrameScanner, bytes: Uint8Array, cuts: readonly number[], entries: number): Found {
  const ends: number[] = [];
  let count = 0;
  const found = (error: unknown): Found => {
    if (!(error instanceof BufferError)) throw error;
    expect(count).toBe(ends.length);
    return { ends, fault: { code: error.code, offset: error.offset!, actual: error.actual } };
  };
  const bounds = [0, ...cuts, bytes.length];
  for (let i = 1; i < bounds.length; i += 1) {
    const from = bounds[i - 1]!;
    const length = bounds[i]! - from;
    heap.u8.fill(i % 2 ? 10 : 13, region, region + length + 128);
    heap.u8.set(bytes.subarray(from, from + length), region + 64);
    try {
      for (let at = 0; ; ) {
        const end = entries === 0 ? scanner.scan(region + 64 + at, length - at) : scanner.scanInto(region + 64 + at, length - at, table, entries);
        count += scanner.messages;
        if (entries === 0) {
          // Without a table only the last end is told: the number in between must agree with the oracle's.
          for (let k = 1; k < scanner.messages; k += 1) ends.push(-1);
          if (scanner.messages > 0) ends.push(from + at + end);
          break;
        }
        const words = new Int32Array(heap.u8.buffer, table, scanner.messages);
        for (const word of words) ends.push(from + at + word);
        // Not expect(): this runs a million times.
        if (end !== (scanner.messages === 0 ? 0 : words.at(-1))) throw new Error(`${end} is not the end of the last message`);
        if (scanner.messages < entries) break;
        at += end;
      }
    } catch (error) {
      return found(error);
    }
  }
  if (scanner.fault) return found(scanner.fault);
  expect(scanner.offset).toBe(ends.at(-1) ?? 0);
  expect(scanner.pending).toBe(bytes.length - scanner.offset);
  return { ends, fault: undefined };
}

function sameAs(got: Found, wanted: Found): void {
  expect(got.fault).toEqual(wanted.fault);
  expect(got.ends.length).toBe(wanted.ends.length);
  expect(got.ends.every((end, i) => end < 0 || end === wanted.ends[i])).toBe(true);
}

// Streams that are mostly right, with long and short messages, then cut, damaged and cut off.
const damage = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) });
const streamOf = (framing: Framing): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.uint8Array({ minLength: 60, maxLength: 140 }), fc.uint8Array({ minLength: 200, maxLength: 250 })), { maxLength: 12 }),
      fc.array(damage, { maxLength: 2 }),
      fc.nat(8),
    )
    .map(([payloads, damages, short]) => {
      const parts = payloads.map((payload) => frame(framing, framing.trailerLength > 0 && framing.canResync ? payload.map((byte) => (byte === 10 || byte === 13 ? 65 : byte)) : payload));
      const whole = Buffer.concat(parts);
      for (const { at, to } of damages) if (whole.length > 0) whole[at % whole.length] = to;
      return Uint8Array.from(whole.subarray(0, Math.max(0, whole.length - short)));
    });

describe.each(cases)('$name', ({ make, naive }) => {
  it('finds what a byte-wise walk finds, however the stream is cut', () => {
    fc.assert(
      fc.property(
        streamOf(make(1000)),
        fc.constantFrom(0, 3, 63, 64, 100, 240, 1000),
        fc.array(fc.nat(2000), { maxLength: 6 }),
        fc.constantFrom(0, 1, 2, TABLE),
        (bytes, limit, cutsAt, entries) => {
          const cuts = cutsAt.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b);
          sameAs(scanPieces(make(limit).scanner(heap), bytes, cuts, entries), naive(bytes, limit));
        },
      ),
      { numRuns: process.env['MILLRACE_LONG'] ? 3000 : 50 },
    );
  });

  it('gives the same when cut at every byte, and when it comes byte by byte', () => {
    const framing = make(300);
    const bytes = Buffer.concat([0, 1, 5, 63, 64, 65, 90].map((n) => frame(framing, new Uint8Array(n).fill(66))));
    const wanted = naive(bytes, 300);
    expect(wanted.ends.length).toBe(7);
    for (let cut = 0; cut <= bytes.length; cut += 1) sameAs(scanPieces(framing.scanner(heap), bytes, [cut], TABLE), wanted);
    for (const entries of [0, 1, TABLE]) {
      sameAs(scanPieces(framing.scanner(heap), bytes, Array.from({ length: bytes.length - 1 }, (_, i) => i + 1), entries), wanted);
    }
  });

  it('names the torn message at the end of the stream', () => {
    const framing = make(300);
    const whole = frame(framing, new Uint8Array(40).fill(66));
    heap.u8.set(whole, region);
    for (let length = 1; length < whole.length; length += 1) {
      const scanner = framing.scanner(heap);
      scanner.scan(region, whole.length);
      scanner.scan(region, length);
      expect(() => scanner.finish()).toThrow(expect.objectContaining({ code: 'ERR_TORN_MESSAGE', offset: whole.length, actual: length }));
    }
    const scanner = framing.scanner(heap);
    scanner.scan(region, whole.length);
    expect(scanner.finish()).toBe(0);
    scanner.scan(region, 1);
    scanner.reset();
    expect(scanner.finish()).toBe(0);
    expect(scanner.scan(region, whole.length)).toBe(whole.length);
  });

  it('puts a payload where its own scanner finds it', () => {
    const framing = make(300);
    for (const length of [0, 1, 9, 10, 99, 100, 127, 128, 250]) {
      const payload = new Uint8Array(length).fill(66);
      const whole = frame(framing, payload);
      const start = framing.payloadStart(whole, 0, whole.length);
      const end = framing.payloadEnd(whole, 0, whole.length);
      expect([...whole.subarray(start, end)]).toEqual([...payload]);
    }
    expect(() => framing.headerLength(301)).toThrow(expect.objectContaining({ code: 'ERR_MESSAGE_TOO_LARGE', actual: 301, expected: 300 }));
  });
});

describe('faults', () => {
  const load = (text: string | Uint8Array): number => {
    const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
    heap.u8.set(bytes, region);
    return bytes.length;
  };

  it('gives the messages before a fault first, then the fault, and looks at nothing more', () => {
    const scanner = length32({ maxMessage: 10 }).scanner(heap);
    const length = load(Uint8Array.of(0, 0, 0, 1, 7, 0, 0, 0, 11, 1, 2));
    expect(scanner.scan(region, length)).toBe(5);
    expect(scanner.messages).toBe(1);
    const fault = { code: 'ERR_MESSAGE_TOO_LARGE', offset: 5, actual: 11, expected: 10 };
    expect(scanner.fault).toMatchObject(fault);
    expect(() => scanner.scan(region, 5)).toThrow(expect.objectContaining(fault));
    expect(() => scanner.finish()).toThrow(expect.objectContaining(fault));
    scanner.reset();
    expect(scanner.scan(region, 5)).toBe(5);
  });

  it('says how large a length prefix claims to be, in every width', () => {
    for (const [bytes, actual] of [
      [Uint8Array.of(0xff, 0xff, 0xff, 0xff), 2 ** 32 - 1],
      [Uint8Array.of(0x80, 0, 0, 0), 2 ** 31],
    ] as const) {
      const scanner = length32().scanner(heap);
      expect(() => scanner.scan(region, load(bytes))).toThrow(expect.objectContaining({ code: 'ERR_MESSAGE_TOO_LARGE', actual, offset: 0 }));
    }
    const wide = new LengthPrefixFraming({ width: 8 }).scanner(heap);
    expect(() => wide.scan(region, load(new Uint8Array(8).fill(255)))).toThrow(expect.objectContaining({ actual: Number(2n ** 64n - 1n) }));
  });

  it('refuses a length that its own adjustment makes negative', () => {
    const scanner = new LengthPrefixFraming({ adjustment: -4 }).scanner(heap);
    expect(() => scanner.scan(region, load(Uint8Array.of(0, 0, 0, 3)))).toThrow(expect.objectContaining({ code: 'ERR_FRAMING', offset: 0 }));
  });

  it('refuses a varint of eleven bytes and one of 65 bits, and takes the longest there is', () => {
    const over = new Uint8Array(10).fill(0xff);
    expect(() => varintDelimited().scanner(heap).scan(region, load(over))).toThrow(expect.objectContaining({ code: 'ERR_FRAMING', offset: 0 }));
    over[9] = 1;
    expect(() => varintDelimited().scanner(heap).scan(region, load(over))).toThrow(
      expect.objectContaining({ code: 'ERR_MESSAGE_TOO_LARGE', actual: Number(2n ** 64n - 1n) }),
    );
    // Ten bytes for the number 2: not the shortest form, but valid.
    const long = Uint8Array.of(0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 65, 66);
    expect(varintDelimited().scanner(heap).scan(region, load(long))).toBe(12);
  });

  it.each([
    ['01:a,', 1],
    [':a,', 0],
    ['1x:a,', 1],
    ['-1:,', 0],
    ['12345678901:', 10],
    ['3:abcd', 5],
    ['0:x', 2],
  ])('names the byte at which %s stops being a netstring', (text, offset) => {
    expect(() => netstring().scanner(heap).scan(region, load(text))).toThrow(expect.objectContaining({ code: 'ERR_FRAMING', offset }));
  });

  it('a line longer than the limit is found without its end, and can be dropped', () => {
    const scanner = ndjson({ maxMessage: 4 }).scanner(heap);
    expect(scanner.scan(region, load('ab\ncdefgh'))).toBe(3);
    expect(scanner.fault).toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE', offset: 3, actual: 5, expected: 4 });
    expect(scanner.resync(region + 3, 6)).toBe(6);
    expect(scanner.fault).toBeDefined();
    const length = load('ij\nkl\nm');
    expect(scanner.resync(region, length)).toBe(3);
    expect(scanner.fault).toBeUndefined();
    expect(scanner.scan(region + 3, length - 3)).toBe(3);
    expect(scanner.offset).toBe(15);
    expect(() => scanner.finish()).toThrow(expect.objectContaining({ code: 'ERR_TORN_MESSAGE', offset: 15, actual: 1 }));
  });

  it('resync of CRLF finds a delimiter cut in two', () => {
    const scanner = crlf({ maxMessage: 2 }).scanner(heap);
    expect(() => scanner.scan(region, load('abcd\r'))).toThrow(expect.objectContaining({ code: 'ERR_MESSAGE_TOO_LARGE' }));
    expect(scanner.resync(region, 5)).toBe(5);
    expect(scanner.resync(region, load('\nx\r\n'))).toBe(1);
    expect(scanner.scan(region + 1, 3)).toBe(3);
  });

  it('takes a last line without its delimiter as a message where that is allowed', () => {
    const scanner = ndjson({ unterminated: 'message', maxMessage: 5 }).scanner(heap);
    expect(scanner.scan(region, load('ab\ncd'))).toBe(3);
    expect(scanner.finish()).toBe(1);
    expect(scanner.offset).toBe(5);
    expect(scanner.finish()).toBe(0);
  });

  it('refuses ranges that are not the memory, and options that cannot be', () => {
    const scanner = ndjson().scanner(heap);
    for (const [address, length] of [[-1, 4], [0, -1], [0, heap.u8.length + 1], [Number.NaN, 1]] as const) {
      expect(() => scanner.scan(address, length)).toThrow(RangeError);
    }
    expect(() => scanner.scanInto(region, 1, table, 0)).toThrow(RangeError);
    expect(() => new DelimiterFraming({ delimiter: [] })).toThrow(RangeError);
    expect(() => new DelimiterFraming({ delimiter: [1, 2, 3] })).toThrow(RangeError);
    expect(() => new DelimiterFraming({ delimiter: [13, 13] })).toThrow(RangeError);
    expect(() => new DelimiterFraming({ delimiter: [256] })).toThrow(RangeError);
    expect(() => length32({ maxMessage: -1 })).toThrow(RangeError);
    expect(() => new LengthPrefixFraming({ fieldOffset: 25 })).toThrow(RangeError);
    expect(() => new LengthPrefixFraming({ width: 1 }).headerLength(256)).toThrow(RangeError);
  });

  it('an encoder refuses a payload that contains the delimiter', () => {
    expect(() => frame(ndjson(), Buffer.from('a\nb'))).toThrow(expect.objectContaining({ code: 'ERR_FRAMING', offset: 1 }));
    expect(() => frame(crlf(), Buffer.from('a\r\nb'))).toThrow(expect.objectContaining({ code: 'ERR_FRAMING' }));
    expect(Buffer.from(frame(crlf(), Buffer.from('a\n\rb\r'))).toString()).toBe('a\n\rb\r\r\n');
  });
});
