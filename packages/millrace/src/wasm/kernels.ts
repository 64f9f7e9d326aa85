/** The typed exports of assembly/index.ts. Addresses and lengths are in bytes; every kernel that can fail returns a negative status of ./status.ts. */
export interface Kernels {
  abiVersion(): number;

  // assembly/memory/pages.ts: for src/memory/buddy.ts only; "busy" is -1.
  pagesTake(pages: number, owner: number, turn: number): number;
  pagesGive(from: number, to: number, owner: number, turn: number): number;
  pagesClaim(from: number, pages: number, owner: number): void;
  pagesFree(from: number, to: number): void;

  // assembly/zstd/xxh64.ts: a state takes 80 bytes.
  xxh64(address: number, length: number): bigint;
  xxh64Reset(state: number): void;
  xxh64Update(state: number, address: number, length: number): void;
  xxh64Digest(state: number): bigint;
  /** assembly/buffer/delimiter.ts */
  scanDelimited(
    s: number, length: number, delimiter: number, before: number, seen: number, carried: number, limit: number,
    table: number, capacity: number, report: number,
  ): number;
  findDelimiter(s: number, length: number, delimiter: number, before: number, carried: number): number;

  /** assembly/buffer/length-prefix.ts */
  scanLengthPrefixed(
    s: number, length: number, from: number, remaining: number,
    width: number, bigEndian: number, fieldOffset: number, adjustment: number, limit: number,
    table: number, capacity: number, report: number,
  ): number;

  /** assembly/buffer/varint-prefix.ts */
  scanVarintPrefixed(s: number, length: number, from: number, remaining: number, limit: number, table: number, capacity: number, report: number): number;

  /** assembly/buffer/netstring.ts */
  scanNetstrings(s: number, length: number, from: number, remaining: number, limit: number, table: number, capacity: number, report: number): number;

  // assembly/checksum/crc32c.ts: tables take 16 KiB.
  crc32c(address: number, length: number, seed: number, tables: number): number;
  /** For at least 2,048 bytes; `scratch` has as many bytes as {@link crc32cScratch} gives. */
  crc32cLong(address: number, length: number, seed: number, tables: number, scratch: number): number;
  crc32cScratch(): number;
  crc32cTables(tables: number): void;

  // assembly/snappy: ends are addresses; tables take 272 bytes, a hash table 4 << bits.
  snappyTables(tables: number): void;
  snappyCheck(block: number, s: number, sEnd: number, length: number, s2: number, dictionary: number, offset: number, report: number): number;
  snappyDecode(block: number, end: number, dst: number, limit: number, tables: number, report: number): number;
  s2Decode(block: number, end: number, dst: number, limit: number, tables: number, report: number): number;
  s2DecodeDictionary(
    block: number, end: number, dst: number, limit: number, dictionary: number, dictionaryLength: number, repeat: number, tables: number, report: number,
  ): number;
  snappyEncodeFast(src: number, length: number, dst: number, dEnd: number, table: number, bits: number): number;
  s2EncodeFast(src: number, length: number, dst: number, dEnd: number, table: number, bits: number): number;
  snappyEncodeBetter(src: number, length: number, dst: number, dEnd: number, table: number, bits: number): number;
  s2EncodeBetter(src: number, length: number, dst: number, dEnd: number, table: number, bits: number): number;
  snappyEncodeBest(
    s2: number, src: number, length: number, dst: number, dEnd: number, work: number, longBits: number, shortBits: number,
    history: number, template: number, repeat: number,
  ): number;
  s2EncodeFastDictionary(
    src: number, length: number, dst: number, dEnd: number, table: number, history: number, template: number, repeat: number,
  ): number;
  s2EncodeBetterDictionary(
    src: number, length: number, dst: number, dEnd: number, table: number, bits: number, history: number, template: number, repeat: number,
  ): number;
  indexDictionary(content: number, length: number, template: number, bits: number, bytes: number): void;
  indexDictionaryTwice(content: number, length: number, template: number, bits: number, bytes: number): void;
  lz4Measure(s2: number, src: number, length: number, report: number): number;
  lz4Convert(s2: number, src: number, length: number, dst: number, dEnd: number): number;
  snappyLiteral(src: number, length: number, dst: number): number;

  // assembly/bytes/search.ts: addresses of a result, or -1
  indexOfByte(start: number, end: number, byte: number): number;
  lastIndexOfByte(start: number, end: number, byte: number): number;
  /** `word0` to `word3` are the pattern, 2 to 16 bytes, as little-endian words. */
  indexOfPattern(start: number, end: number, word0: number, word1: number, word2: number, word3: number, length: number): number;
  /** Index of the first byte that differs, or `length`. */
  mismatch(a: number, b: number, length: number): number;
  // assembly/zstd/encode-*.ts: a context is laid out as in encode-layout.ts; scratch has 2,048 bytes.
  zstdEncoderTablesSize(): number;
  zstdEncoderTables(tables: number, scratch: number): void;
  /** Gives the frame's size as an unsigned number in an i32; over the capacity nothing of use was written. */
  zstdEncodeFrame(context: number, src: number, length: number, dst: number, capacity: number): number;
  zstdEncodeBegin(context: number, history: number, length: number, dictionary: number, entered: number): void;
  zstdEncodeWith(context: number, dictionary: number, base: number, length: number, dst: number, capacity: number): number;
  zstdDictionaryEntropy(context: number, to: number, literals: number, codes: number): number;
  zstdEncoderDictionarySize(): number;
  zstdEncoderDictionary(to: number, scratch: number, decoder: number, source: number, length: number, level: number, report: number): number;
  zstdEncodeHeader(context: number, to: number, size: number): number;
  zstdEncodeMoved(context: number, from: number, to: number): void;
  zstdEncodeResume(context: number, history: number, start: number, length: number, alone: number): void;
  zstdEncodePart(context: number, start: number, end: number, isLast: number, dst: number, capacity: number): number;
  zstdEncodeBatch(context: number, items: number, count: number, dst: number, capacity: number): number;
  // assembly/zstd/decode-prepare.ts, decode-dictionary.ts, decode-frame.ts: the context, its tables and what a call may ask for are explained there.
  zstdContextSize(): number;
  zstdContextInit(context: number, image: number): void;
  zstdContextLiterals(context: number, address: number, capacity: number): void;
  zstdDictionarySize(): number;
  zstdDictionaryPrepare(scratch: number, source: number, length: number, to: number, report: number): number;
  zstdDictionaryRename(dictionary: number, id: number): void;
  zstdDictionaryId(dictionary: number): number;
  zstdUseDictionary(context: number, dictionary: number): void;
  zstdDecode(
    context: number, source: number, length: number, destination: number, capacity: number, writable: number,
    flags: number, maxWindow: number, report: number,
  ): number;
  zstdHeader(source: number, length: number, to: number, report: number): number;
  zstdMeasure(source: number, length: number, oneFrame: number, header: number, to: number, report: number): number;
  zstdRingSize(window: number): number;
  zstdStreamHeader(context: number): number;
  zstdStreamStart(context: number, base: number, verify: number): void;
  zstdStreamMoved(context: number, base: number): void;
  zstdStreamWrap(context: number, base: number, end: number): void;
  zstdStreamBlock(context: number, header: number, body: number, out: number, limit: number, writable: number, report: number): number;
  zstdStreamEnd(context: number, checksum: number, report: number): number;

  /** assembly/bytes/copy.ts */
  copyBytes(d: number, s: number, n: number): void;

  /** assembly/bytes/ascii.ts */
  asciiLength(s: number, length: number): number;
}
