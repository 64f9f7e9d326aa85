// Cuts messages out of one read without copying: each goes back to the heap when its last view does, whatever the others do.
import { strict as assert } from 'node:assert';
import { Bytes, BytesMut, Cursor, Rope, gather, webSafe } from 'millrace/bytes';
import { Heap } from 'millrace/memory';

const heap = new Heap();

// A buffer is written at the back; freezing makes it read-only and gives the unused room back.
const buffer = BytesMut.withCapacity(1024, heap);
for (const text of ['first', 'second', 'third']) {
  buffer.putU16(text.length);
  buffer.putText(text);
}
const read = buffer.freeze();
assert.equal(heap.live, read.length);

// Splitting costs O(1) and copies nothing.
const messages: Bytes[] = [];
while (!read.isEmpty) {
  const length = read.getU16();
  messages.push(read.splitTo(length));
}
read.release();
assert.deepEqual(messages.map(String), ['first', 'second', 'third']);

// A clone costs the same however many there are; bytes go back when the last handle on them goes.
const [first, second, third] = messages as [Bytes, Bytes, Bytes];
const kept = second.slice(0, 3);
first.release();
second.release();
assert.equal(heap.live, 'sec'.length + 'third'.length);
assert.equal(kept.toString(), 'sec');

// Views that touch become one again; parts that do not touch are read as one, without a copy.
const head = third.splitTo(2);
const whole = gather([third, head]);
assert.ok(whole instanceof Bytes);
const rope = Rope.of(kept, whole);
assert.equal(rope.toString(), 'secthird');
assert.equal(rope.indexOf('cth'), 2);
assert.deepEqual(rope.toIovec().map(String), ['sec', 'third']); // for writev
const flat = rope.flatten(heap); // one copy, as the parts lie apart

// A cursor reads from a position that moves and leaves the handle as it is: the fastest way to parse.
const cursor = new Cursor(flat);
assert.equal(cursor.getU8(), 's'.charCodeAt(0));
assert.equal(cursor.remaining, 7);

// Shared memory goes nearly everywhere in Node; for fetch bodies, WebCrypto and the like there is a guard.
assert.equal(await new Response(webSafe(flat) as Uint8Array<ArrayBuffer>).text(), 'secthird');

flat.release();
assert.equal(heap.live, 0);
