import type { Heap } from '../../src/memory/heap.js';
import type { Buf } from '../../src/bytes/buf.js';
import { Bytes, BytesMut } from '../../src/bytes/bytes.js';
import { Cursor } from '../../src/bytes/cursor.js';
import { limit } from '../../src/bytes/limit.js';
import { take } from '../../src/bytes/take.js';

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
];

function owned(buf: Bytes | BytesMut): Source {
  return { buf, done: () => buf.release() };
}
