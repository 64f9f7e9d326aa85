// Raised with every incompatible change of an exported kernel; src/wasm/module.ts refuses any other.
const ABI_VERSION: i32 = 1;

export function abiVersion(): i32 {
  return ABI_VERSION;
}
