// Decodes Zstandard frames that come from elsewhere: into pooled memory, into memory that is kept, and as a stream of pieces of any size.
import { strict as assert } from 'node:assert';
import { CodecError, Heap } from 'millrace';
import { readZstdHeader, ZstdDecoder } from 'millrace/codec';
import { ZstdReader } from 'millrace/stream';

// What `printf 'zstd, in place.\n%.0s' 1 2 3 4 5 6 7 8 | zstd` writes.
const frame = Buffer.from('KLUv/QRYvQAAgHpzdGQsIGluIHBsYWNlLgoBANqkcwkK7bDW', 'base64');
const content = 'zstd, in place.\n'.repeat(8);

const heap = new Heap({ limit: 16 * 2 ** 20 });
const decoder = new ZstdDecoder({ heap, maxOutput: 2 ** 20 });

// A handle on memory that holds these bytes and no more; the caller's to release.
const bytes = decoder.decode(frame);
assert.equal(bytes.toBuffer().toString(), content);
bytes.release();

// Into memory that the caller keeps: nothing is allocated. Too small, and the error says what would do.
const kept = Buffer.alloc(256);
const length = decoder.decodeInto(frame, kept);
assert.equal(kept.toString('latin1', 0, length), content);
assert.throws(() => decoder.decodeInto(frame, Buffer.alloc(9)), (error) => error instanceof CodecError && error.code === 'ERR_DESTINATION_TOO_SMALL');

// One frame of several, and what the first one's header says.
const { bytes: first, consumed } = decoder.decodeFrame(Buffer.concat([frame, Buffer.from('something else')]));
assert.equal(consumed, frame.length);
first.release();
const header = readZstdHeader(frame, heap);
assert(header.kind === 'frame' && header.checksum && header.dictionaryId === 0);

// A stream: pieces go in as they come, blocks come out as soon as they are whole.
const reader = new ZstdReader({ heap });
let text = '';
for (const byte of frame) {
  reader.feed(Uint8Array.of(byte));
  for (let piece = reader.read(); piece !== undefined; piece = reader.read()) {
    text += piece.toBuffer().toString();
    piece.release();
  }
}
reader.end();
assert.equal(text, content);

decoder.release();
assert.equal(heap.live, 0);
