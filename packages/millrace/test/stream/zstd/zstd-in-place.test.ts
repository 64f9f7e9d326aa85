import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bytes, BytesMut } from '../../../src/bytes/bytes.js';
import { ZstdContextPool } from '../../../src/codec/zstd/encode-pool.js';
import type { ZstdLevel } from '../../../src/codec/zstd/encode-settings.js';
import { Heap } from '../../../src/memory/heap.js';
import { ZstdWriter, type ZstdWriterOptions } from '../../../src/stream/zstd/zstd-writer.js';
import { noise, prose } from '../../codec/inputs.js';
import { expectContent } from '../../codec/zstd/oracle.js';

const LEVELS: readonly ZstdLevel[] = ['fastest', 'default', 'better', 'best'];

let heap: Heap;
beforeEach(() => {
  heap = new Heap();
});
afterEach(() => {
  expect(heap.live).toBe(0);
  heap.audit();
});

function drain(writer: ZstdWriter): Buffer {
  const pieces = writer.take();
  const all = Buffer.concat(pieces.map((piece) => piece.copyToBuffer()));
  for (const piece of pieces) piece.release();
  return all;
}

/** Runs `use` with memory in the heap that is not the writer's. */
function region(size: number, use: (view: Uint8Array) => void): void {
  const address = heap.allocate(size);
  use(heap.u8.subarray(address, address + size));
  heap.free(address, heap.roundUp(size));
}

describe('buffers that a ZstdWriter encodes in place', () => {
  it('come back before encodeBuffer returns, whole parts of them encoded, at sizes from one byte to several windows', () => {
    for (const level of LEVELS) {
      for (const size of [1, 7, 8, 9, 1000, 131_071, 131_072, 131_073, 500_000]) {
        region(size, (view) => {
          let back = 0;
          using writer = new ZstdWriter({
            heap,
            level,
            windowLog: 17,
            inPlaceFrom: 1,
            onBufferDone: (buffer) => {
              back += 1;
              buffer.fill(0xee); // what is lent is not looked at again
            },
          });
          const out: Buffer[] = [];
          for (let i = 0; i < 3; i += 1) {
            view.set(prose(size, i));
            writer.encodeBuffer(view);
            expect(back).toBe(i + 1);
            expect(writer.pendingOutput).toBeGreaterThan(0); // nothing of it waits
            out.push(drain(writer));
          }
          writer.close();
          out.push(drain(writer));
          expectContent(Buffer.concat(out), Buffer.concat([prose(size, 0), prose(size, 1), prose(size, 2)]));
        });
      }
    }
  });

  it('are not copied: memory grows by the output alone', () => {
    region(4 * 2 ** 20, (view) => {
      view.set(prose(view.length, 1));
      const pool = new ZstdContextPool({ heap });
      const writer = new ZstdWriter({ pool, level: 'fastest' });
      const before = heap.live;
      writer.encodeBuffer(view);
      expect(heap.live - before - pool.statistics.bytes).toBeLessThan(writer.pendingOutput + 64 * 40);
      writer.close();
      expectContent(drain(writer), view);
      pool.trim();
    });
  });

  it('small ones, those outside the heap, and with a dictionary all, are copied', () => {
    region(2 ** 20, (view) => {
      view.set(prose(view.length, 1));
      for (const buffer of [view.subarray(0, 2 ** 20 - 1), Buffer.from(view)]) {
        let back = 0;
        using writer = new ZstdWriter({ heap, onBufferDone: () => (back += 1) });
        writer.encodeBuffer(buffer);
        expect(back).toBe(1);
        expect(writer.uncompressed).toBe(buffer.length);
        writer.close();
        const frame = drain(writer);
        expectContent(frame, buffer);
        // Copied, it is what `write` makes.
        using other = new ZstdWriter({ heap });
        other.write(buffer);
        other.close();
        expect(drain(other).equals(frame)).toBe(true);
      }
    });
  });

  it('a Bytes directly behind the last one goes on with its history; what is behind the window goes back at once', () => {
    const piece = 40_000;
    const content = Buffer.concat([prose(piece, 1), prose(piece, 2), prose(piece, 1), prose(piece, 2), noise(piece, 3), prose(piece, 1), prose(300_000, 4)]);
    for (const level of LEVELS) {
      const whole = Bytes.copyOf(content, heap);
      const pool = new ZstdContextPool({ heap });
      const writer = new ZstdWriter({ pool, level, windowLog: 17, inPlaceFrom: piece });
      const out: Buffer[] = [];
      const before = heap.live;
      let least = Infinity;
      while (whole.length > 0) {
        writer.encodeBuffer(whole.splitTo(Math.min(whole.length, piece)));
        out.push(drain(writer));
        least = Math.min(least, heap.live - pool.statistics.bytes);
      }
      // No more than the window, a block that may be the last, and a piece.
      expect(least).toBeLessThan(before - content.length + 3 * 131_072 + piece);
      whole.release();
      writer.close();
      out.push(drain(writer));
      const frame = Buffer.concat(out);
      expectContent(frame, content);
      using copied = new ZstdWriter({ heap, level, windowLog: 17 });
      copied.write(content);
      copied.close();
      expect(frame.length).toBeLessThan(drain(copied).length * 1.01);
      pool.trim();
    }
  });

  it('random buffers, in place and copied, owned and lent, in rows and alone', () => {
    const step = fc.record({
      kind: fc.constantFrom('write' as const, 'lend' as const, 'outside' as const, 'give' as const, 'row' as const, 'flush' as const),
      seed: fc.nat(5),
      length: fc.oneof(fc.nat(20), fc.nat(3000), fc.nat(200_000)),
    });
    const options = fc.record({
      level: fc.constantFrom(...LEVELS),
      windowLog: fc.integer({ min: 10, max: 19 }),
      inPlaceFrom: fc.constantFrom(1, 100, 10_000),
      lowMemory: fc.boolean(),
      flushOnWrite: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), options, (steps, chosen) => {
        const parts: Uint8Array[] = [];
        let back = 0;
        let lent = 0;
        const given: ZstdWriterOptions = {
          heap,
          ...chosen,
          onBufferDone: (buffer) => {
            back += 1;
            buffer.fill(0xee);
          },
        };
        using writer = new ZstdWriter(given);
        for (const { kind, seed, length } of steps) {
          const bytes = seed === 0 ? noise(length, seed) : prose(length, seed);
          if (kind === 'flush') writer.flush();
          else parts.push(bytes);
          if (kind === 'write') writer.write(bytes);
          else if (kind === 'give') writer.encodeBuffer(Bytes.copyOf(bytes, heap));
          else if (kind === 'outside') {
            lent += 1;
            writer.encodeBuffer(Buffer.from(bytes));
          } else if (kind === 'lend' && length > 0) {
            lent += 1;
            region(length, (view) => {
              view.set(bytes);
              writer.encodeBuffer(view);
            });
          } else if (kind === 'row') {
            const row = BytesMut.copyOf(bytes, heap).freeze();
            for (const share of [3, 2, 1]) writer.encodeBuffer(row.splitTo(Math.floor(row.length / share)));
            row.release();
          }
        }
        writer.close();
        expect(back).toBe(lent);
        expectContent(drain(writer), Buffer.concat(parts));
      }),
      { numRuns: process.env['MILLRACE_LONG'] ? 3000 : 100 },
    );
  });

  it('are given back when they are refused', () => {
    region(2 ** 20, (view) => {
      const errors: (string | undefined)[] = [];
      using writer = new ZstdWriter({ heap, declaredSize: 10, onBufferDone: (_, error) => errors.push((error as { code?: string } | undefined)?.code) });
      expect(() => writer.encodeBuffer(view)).toThrow(expect.objectContaining({ code: 'ERR_STREAM_SIZE' }));
      expect(() => writer.encodeBuffer(view)).toThrow(expect.objectContaining({ code: 'ERR_STREAM_SIZE' }));
      expect(errors).toEqual(['ERR_STREAM_SIZE', 'ERR_STREAM_SIZE']);
      const given = Bytes.copyOf(view, heap);
      expect(() => writer.encodeBuffer(given)).toThrow(expect.objectContaining({ code: 'ERR_STREAM_SIZE' }));
      expect(given.isReleased).toBe(true);
    });
  });
});
