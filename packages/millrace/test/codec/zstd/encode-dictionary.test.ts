import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ZstdDecoder } from '../../../src/codec/zstd/decoder.js';
import { ZstdDictionary } from '../../../src/codec/zstd/dictionary.js';
import { decoderPool } from '../../../src/codec/zstd/decode-pool.js';
import { ZstdEncoderDictionary } from '../../../src/codec/zstd/encode-dictionary.js';
import { ZstdEncoder } from '../../../src/codec/zstd/encode.js';
import { ZstdSettings, type ZstdLevel } from '../../../src/codec/zstd/encode-settings.js';
import { Heap } from '../../../src/memory/heap.js';
import { ZstdWriter } from '../../../src/stream/zstd/zstd-writer.js';
import { BOUNDARY_SIZES, noise, prose } from '../inputs.js';

const LEVELS: readonly ZstdLevel[] = ['fastest', 'default', 'better', 'best'];

let heap: Heap;
beforeEach(() => {
  heap = new Heap();
});
afterEach(() => {
  decoderPool(heap).trim();
  expect(heap.live).toBe(0);
});

// Content as messages have it in common, and messages that share parts of it.
const content = prose(20_000, 1);
function message(length: number, seed: number): Uint8Array {
  const out = prose(length, seed);
  for (let at = 0; at + 40 < length; at += 100) out.set(content.subarray((at * 37 + seed * 501) % 19_000, ((at * 37 + seed * 501) % 19_000) + 40), at);
  return out;
}

describe('encoding with a dictionary', () => {
  it('raw content: shorter frames that only decode with it, at every level and size', () => {
    using decoding = ZstdDictionary.prepare(content, { heap, id: 77 });
    for (const level of LEVELS) {
      using dictionary = ZstdEncoderDictionary.prepare(content, { heap, level, id: 77 });
      using encoder = new ZstdEncoder({ heap, dictionary });
      using decoder = new ZstdDecoder({ heap, dictionaries: [decoding] });
      using without = new ZstdDecoder({ heap });
      for (const length of [0, 1, 8, 50, 256, 1000, ...BOUNDARY_SIZES, 300_000]) {
        const input = message(length, length + 3);
        const frame = encoder.encodeToBuffer(input);
        expect(frame.length).toBeLessThanOrEqual(encoder.maxEncodedSize(length));
        expect(Buffer.compare(decoder.decodeToBuffer(frame), input)).toBe(0);
        expect(() => without.decodeToBuffer(frame)).toThrow(expect.objectContaining({ code: 'ERR_DICTIONARY' }));
        if (length === 1000) expect(frame.length).toBeLessThan(0.9 * encoder.encodeToBuffer(input, { level }).length);
      }
      using batch = encoder.encodeBatch([message(500, 1), message(0, 2), message(900, 3)]);
      expect(Buffer.compare(decoder.decodeToBuffer(batch.bytes), Buffer.concat([message(500, 1), message(900, 3)]))).toBe(0);
      expect(encoder.encodeToBuffer(noise(1000, 1)).length).toBe(encoder.maxEncodedSize(1000));
    }
  });

  it('in a stream, also when the window is smaller than the content', () => {
    using decoding = ZstdDictionary.prepare(content, { heap, id: 300 });
    using decoder = new ZstdDecoder({ heap, dictionaries: [decoding] });
    for (const level of LEVELS) {
      using dictionary = ZstdEncoderDictionary.prepare(content, { heap, level, id: 300 });
      for (const windowLog of [12, 15, 20]) {
        for (const length of [0, 500, 60_000, 500_000]) {
          using writer = new ZstdWriter({ heap, dictionary, windowLog });
          const input = message(length, 9);
          for (let at = 0; at < length; at += 100_000) writer.write(input.subarray(at, at + 100_000));
          writer.close();
          const pieces = writer.take();
          const frame = Buffer.concat(pieces.map((piece) => piece.copyToBuffer()));
          for (const piece of pieces) piece.release();
          expect(Buffer.compare(decoder.decodeToBuffer(frame), input)).toBe(0);
        }
      }
    }
  });

  it('several at once, and one shared', () => {
    using a = ZstdEncoderDictionary.prepare(content, { heap, level: 'fastest', id: 1 });
    using b = ZstdEncoderDictionary.prepare(prose(5000, 2), { heap, level: 'better', id: 2 });
    using again = ZstdEncoderDictionary.attach(heap, a.share());
    using encoder = new ZstdEncoder({ heap });
    using one = ZstdDictionary.prepare(content, { heap, id: 1 });
    using two = ZstdDictionary.prepare(prose(5000, 2), { heap, id: 2 });
    using decoder = new ZstdDecoder({ heap, dictionaries: [one, two] });
    const settings = [a, b, again].map((dictionary) => new ZstdSettings({ dictionary }));
    const frames = settings.map((each) => encoder.encodeToBuffer(message(2000, 5), each));
    for (const frame of frames) expect(Buffer.compare(decoder.decodeToBuffer(frame), message(2000, 5))).toBe(0);
    expect(frames[2]!.equals(frames[0]!)).toBe(true);
    expect(again.id).toBe(1);
  });

  it('refuses one that is corrupt, and a level it was not prepared for', () => {
    const corrupt = Buffer.concat([Buffer.from([0x37, 0xa4, 0x30, 0xec, 1, 0, 0, 0]), Buffer.alloc(100, 0xff)]);
    expect(() => ZstdEncoderDictionary.prepare(corrupt, { heap })).toThrow(expect.objectContaining({ code: 'ERR_CORRUPT' }));
    using dictionary = ZstdEncoderDictionary.prepare(content, { heap, level: 'fastest' });
    expect(() => new ZstdSettings({ dictionary, level: 'best' })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  });
});
