// Every kernel the library calls. A kernel takes addresses and lengths in bytes, keeps no static data and allocates nothing.
export { abiVersion } from "./abi";
