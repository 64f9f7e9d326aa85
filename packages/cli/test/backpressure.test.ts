import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Heap } from 'millrace/memory';
import { expect, test } from 'vitest';
import { IngestMeter } from '../src/ingest/meter.js';
import { TcpSource } from '../src/ingest/tcp-source.js';
import { WriteGate } from '../src/ingest/write-gate.js';
import type { SegmentFiles } from '../src/segments/segment-files.js';
import { SegmentLog } from '../src/segments/segment-log.js';
import { jsonMessages, ndjson } from './harness.js';

const MIB = 2 ** 20;

test('a slow disk slows the sockets down, and memory stays far below the limit', async () => {
  const heap = new Heap({ limit: 64 * MIB });
  const files: SegmentFiles = {
    next: async () => ({ name: 'slow', write: async () => void (await sleep(15)), truncate: async () => undefined, close: async () => undefined }),
  };
  const log = new SegmentLog(files, { heap, codec: 's2', framing: 'ndjson', pool: undefined }, 1e12);
  const gate = new WriteGate(log, heap, 64 * MIB);
  const meter = new IngestMeter(heap, log);
  const options = { framing: 'ndjson', codec: 's2', maxMessage: MIB, acceptUnterminated: false } as const;
  const source = new TcpSource({ heap, options, log, gate, meter, flushMs: 50 });
  const wire = ndjson(jsonMessages(20_000)); // about 7 MB
  const rounds = 8;

  let mostAhead = 0;
  let closedWhileSending = false;
  await source.run({ host: '127.0.0.1', port: 0 }, ({ port }) => {
    void (async () => {
      await Promise.all(
        Array.from({ length: 2 }, async () => {
          const socket = connect(port, '127.0.0.1').resume();
          for (let round = 0; round < rounds; round += 1) {
            if (!socket.write(wire)) await once(socket, 'drain');
            mostAhead = Math.max(mostAhead, meter.bytesIn - log.bytesWritten);
            closedWhileSending ||= !gate.isOpen;
          }
          socket.end();
          await once(socket, 'close');
        }),
      );
      process.kill(process.pid, 'SIGTERM');
    })();
  });
  expect(await log.close()).toBeUndefined();
  expect(log.bytesWritten).toBe(2 * rounds * wire.length);
  expect(log.messagesWritten).toBe(2 * rounds * 20_000);
  expect(closedWhileSending).toBe(true);
  // The gate's 8 MiB, and for each connection what one read and one batch hold.
  expect(mostAhead).toBeLessThan(8 * MIB + 2 * 2 * MIB);
  expect(heap.stats().highWater).toBeLessThan(24 * MIB);
  expect(heap.live).toBe(0);
});
