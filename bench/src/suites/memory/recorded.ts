import { LinkBuffer } from 'millrace/buffer';
import { Bytes } from 'millrace/bytes';
import { Heap } from 'millrace/memory';

/** A heap that writes down what it was asked for. */
class RecordingHeap extends Heap {
  readonly sizes: number[] = [];

  override allocate(size: number): number {
    this.sizes.push(this.roundUp(size));
    return super.allocate(size);
  }
}

/**
 * The sizes that a relay asks its heap for: it reads messages, one JSON text a line, from a connection in pieces such as a socket gives,
 * answers each with a short header and the message itself, and keeps a copy of every fourth. Deterministic.
 */
export function recordLinkBuffer(messages: readonly Buffer[]): number[] {
  const heap = new RecordingHeap();
  const wire = Buffer.concat(messages.flatMap((message) => [message, Buffer.from('\n')]));
  const input = new LinkBuffer({ heap });
  const output = new LinkBuffer({ heap });
  const kept: Bytes[] = [];
  let seed = 1;
  let at = 0;
  let scanned = 0;
  let count = 0;
  while (at < wire.length) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    // Now and then a burst, else what one packet or a few carry.
    const arrived = Math.min(wire.length - at, (seed & 7) === 0 ? 65_536 : 200 + ((seed >>> 8) % 6000));
    for (let read = 0; read < arrived; ) {
      input.bookRead();
      const room = input.roomBuffer();
      const n = wire.copy(room, 0, at + read, at + Math.min(arrived, read + room.length));
      input.commit(n);
      read += n;
    }
    at += arrived;
    for (;;) {
      const end = input.indexAfter(10, scanned);
      if (end === 0) break;
      const line = input.next(end);
      scanned = 0;
      count += 1;
      output.malloc(24).fill(32);
      if (count % 4 === 0) kept.push(Bytes.copyOf(line.toBuffer(), heap));
      output.writeBytes(line);
      if (count % 16 === 0) {
        output.flush();
        output.skip(output.length);
      }
    }
    scanned = input.length;
    while (kept.length > 100) kept.shift()!.release();
  }
  for (const copy of kept) copy.release();
  input.close();
  output.close();
  if (heap.live !== 0) throw new Error(`the recording leaves ${heap.live} bytes live`);
  return heap.sizes;
}
