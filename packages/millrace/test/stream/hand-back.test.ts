// The table of what a lent buffer may meet: exactly one callback each, in the order lent, never two at a time, and the buffer may be written to in it.
import { afterEach, describe, expect, it } from 'vitest';
import { Bytes } from '../../src/bytes/bytes.js';
import { Heap } from '../../src/memory/heap.js';
import { S2Writer } from '../../src/stream/s2-writer.js';
import type { S2WriterOptions } from '../../src/stream/writer-options.js';
import { dataOf, expectSame, joined, noise, text } from './oracle.js';

const MIB = 2 ** 20;
let heap = new Heap();

afterEach(() => {
  expect(heap.live).toBe(0);
  heap = new Heap();
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

function open(options: S2WriterOptions = {}): { ledger: Ledger; writer: S2Writer } {
  const ledger = new Ledger();
  return { ledger, writer: new S2Writer({ heap, onBufferDone: ledger.done, ...options }) };
}

const sizes = [10, 100, 10_000, MIB, 8 * MIB];
const ok = undefined;

describe('a lent buffer comes back exactly once', () => {
  it.each(sizes)('after success, %i bytes, as soon as its last block is encoded', (size) => {
    for (const make of [text, noise]) {
      const { ledger, writer } = open({ blockSize: MIB });
      const data = make(size);
      writer.encodeBuffer(ledger.lend(data.slice()));
      expect(ledger.back).toEqual([{ length: size, code: ok }]); // before any output was taken
      writer.close();
      expectSame(dataOf(output(writer)), data);
      expect(ledger.outstanding).toBe(0);
    }
  });

  it('when it lies in the heap and is encoded in place', () => {
    const { ledger, writer } = open({ blockSize: 4096 });
    const data = joined(text(5000), noise(5000));
    const address = heap.allocate(data.length);
    const view = heap.u8.subarray(address, address + data.length);
    view.set(data);
    writer.encodeBuffer(ledger.lend(view));
    expect(view[0]).toBe(0xee);
    writer.close();
    expectSame(dataOf(output(writer)), data);
    heap.free(address, heap.roundUp(data.length));
  });

  it('in the order lent, behind data that was written', () => {
    const { ledger, writer } = open();
    writer.write(text(50, 9));
    for (const size of [3, 1, 2]) writer.encodeBuffer(ledger.lend(text(size, size)));
    expect(ledger.back.map((call) => call.length)).toEqual([3, 1, 2]);
    writer.close();
    expectSame(dataOf(output(writer)), joined(text(50, 9), text(3, 3), text(1, 1), text(2, 2)));
  });

  it('when it is empty (the original: not when asynchronous)', () => {
    const { ledger, writer } = open();
    writer.encodeBuffer(ledger.lend(new Uint8Array(0)));
    expect(ledger.back).toEqual([{ length: 0, code: ok }]);
    writer.close();
    expect(output(writer)).toHaveLength(0);
  });

  it('with flush on write (the original: never)', () => {
    const { ledger, writer } = open({ flushOnWrite: true });
    writer.encodeBuffer(ledger.lend(text(5000)));
    expect(ledger.back).toEqual([{ length: 5000, code: ok }]);
    writer.close();
    expectSame(dataOf(output(writer)), text(5000));
  });

  it('when the writer is closed and refuses it (the original: never)', () => {
    const { ledger, writer } = open();
    writer.write(text(10));
    writer.close();
    expect(() => writer.encodeBuffer(ledger.lend(text(100)))).toThrow(expect.objectContaining({ code: 'ERR_STREAM_CLOSED' }));
    expect(ledger.back).toEqual([{ length: 100, code: 'ERR_STREAM_CLOSED' }]);
    expect(dataOf(output(writer))).toEqual(text(10)); // a refusal harms nothing
  });

  it('when the output has failed, with the reason', () => {
    const { ledger, writer } = open();
    writer.encodeBuffer(ledger.lend(text(10)));
    writer.abort(new Error('no space left'));
    expect(() => writer.encodeBuffer(ledger.lend(text(20)))).toThrow('no space left');
    expect(ledger.back).toEqual([
      { length: 10, code: ok },
      { length: 20, code: 'no space left' },
    ]);
  });

  it('when memory runs out while it is encoded', () => {
    heap = new Heap({ limit: MIB });
    const { ledger, writer } = open({ blockSize: 65_536 });
    expect(() => writer.encodeBuffer(ledger.lend(noise(2 * MIB)))).toThrow(expect.objectContaining({ code: 'ERR_MEMORY_LIMIT' }));
    expect(ledger.back).toEqual([{ length: 2 * MIB, code: 'ERR_MEMORY_LIMIT' }]);
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

describe('a handle given to encodeBuffer is released, with no callback', () => {
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
