import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RingBuffer } from '../../src/buffer/ring-buffer.js';
import { Heap } from '../../src/memory/heap.js';

let heap: Heap;

beforeEach(() => {
  heap = new Heap({ limit: 2 ** 24 });
});

afterEach(() => {
  expect(heap.live).toBe(0);
});

const text = (parts: readonly Buffer[]): string => Buffer.concat(parts).toString('latin1');

describe('RingBuffer', () => {
  it('wraps around as two parts, without a copy', () => {
    using ring = new RingBuffer(10, heap);
    expect(ring.write(Buffer.from('abcdefgh'))).toBe(8);
    expect(text(ring.take(6))).toBe('abcdef');
    ring.release(6);
    expect(ring.free).toBe(8);
    const parts = ring.reserve(5);
    expect(parts.map((part) => part.length)).toEqual([2, 3]);
    parts[0]!.write('12');
    parts[1]!.write('345');
    expect(ring.length).toBe(2);
    ring.commit(5);
    expect(ring.peek().map((part) => part.toString())).toEqual(['gh12', '345']);
    expect(text(ring.peek(4))).toBe('gh12');
    ring.consume(4);
    expect(text(ring.take())).toBe('345');
  });

  it('what is lent is not written over before it is released', () => {
    using ring = new RingBuffer(4, heap);
    ring.write(Buffer.from('abcd'));
    const [lent] = ring.take(3);
    expect(ring.write(Buffer.from('xyz'))).toBe(0);
    expect(ring.reserve()).toEqual([]);
    ring.release(2);
    expect(ring.write(Buffer.from('xyz'))).toBe(2);
    expect(lent!.subarray(2).toString()).toBe('c');
    expect(text(ring.peek())).toBe('dxy');
    expect(ring.lent).toBe(1);
    expect(() => ring.consume(1)).toThrow(RangeError);
  });

  it('refuses what is not there', () => {
    const ring = new RingBuffer(8, heap);
    ring.write(Buffer.from('abc'));
    expect(() => ring.take(4)).toThrow(expect.objectContaining({ code: 'ERR_INSUFFICIENT_DATA', expected: 4, actual: 3 }));
    expect(() => ring.consume(4)).toThrow(expect.objectContaining({ code: 'ERR_INSUFFICIENT_DATA' }));
    expect(() => ring.commit(6)).toThrow(RangeError);
    expect(() => ring.release(1)).toThrow(RangeError);
    expect(() => ring.write('abc' as unknown as Uint8Array)).toThrow(TypeError);
    ring.close();
    ring.close();
    for (const use of [() => ring.peek(1), () => ring.commit(0), () => ring.release(0), () => ring.consume(0)]) {
      expect(use).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
    }
    expect(() => new RingBuffer(0, heap)).toThrow(RangeError);
  });

  it('agrees with an array of bytes', () => {
    const step = fc.record({ kind: fc.constantFrom('write', 'write', 'take', 'release', 'consume', 'reserve'), n: fc.nat(40) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(step, { maxLength: 80 }), (capacity, steps) => {
        using ring = new RingBuffer(capacity, heap);
        const readable: number[] = [];
        const lent: { parts: Buffer[]; bytes: number[] }[] = [];
        let next = 0;
        const fresh = (n: number): number[] => Array.from({ length: n }, () => (next += 1) % 251);
        const lentBytes = (): number => lent.reduce((sum, { bytes }) => sum + bytes.length, 0);
        for (const { kind, n } of steps) {
          if (kind === 'write') {
            const bytes = fresh(n);
            const written = ring.write(Uint8Array.from(bytes));
            expect(written).toBe(Math.min(n, capacity - readable.length - lentBytes()));
            readable.push(...bytes.slice(0, written));
          } else if (kind === 'reserve') {
            const parts = ring.reserve(n);
            for (const part of parts) {
              const bytes = fresh(part.length);
              part.set(bytes);
              readable.push(...bytes);
            }
            ring.commit(parts.reduce((sum, part) => sum + part.length, 0));
          } else if (kind === 'take' && n <= readable.length) lent.push({ parts: ring.take(n), bytes: readable.splice(0, n) });
          else if (kind === 'release' && lent.length > 0) ring.release(lent.shift()!.bytes.length);
          else if (kind === 'consume' && n <= readable.length && lentBytes() === 0) {
            ring.consume(n);
            readable.splice(0, n);
          }
          expect(ring.length).toBe(readable.length);
          expect(ring.lent).toBe(lentBytes());
          expect(ring.free).toBe(capacity - readable.length - lentBytes());
          expect(Array.from(Buffer.concat(ring.peek()))).toEqual(readable);
          for (const { parts, bytes } of lent) expect(Array.from(Buffer.concat(parts))).toEqual(bytes);
        }
      }),
      { numRuns: 200 },
    );
  });
});
