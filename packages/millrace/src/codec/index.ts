export { maxEncodedLength, type Dialect, type Level } from './snappy/format.js';
export { RawEncoder, decodeBlock, checkBlock, decodedLength, DECODE_SLACK, type RawEncoderOptions } from './snappy/raw.js';
export { crc32c, maskedCrc32c } from './checksum/crc32c.js';
