// The part of the WebAssembly JavaScript API used here. TypeScript declares it only in its DOM library, which a
// library for Node must neither load nor demand of its users.

/** A `WebAssembly.Memory` made with `shared: true`. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
  /** Grows by `pages` of 64 KiB and gives the old size in pages. @throws RangeError over the maximum */
  grow(pages: number): number;
}

/** A compiled `WebAssembly.Module`; survives structured clone. */
export interface CompiledModule {
  readonly [Symbol.toStringTag]: string;
}

interface WebAssemblyApi {
  readonly Memory: new (descriptor: { initial: number; maximum: number; shared: true }) => SharedMemory;
  readonly Module: new (bytes: Uint8Array) => CompiledModule;
  readonly Instance: new (module: CompiledModule, imports: { env: { memory: SharedMemory } }) => { readonly exports: object };
}

export const wasm: WebAssemblyApi = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
