// The table of what a lent buffer may meet: exactly one callback each, in the order lent, never two at a time, and the buffer may be written to in it.
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Bytes } from '../../src/bytes/bytes.js';
import { Heap } from '../../src/memory/heap.js';
import { S2Writer } from '../../src/stream/s2-writer.js';
import type { S2WriterOptions } from '../../src/stream/writer-options.js';
import { WorkerPool } from '../../src/worker/pool.js';
import { dataOf, expectSame, joined, noise, text } from './oracle.js';

const MIB = 2 ** 20;
/** Threads cannot run the sources; they are built before the tests. */
const entry = new URL('../../dist/worker/thread.js', import.meta.url);
let heap = new Heap();
const pools = new Map<Heap, WorkerPool>();

/** One pool for all tests over a heap: its threads take their time to start. */
function poolOf(concurrency: number): { pool?: WorkerPool } {
  if (concurrency === 1) return {};
  let pool = pools.get(heap);
  if (pool === undefined) pools.set(heap, (pool = new WorkerPool({ heap, threads: concurrency, entry })));
  return { pool };
}

afterEach(async () => {
  await pools.get(heap)?.idle();
  const { live } = heap;
  if (live > 0) heap = new Heap(); // one test's leak is not the next one's
  expect(live).toBe(0);
});

afterAll(async () => {
  for (const pool of pools.values()) await pool.close();
});

/** Records callbacks, checks that they do not nest, and scribbles over what comes back. */
class Ledger {
  readonly back: { length: number; code: string | undefined }[] = [];
  readonly #out = new Set<Uint8Array>();
  #inside = false;
  also: ((buffer: Uint8Array, call: number) => void) | undefined;

  readonly done = (buffer: Uint8Array, error: Error | undefined): void => {
    expect(this.#inside).toBe(false);
    expect(this.#out.delete(buffer)).toBe(true);
    this.#inside = true;
    this.back.push({ length: buffer.length, code: error === undefined ? undefined : ((error as { code?: string }).code ?? error.message) });
    buffer.fill(0xee);
    try {
      this.also?.(buffer, this.back.length);
    } finally {
      this.#inside = false;
    }
  };

  lend(buffer: Uint8Array): Uint8Array {
    this.#out.add(buffer);
    return buffer;
  }

  get outstanding(): number {
    return this.#out.size;
  }
}

function output(writer: S2Writer): Uint8Array {
  return joined(
    ...writer.take().map((piece) => {
      const copy = new Uint8Array(piece.copyToBuffer());
      piece.release();
      return copy;
    }),
  );
}

const sizes = [10, 100, 10_000, MIB, 8 * MIB];
const ok = undefined;

/** Waits for the blocks in other threads. */
async function settled(writer: S2Writer): Promise<void> {
  while (writer.outstanding > 0) await writer.progress();
}

describe.each([1, 4])('with concurrency %i, a lent buffer comes back exactly once', (concurrency) => {
  function open(options: S2WriterOptions = {}): { ledger: Ledger; writer: S2Writer } {
    const ledger = new Ledger();
    return { ledger, writer: new S2Writer({ heap, concurrency, ...poolOf(concurrency), onBufferDone: ledger.done, ...options }) };
  }

  it.each(sizes)('after success, %i bytes, as soon as its last block is encoded', async (size) => {
    for (const make of [text, noise]) {
      const { ledger, writer } = open({ blockSize: MIB });
      const data = make(size);
      writer.encodeBuffer(ledger.lend(data.slice()));
      if (concurrency > 1 && size >= MIB) expect(ledger.back).toEqual([]); // it is being read by other threads
      await settled(writer);
      expect(ledger.back).toEqual([{ length: size, code: ok }]); // before any output was taken
      writer.close();
      expectSame(dataOf(output(writer)), data);
      expect(ledger.outstanding).toBe(0);
    }
  });

  it('when it lies in the heap and is encoded in place', async () => {
    const { ledger, writer } = open({ blockSize: 65_536 });
    const data = joined(text(100_000), noise(100_000));
    const address = heap.allocate(data.length);
    const view = heap.u8.subarray(address, address + data.length);
    view.set(data);
    writer.encodeBuffer(ledger.lend(view));
    await settled(writer);
    expect(view[0]).toBe(0xee);
    writer.close();
    expectSame(dataOf(output(writer)), data);
    heap.free(address, heap.roundUp(data.length));
  });

  it('in the order lent, behind data that was written, whichever is encoded first', async () => {
    const { ledger, writer } = open();
    writer.write(text(50, 9));
    const lengths = [900_000, 3, 70_000, 1, 500_000, 2];
    for (const length of lengths) {
      writer.encodeBuffer(ledger.lend(text(length, length)));
      await (length === 1 ? settled(writer) : undefined);
    }
    await settled(writer);
    expect(ledger.back.map((call) => call.length)).toEqual(lengths);
    writer.close();
    expectSame(dataOf(output(writer)), joined(text(50, 9), ...lengths.map((length) => text(length, length))));
  });

  it('when it is empty (the original: not when asynchronous)', () => {
    const { ledger, writer } = open();
    writer.encodeBuffer(ledger.lend(new Uint8Array(0)));
    expect(ledger.back).toEqual([{ length: 0, code: ok }]);
    writer.close();
    expect(output(writer)).toHaveLength(0);
  });

  it.each(sizes)('with flush on write, %i bytes (the original: never)', async (size) => {
    const { ledger, writer } = open({ flushOnWrite: true, blockSize: MIB });
    writer.write(text(5, 3));
    writer.encodeBuffer(ledger.lend(text(size)));
    await settled(writer);
    expect(ledger.back).toEqual([{ length: size, code: ok }]);
    writer.close();
    expectSame(dataOf(output(writer)), joined(text(5, 3), text(size)));
  });

  it.each(sizes)('when the writer is closed and refuses it, %i bytes (the original: never)', (size) => {
    const { ledger, writer } = open({ blockSize: MIB });
    writer.write(text(10));
    writer.close();
    expect(() => writer.encodeBuffer(ledger.lend(text(size)))).toThrow(expect.objectContaining({ code: 'ERR_STREAM_CLOSED' }));
    expect(ledger.back).toEqual([{ length: size, code: 'ERR_STREAM_CLOSED' }]);
    expect(dataOf(output(writer))).toEqual(text(10)); // a refusal harms nothing
  });

  it.each(sizes)('when the output has failed, before it and while it is encoded, with the reason, %i bytes', async (size) => {
    const { ledger, writer } = open({ blockSize: MIB });
    writer.encodeBuffer(ledger.lend(text(size, 1)));
    writer.abort(new Error('no space left'));
    expect(() => writer.encodeBuffer(ledger.lend(text(size, 2)))).toThrow('no space left');
    await pools.get(heap)?.idle();
    const other = concurrency > 1 && size >= MIB; // in other threads, which had not finished
    expect(ledger.back).toEqual([
      { length: size, code: other ? 'no space left' : ok },
      { length: size, code: 'no space left' },
    ]);
  });

  it('when memory runs out while it is encoded', async () => {
    const usual = heap;
    heap = new Heap({ limit: MIB });
    const { ledger, writer } = open({ blockSize: 65_536 });
    expect(() => writer.encodeBuffer(ledger.lend(noise(2 * MIB)))).toThrow(expect.objectContaining({ code: 'ERR_MEMORY_LIMIT' }));
    await pools.get(heap)?.idle();
    expect(ledger.back).toEqual([{ length: 2 * MIB, code: 'ERR_MEMORY_LIMIT' }]);
    expect(heap.live).toBe(0);
    heap = usual;
  });

  it('when the writer is reset, before it comes back and after', () => {
    const { ledger, writer } = open();
    // Lent from inside a callback, so that it waits for its own while reset is called.
    ledger.also = (_, call) => {
      if (call !== 1) return;
      writer.encodeBuffer(ledger.lend(text(2)));
      writer.reset();
      writer.encodeBuffer(ledger.lend(text(3)));
    };
    writer.encodeBuffer(ledger.lend(text(1)));
    expect(ledger.back.map((call) => call.length)).toEqual([1, 2, 3]);
    expect(ledger.outstanding).toBe(0);
    writer.close();
    expectSame(dataOf(output(writer)), text(3));
  });

  it('under any sequence of calls', async () => {
    const size = fc.integer({ min: 0, max: 200_000 });
    const call = fc.oneof(
      fc.record({ call: fc.constantFrom('lend', 'give', 'write'), size }),
      fc.record({ call: fc.constantFrom('flush', 'take', 'wait', 'reset'), size: fc.constant(0) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 14 }), async (calls) => {
        const { ledger, writer } = open({ blockSize: 65_536 });
        const lent: number[] = [];
        let data: Uint8Array[] = [];
        let read: Uint8Array[] = [];
        for (const [i, { call: name, size: length }] of calls.entries()) {
          const bytes = (i % 2 === 0 ? text : noise)(length, i);
          if (name === 'lend') {
            lent.push(length);
            writer.encodeBuffer(ledger.lend(bytes.slice()));
          } else if (name === 'give') writer.encodeBuffer(Bytes.copyOf(bytes, heap));
          else if (name === 'write') writer.write(bytes);
          else if (name === 'flush') writer.flush();
          else if (name === 'take') read.push(output(writer));
          else if (name === 'wait') await settled(writer);
          else {
            writer.reset();
            data = [];
            read = [];
          }
          if (name === 'lend' || name === 'give' || name === 'write') data.push(bytes);
        }
        writer.close();
        await settled(writer);
        await pools.get(heap)?.idle();
        read.push(output(writer));
        expectSame(dataOf(joined(...read)), joined(...data));
        expect(ledger.back.map((back) => back.length)).toEqual(lent);
        expect(ledger.outstanding).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  it('when the writer is aborted or reset while its blocks are encoded, and not before they are', async () => {
    for (const stop of ['abort', 'reset'] as const) {
      const { ledger, writer } = open({ blockSize: 65_536 });
      const [big, small] = [text(600_000), text(10)];
      writer.encodeBuffer(ledger.lend(big));
      writer.encodeBuffer(ledger.lend(small));
      const before = ledger.back.length;
      if (concurrency > 1) expect(before).toBe(0);
      writer[stop]();
      if (concurrency > 1) expect(ledger.back).toEqual([]); // still being read
      await settled(writer);
      await pools.get(heap)?.idle();
      const code = concurrency > 1 ? 'ERR_STREAM_ABORTED' : ok;
      expect(ledger.back).toEqual([
        { length: 600_000, code },
        { length: 10, code },
      ]);
      if (stop === 'reset') {
        writer.encodeBuffer(ledger.lend(text(200_000, 5)));
        writer.close();
        await settled(writer);
        expectSame(dataOf(output(writer)), text(200_000, 5));
      }
    }
  });

  it('when the callback lends the next one (the original can deadlock), to any depth', () => {
    const { ledger, writer } = open();
    ledger.also = (_, call) => {
      if (call < 5000) writer.encodeBuffer(ledger.lend(text(call + 1, call)));
    };
    writer.encodeBuffer(ledger.lend(text(1, 0)));
    expect(ledger.back.map((call) => call.length)).toEqual(Array.from({ length: 5000 }, (_, i) => i + 1));
    expect(ledger.outstanding).toBe(0);
    writer.abort();
  });

  it.each(sizes)('when the callback lends the next one, of %i bytes', async (size) => {
    const { ledger, writer } = open({ blockSize: MIB });
    ledger.also = (_, call) => {
      if (call < 3) writer.encodeBuffer(ledger.lend(text(size, call)));
    };
    writer.encodeBuffer(ledger.lend(text(size, 0)));
    while (ledger.back.length < 3) await writer.progress();
    expect(ledger.back).toEqual(Array.from({ length: 3 }, () => ({ length: size, code: ok })));
    writer.close();
    expectSame(dataOf(output(writer)), joined(text(size, 0), text(size, 1), text(size, 2)));
  });

  it.each(sizes)('when the callback throws, %i bytes: no other call is left out', async (size) => {
    const { ledger, writer } = open({ blockSize: MIB });
    ledger.also = (_, call) => {
      if (call === 1) throw new Error('pool is broken');
    };
    const lend = (seed: number): void => {
      try {
        writer.encodeBuffer(ledger.lend(text(size, seed)));
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_STREAM_CALLBACK' });
      }
    };
    for (const seed of [1, 2, 3]) lend(seed);
    await pools.get(heap)?.idle();
    expect(ledger.back.map(({ length }) => length)).toEqual([size, size, size]);
    expect(ledger.outstanding).toBe(0);
    expect(() => writer.read()).toThrow(expect.objectContaining({ code: 'ERR_STREAM_CALLBACK' }));
  });

  it('when the callback writes, flushes and closes', () => {
    const { ledger, writer } = open();
    ledger.also = () => {
      writer.write(text(7));
      writer.flush();
      writer.close();
    };
    writer.encodeBuffer(ledger.lend(text(5)));
    expectSame(dataOf(output(writer)), joined(text(5), text(7)));
  });

  it('when the callback throws: the writer fails and says why, the others come back', () => {
    const { ledger, writer } = open();
    const reason = new Error('pool is broken');
    ledger.also = (_, call) => {
      if (call !== 1) return;
      writer.encodeBuffer(ledger.lend(text(2)));
      writer.encodeBuffer(ledger.lend(text(3)));
      throw reason;
    };
    const failure = expect.objectContaining({ code: 'ERR_STREAM_CALLBACK', cause: reason });
    expect(() => writer.encodeBuffer(ledger.lend(text(1)))).toThrow(failure);
    expect(ledger.back.map((call) => call.length)).toEqual([1, 2, 3]);
    expect(() => writer.write(text(1))).toThrow(failure);
    expect(() => writer.encodeBuffer(ledger.lend(text(4)))).toThrow(failure);
    expect(ledger.back.at(-1)).toEqual({ length: 4, code: 'ERR_STREAM_CALLBACK' });
  });

  it('when every callback throws', () => {
    const { ledger, writer } = open();
    ledger.also = (_, call) => {
      if (call === 1) for (const size of [2, 3]) writer.encodeBuffer(ledger.lend(text(size)));
      throw new Error(`callback ${call}`);
    };
    expect(() => writer.encodeBuffer(ledger.lend(text(1)))).toThrow(expect.objectContaining({ cause: new Error('callback 1') }));
    expect(ledger.back.map((call) => call.length)).toEqual([1, 2, 3]);
  });

  it('when a callback during reset throws: the writer that began anew has failed', () => {
    const { ledger, writer } = open();
    ledger.also = (_, call) => {
      if (call === 1) writer.encodeBuffer(ledger.lend(text(2)));
      if (call === 2) throw new Error('again');
    };
    expect(() => writer.encodeBuffer(ledger.lend(text(1)))).toThrow(expect.objectContaining({ code: 'ERR_STREAM_CALLBACK' }));
    writer.reset();
    writer.encodeBuffer(ledger.lend(text(3)));
    writer.close();
    expectSame(dataOf(output(writer)), text(3));
  });
});

describe.each([1, 4])('with concurrency %i, a handle given to encodeBuffer is released, with no callback', (concurrency) => {
  function open(): { ledger: Ledger; writer: S2Writer } {
    const ledger = new Ledger();
    return { ledger, writer: new S2Writer({ heap, concurrency, ...poolOf(concurrency), onBufferDone: ledger.done, blockSize: 65_536 }) };
  }

  it('when its last block is encoded, in this thread or another', async () => {
    const { writer } = open();
    const given = Bytes.copyOf(joined(text(150_000), noise(150_000)), heap);
    writer.encodeBuffer(given);
    writer.close();
    await settled(writer);
    expect(given.isReleased).toBe(true);
    expectSame(dataOf(output(writer)), joined(text(150_000), noise(150_000)));
  });

  it('after success, refusal and failure', () => {
    const { ledger, writer } = open();
    const good = Bytes.copyOf(text(1000), heap);
    writer.encodeBuffer(good);
    expect(good.isReleased).toBe(true);
    writer.close();
    const refused = Bytes.copyOf(text(1000), heap);
    expect(() => writer.encodeBuffer(refused)).toThrow(expect.objectContaining({ code: 'ERR_STREAM_CLOSED' }));
    expect(refused.isReleased).toBe(true);
    writer.abort();
    const failed = Bytes.copyOf(text(1000), heap);
    expect(() => writer.encodeBuffer(failed)).toThrow(expect.objectContaining({ code: 'ERR_STREAM_ABORTED' }));
    expect(failed.isReleased).toBe(true);
    expect(ledger.back).toEqual([]);
  });

  it('while others still cover its memory', () => {
    const { writer } = open();
    const mine = Bytes.copyOf(noise(10_000), heap);
    writer.encodeBuffer(mine.slice(2000, 8000));
    writer.close();
    expectSame(dataOf(output(writer)), noise(10_000).slice(2000, 8000));
    expect(mine.toBuffer().equals(noise(10_000))).toBe(true);
    mine.release();
  });

  it('when letting go of adopted memory throws: the writer fails', () => {
    const { writer } = open();
    const adopted = Bytes.adopt(text(100), () => {
      throw new Error('not mine');
    });
    expect(() => writer.encodeBuffer(adopted)).toThrow('not mine');
    expect(() => writer.write(text(1))).toThrow('not mine');
  });
});
