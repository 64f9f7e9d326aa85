// A server in a process of its own, for the socket rows: forked with KIND ROLE [UPSTREAM PORT], tells its port and, when asked, what it has used.
//   KIND  ours: links and FrameCutter; concat: 'data' and Buffer.concat; pipe: socket.pipe, which does not frame
//   ROLE  echo: messages go back; proxy: they go to the upstream port and what comes from there goes back; count: nothing goes anywhere
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { PerformanceObserver } from 'node:perf_hooks';
import type { Counts } from './counts.js';

export type Kind = 'ours' | 'concat' | 'pipe';
export type Role = 'echo' | 'proxy' | 'count';

/** What the server has counted and used since it began to listen; the memory is what it has now. */
export interface Usage extends Counts {
  cpuSeconds: number;
  rss: number;
  /** The most that was ever resident, less what was when it began to listen. */
  rssGrowth: number;
  heapUsed: number;
  external: number;
  gcPauseMs: number;
  /** Ours only: bytes of the heap in use. */
  live: number;
}

/** What a contender is given. */
export interface ServerOptions {
  readonly kind: Kind;
  readonly role: Role;
  readonly upstream: number;
  readonly counts: Counts;
}

const [kind, role, upstream] = process.argv.slice(2) as [Kind, Role, string | undefined];
const counts: Counts = { messages: 0, copied: 0, connections: 0 };
let gcPauseMs = 0;

new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) gcPauseMs += entry.duration;
}).observe({ entryTypes: ['gc'] });

function peakRss(): number {
  const high = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(high?.[1]) * 1024;
}

// Each kind loads only what it needs.
const { serve } = (await import(kind === 'ours' ? './linked-server.js' : './plain-server.js')) as typeof import('./linked-server.js');
const { server, live } = serve({ kind, role, upstream: Number(upstream), counts });
let rssAtStart = 0;
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  rssAtStart = process.memoryUsage.rss();
  process.send!({ port: (server.address() as AddressInfo).port });
});
process.on('message', () => {
  globalThis.gc?.(); // where the process was started with --expose-gc
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  const rssGrowth = Math.max(0, peakRss() - rssAtStart);
  process.send!({ ...counts, cpuSeconds: (user + system) / 1e6, rss, rssGrowth, heapUsed, external, gcPauseMs, live: live() } satisfies Usage);
});
process.on('disconnect', () => process.exit(0));
