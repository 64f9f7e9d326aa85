// Every kernel the library calls. A kernel takes addresses and lengths in bytes, keeps no static data and allocates nothing.
export { abiVersion } from "./abi";
export { xxh64, xxh64Reset, xxh64Update, xxh64Digest } from "./zstd/xxh64";
export { scanDelimited, findDelimiter } from "./buffer/delimiter";
export { scanLengthPrefixed } from "./buffer/length-prefix";
export { scanVarintPrefixed } from "./buffer/varint-prefix";
export { scanNetstrings } from "./buffer/netstring";
