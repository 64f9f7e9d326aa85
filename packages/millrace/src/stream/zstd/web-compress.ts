import { pair, type BytePair } from '../web-transform.js';
import { ZstdWriter, type ZstdWriterOptions } from './zstd-writer.js';

/** A web transform from data to a Zstandard frame, for `pipeThrough`. Its output is copied: web streams do not tell when a chunk has been used. */
export function zstdCompressionStream(options: ZstdWriterOptions = {}): BytePair {
  const writer = new ZstdWriter(options);
  return pair({
    take: (chunk) => writer.write(chunk),
    ready: async () => {},
    more: async () => false,
    end: () => writer.close(),
    next: () => writer.read(),
    release: () => writer[Symbol.dispose](),
  });
}
