import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import type { ServerOptions } from './server.js';

// Both ways the same as ours: a writer is told to stop when this much waits.
const highWaterMark = 2 ** 20;

/** Plain Node: 'data' and Buffer.concat, or socket.pipe, which does not look at messages at all. */
export function serve({ kind, role, upstream, counts }: ServerOptions): { server: Server; live: () => number } {
  // The idiom: join what was left with what has come, pass on what is complete.
  const frame = (from: Socket, to: Socket | undefined): void => {
    let rest: Buffer = Buffer.alloc(0);
    from.on('data', (chunk: Buffer) => {
      const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      while (all.length - at >= 4) {
        const length = all.readUInt32BE(at);
        if (all.length - at < 4 + length) break;
        at += 4 + length;
        counts.messages += 1;
      }
      rest = all.subarray(at);
      if (at > 0 && to !== undefined && !to.write(all.subarray(0, at))) {
        from.pause();
        to.once('drain', () => from.resume());
      }
    });
    from.on('end', () => to?.end());
    from.on('error', () => {});
  };
  const server = createServer({ highWaterMark }, (socket) => {
    counts.connections += 1;
    socket.on('close', () => {
      counts.connections -= 1;
    });
    const peer = role === 'proxy' ? connect({ port: upstream, host: '127.0.0.1', highWaterMark } as NetConnectOpts) : role === 'echo' ? socket : undefined;
    if (kind === 'pipe' && peer !== undefined) {
      socket.pipe(peer);
      if (peer !== socket) peer.pipe(socket);
      socket.on('error', () => {});
      peer.on('error', () => {});
      return;
    }
    frame(socket, peer);
    if (peer !== undefined && peer !== socket) frame(peer, socket);
  });
  return { server, live: () => 0 };
}
