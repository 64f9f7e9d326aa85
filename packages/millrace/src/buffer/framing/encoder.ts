import type { Bytes } from '../../bytes/bytes.js';
import type { LinkBuffer } from '../link-buffer.js';
import type { Framing } from './framing.js';

/**
 * Writes `payload` as one message to `output`, where it is readable after `flush`. A handle is the buffer's from now on; an array of `copyBelow` bytes or more is
 * taken by reference and must not change until it is written out. After an error nothing is written, and a handle is still the caller's.
 * @throws BufferError `ERR_MESSAGE_TOO_LARGE` over the framing's limit, `ERR_FRAMING` when the payload contains the delimiter
 * @throws ArgumentRangeError when the length field cannot hold the length
 */
export function writeFrame(output: LinkBuffer, framing: Framing, payload: Uint8Array | Bytes): void {
  const { length } = payload;
  const header = framing.headerLength(length);
  if (payload instanceof Uint8Array) framing.checkPayload(payload, 0, length);
  else framing.checkPayload(payload.block.u8, payload.start, payload.end);
  if (header > 0) {
    const at = output.mallocAddress(header);
    framing.writeHeader(output.heap.u8, at, length);
  }
  if (payload instanceof Uint8Array) output.writeBinary(payload);
  else output.writeBytes(payload);
  if (framing.trailerLength > 0) {
    const at = output.mallocAddress(framing.trailerLength);
    framing.writeTrailer(output.heap.u8, at);
  }
}
