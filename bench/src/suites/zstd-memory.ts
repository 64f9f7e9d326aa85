import * as zlib from 'node:zlib';
import { Heap } from 'millrace';
import type { Bytes } from 'millrace/bytes';
import { ZstdDecoder, ZstdEncodeContext, ZstdEncoder, ZstdSettings, type ZstdLevel } from 'millrace/codec';
import type { Suite, SuiteContext } from '../harness/suite.js';

const LEVELS: readonly ZstdLevel[] = ['fastest', 'default', 'better', 'best'];
const SIZES = [256, 1024, 16_384, 131_072, 131_080, 2 ** 20];

const compress = (zlib as unknown as { zstdCompressSync?: (source: Buffer) => Buffer }).zstdCompressSync;

/** Bytes of a context, by what it really takes from the heap. */
function contexts(context: SuiteContext): void {
  for (const level of LEVELS) {
    for (const lowMemory of [false, true]) {
      for (const size of SIZES) {
        const heap = new Heap();
        const before = heap.live;
        const one = new ZstdEncodeContext(heap);
        one.prepare(new ZstdSettings({ level, lowMemory }), size);
        const bytes = heap.live - before;
        const verified = bytes === one.size;
        one.release();
        context.row({ case: `context/${level}${lowMemory ? '/low-memory' : ''}/${size}`, metric: 'bytes', better: 'lower', ours: bytes, peer: '-', peerValue: undefined, verified: verified && heap.live === 0 });
      }
    }
  }
}

/** Bytes of the heap and of V8 that each message leaves behind, encoded and decoded into a buffer that the caller keeps. */
function perMessage(context: SuiteContext, messages: readonly Buffer[]): void {
  const heap = new Heap();
  const encoder = new ZstdEncoder({ heap, level: 'fastest' });
  const decoder = new ZstdDecoder({ heap });
  const target = Buffer.alloc(encoder.maxEncodedSize(Math.max(...messages.map((message) => message.length))));
  const verified = messages.every((message) => decoder.decodeToBuffer(target.subarray(0, encoder.encodeInto(message, target))).equals(message));
  const passes = context.verifyOnly ? 1 : 200;
  const measure = (name: string, inputs: readonly Buffer[], use: (input: Buffer) => number): void => {
    for (let warm = 0; warm < 20; warm += 1) for (const input of inputs) use(input);
    const live = heap.live;
    gc();
    const before = process.memoryUsage().heapUsed;
    for (let pass = 0; pass < passes; pass += 1) for (const input of inputs) use(input);
    const garbage = (process.memoryUsage().heapUsed - before) / (passes * inputs.length);
    context.row({ case: `${name}/heap-growth`, metric: 'bytes/message', better: 'lower', ours: (heap.live - live) / inputs.length, peer: '-', peerValue: undefined, verified });
    context.row({ case: `${name}/garbage`, metric: 'bytes/message', better: 'lower', ours: Math.max(0, garbage), peer: '-', peerValue: undefined, verified });
  };
  const frames = messages.map((message) => Buffer.from(target.subarray(0, encoder.encodeInto(message, target))));
  measure('into', messages, (message) => encoder.encodeInto(message, target));
  measure('decode-into', frames, (frame) => decoder.decodeInto(frame, target));
  decoder.release();
  encoder.release();
}

/** 10,000 frames that are all kept: what they hold for each byte of payload. */
function retained(context: SuiteContext, messages: readonly Buffer[]): void {
  const count = context.verifyOnly ? 200 : 10_000;
  const heap = new Heap();
  const encoder = new ZstdEncoder({ heap, level: 'fastest' });
  const kept: Bytes[] = [];
  let payload = 0;
  for (let i = 0; i < count; i += 1) {
    const frame = encoder.encode(messages[i % messages.length]!);
    kept.push(frame);
    payload += frame.length;
  }
  encoder.release();
  const held = heap.live;
  const committed = heap.u8.length;
  const decoder = new ZstdDecoder({ heap });
  let verified = kept.every((frame, i) => decoder.decodeToBuffer(frame).equals(messages[i % messages.length]!));
  decoder.release();
  for (const frame of kept) frame.release();
  verified = verified && heap.live === 0;
  let theirs: number | undefined;
  if (compress !== undefined) {
    gc();
    const before = process.memoryUsage();
    const frames: Buffer[] = [];
    let bytes = 0;
    for (let i = 0; i < count; i += 1) {
      const frame = compress(messages[i % messages.length]!);
      frames.push(frame);
      bytes += frame.length;
    }
    gc();
    const after = process.memoryUsage();
    theirs = (after.arrayBuffers - before.arrayBuffers) / bytes;
    verified = verified && frames.length === count;
  }
  const peer = `zlib.zstdCompressSync of Node ${process.versions.node}`;
  context.row({ case: `retained/${count}`, metric: 'bytes held per byte', better: 'lower', ours: held / payload, peer, peerValue: theirs, verified });
  context.row({ case: `retained/${count}/committed`, metric: 'bytes of memory per byte', better: 'lower', ours: committed / payload, peer: '-', peerValue: undefined, verified });
}

function gc(): void {
  (globalThis as { gc?: () => void }).gc?.();
}

/** What Zstandard takes: contexts, calls, and frames that are kept. */
export const zstdMemorySuite: Suite = {
  name: 'zstd-memory',
  description: 'memory of Zstandard: contexts by level and size, calls, and 10,000 frames that are kept',
  nodes: [24],
  execArgv: ['--expose-gc'],
  async run(context) {
    const messages = context.corpora.messages().filter((message) => message.length >= 256 && message.length <= 4096).slice(0, 2000);
    contexts(context);
    perMessage(context, messages);
    retained(context, messages);
  },
};
