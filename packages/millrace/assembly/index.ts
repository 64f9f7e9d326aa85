// Every kernel the library calls. A kernel takes addresses and lengths in bytes, keeps no static data and allocates nothing.
export { abiVersion } from "./abi";
export { xxh64, xxh64Reset, xxh64Update, xxh64Digest } from "./zstd/xxh64";
export { scanDelimited, findDelimiter } from "./buffer/delimiter";
export { scanLengthPrefixed } from "./buffer/length-prefix";
export { scanVarintPrefixed } from "./buffer/varint-prefix";
export { scanNetstrings } from "./buffer/netstring";
export { crc32c, crc32cLong, crc32cScratch, crc32cTables } from "./checksum/crc32c";
export { snappyTables } from "./snappy/tables";
export { snappyCheck } from "./snappy/check";
export { snappyDecode, s2Decode, s2DecodeDictionary } from "./snappy/decode";
export { snappyEncodeFast, s2EncodeFast, s2EncodeFastDictionary, snappyLiteral } from "./snappy/encode";
export { indexOfByte, lastIndexOfByte, indexOfPattern, mismatch } from "./bytes/search";
export { zstdDictionaryEntropy, zstdEncoderDictionary, zstdEncoderDictionarySize } from "./zstd/encode-dictionary";
export { zstdEncoderTables, zstdEncoderTablesSize } from "./zstd/encode-tables";
export { zstdEncodeBatch, zstdEncodeBegin, zstdEncodeFrame, zstdEncodeHeader, zstdEncodeMoved, zstdEncodePart, zstdEncodeResume, zstdEncodeWith } from "./zstd/encode-frame";
export { snappyEncodeBetter, s2EncodeBetter } from "./snappy/better";
export { snappyEncodeBetter, s2EncodeBetter, s2EncodeBetterDictionary } from "./snappy/better";
export { snappyEncodeBest } from "./snappy/best";
export { lz4Measure, lz4Convert } from "./snappy/lz4";
export { indexDictionary, indexDictionaryTwice } from "./snappy/dictionary";
export { zstdContextSize, zstdContextInit, zstdContextLiterals } from "./zstd/decode-prepare";
export { zstdDictionarySize, zstdDictionaryPrepare, zstdDictionaryRename, zstdDictionaryId, zstdUseDictionary } from "./zstd/decode-dictionary";
export {
  zstdDecode, zstdHeader, zstdMeasure, zstdRingSize, zstdStreamBlock, zstdStreamEnd, zstdStreamHeader, zstdStreamMoved, zstdStreamStart,
  zstdStreamWrap,
} from "./zstd/decode-frame";
export { copyBytes } from "./bytes/copy";
export { asciiLength } from "./bytes/ascii";
export { pagesClaim, pagesFree, pagesGive, pagesTake } from "./memory/pages";
