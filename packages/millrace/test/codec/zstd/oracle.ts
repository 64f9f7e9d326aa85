// What decodes the frames that the encoder's tests make: the project's own decoder, and Node's where it has one.
import zlib from 'node:zlib';
import { expect } from 'vitest';
import { ZstdDecoder } from '../../../src/codec/zstd/decoder.js';
import { Heap } from '../../../src/memory/heap.js';

const native = (zlib as unknown as { zstdDecompressSync?: (frame: Uint8Array) => Buffer }).zstdDecompressSync;
const decoder = new ZstdDecoder({ heap: new Heap(), maxWindow: 2 ** 29 });

/** The content of all frames in `data`, by our decoder: Node's stops behind the first. */
export function decodeFrames(data: Uint8Array): Buffer {
  return decoder.decodeToBuffer(data);
}

/** Fails unless `frame` decodes to `content`. */
export function expectContent(frame: Uint8Array, content: Uint8Array): void {
  expect(Buffer.compare(decodeFrames(frame), content)).toBe(0);
  if (native !== undefined) expect(Buffer.compare(native(frame), content)).toBe(0);
}
