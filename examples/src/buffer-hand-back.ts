// Lends buffers to a writer and gets each back as soon as it can be reused, in order, long before the output has gone anywhere.
import { strict as assert } from 'node:assert';
import { decompress, S2Writer } from 'millrace/stream';

const free: Uint8Array[] = [Buffer.alloc(65_536), Buffer.alloc(65_536)];
const writer = new S2Writer({ onBufferDone: (buffer) => void free.push(buffer) });

let sent = 0;
for (let n = 0; n < 1000; n += 1) {
  const buffer = free.pop();
  assert(buffer !== undefined, 'two buffers are enough for any number of them');
  buffer.fill(n & 255); // as a read from a socket would
  writer.encodeBuffer(buffer);
  sent += buffer.length;
}
writer.close();

let received = 0;
for await (const block of decompress(writer.take())) {
  assert.equal(block.at(0), (received / 65_536) & 255);
  received += block.length;
  block.release();
}
assert.equal(received, sent);
assert.equal(free.length, 2);
