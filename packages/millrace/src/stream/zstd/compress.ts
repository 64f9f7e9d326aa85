import type { ByteIterable } from '../../buffer/reader/source.js';
import type { Bytes } from '../../bytes/bytes.js';
import { compressWith } from '../iterate.js';
import { ZstdWriter, type ZstdWriterOptions } from './zstd-writer.js';

/** A Zstandard frame of the data in `source`; see {@link compressWith}. */
export function zstdCompress(source: ByteIterable, options: ZstdWriterOptions = {}): AsyncGenerator<Bytes, void, undefined> {
  return compressWith(new ZstdWriter(options), source);
}
