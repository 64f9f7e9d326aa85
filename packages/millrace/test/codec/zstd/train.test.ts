import { afterEach, beforeEach, expect, it } from 'vitest';
import { ZstdDecoder } from '../../../src/codec/zstd/decoder.js';
import { decoderPool } from '../../../src/codec/zstd/decode-pool.js';
import { ZstdDictionary } from '../../../src/codec/zstd/dictionary.js';
import { ZstdEncoderDictionary } from '../../../src/codec/zstd/encode-dictionary.js';
import { ZstdEncoder } from '../../../src/codec/zstd/encode.js';
import type { ZstdLevel } from '../../../src/codec/zstd/encode-settings.js';
import { trainZstdDictionary } from '../../../src/codec/zstd/train.js';
import { Heap } from '../../../src/memory/heap.js';
import { noise, random } from '../inputs.js';

let heap: Heap;
beforeEach(() => {
  heap = new Heap();
});
afterEach(() => {
  decoderPool(heap).trim();
  expect(heap.live).toBe(0);
});

function record(seed: number): Buffer {
  const next = random(seed);
  return Buffer.from(JSON.stringify({
    timestamp: 1_700_000_000 + next(1e7), service: ['checkout', 'search', 'identity'][next(3)], severity: ['INFO', 'WARNING', 'ERROR'][next(3)],
    message: `request ${next(1e9).toString(36)} took ${next(5000)} ms`, host: `node-${next(40)}.eu-west.example.net`, attributes: { retries: next(3), cached: next(2) === 0 },
  }));
}

it('makes frames of messages that it has not seen much shorter, at every level, and better than the samples as they are', () => {
  const samples = Array.from({ length: 1000 }, (_, i) => record(i));
  const messages = Array.from({ length: 200 }, (_, i) => record(5000 + i));
  for (const level of ['fastest', 'default', 'better', 'best'] as ZstdLevel[]) {
    const trained = trainZstdDictionary(samples, { size: 4096, heap, level });
    expect(trained.length).toBeLessThanOrEqual(4096);
    expect(trained.readUInt32LE(0)).toBe(0xec30a437);
    using decoding = ZstdDictionary.prepare(trained, { heap });
    using decoder = new ZstdDecoder({ heap, dictionaries: [decoding] });
    using dictionary = ZstdEncoderDictionary.prepare(trained, { heap, level });
    using raw = ZstdEncoderDictionary.prepare(Buffer.concat(samples).subarray(0, 4096), { heap, level });
    using encoder = new ZstdEncoder({ heap, level, checksum: false });
    expect(dictionary.id).toBe(trained.readUInt32LE(4));
    let [withTrained, withRaw, without] = [0, 0, 0];
    for (const message of messages) {
      const frame = encoder.encodeToBuffer(message, { dictionary, checksum: false });
      expect(decoder.decodeToBuffer(frame).equals(message)).toBe(true);
      withTrained += frame.length;
      withRaw += encoder.encodeToBuffer(message, { dictionary: raw, checksum: false }).length;
      without += encoder.encodeToBuffer(message).length;
    }
    expect(withTrained).toBeLessThan(0.4 * without);
    expect(withTrained).toBeLessThan(withRaw);
  }
});

it('gives it the ID asked for, or one of its own', () => {
  const samples = Array.from({ length: 300 }, (_, i) => record(i));
  expect(trainZstdDictionary(samples, { size: 1024, heap, id: 5 }).readUInt32LE(4)).toBe(5);
  const own = trainZstdDictionary(samples, { size: 1024, heap }).readUInt32LE(4);
  expect(own).toBeGreaterThanOrEqual(32_768);
  expect(trainZstdDictionary(samples, { size: 1024, heap }).readUInt32LE(4)).toBe(own);
});

it('refuses samples with nothing in common, and sizes out of range', () => {
  const none = Array.from({ length: 50 }, (_, i) => noise(500, i));
  expect(() => trainZstdDictionary(none, { heap })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  expect(() => trainZstdDictionary([], { heap })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  expect(() => trainZstdDictionary([record(1)], { heap, size: 100 })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
});
