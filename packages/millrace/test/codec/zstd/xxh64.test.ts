import { expect, test } from 'vitest';
import { Heap } from '../../../src/memory/heap.js';

const MASK = (1n << 64n) - 1n;
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;
const rotl = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (64n - bits))) & MASK;
const round = (lane: bigint, input: bigint): bigint => (rotl((lane + input * P2) & MASK, 31n) * P1) & MASK;

// The oracle: the xxHash specification, word for word, in big integers.
function xxh64(bytes: Buffer): bigint {
  let at = 0;
  let hash = P5;
  if (bytes.length >= 32) {
    const lanes = [(P1 + P2) & MASK, P2, 0n, MASK + 1n - P1];
    for (; at + 32 <= bytes.length; at += 32) {
      for (let i = 0; i < 4; i += 1) lanes[i] = round(lanes[i]!, bytes.readBigUInt64LE(at + 8 * i));
    }
    hash = (rotl(lanes[0]!, 1n) + rotl(lanes[1]!, 7n) + rotl(lanes[2]!, 12n) + rotl(lanes[3]!, 18n)) & MASK;
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * P1 + P4) & MASK;
  }
  hash = (hash + BigInt(bytes.length)) & MASK;
  for (; at + 8 <= bytes.length; at += 8) hash = (rotl(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * P1 + P4) & MASK;
  if (at + 4 <= bytes.length) {
    hash = (rotl(hash ^ ((BigInt(bytes.readUInt32LE(at)) * P1) & MASK), 23n) * P2 + P3) & MASK;
    at += 4;
  }
  for (; at < bytes.length; at += 1) hash = (rotl(hash ^ ((BigInt(bytes[at]!) * P5) & MASK), 11n) * P1) & MASK;
  hash = ((hash ^ (hash >> 33n)) * P2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * P3) & MASK;
  return hash ^ (hash >> 32n);
}

const bytes = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * i * 31 + i) & 255));

test('the oracle gives the published value for no input', () => {
  expect(xxh64(Buffer.alloc(0))).toBe(0xef46db3751d8e999n);
});

test('one-shot hash of every length up to several stripes', () => {
  const heap = new Heap();
  const address = heap.allocate(300);
  heap.u8.set(bytes, address);
  for (let n = 0; n <= 300; n += 1) {
    expect(BigInt.asUintN(64, heap.kernels.xxh64(address, n)), `length ${n}`).toBe(xxh64(bytes.subarray(0, n)));
  }
  heap.free(address, heap.roundUp(300));
  expect(heap.live).toBe(0);
});

test('a hash in progress gives the same wherever the input is split', () => {
  const heap = new Heap();
  const address = heap.allocate(300);
  const state = heap.allocate(80);
  heap.u8.set(bytes, address);
  const { kernels } = heap;
  for (const length of [0, 1, 31, 32, 33, 63, 64, 65, 127, 200]) {
    const expected = xxh64(bytes.subarray(0, length));
    for (let first = 0; first <= length; first += 1) {
      kernels.xxh64Reset(state);
      kernels.xxh64Update(state, address, first);
      kernels.xxh64Digest(state); // looking must not change it
      kernels.xxh64Update(state, address + first, length - first);
      expect(BigInt.asUintN(64, kernels.xxh64Digest(state)), `${first} of ${length}`).toBe(expected);
    }
  }
  kernels.xxh64Reset(state);
  for (let i = 0; i < 300; i += 1) kernels.xxh64Update(state, address + i, 1);
  expect(BigInt.asUintN(64, kernels.xxh64Digest(state))).toBe(xxh64(bytes));
  heap.free(address, heap.roundUp(300));
  heap.free(state, 80);
  expect(heap.live).toBe(0);
});
