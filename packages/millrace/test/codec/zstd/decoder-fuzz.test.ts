import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CodecError } from '../../../src/base/errors.js';
import { RawDecoder } from '../../../src/codec/zstd/decode-raw.js';
import { decoderPool } from '../../../src/codec/zstd/decode-pool.js';
import { ZstdDictionary } from '../../../src/codec/zstd/dictionary.js';
import { Heap } from '../../../src/memory/heap.js';
import { ZstdReader } from '../../../src/stream/zstd/zstd-reader.js';
import { dictionary, frames, trained } from './fixtures.js';

// MILLRACE_LONG=1 goes on for ten minutes, from a seed of its own, which a failure names.
const LONG = process.env['MILLRACE_LONG'] === '1';
const BUDGET_MS = LONG ? 5 * 60_000 : 2500;
const SEED = LONG ? (Date.now() >>> 0) : 1;

const CANARY = 0xc3;
const MARGIN = 256;
const CAPACITY = 8192;

let heap: Heap;
let dictionaries: ZstdDictionary[];

beforeEach(() => {
  heap = new Heap({ limit: 32 * 2 ** 20 });
  dictionaries = [ZstdDictionary.prepare(dictionary, { heap })];
});

afterEach(() => {
  for (const it of dictionaries) it.release();
  decoderPool(heap).trim();
  expect(heap.live).toBe(0);
  heap.audit();
});

function generator(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

// Without checksums, which would refuse most mutants at the very end only: they must not reach past their range before that either.
const originals = [...frames.slice(0, 6).map(({ frame }) => frame), trained.frame];

// Bits flipped, bytes set, stretches moved, cut out or doubled; mostly behind the header, so that the tables and streams are what is wrong.
function mutate(next: (n: number) => number): Buffer {
  const bytes = Buffer.from(originals[next(originals.length)]!);
  const from = next(8) === 0 ? 4 : 10;
  let length = bytes.length;
  for (let changes = 1 + next(4); changes > 0; changes -= 1) {
    const at = from + next(Math.max(1, length - from));
    const kind = next(6);
    if (kind < 3) bytes[at]! ^= 1 << next(8);
    else if (kind === 3) bytes[at] = next(256);
    else if (kind === 4) bytes.copyWithin(at, from + next(length - from), length);
    else length -= next(Math.min(20, length - from));
  }
  return bytes.subarray(0, length);
}

function untouched(start: number, end: number): boolean {
  const { u8 } = heap;
  for (let at = start; at < end; at += 1) if (u8[at] !== CANARY) return false;
  return true;
}

describe('mutated frames', () => {
  test('never write outside the range they are given, and fail by a CodecError only', { timeout: BUDGET_MS + 30_000 }, () => {
    const next = generator(SEED);
    const raw = new RawDecoder(heap, { dictionaries, checksum: false });
    const area = heap.allocate(CAPACITY + 2 * MARGIN);
    const source = heap.allocate(4096);
    const dst = area + MARGIN;
    const end = area + CAPACITY + 2 * MARGIN;
    let decoded = 0;
    let refused = 0;
    const until = Date.now() + BUDGET_MS;
    while (Date.now() < until) {
      for (let i = 0; i < 50; i += 1) {
        const mutant = mutate(next);
        heap.u8.set(mutant, source);
        // Mostly exact, so that the careful tail is met; else with the slack that keeps the decoder in its fast loop.
        const capacity = next(3) === 0 ? next(CAPACITY - 64) : [256, 300, 400, 1500, 4000, 5000, 7000][next(7)]!;
        const writable = capacity + (next(2) === 0 ? 0 : 32);
        heap.u8.fill(CANARY, area, end);
        try {
          const produced = raw.decode(source, mutant.length, dst, capacity, writable);
          expect(produced).toBeLessThanOrEqual(capacity);
          decoded += 1;
        } catch (error) {
          if (!(error instanceof CodecError)) throw error;
          refused += 1;
        }
        if (!untouched(area, dst) || !untouched(dst + writable, end)) {
          throw new Error(`seed ${SEED}: ${mutant.toString('base64')} writes outside of ${capacity} (${writable}) bytes`);
        }
      }
    }
    heap.free(area, heap.roundUp(CAPACITY + 2 * MARGIN));
    heap.free(source, 4096);
    // Both ways out must have been met, or this shows nothing.
    expect(decoded).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(100);
  });

  test('come to the same as a stream, in pieces of any size, as they do whole', { timeout: BUDGET_MS + 30_000 }, () => {
    const next = generator(SEED ^ 0x5555);
    const raw = new RawDecoder(heap, { dictionaries });
    const dst = heap.allocate(2 ** 20);
    const source = heap.allocate(4096);
    const until = Date.now() + BUDGET_MS;
    let agreed = 0;
    while (Date.now() < until) {
      for (let i = 0; i < 20; i += 1) {
        const mutant = mutate(next);
        heap.u8.set(mutant, source);
        let whole: Buffer | undefined;
        try {
          whole = Buffer.from(heap.u8.subarray(dst, dst + raw.decode(source, mutant.length, dst, 2 ** 20 - 32, 2 ** 20)));
        } catch (error) {
          if (!(error instanceof CodecError)) throw error;
        }
        const reader = new ZstdReader({ heap, dictionaries });
        const out: Buffer[] = [];
        let streamed: Buffer | undefined;
        try {
          for (let at = 0; at < mutant.length; ) {
            const n = 1 + next(next(2) === 0 ? 5 : mutant.length);
            reader.feed(mutant.subarray(at, at + n));
            for (let piece = reader.readBuffer(); piece !== undefined; piece = reader.readBuffer()) out.push(piece);
            at += n;
          }
          reader.end();
          streamed = Buffer.concat(out);
        } catch (error) {
          if (!(error instanceof CodecError)) throw error;
        }
        reader.release();
        if (whole === undefined ? streamed !== undefined : streamed?.equals(whole) !== true) {
          throw new Error(`seed ${SEED}: ${mutant.toString('base64')} is ${whole?.length ?? 'refused'} whole and ${streamed?.length ?? 'refused'} as a stream`);
        }
        agreed += 1;
      }
    }
    heap.free(dst, 2 ** 20);
    heap.free(source, 4096);
    expect(agreed).toBeGreaterThan(100);
  });
});
