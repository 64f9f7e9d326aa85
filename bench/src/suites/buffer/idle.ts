import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { SuiteContext } from '../../harness/suite.js';
import type { Kind, Role, Usage } from './server.js';
import { Child } from './sockets.js';

/** How long connections rest before they are measured: ours give booked room back after a second or two. */
const REST_MS = 2600;

/** Memory of a connection that has sent one message of 100 bytes, which was sent back or not, and half a second one, and now waits. */
export async function idleRows(context: SuiteContext): Promise<void> {
  const connections = context.verifyOnly ? 100 : context.quick ? 4000 : 10_000;
  for (const role of ['count', 'echo'] as const) {
    const name = `${connections} idle connections, ${role === 'echo' ? 'each answered once and' : 'each'} with half a message`;
    context.progress(name);
    const restMs = context.verifyOnly ? 50 : REST_MS;
    const mine = measure('ours', role, connections, restMs);
    // One after the other where two times as many would be more files than a process may open.
    if (!context.quick) await mine;
    const concat = await measure('concat', role, connections, restMs);
    const ours = await mine;
    const row = (metric: string, value: (of: Measured) => number): void =>
      context.row({
        case: name,
        metric,
        better: 'lower',
        ours: value(ours) / connections,
        peer: "'data' + Buffer.concat",
        peerValue: value(concat) / connections,
        verified: ours.verified && concat.verified,
      });
    row('RSS bytes per connection', (of) => of.rss);
    row('JS heap + external bytes per connection', (of) => of.heap);
  }
}

interface Measured {
  readonly rss: number;
  readonly heap: number;
  readonly verified: boolean;
}

async function measure(kind: Kind, role: Role, connections: number, restMs: number): Promise<Measured> {
  const server = new Child('server', [kind, role], ['--expose-gc']);
  const sockets: Socket[] = [];
  try {
    const { port } = await server.hear<{ port: number }>();
    const message = Buffer.alloc(104 + 54, 66);
    message.writeUInt32BE(100, 0);
    message.writeUInt32BE(100, 104);
    const before = await server.hear<Usage>({});
    const received = { bytes: 0 };
    for (let i = 0; i < connections; i += 1) {
      const socket = connect({ port, host: '127.0.0.1' });
      sockets.push(socket);
      socket.on('data', (chunk) => {
        received.bytes += chunk.length;
      });
      await once(socket, 'connect');
      socket.write(message);
    }
    const wanted = role === 'echo' ? 104 * connections : 0;
    await new Promise((resolve) => setTimeout(resolve, restMs));
    let after = await server.hear<Usage>({});
    for (let i = 0; i < 500 && (after.messages < connections || received.bytes < wanted); i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      after = await server.hear<Usage>({});
    }
    return {
      rss: after.rss - before.rss,
      heap: after.heapUsed + after.external - before.heapUsed - before.external,
      verified: after.connections === connections && after.messages === connections && received.bytes === wanted,
    };
  } finally {
    for (const socket of sockets) socket.destroy();
    await server.close();
  }
}
