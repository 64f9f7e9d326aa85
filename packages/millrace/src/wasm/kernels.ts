/** The typed exports of assembly/index.ts. Addresses and lengths are in bytes; every kernel that can fail returns a negative status of ./status.ts. */
export interface Kernels {
  abiVersion(): number;

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
}
