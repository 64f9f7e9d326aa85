import { Bytes, BytesMut } from 'millrace/bytes';
import { Heap } from 'millrace/memory';
import type { SuiteContext } from '../../harness/suite.js';
import { sink, timed } from './pace.js';
import type { Tokio } from './tokio.js';

const MESSAGE = 100;
const BLOCK = 2 ** 20;

/** Splitting, cloning and releasing, against Buffer.subarray and its collector. */
export function handles(context: SuiteContext, tokio: Tokio): void {
  const heap = new Heap({ initial: 2 ** 26 });
  for (const queue of [1000, 100_000]) splits(context, tokio, heap, queue);
  for (const alive of [0, 1, 64]) clones(context, tokio, heap, alive);
  slices(context, heap);
  build(context, tokio, heap);
  if (heap.live !== 0) throw new Error(`${heap.live} bytes were not given back`);
}

// What a framing does: messages come off the front of a read, wait in a queue, and go.
function splits(context: SuiteContext, tokio: Tokio, heap: Heap, queue: number): void {
  context.progress(`splitTo, queue of ${queue}`);
  const ring: (Bytes | null)[] = Array.from({ length: queue }, () => null);
  const ours = (n: number): void => {
    let rest = Bytes.empty();
    for (let i = 0, k = 0; i < n; i += 1, k = k + 1 === queue ? 0 : k + 1) {
      if (rest.length < MESSAGE) {
        rest.release();
        rest = block(heap);
      }
      const old = ring[k]!;
      if (old !== null) old.release();
      ring[k] = rest.splitTo(MESSAGE);
    }
    rest.release();
    for (let k = 0; k < queue; k += 1) {
      ring[k]?.release();
      ring[k] = null;
    }
  };
  const buffers: (Buffer | null)[] = Array.from({ length: queue }, () => null);
  const source = Buffer.alloc(BLOCK);
  const theirs = (n: number): void => {
    let at = 0;
    for (let i = 0, k = 0; i < n; i += 1, k = k + 1 === queue ? 0 : k + 1) {
      if (at + MESSAGE > BLOCK) at = 0;
      buffers[k] = source.subarray(at, at + MESSAGE);
      at += MESSAGE;
    }
    buffers.fill(null);
  };
  const [mine, other] = timed(context, [ours, theirs]);
  const title = `splitTo + release, ${MESSAGE} B, ${queue.toLocaleString('en-US')} queued`;
  const verified = heap.live === 0;
  context.row({ case: title, metric: 'ns/op', better: 'lower', ours: mine!, peer: 'Buffer.subarray', peerValue: other!, verified });
  tokio.row(context, `split-${queue}`, title, mine!, verified);
}

function clones(context: SuiteContext, tokio: Tokio, heap: Heap, alive: number): void {
  context.progress(`clone, ${alive} alive`);
  const bytes = block(heap);
  const held = Array.from({ length: alive }, () => bytes.clone());
  const source = Buffer.alloc(BLOCK);
  // What is made is kept until the next is made: else the compiler removes a handle that nobody can see.
  const [mine, other] = timed(context, [
    (n) => {
      let last = bytes.clone();
      for (let i = 0; i < n; i += 1) {
        const next = bytes.clone();
        last.release();
        last = next;
      }
      last.release();
    },
    (n) => {
      let last = source;
      for (let i = 0; i < n; i += 1) last = source.subarray(0, BLOCK);
      sink.number += last.length;
    },
  ]);
  const verified = heap.live === BLOCK && bytes.isUnique() === (alive === 0);
  for (const one of held) one.release();
  bytes.release();
  const title = `clone + release, ${alive} other clones alive`;
  context.row({ case: title, metric: 'ns/op', better: 'lower', ours: mine!, peer: 'Buffer.subarray', peerValue: other!, verified });
  tokio.row(context, `clone-${alive}`, title, mine!, verified);
}

function slices(context: SuiteContext, heap: Heap): void {
  const bytes = block(heap);
  const source = Buffer.alloc(BLOCK);
  const [mine, other] = timed(context, [
    (n) => {
      let last = bytes.slice(0, 1);
      for (let i = 0; i < n; i += 1) {
        const at = (i * MESSAGE) & (BLOCK / 2 - 1);
        const next = bytes.slice(at, at + MESSAGE);
        last.release();
        last = next;
      }
      last.release();
    },
    (n) => {
      let last = source;
      for (let i = 0; i < n; i += 1) {
        const at = (i * MESSAGE) & (BLOCK / 2 - 1);
        last = source.subarray(at, at + MESSAGE);
      }
      sink.number += last.length;
    },
  ]);
  const verified = bytes.isUnique();
  bytes.release();
  context.row({ case: `slice + release, ${MESSAGE} B`, metric: 'ns/op', better: 'lower', ours: mine!, peer: 'Buffer.subarray', peerValue: other!, verified });
}

function build(context: SuiteContext, tokio: Tokio, heap: Heap): void {
  const source = Buffer.alloc(256, 7);
  let lastBuffer: Buffer = source;
  let ok = true;
  const [mine, other] = timed(context, [
    (n) => {
      let last = Bytes.empty();
      for (let i = 0; i < n; i += 1) {
        const buffer = BytesMut.withCapacity(256, heap);
        buffer.putSlice(source);
        last.release();
        last = buffer.freeze();
      }
      ok &&= n === 0 || last.equals(source);
      last.release();
    },
    (n) => {
      for (let i = 0; i < n; i += 1) {
        lastBuffer = Buffer.allocUnsafe(256);
        source.copy(lastBuffer);
      }
    },
  ]);
  ok &&= lastBuffer.equals(source);
  const title = 'withCapacity(256), put 256 B, freeze, release';
  context.row({ case: title, metric: 'ns/op', better: 'lower', ours: mine!, peer: 'Buffer.allocUnsafe + copy', peerValue: other!, verified: ok && heap.live === 0 });
  tokio.row(context, 'build-256', title, mine!, ok);
}

// A mebibyte whose contents do not matter.
function block(heap: Heap): Bytes {
  const buffer = BytesMut.withCapacity(BLOCK, heap);
  buffer.advanceMut(BLOCK);
  return buffer.freeze();
}
