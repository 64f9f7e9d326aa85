// A ring of 4 MiB keeps a compressor busy for ten gigabytes: what the writer hands back is filled again at once, and neither the ring nor the heap
// grows.
import { strict as assert } from 'node:assert';
import { Heap } from 'millrace';
import { RingBuffer } from 'millrace/buffer';
import { S2Index, S2Writer } from 'millrace/stream';

const total = 10 * 2 ** 30;
const heap = new Heap();
const ring = new RingBuffer(4 * 2 ** 20, heap);
const line = Buffer.from('{"event":"position","vehicle":4711,"north":59.3293,"east":18.0686,"speed":13.9}\n');

// Bytes come back in the order in which they were taken, so that a count is all that it needs.
const writer = new S2Writer({ heap, onBufferDone: (buffer) => ring.release(buffer.length) });

let sent = 0;
let packed = 0;
let committed = 0; // bytes of memory after warming up
while (sent < total) {
  for (const room of ring.reserve()) room.fill(line); // as reads from a socket would
  ring.commit(ring.free);
  for (const part of ring.take()) {
    sent += part.length;
    writer.encodeBuffer(part); // in place: the ring lies in the writer's heap
  }
  assert.equal(ring.lent, 0, 'everything is back before the output has gone anywhere');
  for (const piece of writer.take()) {
    packed += piece.length; // a file or a socket would be given piece.toBuffer()
    piece.release();
  }
  if (committed === 0) committed = heap.stats().shared.committed;
}
const index = S2Index.load(writer.closeIndex());
writer[Symbol.dispose]();
ring.close();

assert.equal(index.totalUncompressed, sent);
assert(packed < sent / 10);
assert.equal(heap.stats().shared.committed, committed, 'memory did not grow');
assert.equal(heap.live, 0);
