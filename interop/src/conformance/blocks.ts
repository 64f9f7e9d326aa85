import { createHash } from 'node:crypto';
import { CodecError } from 'millrace';
import { BlockCodec, type Dialect } from 'millrace/codec';
import type { Check } from './checks.js';
import type { Vector } from './manifest.js';

/** What is wrong with `bytes` as the output of a vector; undefined when nothing is. */
export function differs(bytes: Uint8Array, vector: Vector): string | undefined {
  if (vector.decodedBytes !== undefined && bytes.length !== vector.decodedBytes) return `gives ${bytes.length} bytes instead of ${vector.decodedBytes}`;
  if (vector.decodedSha256 === undefined) return undefined;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return sha256 === vector.decodedSha256 ? undefined : 'gives other bytes';
}

/** Blocks of a dialect: decodes those that are valid, encodes what came out again, and refuses the others by a CodecError. */
export function blockCheck(dialect: Dialect): Check {
  const codec = new BlockCodec({ dialect });
  return (vector) => {
    let decoded: Buffer;
    try {
      decoded = codec.decodeToBuffer(vector.bytes);
    } catch (error) {
      if (!(error instanceof CodecError)) return `fails with ${String(error)}`;
      return vector.expectation === 'decode' ? `is refused: ${error.message}` : undefined;
    }
    if (vector.expectation === 'error') return 'is accepted';
    const fault = differs(decoded, vector);
    if (fault !== undefined) return fault;
    return codec.decodeToBuffer(codec.encodeToBuffer(decoded)).equals(decoded) ? undefined : 'does not survive encoding';
  };
}
