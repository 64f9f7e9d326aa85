import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Bytes } from '../../src/bytes/bytes.js';
import { LinkBuffer } from '../../src/buffer/link-buffer.js';
import { Heap } from '../../src/memory/heap.js';
import { apart } from '../bytes/ledger.js';

// A program of random steps on a LinkBuffer and on two plain arrays of bytes, which must agree after each step. Handles taken on the way are
// kept, compared at the end and released then: memory given back too early would have been overwritten by later steps.

const heap = new Heap({ limit: 2 ** 26 });

interface State {
  readonly buffer: LinkBuffer;
  readable: number[];
  unflushed: number[];
  readonly held: { bytes: Bytes; wanted: number[] }[];
  next: number;
}

const n = fc.oneof(fc.integer({ min: -1, max: 20 }), fc.integer({ min: 0, max: 400 }), fc.constantFrom(255, 256, 4095, 4096));
const step = fc.record({
  kind: fc.constantFrom(
    'receive', 'receive', 'carry', 'push', 'next', 'next', 'peek', 'skip', 'until', 'readString', 'readBinary', 'readByte', 'slice', 'release', 'nextPart',
    'malloc', 'mallocAck', 'writeBinary', 'writeBytes', 'writeByte', 'writeDirect', 'append', 'flush', 'flush', 'releaseRoom',
  ),
  n,
  m: n,
});

function fresh(state: State, length: number): number[] {
  const bytes: number[] = [];
  for (let i = 0; i < length; i += 1) {
    bytes.push(state.next % 251);
    state.next += 1;
  }
  return bytes;
}

function take(state: State, count: number): number[] {
  return state.readable.splice(0, count);
}

function run(state: State, kind: string, size: number, m: number): void {
  const { buffer } = state;
  const length = Math.max(0, size);
  const enough = size <= state.readable.length;
  switch (kind) {
    case 'receive':
    case 'carry': {
      const bytes = fresh(state, Math.max(1, length));
      const tail = kind === 'carry' ? Math.min(Math.max(0, m), state.readable.length) : 0;
      buffer.book(bytes.length, tail);
      heap.u8.set(bytes, buffer.roomAddress);
      // Whatever is in the rest of the room must not show.
      heap.u8.fill(0xee, buffer.roomAddress + bytes.length, buffer.roomAddress + buffer.roomLength);
      buffer.commit(bytes.length);
      state.readable.push(...bytes);
      break;
    }
    case 'push': {
      const bytes = fresh(state, length);
      buffer.push(m % 2 === 0 ? apart(Uint8Array.from(bytes), heap) : Bytes.adopt(Uint8Array.from(bytes)));
      state.readable.push(...bytes);
      break;
    }
    case 'next':
      if (enough) state.held.push({ bytes: buffer.next(size), wanted: take(state, length) });
      else expect(() => buffer.next(size)).toThrow('were asked for');
      break;
    case 'peek':
      if (enough) expect([...buffer.peek(size)]).toEqual(state.readable.slice(0, length));
      else expect(() => buffer.peek(size)).toThrow('were asked for');
      break;
    case 'skip':
      if (enough) {
        buffer.skip(size);
        take(state, length);
      } else expect(() => buffer.skip(size)).toThrow('were asked for');
      break;
    case 'until': {
      const byte = (size + 251) % 251;
      const from = Math.max(0, m);
      const at = state.readable.indexOf(byte, from);
      expect(buffer.indexAfter(byte, from)).toBe(at + 1);
      if (at >= 0 && at < 100) state.held.push({ bytes: buffer.until(byte, from), wanted: take(state, at + 1) });
      break;
    }
    case 'readString':
      if (enough) expect(buffer.readString(size, 'latin1')).toBe(Buffer.from(take(state, length)).toString('latin1'));
      break;
    case 'readBinary':
      if (enough) expect([...buffer.readBinary(size)]).toEqual(take(state, length));
      break;
    case 'readByte':
      if (state.readable.length > 0) expect(buffer.readByte()).toBe(take(state, 1)[0]);
      break;
    case 'slice':
      if (enough) {
        const slice = buffer.slice(size);
        state.held.push({ bytes: slice.next(length), wanted: take(state, length) });
        slice.close();
      }
      break;
    case 'release':
      buffer.release();
      break;
    case 'nextPart': {
      const part = buffer.nextPart();
      if (part) state.held.push({ bytes: part, wanted: take(state, part.length) });
      else expect(state.readable.length).toBe(0);
      break;
    }
    case 'malloc': {
      const bytes = fresh(state, length);
      buffer.malloc(length).set(bytes);
      state.unflushed.push(...bytes);
      break;
    }
    case 'mallocAck':
      if (size >= 0 && size <= state.unflushed.length) {
        buffer.mallocAck(size);
        state.unflushed.length = size;
      } else expect(() => buffer.mallocAck(size)).toThrow(RangeError);
      break;
    case 'writeBinary':
    case 'writeBytes': {
      const bytes = fresh(state, length);
      if (kind === 'writeBinary') buffer.writeBinary(Uint8Array.from(bytes));
      else buffer.writeBytes(Bytes.copyOf(Uint8Array.from(bytes), heap));
      state.unflushed.push(...bytes);
      break;
    }
    case 'writeByte': {
      const bytes = fresh(state, 1);
      buffer.writeByte(bytes[0]!);
      state.unflushed.push(...bytes);
      break;
    }
    case 'writeDirect': {
      const remaining = Math.max(0, m);
      if (remaining > state.unflushed.length) break;
      const bytes = fresh(state, length);
      buffer.writeDirect(Uint8Array.from(bytes), remaining);
      state.unflushed.splice(state.unflushed.length - remaining, 0, ...bytes);
      break;
    }
    case 'append': {
      const other = new LinkBuffer({ heap });
      const bytes = fresh(state, length);
      other.writeBinary(Uint8Array.from(bytes));
      if (m % 2 === 0) other.flush();
      buffer.append(other);
      other.close();
      state.unflushed.push(...bytes);
      break;
    }
    case 'flush':
      expect(buffer.flush()).toBe(state.unflushed.length);
      state.readable.push(...state.unflushed);
      state.unflushed = [];
      break;
    case 'releaseRoom':
      buffer.releaseRoom();
      break;
    default:
      throw new Error(`no such step: ${kind}`);
  }
  expect(buffer.length).toBe(state.readable.length);
  expect(buffer.mallocLength).toBe(state.unflushed.length);
}

it('agrees with arrays of bytes, step by step', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const state: State = { buffer: new LinkBuffer({ heap, minBook: 64, maxBook: 1024 }), readable: [], unflushed: [], held: [], next: 1 };
      for (const { kind, n: size, m } of steps) run(state, kind, size, m);
      expect(Array.from(Buffer.concat(state.buffer.views()))).toEqual(state.readable);
      state.buffer.close();
      for (const { bytes, wanted } of state.held) {
        expect([...bytes.toBuffer()]).toEqual(wanted);
        bytes.release();
      }
      expect(heap.live).toBe(0);
    }),
    { numRuns: process.env['MILLRACE_LONG'] ? 20_000 : 300 },
  );
});
