// A proxy that frames and forwards: whole messages only, in the memory they were read into, with backpressure both ways.
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { Heap } from 'millrace';
import { connectLink, FrameCutter, length32, linkServer, type Link, type LinkHandlers } from 'millrace/buffer';

const heap = new Heap();
const framing = length32({ maxMessage: 1_000_000 });
let forwarded = 0;
let copied = 0;

const listening = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

// What the proxy stands before: it sends everything back.
const upstream = createServer((socket) => socket.pipe(socket));
const upstreamPort = await listening(upstream);

interface Side {
  cutter: FrameCutter;
  peer: Link<Side>;
}

const handlers: LinkHandlers<Side> = {
  data(link) {
    const { cutter, peer } = link.data;
    forwarded += cutter.moveTo(peer.output); // throws for a message over the limit: that ends the link with the error
    link.carry = cutter.pending;
    return peer.flush(); // false while the peer is slow: no more is read
  },
  drain: (link) => link.data.peer.resume(),
  end: (link) => link.data.peer.end(),
  close(link) {
    copied += link.input.copiedBytes;
    link.data.peer.destroy();
  },
};

const proxy = linkServer({
  ...handlers,
  open(link: Link<Side>) {
    const peer = connectLink({ port: upstreamPort, host: '127.0.0.1' }, handlers, { heap, allowHalfOpen: true });
    peer.data = { cutter: new FrameCutter(framing, peer.input), peer: link };
    return { cutter: new FrameCutter(framing, link.input), peer };
  },
}, { heap, allowHalfOpen: true });

// A client that sends ten thousand messages through it, and gets them back.
const sent = Buffer.concat(Array.from({ length: 10_000 }, (_, i) => {
  const message = Buffer.alloc(4 + (i % 1000), i & 255);
  message.writeUInt32BE(i % 1000);
  return message;
}));
const client = connect(await listening(proxy), '127.0.0.1');
client.end(sent);
const received: Buffer[] = [];
client.on('data', (chunk: Buffer) => received.push(chunk));
await once(client, 'close');

await Promise.all([proxy, upstream].map((server) => new Promise((resolve) => server.close(resolve))));
assert(Buffer.concat(received).equals(sent));
assert.equal(forwarded, 20_000); // there and back
assert(copied < sent.length / 20, `${copied} of ${sent.length} bytes were copied`);
assert.equal(heap.live, 0);
