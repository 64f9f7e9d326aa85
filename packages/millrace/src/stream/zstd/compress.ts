import type { Bytes } from '../../bytes/bytes.js';
import type { ByteSource } from '../iterate.js';
import { ZstdWriter, type ZstdWriterOptions } from './zstd-writer.js';

/**
 * A Zstandard frame of the data in `source`. A `Bytes` it gives is used up like by {@link ZstdWriter.encodeBuffer}; a `Uint8Array` is copied. The pieces are the
 * consumer's to release, as `writeTo` does; leaving the loop early releases all others.
 */
export async function* zstdCompress(source: ByteSource, options: ZstdWriterOptions = {}): AsyncGenerator<Bytes, void, undefined> {
  const writer = new ZstdWriter(options);
  try {
    for await (const piece of source) {
      if (piece instanceof Uint8Array) writer.write(piece);
      else writer.encodeBuffer(piece);
      for (let out = writer.read(); out !== undefined; out = writer.read()) yield out;
    }
    writer.close();
    for (let out = writer.read(); out !== undefined; out = writer.read()) yield out;
  } finally {
    writer[Symbol.dispose]();
  }
}
