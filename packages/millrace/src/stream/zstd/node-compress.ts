import { CompressStream } from '../node-transform.js';
import { ZstdWriter, type ZstdWriterOptions } from './zstd-writer.js';

/** A Node transform from data to a Zstandard frame; see {@link CompressStream}. */
export class ZstdCompressStream extends CompressStream {
  constructor(options: ZstdWriterOptions = {}) {
    super(new ZstdWriter(options));
  }
}
