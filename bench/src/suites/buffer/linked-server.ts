import type { Server } from 'node:net';
import { Heap } from 'millrace';
import { connectLink, FrameCutter, length32, linkServer, type Link, type LinkHandlers } from 'millrace/buffer';
import type { ServerOptions } from './server.js';

interface Side {
  cutter: FrameCutter;
  to: Link<Side>;
}

/** Ours: links, and a cutter that moves whole messages on. */
export function serve({ role, upstream, counts }: ServerOptions): { server: Server; live: () => number } {
  const heap = new Heap();
  const framing = length32();
  const forwarding: LinkHandlers<Side> = {
    data(link) {
      const { cutter, to } = link.data;
      counts.messages += cutter.moveTo(to.output);
      link.carry = cutter.pending;
      return to.flush();
    },
    // `link` can be written to again: its source, which stopped, goes on.
    drain: (link) => link.data.to.resume(),
    close(link) {
      counts.connections -= 1;
      counts.copied += link.input.copiedBytes;
      const { to } = link.data;
      if (to !== link) to.end();
    },
  };
  const counting: LinkHandlers<Side> = {
    data(link) {
      const { cutter } = link.data;
      link.input.skip(cutter.scan());
      counts.messages += cutter.messages;
      link.carry = cutter.pending;
    },
    close() {
      counts.connections -= 1;
    },
  };
  const open = (link: Link<Side>): Side => {
    counts.connections += 1;
    if (role !== 'proxy') return { cutter: new FrameCutter(framing, link.input), to: link };
    counts.connections += 1;
    const peer = connectLink({ port: upstream, host: '127.0.0.1' }, forwarding, { heap });
    peer.data = { cutter: new FrameCutter(framing, peer.input), to: link };
    return { cutter: new FrameCutter(framing, link.input), to: peer };
  };
  return { server: linkServer({ ...(role === 'count' ? counting : forwarding), open }, { heap }), live: () => heap.live };
}
