// The other side of the socket rows, in a process of its own: sends a stream of messages over some connections and checks what comes back, from an echo or
// from itself, behind a proxy. It works with links, the same for all contenders, as the least that takes of a machine which the server needs too.
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { connectLink, linkServer, type Link, type LinkHandlers } from 'millrace/buffer';

/** A run to be done; answered with {@link LoadAnswer}. */
export interface LoadRequest {
  port: number;
  connections: number;
  /** Behind a proxy, which connects to the port that this process told first: both ends of each connection send the stream. */
  proxied: boolean;
  /** The messages, framed; sent `repeats` times over each connection. */
  wire: Uint8Array;
  repeats: number;
}

export interface LoadAnswer {
  seconds: number;
  /** Bytes that went through the server. */
  bytes: number;
  verified: boolean;
}

/** Bytes of one write. */
const PIECE = 2 ** 18;
/** Bytes sent and not yet come back: bounded, so that the server's buffers are what is measured and not the load's. */
const WINDOW = 2 ** 21;
/** Small enough for the processor's cache. */
const options = { maxBook: PIECE };

/** One end of a connection under way. */
interface End {
  sent: number;
  received: number;
  right: boolean;
}

let wire: Buffer = Buffer.alloc(0);
let total = 0;
// Ends that have not closed, and whether all that have were right.
let open = 0;
let right = true;
let finished = (): void => {};

function send(link: Link<End>): void {
  const end = link.data;
  let more = true;
  while (more && end.sent < total && end.sent - end.received <= WINDOW - PIECE) {
    const from = end.sent % wire.length;
    const part = wire.subarray(from, Math.min(from + PIECE, wire.length));
    end.sent += part.length;
    link.output.writeBinary(part);
    more = link.flush();
  }
}

const handlers: LinkHandlers<End> = {
  open: () => ({ sent: 0, received: 0, right: true }),
  data(link) {
    const end = link.data;
    const { input } = link;
    while (input.length > 0) {
      const from = end.received % wire.length;
      const length = Math.min(input.contiguousLength, wire.length - from);
      end.right &&= wire.compare(input.peek(length), 0, length, from, from + length) === 0;
      input.skip(length);
      end.received += length;
    }
    if (end.received === total && end.sent === total) link.end();
    else send(link);
  },
  drain: send,
  close(link) {
    right &&= link.data.right && link.data.received === total;
    open -= 1;
    if (open === 0) finished();
  },
};

const upstream = linkServer<End>({
  ...handlers,
  open(link) {
    queueMicrotask(() => send(link as Link<End>));
    return handlers.open!(link);
  },
}, options);
upstream.listen(0, '127.0.0.1');
await once(upstream, 'listening');

process.on('message', async (message) => {
  const request = message as LoadRequest;
  wire = Buffer.from(request.wire.buffer, request.wire.byteOffset, request.wire.length);
  total = wire.length * request.repeats;
  const ends = request.connections * (request.proxied ? 2 : 1);
  open = ends;
  right = true;
  const done = new Promise<void>((resolve) => {
    finished = resolve;
  });
  const start = process.hrtime.bigint();
  for (let i = 0; i < request.connections; i += 1) {
    const link = connectLink({ port: request.port, host: '127.0.0.1' }, handlers, options);
    link.socket.on('connect', () => send(link));
  }
  await done;
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  process.send!({ seconds, bytes: total * ends, verified: right } satisfies LoadAnswer);
});
process.on('disconnect', () => process.exit(0));
process.send!({ port: (upstream.address() as AddressInfo).port });
