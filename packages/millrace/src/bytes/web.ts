import { Rope } from './rope.js';
import { View } from './view.js';

/** Whether `bytes` is a view of shared memory, which some Web APIs refuse and fetch sends wrongly. */
export function isShared(bytes: Uint8Array): boolean {
  return bytes.buffer instanceof SharedArrayBuffer;
}

/**
 * Bytes that any Web API takes: fetch bodies, WebCrypto, browsers' TextDecoder, structured clones with a transfer. Views of shared memory are
 * copied; adopted memory that is not shared, and any other Uint8Array, is given as it is (then the view is valid as long as its handle).
 */
export function webSafe(bytes: View | Rope | Uint8Array): Uint8Array {
  if (bytes instanceof Rope) return bytes.copyToBuffer();
  const view = bytes instanceof View ? bytes.toBuffer() : bytes;
  return isShared(view) ? Buffer.from(view) : view;
}
