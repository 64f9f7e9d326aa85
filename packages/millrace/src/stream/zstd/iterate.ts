import type { ByteIterable } from '../../buffer/reader/source.js';
import type { Bytes } from '../../bytes/bytes.js';
import { ZstdReader, type ZstdReaderOptions } from './zstd-reader.js';

/**
 * The data of the Zstandard frames in `source`, block by block. A `Bytes` it gives is used up; a `Uint8Array` must stay as it is until the next piece is
 * asked for. The blocks are the consumer's to release; leaving the loop early releases all else.
 * @throws as {@link ZstdReader.read} and {@link ZstdReader.end}
 */
export async function* zstdDecompress(source: ByteIterable, options: ZstdReaderOptions = {}): AsyncGenerator<Bytes, void, undefined> {
  const reader = new ZstdReader(options);
  try {
    for await (const piece of source) {
      reader.feed(piece);
      for (let out = reader.read(); out !== undefined; out = reader.read()) yield out;
    }
    reader.end();
  } finally {
    reader.release();
  }
}
