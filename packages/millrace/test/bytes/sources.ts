import type { Heap } from '../../src/memory/heap.js';
import type { Buf } from '../../src/bytes/buf.js';
import { Bytes, BytesMut } from '../../src/bytes/bytes.js';
import { Cursor } from '../../src/bytes/cursor.js';
import { limit } from '../../src/bytes/limit.js';
import { Rope } from '../../src/bytes/rope.js';
import { take } from '../../src/bytes/take.js';
import { apart } from './ledger.js';

/** A Buf that holds `data`, and how to give its memory back when done. */
export interface Source {
  readonly buf: Buf;
  done(): void;
}

/** Every implementation of Buf, by name: the rows of the matrix. */
export const sources: readonly (readonly [name: string, make: (data: Uint8Array, heap: Heap) => Source])[] = [
  ['Bytes', (data, heap) => owned(Bytes.copyOf(data, heap))],
  ['Bytes that are shared', (data, heap) => {
    const bytes = Bytes.copyOf(data, heap);
    const clone = bytes.clone();
    return { buf: clone, done: () => { bytes.release(); clone.release(); } };
  }],
  ['Bytes over adopted memory', (data) => owned(Bytes.adopt(Uint8Array.from([9, ...data, 9]).subarray(1, data.length + 1)))],
  ['BytesMut', (data, heap) => owned(BytesMut.copyOf(data, heap))],
  ['Cursor over Bytes', (data, heap) => {
    const bytes = Bytes.copyOf(data, heap);
    return { buf: new Cursor(bytes), done: () => bytes.release() };
  }],
  ['Cursor over a Uint8Array', (data) => ({ buf: new Cursor(data), done: () => undefined })],
  ['Take over Bytes', (data, heap) => {
    const bytes = Bytes.copyOf(Uint8Array.from([...data, 1, 2, 3]), heap);
    return { buf: take(bytes, data.length), done: () => bytes.release() };
  }],
  ['what was written through a Limit', (data, heap) => {
    const bytes = BytesMut.copyOf(Uint8Array.from([7, 7, 7]), heap);
    const sink = limit(bytes, data.length);
    sink.putSlice(data);
    return { buf: sink, done: () => bytes.release() };
  }],
  ['Rope of parts of one to three bytes', (data, heap) => owned(rope(data, heap))],
  ['Rope that shares its parts', (data, heap) => {
    const whole = rope(Uint8Array.from([5, ...data, 6]), heap);
    const slice = whole.slice(1, data.length + 1);
    return { buf: slice, done: () => { slice.release(); whole.release(); } };
  }],
  ['Rope built from the front over adopted memory', (data) => {
    const parts = new Rope();
    for (const byte of data.toReversed()) parts.prepend(Bytes.adopt(Uint8Array.of(byte)));
    return owned(parts);
  }],
  ['Take over a Rope', (data, heap) => {
    const whole = rope(Uint8Array.from([...data, 1, 2, 3]), heap);
    return { buf: take(whole, data.length), done: () => whole.release() };
  }],
];

function rope(data: Uint8Array, heap: Heap): Rope {
  const parts = new Rope();
  for (let at = 0, n = 1; at < data.length; at += n, n = (n % 3) + 1) parts.append(apart(data.slice(at, at + n), heap));
  return parts;
}

function owned(buf: Bytes | BytesMut | Rope): Source {
  return { buf, done: () => buf.release() };
}
