export { maxEncodedLength, type Dialect, type Level } from './snappy/format.js';
export { BlockCodec, s2, snappy, type BlockCodecOptions } from './snappy/block.js';
export { RawEncoder, decodeBlock, checkBlock, decodedLength, DECODE_SLACK, ENCODE_SLACK, type RawEncoderOptions } from './snappy/raw.js';
export { crc32c, maskedCrc32c } from './checksum/crc32c.js';
export type { Source } from './source.js';
export { ZstdEncoder, type ZstdEncoderOptions, type ZstdSource } from './zstd/encode.js';
export { ZstdSettings, type LiteralEntropy, type ZstdFrameOptions, type ZstdLevel } from './zstd/encode-settings.js';
export { ZstdContextPool, type ZstdPoolOptions, type ZstdPoolStatistics } from './zstd/encode-pool.js';
export { ZstdEncodeContext, ENCODE_SLACK as ZSTD_ENCODE_SLACK } from './zstd/encode-context.js';
