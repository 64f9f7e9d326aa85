// A server in a process of its own, for the socket rows: forked with KIND ROLE [UPSTREAM PORT], tells its port and, when asked, what it has used.
//   KIND  ours: links and FrameCutter; concat: 'data' and Buffer.concat; pipe: socket.pipe, which does not frame
//   ROLE  echo: messages go back; proxy: they go to the upstream port and what comes from there goes back; idle: they are counted
import { connect, createServer, type AddressInfo, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { PerformanceObserver } from 'node:perf_hooks';
import { Heap } from 'millrace';
import { connectLink, FrameCutter, length32, linkServer, type Link, type LinkHandlers } from 'millrace/buffer';

export type Kind = 'ours' | 'concat' | 'pipe';
export type Role = 'echo' | 'proxy' | 'idle';

export interface Usage {
  cpuSeconds: number;
  rss: number;
  peakRss: number;
  heapUsed: number;
  external: number;
  gcPauseMs: number;
  messages: number;
  copied: number;
  connections: number;
}

const framing = length32();
const [kind, role, upstream] = process.argv.slice(2) as [Kind, Role, string | undefined];
let messages = 0;
let copied = 0;
let gcPauseMs = 0;
let peakRss = 0;
let connections = 0;

new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) gcPauseMs += entry.duration;
}).observe({ entryTypes: ['gc'] });
setInterval(() => {
  peakRss = Math.max(peakRss, process.memoryUsage.rss());
}, 20).unref();

// ---- ours ----------------------------------------------------------------------------------------------------------

interface Pair {
  cutter: FrameCutter;
  to: Link<Pair>;
}

function ours(): Server {
  const heap = new Heap();
  const handlers: LinkHandlers<Pair> = {
    data(link) {
      const { cutter, to } = link.data;
      messages += cutter.moveTo(to.output);
      link.carry = cutter.pending;
      return to.flush();
    },
    // `link` can be written to again: its source, which stopped, goes on.
    drain: (link) => link.data.to.resume(),
    close(link) {
      connections -= 1;
      copied += link.input.copiedBytes;
      const { to } = link.data;
      if (to !== link) to.end();
    },
  };
  const counting: LinkHandlers<Pair> = {
    data(link) {
      const { cutter } = link.data;
      link.input.skip(cutter.scan());
      messages += cutter.messages;
      link.carry = cutter.pending;
    },
  };
  const open = (link: Link<Pair>): Pair => {
    connections += 1;
    if (role !== 'proxy') return { cutter: new FrameCutter(framing, link.input), to: link };
    const peer = connectLink({ port: Number(upstream), host: '127.0.0.1' }, handlers, { heap });
    peer.data = { cutter: new FrameCutter(framing, peer.input), to: link };
    return { cutter: new FrameCutter(framing, link.input), to: peer };
  };
  return linkServer({ ...(role === 'idle' ? counting : handlers), open }, { heap });
}

// ---- plain Node ----------------------------------------------------------------------------------------------------

// The idiom: join what was left with what has come, pass on what is complete.
function framed(from: Socket, to: Socket | undefined): void {
  let rest: Buffer = Buffer.alloc(0);
  from.on('data', (chunk: Buffer) => {
    const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (all.length - at >= 4) {
      const length = all.readUInt32BE(at);
      if (all.length - at < 4 + length) break;
      at += 4 + length;
      messages += 1;
    }
    rest = all.subarray(at);
    if (at > 0 && to !== undefined && !to.write(all.subarray(0, at))) {
      from.pause();
      to.once('drain', () => from.resume());
    }
  });
  from.on('end', () => to?.end());
  from.on('error', () => {});
}

function plain(): Server {
  return createServer({ highWaterMark: 2 ** 20 }, (socket) => {
    connections += 1;
    socket.on('close', () => {
      connections -= 1;
    });
    const peer = role === 'proxy' ? connect({ port: Number(upstream), host: '127.0.0.1', highWaterMark: 2 ** 20 } as NetConnectOpts) : role === 'echo' ? socket : undefined;
    if (kind === 'pipe' && peer !== undefined) {
      socket.pipe(peer);
      if (peer !== socket) peer.pipe(socket);
      socket.on('error', () => {});
      peer.on('error', () => {});
      return;
    }
    framed(socket, peer);
    if (peer !== undefined && peer !== socket) framed(peer, socket);
  });
}

const server = kind === 'ours' ? ours() : plain();
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => process.send!({ port: (server.address() as AddressInfo).port }));
process.on('message', () => {
  if (role === 'idle') globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  peakRss = Math.max(peakRss, rss);
  process.send!({ cpuSeconds: (user + system) / 1e6, rss, peakRss, heapUsed, external, gcPauseMs, messages, copied, connections } satisfies Usage);
});
process.on('disconnect', () => process.exit(0));
