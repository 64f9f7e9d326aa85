import { CodecError, Heap } from 'millrace';
import { XerialCodec } from 'millrace/codec';
import { differs } from './blocks.js';
import type { Check } from './checks.js';

/** Xerial framing and raw blocks under its name: decoded as the manifest says, encoded again and decoded. */
export function xerialCheck(): Check {
  const heap = new Heap();
  const codec = new XerialCodec({ heap });
  return (vector) => {
    let decoded: Buffer;
    try {
      decoded = codec.decodeToBuffer(vector.bytes);
    } catch (error) {
      if (!(error instanceof CodecError)) return `fails with ${String(error)}`;
      return vector.expectation === 'decode' ? `is refused: ${error.message}` : undefined;
    }
    if (vector.expectation === 'error') return `is accepted, and gives ${decoded.length} bytes`;
    return differs(decoded, vector) ?? (codec.decodeToBuffer(codec.encodeToBuffer(decoded)).equals(decoded) ? undefined : 'does not survive encoding');
  };
}
