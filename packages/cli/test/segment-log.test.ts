import { setTimeout as sleep } from 'node:timers/promises';
import { Bytes } from 'millrace/bytes';
import { Heap } from 'millrace/memory';
import { describe, expect, test } from 'vitest';
import type { SegmentFile, SegmentFiles } from '../src/segments/segment-files.js';
import { SegmentLog } from '../src/segments/segment-log.js';
import { S2Reader } from 'millrace/stream';
import { jsonMessages, ndjson } from './harness.js';

/** A disk that takes `room` bytes and then fails like a full one, a torn write included; `delayMs` makes it slow. */
class Disk implements SegmentFiles {
  readonly segments: Buffer[] = [];
  open = 0;
  writes = 0;
  room: number;
  readonly delayMs: number;

  constructor(room: number, delayMs = 0) {
    this.room = room;
    this.delayMs = delayMs;
  }

  async next(): Promise<SegmentFile> {
    const at = this.segments.push(Buffer.alloc(0)) - 1;
    this.open += 1;
    return {
      name: `segment ${at + 1}`,
      write: async (views) => {
        this.writes += 1;
        if (this.delayMs > 0) await sleep(this.delayMs);
        const bytes = Buffer.concat(views as Uint8Array[]);
        const taken = bytes.subarray(0, this.room);
        this.segments[at] = Buffer.concat([this.segments[at]!, taken]);
        this.room -= taken.length;
        if (taken.length < bytes.length) throw Object.assign(new Error('write'), { code: 'ENOSPC' });
      },
      truncate: async (length) => {
        this.segments[at] = this.segments[at]!.subarray(0, length);
      },
      close: async () => {
        this.open -= 1;
      },
    };
  }
}

function decode(stream: Buffer, heap: Heap): Buffer {
  const reader = new S2Reader({ heap });
  const parts: Buffer[] = [];
  reader.feed(stream);
  for (let block = reader.read(); block !== undefined; block = reader.read()) {
    parts.push(block.copyToBuffer());
    block.release();
  }
  reader.end();
  return Buffer.concat(parts);
}

describe('a full disk', () => {
  test.each([0, 1, 10, 60, 500, 3000, 20_000])('with room for %d bytes: what counts as written is readable, nothing leaks', async (room) => {
    const heap = new Heap();
    const disk = new Disk(room);
    const log = new SegmentLog(disk, { heap, codec: 's2', framing: 'ndjson', pool: undefined }, 2000);
    let told = false;
    log.onProgress = () => {
      told ||= log.failure !== undefined;
    };
    const wire: Buffer[] = [];
    for (let i = 0; i < 40; i += 1) {
      const batch = ndjson(jsonMessages(20 + i));
      wire.push(batch);
      log.append(Bytes.copyOf(batch, heap), 20 + i);
      await sleep(0);
    }
    const failure = await log.close();
    expect(failure?.exitCode).toBe(1);
    expect(failure?.message).toMatch(/the disk is full \(ENOSPC\)/);
    expect(told).toBe(true);
    const read = Buffer.concat(disk.segments.map((segment) => decode(segment, heap)));
    expect(read.length).toBe(log.bytesWritten);
    expect(Buffer.concat(wire).subarray(0, read.length).equals(read)).toBe(true);
    expect(read.toString().split('\n').length - 1).toBe(log.messagesWritten);
    expect(disk.open).toBe(0);
    expect(log.pendingBytes).toBe(0);
    expect(heap.live).toBe(0);
  });
});

test('a slow disk: blocks gather into few writes, in order, and pendingBytes tells how much waits', async () => {
  const heap = new Heap();
  const disk = new Disk(Number.POSITIVE_INFINITY, 5);
  const log = new SegmentLog(disk, { heap, codec: 's2', framing: 'ndjson', pool: undefined }, 1 << 20);
  const batch = ndjson(jsonMessages(50));
  for (let i = 0; i < 30; i += 1) log.append(Bytes.copyOf(batch, heap), 50);
  expect(log.pendingBytes).toBeGreaterThan(0);
  expect(log.messagesWritten).toBe(0);
  expect(await log.close()).toBeUndefined();
  expect(disk.writes).toBeLessThan(10);
  expect(log.messagesWritten).toBe(1500);
  expect(log.pendingBytes).toBe(0);
  expect(log.bytesOut).toBe(disk.segments.reduce((sum, segment) => sum + segment.length, 0));
  expect(decode(disk.segments[0]!, heap).equals(Buffer.concat(Array.from({ length: 30 }, () => batch)))).toBe(true);
  expect(heap.live).toBe(0);
});

test('segments roll at their size, each a stream of its own', async () => {
  const heap = new Heap();
  const disk = new Disk(Number.POSITIVE_INFINITY);
  const log = new SegmentLog(disk, { heap, codec: 'snappy', framing: 'ndjson', pool: undefined }, 5000);
  const batches = Array.from({ length: 25 }, (_, i) => ndjson(jsonMessages(30 + i)));
  for (const [i, batch] of batches.entries()) log.append(Bytes.copyOf(batch, heap), 30 + i);
  expect(await log.close()).toBeUndefined();
  expect(disk.segments.length).toBe(log.segments);
  expect(disk.segments.length).toBeGreaterThan(5);
  for (const segment of disk.segments.slice(0, -1)) expect(segment.length).toBeGreaterThanOrEqual(5000);
  expect(Buffer.concat(disk.segments.map((segment) => decode(segment, heap))).equals(Buffer.concat(batches))).toBe(true);
  expect(heap.live).toBe(0);
});
