// Encodes messages as Zstandard frames: where the output goes, what contexts may take, many messages in one call, a dictionary, and a stream.
import { strict as assert } from 'node:assert';
import { CodecError, Heap } from 'millrace';
import { ZstdContextPool, ZstdDecoder, ZstdDictionary, ZstdEncoder, ZstdEncoderDictionary, ZstdSettings } from 'millrace/codec';
import { ZstdWriter } from 'millrace/stream';

const message = (n: number): Buffer => Buffer.from(JSON.stringify({ id: n, event: 'purchase', user: `user-${n % 50}`, tags: ['web', 'eu', 'returning'], value: n / 4 }));

const heap = new Heap({ limit: 64 * 2 ** 20 });
const decoder = new ZstdDecoder({ heap });

// All contexts of the program together: no more than this, and no more than so many at once.
const pool = new ZstdContextPool({ heap, maxBytes: 4 * 2 ** 20, concurrency: 8 });
const encoder = new ZstdEncoder({ pool, level: 'fastest' });

// A handle on memory that holds the frame and no more; the caller's to release.
const frame = encoder.encode(message(1));
assert(decoder.decodeToBuffer(frame).equals(message(1)));
frame.release();

// Into memory that the caller keeps: nothing is allocated. Too small, and the error says what would do.
const kept = Buffer.alloc(encoder.maxEncodedSize(message(2).length));
const size = encoder.encodeInto(message(2), kept);
assert(decoder.decodeToBuffer(kept.subarray(0, size)).equals(message(2)));
assert.throws(() => encoder.encodeInto(message(2), Buffer.alloc(9)), (error) => error instanceof CodecError && error.expected === size);

// Settings for some of the calls: checked once, then free.
const thorough = new ZstdSettings({ level: 'best', checksum: false });
assert(encoder.encodeToBuffer(message(3), thorough).length < size);

// When no context is free, waiting can be given up.
await assert.rejects(encoder.encodeWhenFree(message(4), undefined, AbortSignal.abort(new Error('the client has gone'))), /the client has gone/);

// Many messages in one call: a frame each, in one piece of memory.
const batch = encoder.encodeBatch([message(5), message(6), message(7)]);
const second = batch.frame(1);
assert(decoder.decodeToBuffer(second).equals(message(6)));
second.release();
batch.release();

// A dictionary: what messages have in common, known to both sides. Small frames become much smaller.
const common = Buffer.concat([message(100), message(200), message(300)]);
const dictionary = ZstdEncoderDictionary.prepare(common, { heap, level: 'fastest', id: 7 });
const known = ZstdDictionary.prepare(common, { heap, id: 7 });
const short = encoder.encodeToBuffer(message(8), { dictionary });
assert(short.length < 0.6 * encoder.encodeToBuffer(message(8)).length);
const knowing = new ZstdDecoder({ heap, dictionaries: [known] });
assert(knowing.decodeToBuffer(short).equals(message(8)));

// A stream: content goes in as it comes, pieces of the frame come out; what is lent comes back when it is free.
let back = 0;
const writer = new ZstdWriter({ pool, level: 'fastest', onBufferDone: () => (back += 1) });
const parts: Buffer[] = [];
for (let n = 0; n < 5000; n += 1) {
  writer.encodeBuffer(message(n));
  for (let piece = writer.read(); piece !== undefined; piece = writer.read()) {
    parts.push(piece.copyToBuffer());
    piece.release();
  }
}
writer.close();
for (const piece of writer.take()) {
  parts.push(piece.copyToBuffer());
  piece.release();
}
assert.equal(back, 5000);
assert(decoder.decodeToBuffer(Buffer.concat(parts)).equals(Buffer.concat(Array.from({ length: 5000 }, (_, n) => message(n)))));

assert.equal(pool.statistics.inUse, 0);
encoder.release();
pool.trim();
decoder.release();
knowing.release();
dictionary.release();
known.release();
assert.equal(heap.live, 0);
