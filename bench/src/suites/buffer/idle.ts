import { connect, type Socket } from 'node:net';
import type { SuiteContext } from '../../harness/suite.js';
import type { Kind, Usage } from './server.js';
import { Child } from './sockets.js';

/** How long connections rest before they are measured: ours give booked room back after a second or two. */
const REST_MS = 2600;

/** Memory of a connection that has sent one message of 100 bytes, and half a second one, and now waits. */
export async function idleRows(context: SuiteContext): Promise<void> {
  const connections = context.verifyOnly ? 100 : context.quick ? 4000 : 10_000;
  const usage: Partial<Record<Kind, { rss: number; heap: number; verified: boolean }>> = {};
  for (const kind of ['ours', 'concat'] as const) {
    context.progress(`idle ${kind}`);
    usage[kind] = await measure(kind, connections, context.verifyOnly ? 50 : REST_MS);
  }
  const { ours, concat } = usage as Record<Kind, { rss: number; heap: number; verified: boolean }>;
  const row = (metric: string, value: (use: { rss: number; heap: number }) => number): void =>
    context.row({
      case: `${connections} idle connections, each with half a message`,
      metric,
      better: 'lower',
      ours: value(ours),
      peer: "'data' + Buffer.concat",
      peerValue: value(concat),
      verified: ours.verified && concat.verified,
    });
  row('RSS bytes per connection', (use) => use.rss / connections);
  row('JS heap + external bytes per connection', (use) => use.heap / connections);
}

async function measure(kind: Kind, connections: number, restMs: number): Promise<{ rss: number; heap: number; verified: boolean }> {
  const server = new Child('server', [kind, 'idle'], ['--expose-gc']);
  const sockets: Socket[] = [];
  try {
    const { port } = await server.hear<{ port: number }>();
    const message = Buffer.alloc(104 + 54, 66);
    message.writeUInt32BE(100, 0);
    message.writeUInt32BE(100, 104);
    const before = await server.hear<Usage>({});
    for (let i = 0; i < connections; i += 1) {
      const socket = connect({ port, host: '127.0.0.1' });
      sockets.push(socket);
      await new Promise((resolve, reject) => {
        socket.on('connect', resolve);
        socket.on('error', reject);
      });
      socket.write(message);
    }
    await new Promise((resolve) => setTimeout(resolve, restMs));
    const after = await server.hear<Usage>({});
    return {
      rss: after.rss - before.rss,
      heap: after.heapUsed + after.external - before.heapUsed - before.external,
      verified: after.connections === connections && after.messages === connections,
    };
  } finally {
    for (const socket of sockets) socket.destroy();
    await server.close();
  }
}
