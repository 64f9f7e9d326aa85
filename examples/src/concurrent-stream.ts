// Compresses with two threads over the same memory: the caller only hands out blocks, and the stream is the same as without threads.
import { strict as assert } from 'node:assert';
import { Heap } from 'millrace';
import { compress, decompress } from 'millrace/stream';

const heap = new Heap();
const text = Buffer.from('A line of a log that is much like the one before it.\n'.repeat(100_000));

async function all(pieces: AsyncIterable<{ copyToBuffer(): Buffer; release(): void }>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const piece of pieces) {
    parts.push(piece.copyToBuffer());
    piece.release();
  }
  return Buffer.concat(parts);
}

const one = await all(compress([text], { heap, blockSize: 262_144 }));
const two = await all(compress([text], { heap, blockSize: 262_144, concurrency: 2 }));
assert(one.equals(two));
assert((await all(decompress([two], { heap, concurrency: 2 }))).equals(text));
assert.equal(heap.live, 0);
