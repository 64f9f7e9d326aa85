import type { Suite } from '../harness/suite.js';
import { decodeRows } from './buffer/decode.js';
import { idleRows } from './buffer/idle.js';
import { netpollRows } from './buffer/netpoll.js';
import { socketRows } from './buffer/sockets.js';

/** Buffers and framings, from memory and over sockets. */
export const bufferSuite: Suite = {
  name: 'buffer',
  description: 'framing against bl, Buffer.concat, readline, split2; LinkBuffer against netpoll; proxy, echo and idle connections against plain Node',
  nodes: [20, 26],
  async run(context) {
    await netpollRows(context);
    await decodeRows(context);
    await socketRows(context);
    await idleRows(context);
  },
};
