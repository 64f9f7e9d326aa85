// The other side of the socket rows, in a process of its own: sends a stream of messages over some connections and checks what comes back.
// Forked with a JSON request as its argument; sends one JSON answer.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface LoadRequest {
  port: number;
  connections: number;
  /** The messages, framed, in base64; sent `repeats` times over each connection. */
  wire: string;
  repeats: number;
  /** Bytes of one write. */
  chunk: number;
}

export interface LoadAnswer {
  seconds: number;
  bytes: number;
  verified: boolean;
}

const WINDOW = 2 ** 21;

function run(request: LoadRequest, wire: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const total = wire.length * request.repeats;
    const socket = connect({ port: request.port, host: '127.0.0.1' });
    let sent = 0;
    let received = 0;
    let right = true;
    const send = (): void => {
      // Bounded, so that the peer's buffers are what is measured and not ours.
      while (sent < total && sent - received < WINDOW) {
        const from = sent % wire.length;
        const part = wire.subarray(from, Math.min(from + request.chunk, wire.length));
        sent += part.length;
        socket.write(part);
      }
    };
    socket.on('connect', send);
    socket.on('data', (chunk: Buffer) => {
      for (let at = 0; at < chunk.length; ) {
        const from = (received + at) % wire.length;
        const length = Math.min(chunk.length - at, wire.length - from);
        right &&= chunk.compare(wire, from, from + length, at, at + length) === 0;
        at += length;
      }
      received += chunk.length;
      if (received === total) socket.end();
      else send();
    });
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(right && received === total));
  });
}

async function main(): Promise<void> {
  const [argument] = process.argv.slice(2);
  if (argument === 'upstream') {
    // What a proxy talks to: an echo that does nothing else.
    const server = createServer((socket: Socket) => {
      socket.on('error', () => {});
      socket.pipe(socket);
    });
    server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }));
    process.on('disconnect', () => process.exit(0));
    return;
  }
  process.once('message', async (message) => {
    const request = message as LoadRequest;
    const wire = Buffer.from(request.wire, 'base64');
    const start = process.hrtime.bigint();
    const results = await Promise.all(Array.from({ length: request.connections }, () => run(request, wire)));
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    process.send!({ seconds, bytes: wire.length * request.repeats * request.connections, verified: results.every(Boolean) } satisfies LoadAnswer, () => process.disconnect());
  });
}

await main();
