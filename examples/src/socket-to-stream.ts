// NDJSON from a TCP socket into an S2 stream: the bytes stay where the socket's read has put them until they are compressed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { FrameCutter, linkServer, ndjson } from 'millrace/buffer';
import { Heap } from 'millrace/memory';
import { S2Reader, S2Writer } from 'millrace/stream';

const heap = new Heap({ limit: 64 * 2 ** 20 });
const writer = new S2Writer({ heap });
const framing = ndjson({ maxMessage: 1 << 20 });

const server = linkServer(
  {
    open: (link) => new FrameCutter(framing, link.input), // kept as link.data
    data(link) {
      const whole = link.data.scan(); // bytes up to the end of the last whole line, found in one call
      if (whole > 0) writer.encodeBuffer(link.input.next(whole)); // compressed where the socket's read has put them
      link.carry = link.data.pending; // a torn line goes on where the next read lands
    },
  },
  { heap },
);
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const lines = Array.from({ length: 10_000 }, (_, id) => `${JSON.stringify({ id, level: 'info', text: 'a message like many others' })}\n`).join('');
const client = connect((server.address() as AddressInfo).port, '127.0.0.1').end(lines).resume();
await once(client, 'close');
server.close();
writer.close();

// The stream is a standard one: chunks in the heap, for writev, and then given back.
const stream = writer.take();
const length = stream.reduce((sum, chunk) => sum + chunk.length, 0);
assert.ok(length < lines.length / 10);

const reader = new S2Reader({ heap });
for (const chunk of stream) reader.feed(chunk);
let text = '';
for (let block = reader.read(); block !== undefined; block = reader.read()) {
  text += block.toString();
  block.release();
}
reader.end();
assert.equal(text, lines);
assert.equal(heap.live, 0); // every byte has gone back
console.log(`${lines.length} bytes of messages in ${length} bytes of stream`);
