import { afterEach, describe, expect, test } from 'vitest';
import { CodecError } from '../../../src/base/errors.js';
import { Bytes } from '../../../src/bytes/bytes.js';
import { BlockCodec } from '../../../src/codec/snappy/block.js';
import { S2Dictionary } from '../../../src/codec/snappy/dictionary.js';
import { LEVELS } from '../../../src/codec/snappy/format.js';
import { RawDecoder, RawEncoder } from '../../../src/codec/snappy/raw.js';
import { Heap } from '../../../src/memory/heap.js';
import { Walled } from '../arena.js';
import { noise, prose, random } from '../inputs.js';
import { naiveDecode } from './naive.js';

// The long mode's rounds take minutes.
const LONG_MS = 900_000;

const heap = new Heap({ limit: 2 ** 28 });
afterEach(() => expect(heap.live).toBe(0));

function same(a: Uint8Array, b: Uint8Array): void {
  expect(Buffer.compare(a, b)).toBe(0);
}

function message(i: number): Buffer {
  return Buffer.from(JSON.stringify({ level: i % 3 ? 'info' : 'warning', service: 'checkout', request: i * 7919, user: { id: (i * 104_729) % 99_991, region: 'eu-west-1' }, message: 'payment accepted' }));
}

describe.each(LEVELS)('a dictionary at level %s', (level) => {
  test('blocks of every size decode to what went in, here and by the naive decoder', () => {
    const content = Buffer.concat([prose(3000, 5), noise(500, 3), prose(2000, 6)]);
    const dictionary = S2Dictionary.build(content, { heap, searchStart: content.subarray(100, 140) });
    expect(dictionary.repeat).toBe(100);
    const codec = new BlockCodec({ level, dictionary });
    const sizes = [0, 1, 31, 32, 33, 64, 100, 300, 1000, 4096, 20_000, 66_000, 140_000];
    for (const size of sizes) {
      const bytes = Buffer.concat([content.subarray(100, 150), content.subarray(700, 2500), prose(size, 5), content.subarray(0, 3000), noise(60, size), content.subarray(4000)]).subarray(0, size);
      const block = codec.encodeToBuffer(bytes);
      same(Uint8Array.from(naiveDecode(block, { s2: true, dictionary: content, repeat: dictionary.repeatOffset })), bytes);
      same(codec.decodeToBuffer(block), bytes);
      same(codec.encodeToBuffer(bytes), block);
    }
    codec.release();
    dictionary.release();
  });

  test('the start and the end of the content are used, and nothing beyond', () => {
    const content = noise(400, 77);
    const dictionary = S2Dictionary.build(content, { heap });
    const codec = new BlockCodec({ level, dictionary });
    for (const [from, to] of [[0, 60], [340, 400], [0, 400]] as const) {
      const bytes = Buffer.concat([content.subarray(from, to), content.subarray(from, to), noise(20, 1)]);
      const block = codec.encodeToBuffer(bytes);
      expect(block.length).toBeLessThan(from === 0 && to === 400 ? 60 : 40);
      same(Uint8Array.from(naiveDecode(block, { s2: true, dictionary: content, repeat: dictionary.repeatOffset })), bytes);
      same(codec.decodeToBuffer(block), bytes);
    }
    codec.release();
    dictionary.release();
  });

  test('no copy reaches the dictionary behind the first 64 KiB of output', () => {
    const content = noise(20_000, 9);
    const dictionary = S2Dictionary.build(content, { heap });
    const codec = new BlockCodec({ level, dictionary });
    for (let start = 65_400; start < 65_700; start += 7) {
      const bytes = Buffer.concat([Buffer.alloc(start, 1), content]);
      const block = codec.encodeToBuffer(bytes);
      same(Uint8Array.from(naiveDecode(block, { s2: true, dictionary: content, repeat: dictionary.repeatOffset })), bytes);
    }
    codec.release();
    dictionary.release();
  });

  test('small messages shrink to a fraction', () => {
    const samples = Array.from({ length: 200 }, (_, i) => message(i));
    const dictionary = S2Dictionary.train(samples, { heap, size: 4096 });
    expect(dictionary.length).toBeLessThanOrEqual(4096);
    const plain = new BlockCodec({ level, heap });
    const codec = new BlockCodec({ level, dictionary });
    let without = 0;
    let within = 0;
    for (let i = 1000; i < 1100; i += 1) {
      const block = codec.encodeToBuffer(message(i));
      same(codec.decodeToBuffer(block), message(i));
      within += block.length;
      without += plain.encodeToBuffer(message(i)).length;
    }
    expect(within).toBeLessThan(without / 2);
    plain.release();
    codec.release();
    dictionary.release();
  });

  test('writes stay inside, with exact destinations and with slack', () => {
    const content = prose(5000, 4);
    const dictionary = S2Dictionary.build(content, { heap });
    const encoder = new RawEncoder(heap, { level, dictionary });
    const decoder = new RawDecoder(heap, 's2', dictionary);
    for (let size = 32; size < 400; size += 1) {
      const bytes = Buffer.concat([content.subarray(size, size + (size >> 1)), noise(20, size), prose(400, size)]).subarray(0, size);
      const source = new Walled(heap, size, bytes);
      const block = new Walled(heap, size + 10);
      const length = encoder.encode(source.address, size, block.address, block.length);
      for (const slack of [0, 100]) {
        const output = new Walled(heap, size + slack);
        expect(decoder.decode(block.address, length, output.address, output.length)).toBe(size);
        same(output.bytes.subarray(0, size), bytes);
        output.release();
      }
      expect(decoder.check(block.address, length)).toBe(size);
      block.release();
      source.release();
    }
    encoder.release();
    dictionary.release();
  });
});

describe('S2Dictionary', () => {
  test('serialises to what it is parsed from', () => {
    for (const repeat of [0, 5, 127, 128, 299, 300]) {
      const head = repeat < 128 ? [repeat] : [(repeat & 0x7f) | 0x80, repeat >> 7];
      const serialized = Buffer.concat([Buffer.from(head), noise(300, 2)]);
      const dictionary = S2Dictionary.parse(serialized, { heap });
      expect(dictionary.repeat).toBe(repeat);
      expect(dictionary.length).toBe(300);
      same(dictionary.serialize(), serialized);
      // A repeat that points behind the content is none: blocks stay right.
      const codec = new BlockCodec({ dictionary });
      same(codec.decodeToBuffer(codec.encodeToBuffer(noise(300, 2))), noise(300, 2));
      codec.release();
      dictionary.release();
    }
    const largest = Buffer.concat([Buffer.from([0x80, 0x80, 0x04]), noise(65_536, 2)]);
    const fromBytes = Bytes.copyOf(largest, heap);
    const dictionary = S2Dictionary.parse(fromBytes, { heap });
    fromBytes.release();
    expect(dictionary.repeat).toBe(65_536);
    same(dictionary.serialize(), largest);
    dictionary.release();
  });

  test.each([
    ['nothing', [], 0],
    ['a varint that does not end', [0x80, 0x80, 0x80, 0x80], 3],
    ['too little content', [0, ...noise(15)], 1],
    ['too much content', [0, ...noise(65_537)], 1],
    ['a repeat behind the content', [21, ...noise(20)], 0],
  ])('refuses %s', (_, bytes, offset) => {
    expect(() => S2Dictionary.parse(Uint8Array.from(bytes), { heap })).toThrow(expect.objectContaining({ code: 'ERR_CORRUPT', offset }));
  });

  test('build keeps the last 64 KiB and finds the last place of the longest start', () => {
    const content = noise(70_000, 4);
    const dictionary = S2Dictionary.build(content, { heap, searchStart: Buffer.concat([content.subarray(66_000, 66_020), Buffer.from('else')]) });
    expect(dictionary.length).toBe(65_536);
    expect(dictionary.repeat).toBe(66_000 - (70_000 - 65_536));
    dictionary.release();
    const none = S2Dictionary.build(content, { heap, searchStart: noise(20, 99) });
    expect(none.repeat).toBe(0);
    none.release();
    expect(() => S2Dictionary.build(noise(15), { heap })).toThrow(RangeError);
  });

  test('train takes any samples, also such that have nothing in common', () => {
    for (const samples of [[noise(64)], [noise(1000, 1), noise(1000, 2)], [new Uint8Array(500), new Uint8Array(500)]]) {
      const dictionary = S2Dictionary.train(samples, { heap });
      expect(dictionary.length).toBeGreaterThanOrEqual(16);
      dictionary.release();
    }
    expect(() => S2Dictionary.train([noise(63)], { heap })).toThrow(RangeError);
    expect(() => S2Dictionary.train([noise(640)], { heap, size: 15 })).toThrow(RangeError);
  });

  test('belongs to one heap and to the S2 dialect, and ends with release', () => {
    const dictionary = S2Dictionary.build(noise(100), { heap });
    expect(() => new RawEncoder(heap, { dialect: 'snappy', dictionary })).toThrow(RangeError);
    expect(() => new RawEncoder(new Heap({ limit: 2 ** 20 }), { dictionary })).toThrow(RangeError);
    expect(() => new RawDecoder(heap, 'snappy', dictionary)).toThrow(RangeError);
    const codec = new BlockCodec({ dictionary });
    expect(() => codec.concatenate([Uint8Array.of(0)])).toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED' }));
    dictionary.release();
    expect(() => dictionary.release()).toThrow(expect.objectContaining({ code: 'ERR_RELEASED' }));
    expect(() => codec.encode(noise(100))).toThrow(expect.objectContaining({ code: 'ERR_RELEASED' }));
    codec.release();
    dictionary[Symbol.dispose]();
  });

  test('mutated blocks decode as the naive decoder says, or are refused where it refuses', () => {
    const content = prose(2000, 8);
    const dictionary = S2Dictionary.build(content, { heap, searchStart: content.subarray(50, 80) });
    const codec = new BlockCodec({ dictionary, maxOutput: 2 ** 20 });
    const originals = [100, 400, 1500].map((size) => codec.encodeToBuffer(Buffer.concat([content.subarray(30, 30 + size / 2), prose(size, 2)])));
    const next = random(5);
    const rounds = process.env['MILLRACE_LONG'] ? 200_000 : 5000;
    for (let round = 0; round < rounds; round += 1) {
      const block = Uint8Array.from(originals[next(3)]!);
      for (let i = 1 + next(3); i > 0; i -= 1) block[next(block.length)] = next(2) ? next(256) : [0, 1, 5, 0x15, 0x19, 0x1d][next(6)]!;
      let expected: number[] | undefined;
      try {
        expected = naiveDecode(block, { s2: true, dictionary: content, repeat: dictionary.repeatOffset });
      } catch {
        expected = undefined;
      }
      if (expected !== undefined) same(codec.decodeToBuffer(block), Uint8Array.from(expected));
      else expect(() => codec.decodeToBuffer(block)).toThrow(CodecError);
    }
    codec.release();
    dictionary.release();
  }, LONG_MS);
});
