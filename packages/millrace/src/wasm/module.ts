import { MillraceError } from '../base/errors.js';
import { KERNELS_BASE64 } from './embedded.js';
import type { Kernels } from './kernels.js';
import { wasm, type CompiledModule, type SharedMemory } from './webassembly.js';

/** The exports this version of the library calls; see assembly/abi.ts. */
const ABI_VERSION = 1;

let compiled: CompiledModule | undefined;

/** The compiled kernels: one compilation a thread. A worker may be given the module instead, by structured clone. */
export function kernelModule(): CompiledModule {
  compiled ??= new wasm.Module(Buffer.from(KERNELS_BASE64, 'base64'));
  return compiled;
}

/**
 * Instantiates the kernels over `memory`, which must be shared and have a maximum of at most 2 GiB.
 * The instance keeps no state of its own: any number of them, in any thread, may work on one memory.
 * @throws MillraceError `ERR_ABI` when the embedded module is of another version
 */
export function instantiateKernels(memory: SharedMemory, module: CompiledModule = kernelModule()): Kernels {
  const instance = new wasm.Instance(module, { env: { memory } });
  const kernels = instance.exports as unknown as Kernels;
  const version = kernels.abiVersion();
  if (version !== ABI_VERSION) {
    throw new MillraceError('ERR_ABI', `the kernels have ABI version ${version}; this library needs ${ABI_VERSION}`, {
      expected: ABI_VERSION,
      actual: version,
    });
  }
  return kernels;
}
