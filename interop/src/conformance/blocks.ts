import { createHash } from 'node:crypto';
import { CodecError, Heap } from 'millrace';
import { BlockCodec, S2Dictionary, type Dialect, type Level } from 'millrace/codec';
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

const LEVELS: readonly Level[] = ['fast', 'better', 'best'];

/** S2 blocks with a dictionary: decodes them, and what every level makes of their contents. */
export function dictionaryBlockCheck(): Check {
  const heap = new Heap();
  return (vector) => {
    if (vector.dictionary === undefined) return 'has no dictionary';
    const dictionary = S2Dictionary.parse(vector.dictionary, { heap });
    try {
      if (!dictionary.serialize().equals(vector.dictionary)) return 'its dictionary is serialised in another way';
      const decoder = new BlockCodec({ dictionary });
      const decoded = decoder.decodeToBuffer(vector.bytes);
      let fault = differs(decoded, vector);
      for (const level of LEVELS) {
        const codec = new BlockCodec({ dictionary, level });
        if (!decoder.decodeToBuffer(codec.encodeToBuffer(decoded)).equals(decoded)) fault ??= `does not survive encoding at level ${level}`;
        codec.release();
      }
      decoder.release();
      return fault;
    } catch (error) {
      if (!(error instanceof CodecError)) return `fails with ${String(error)}`;
      return vector.expectation === 'decode' ? `is refused: ${error.message}` : undefined;
    } finally {
      dictionary.release();
    }
  };
}
