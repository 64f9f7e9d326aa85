import { compressionStream, type BytePair } from '../web-transform.js';
import { ZstdWriter, type ZstdWriterOptions } from './zstd-writer.js';

/** A web transform from data to a Zstandard frame, for `pipeThrough`; see {@link compressionStream}. */
export function zstdCompressionStream(options: ZstdWriterOptions = {}): BytePair {
  return compressionStream(new ZstdWriter(options));
}
