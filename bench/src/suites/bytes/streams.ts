import { Bytes, Rope } from 'millrace/bytes';
import { Heap } from 'millrace/memory';
import { peers } from '../../harness/peers.js';
import type { SuiteContext } from '../../harness/suite.js';
import { sink, timed } from './pace.js';

interface BufferList {
  readonly length: number;
  append(chunk: Buffer): unknown;
  readUInt32BE(offset: number): number;
  consume(n: number): unknown;
  shallowSlice(start: number, end: number): BufferList;
  slice(start: number, end: number): Buffer;
  get(index: number): number;
}

const CHUNK = 4096;
const CHUNKS = 64;

/**
 * Chunks of a stream appended, messages with a length of four bytes before them consumed as soon as they are whole, one byte of each looked at: with bl
 * as its users do it, and as ropes.
 */
export async function streams(context: SuiteContext): Promise<void> {
  const heap = new Heap({ initial: 2 ** 23 });
  const { BufferList: List } = (await peers().import('bl')) as { BufferList: new () => BufferList };
  for (const size of [100, 1000, 10_000]) {
    context.progress(`stream of ${size} B messages`);
    const wire = frames(size);
    const chunks = Array.from({ length: CHUNKS }, (_, i) => wire.subarray(i * CHUNK, (i + 1) * CHUNK));
    // As they come from a socket: each read in a block of its own.
    const ours = (): number => {
      const rope = new Rope();
      let sum = 0;
      for (const part of parts) {
        rope.append(part.clone());
        while (rope.length >= 4) {
          const length = peekLength(rope);
          if (rope.length < 4 + length) break;
          rope.advance(4);
          const message = rope.splitTo(length);
          sum += message.at(length >> 1)!;
          message.release();
        }
      }
      rope.release();
      return sum;
    };
    const theirs = (): number => {
      const list = new List();
      let sum = 0;
      for (const chunk of chunks) {
        list.append(chunk);
        while (list.length >= 4) {
          const length = list.readUInt32BE(0);
          if (list.length < 4 + length) break;
          const message = list.shallowSlice(4, 4 + length);
          sum += message.get(length >> 1);
          list.consume(4 + length);
        }
      }
      return sum;
    };
    const parts = chunks.map((chunk) => Bytes.copyOf(chunk, heap));
    const before = ours() === theirs();
    const [mine, other] = timed(context, [
      (n) => { for (let i = 0; i < n; i += 1) sink.number += ours(); },
      (n) => { for (let i = 0; i < n; i += 1) sink.number += theirs(); },
    ]).map((ns) => ns / Math.floor(wire.length / (size + 4)));
    const verified = before && ours() === theirs();
    for (const part of parts) part.release();
    context.row({ case: `stream of ${CHUNK} B chunks, messages of ${size} B`, metric: 'ns/message', better: 'lower', ours: mine!, peer: peers().label('bl'), peerValue: other!, verified: verified && heap.live === 0 });
  }
}

const header = new Uint8Array(4);

function peekLength(rope: Rope): number {
  if (rope.end - rope.start >= 4) return rope.block.view.getUint32(rope.start);
  rope.peekTo(header, 4);
  return ((header[0]! << 24) | (header[1]! << 16) | (header[2]! << 8) | header[3]!) >>> 0;
}

function frames(size: number): Buffer {
  const wire = Buffer.alloc(CHUNK * CHUNKS);
  let at = 0;
  for (let k = 0; at + 4 + size <= wire.length; k += 1) {
    wire.writeUInt32BE(size, at);
    wire.fill(k & 0xff, at + 4, at + 4 + size);
    at += 4 + size;
  }
  // What is left at the end is a message that never becomes whole.
  if (at + 4 <= wire.length) wire.writeUInt32BE(size, at);
  return wire;
}
