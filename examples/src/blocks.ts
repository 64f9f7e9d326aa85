// Snappy and S2 blocks: one message, where its output can go, a dictionary for messages that are too small to compress alone, and the
// framing that Kafka's Java clients write.
import { strict as assert } from 'node:assert';
import { CodecError, Heap } from 'millrace';
import { BytesMut } from 'millrace/bytes';
import { BlockCodec, S2Dictionary, XerialCodec } from 'millrace/codec';

const heap = new Heap();
const codec = new BlockCodec({ dialect: 's2', level: 'better', heap });
const message = Buffer.from(JSON.stringify(Array.from({ length: 50 }, (_, id) => ({ id, service: 'checkout', status: 'accepted' }))));

// A handle on pooled memory that holds the block and no more; the caller's to release.
const block = codec.encode(message);
assert(block.length < message.length / 4);

// Into memory of the caller's: nothing is allocated. Too small, and the error says what would do.
const target = Buffer.alloc(codec.decodedLength(block));
assert.equal(codec.decodeInto(block, target), message.length);
assert(target.equals(message));
assert.throws(
  () => codec.decodeInto(block, Buffer.alloc(9)),
  (error) => error instanceof CodecError && error.code === 'ERR_DESTINATION_TOO_SMALL' && error.expected === message.length,
);

// To the end of what is being built, one block after the other; and as a Buffer of its own.
const batch = BytesMut.withCapacity(0, heap);
const sizes = [codec.encodeAppend(message, batch), codec.encodeAppend(message, batch)];
assert.equal(batch.length, sizes[0]! + sizes[1]!);
batch.release();
assert(codec.decodeToBuffer(codec.encodeToBuffer(message)).equals(message));
block.release();

// A dictionary of what many messages have in common, for small ones.
const sample = (id: number): Buffer => Buffer.from(JSON.stringify({ id: id * 7919, service: 'checkout', region: 'eu-west-1', status: 'accepted' }));
const dictionary = S2Dictionary.train(Array.from({ length: 200 }, (_, id) => sample(id)), { heap, size: 2048 });
const small = new BlockCodec({ dictionary });
const plain = codec.encodeToBuffer(sample(1000)).length;
const shared = small.encodeToBuffer(sample(1000));
assert(shared.length < plain / 2);

// Who reads it needs the same dictionary.
const copy = S2Dictionary.parse(dictionary.serialize(), { heap });
const reader = new BlockCodec({ dictionary: copy });
assert(reader.decodeToBuffer(shared).equals(sample(1000)));

// Kafka's Java clients frame Snappy in their own way; this reads both that and raw blocks.
const kafka = new XerialCodec({ heap });
assert(kafka.decodeToBuffer(kafka.encodeToBuffer(message)).equals(message));
const raw = new BlockCodec({ dialect: 'snappy', heap });
assert(kafka.decodeToBuffer(raw.encodeToBuffer(message)).equals(message));

for (const one of [codec, small, reader, kafka, raw]) one.release();
dictionary.release();
copy.release();
assert.equal(heap.live, 0);
