/** The typed exports of assembly/index.ts. Addresses and lengths are in bytes; every kernel that can fail returns a negative status of ./status.ts. */
export interface Kernels {
  abiVersion(): number;
}
