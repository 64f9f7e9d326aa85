// What decodes the frames that the encoder's tests make.
import zlib from 'node:zlib';

const native = (zlib as unknown as { zstdDecompressSync?: (frame: Uint8Array) => Buffer }).zstdDecompressSync;

/** Whether this Node has a Zstandard decoder of its own: 22.15 and 24 on. */
export const hasNative: boolean = native !== undefined;

/** The content of `frame`, according to libzstd. @throws when it refuses the frame */
export function nativeDecode(frame: Uint8Array): Buffer {
  return native!(frame);
}
