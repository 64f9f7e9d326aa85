import { Readable, Writable } from 'node:stream';
import type { BufMut } from './buf-mut.js';
import type { Buf } from './buf.js';

/**
 * A Node stream of what remains in `source`, consumed as it is read. The chunks are copies: consumers of a stream may keep them for as long as they
 * like.
 * @param chunkSize most bytes of one chunk. @default 65536
 */
export function reader(source: Buf, chunkSize: number = 65_536): Readable {
  return new Readable({
    read(): void {
      try {
        const n = Math.min(source.end - source.start, chunkSize);
        if (source.remaining === 0) {
          this.push(null);
          return;
        }
        const chunk = Buffer.allocUnsafe(n);
        source.copyToSlice(chunk);
        this.push(chunk);
      } catch (error) {
        this.destroy(error as Error);
      }
    },
  });
}

/** A Node stream that appends what is written to it to `sink`. It fails where the sink does: at its limit, or the heap's. */
export function writer(sink: BufMut): Writable {
  return new Writable({
    decodeStrings: true,
    write(chunk: Buffer, _encoding, callback): void {
      try {
        sink.putSlice(chunk);
      } catch (error) {
        callback(error as Error);
        return;
      }
      callback();
    },
  });
}
