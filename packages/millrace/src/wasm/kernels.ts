/** The typed exports of assembly/index.ts. Addresses and lengths are in bytes; every kernel that can fail returns a negative status of ./status.ts. */
export interface Kernels {
  abiVersion(): number;

  // assembly/zstd/xxh64.ts: a state takes 80 bytes.
  xxh64(address: number, length: number): bigint;
  xxh64Reset(state: number): void;
  xxh64Update(state: number, address: number, length: number): void;
  xxh64Digest(state: number): bigint;
}
