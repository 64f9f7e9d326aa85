import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FrameCutter } from '../../../src/buffer/framing/cutter.js';
import { ndjson } from '../../../src/buffer/framing/delimiter.js';
import { length32 } from '../../../src/buffer/framing/length-prefix.js';
import { LinkBuffer } from '../../../src/buffer/link-buffer.js';
import { Bytes } from '../../../src/bytes/bytes.js';
import { Heap } from '../../../src/memory/heap.js';
import { frame } from './naive.js';

let heap: Heap;

beforeEach(() => {
  heap = new Heap({ limit: 2 ** 24 });
});

afterEach(() => {
  expect(heap.live).toBe(0);
});

describe('FrameCutter', () => {
  it.each([ndjson(), length32()])('passes on whole messages only, and all of them, however the stream is cut', (framing) => {
    fc.assert(
      fc.property(fc.array(fc.nat(400), { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 8 }), fc.boolean(), (lengths, cuts, asParts) => {
        using input = new LinkBuffer({ heap, minBook: 64 });
        using output = new LinkBuffer({ heap });
        const cutter = new FrameCutter(framing, input);
        const frames = lengths.map((length, i) => Buffer.from(frame(framing, new Uint8Array(length).fill(65 + (i % 26)))));
        const bytes = Buffer.concat(frames);
        const bounds = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
        let given = 0;
        let moved = 0;
        for (let i = 1; i < bounds.length; i += 1) {
          const piece = bytes.subarray(bounds[i - 1], bounds[i]);
          if (piece.length === 0) continue;
          if (asParts) input.push(Bytes.adopt(Uint8Array.from(piece)));
          else {
            input.book(piece.length, cutter.pending);
            heap.u8.set(piece, input.roomAddress);
            input.commit(piece.length);
          }
          given += piece.length;
          moved += cutter.moveTo(output);
          output.flush();
          let whole = 0;
          for (let k = 0; k < moved; k += 1) whole += frames[k]!.length;
          expect(output.length).toBe(whole);
          expect(input.length).toBe(given - whole);
          expect(cutter.pending).toBe(input.length);
        }
        expect(moved).toBe(frames.length);
        expect(cutter.finish()).toBe(0);
        expect(Buffer.concat(output.views()).equals(bytes)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('looks at no more than it is asked to, and goes on there', () => {
    for (let most = 1; most <= 30; most += 1) {
      using input = new LinkBuffer({ heap });
      const cutter = new FrameCutter(ndjson(), input);
      const text = 'one\ntwo\n\nthree\nfour';
      // Made in this order, the two do not touch.
      const second = Bytes.copyOf(Buffer.from(text.slice(6)), heap);
      input.push(Bytes.copyOf(Buffer.from(text.slice(0, 6)), heap));
      input.push(second);
      expect(input.partCount).toBe(2);
      let found = '';
      for (let looked = 0; looked < text.length; ) {
        const whole = cutter.scan(most);
        looked = Math.min(text.length, looked + most);
        const wanted = text.slice(0, looked).lastIndexOf('\n') + 1;
        expect(whole).toBe(wanted - found.length);
        expect(cutter.messages).toBe(text.slice(found.length, wanted).split('\n').length - 1);
        expect(cutter.pending).toBe(looked - wanted);
        found += input.readString(whole);
      }
      expect(found).toBe(text.slice(0, -4));
      expect(() => cutter.finish()).toThrow(expect.objectContaining({ code: 'ERR_TORN_MESSAGE' }));
    }
  });

  it('gives what came before a fault, then the fault', () => {
    using input = new LinkBuffer({ heap });
    const cutter = new FrameCutter(length32({ maxMessage: 5 }), input);
    // Made in this order, the two do not touch.
    const second = Bytes.copyOf(Uint8Array.of(1, 2, 3), heap);
    input.push(Bytes.copyOf(Uint8Array.of(0, 0, 0, 1, 65, 0, 0, 0, 9), heap));
    input.push(second);
    expect(cutter.scan()).toBe(5);
    expect(cutter.messages).toBe(1);
    expect(cutter.fault).toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE', offset: 5, actual: 9 });
    input.skip(5);
    expect(() => cutter.scan()).toThrow(expect.objectContaining({ code: 'ERR_MESSAGE_TOO_LARGE', offset: 5 }));
    expect(() => cutter.finish()).toThrow(expect.objectContaining({ code: 'ERR_MESSAGE_TOO_LARGE' }));
  });
});
