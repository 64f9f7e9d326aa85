// Every kernel the library calls. A kernel takes addresses and lengths in bytes, keeps no static data and allocates nothing.
export { abiVersion } from "./abi";
export { xxh64, xxh64Reset, xxh64Update, xxh64Digest } from "./zstd/xxh64";
