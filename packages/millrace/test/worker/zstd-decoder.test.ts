import { afterEach, beforeEach, expect, test } from 'vitest';
import { Bytes } from '../../src/bytes/bytes.js';
import { ZstdDictionary } from '../../src/codec/zstd/dictionary.js';
import { Heap } from '../../src/memory/heap.js';
import { WorkerPool } from '../../src/worker/pool.js';
import { ConcurrentZstdDecoder, type ConcurrentZstdDecoderOptions } from '../../src/worker/zstd-decoder.js';
import { dictionary, frames, trained } from '../codec/zstd/fixtures.js';

/** Threads cannot run the sources; they are built before the tests. */
const entry = new URL('../../dist/worker/thread.js', import.meta.url);

let heap: Heap;
let workers: WorkerPool;
const open: { release(): void }[] = [];

beforeEach(() => {
  heap = new Heap({ limit: 64 * 2 ** 20 });
  workers = new WorkerPool({ heap, threads: 2, capacity: 4, entry });
});

afterEach(async () => {
  await workers.close();
  for (const it of open.splice(0)) it.release();
  expect(heap.live).toBe(0);
  heap.audit();
});

function decoder(options: ConcurrentZstdDecoderOptions = {}): ConcurrentZstdDecoder {
  const made = new ConcurrentZstdDecoder({ heap, workers, ...options });
  open.push(made);
  return made;
}

// 200 KB in raw blocks: large enough for a thread, and not so much more than its input that it must be allowed to grow.
const large = Buffer.from(Array.from({ length: 200_000 }, (_, i) => Math.imul(i, 2654435761) >>> 24));
const header = (size: number, last: boolean): Buffer => {
  const bits = (size << 3) | (last ? 1 : 0);
  return Buffer.from([bits & 255, (bits >> 8) & 255, bits >> 16]);
};
const largeFrame = Buffer.concat([
  Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x38]),
  header(100_000, false), large.subarray(0, 100_000),
  header(100_000, true), large.subarray(100_000),
]);

async function text(zstd: ConcurrentZstdDecoder, source: Buffer | Bytes): Promise<Buffer> {
  const bytes = await zstd.decode(source);
  const copy = bytes.copyToBuffer();
  bytes.release();
  return copy;
}

test('frames are decoded in threads, and small ones here, with the same result', async () => {
  const zstd = decoder();
  const jobs = Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? text(zstd, frames[i % frames.length]!.frame) : text(zstd, largeFrame)));
  for (const [i, result] of (await Promise.all(jobs)).entries()) expect(result.equals(i % 3 === 0 ? frames[i % frames.length]!.content : large)).toBe(true);
  expect(workers.stats.finished).toBeGreaterThan(0);
});

test('a handle may be released at once, and memory reused', async () => {
  const zstd = decoder();
  const handle = Bytes.copyOf(largeFrame, heap);
  const first = text(zstd, handle);
  handle.release();
  const borrowed = Buffer.from(largeFrame);
  const second = text(zstd, borrowed);
  borrowed.fill(0);
  const foreign = Bytes.adopt(largeFrame);
  const adopted = text(zstd, foreign);
  foreign.release();
  for (const result of await Promise.all([first, second, adopted])) expect(result.equals(large)).toBe(true);
});

test('errors are those of the calling thread', async () => {
  const zstd = decoder();
  const wrong = Buffer.from(largeFrame);
  wrong[100_009] = 0xff; // the header of the second block
  await expect(zstd.decode(wrong)).rejects.toMatchObject({ code: expect.stringMatching(/ERR_(TRUNCATED|CORRUPT)/) as string });
  await expect(zstd.decode(largeFrame.subarray(0, 150_000))).rejects.toMatchObject({ code: 'ERR_TRUNCATED' });
  await expect(decoder({ maxOutput: 100_000 }).decode(largeFrame)).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' });
  await expect(decoder({ maxWindow: 1024 }).decode(largeFrame)).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' });
});

test('frames with a dictionary are decoded too', async () => {
  const prepared = ZstdDictionary.prepare(dictionary, { heap });
  open.push(prepared);
  const both = Buffer.concat([largeFrame, trained.frame]);
  expect((await text(decoder({ dictionaries: [prepared] }), both)).equals(Buffer.concat([large, trained.content]))).toBe(true);
});

test('an aborted wait leaves nothing behind', async () => {
  const zstd = decoder();
  const controller = new AbortController();
  const waiting = zstd.decode(largeFrame, controller.signal);
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await expect(zstd.decode(largeFrame, controller.signal)).rejects.toThrow('enough');
  await workers.idle();
});
