import { createHash } from 'node:crypto';
import { CodecError, Heap } from 'millrace';
import { RawEncoder, checkBlock, decodeBlock, maxEncodedLength, type Dialect } from 'millrace/codec';
import type { Check } from './checks.js';
import type { Vector } from './manifest.js';

const heap = new Heap();

/** Runs `use` on a copy of `bytes` in the heap. */
function staged<T>(bytes: Uint8Array, use: (address: number) => T): T {
  const size = Math.max(1, bytes.length);
  const address = heap.allocate(size);
  try {
    heap.u8.set(bytes, address);
    return use(address);
  } finally {
    heap.free(address, heap.roundUp(size));
  }
}

function decode(block: Uint8Array, dialect: Dialect): Buffer {
  return staged(block, (src) => {
    // The output is allocated only once the block is known to produce it.
    const length = checkBlock(heap, src, block.length, dialect);
    return staged(new Uint8Array(length), (dst) => {
      decodeBlock(heap, src, block.length, dst, length, dialect);
      return Buffer.from(heap.u8.subarray(dst, dst + length));
    });
  });
}

function encode(bytes: Uint8Array, dialect: Dialect): Buffer {
  const encoder = new RawEncoder(heap, { dialect });
  try {
    const capacity = maxEncodedLength(bytes.length);
    return staged(bytes, (src) =>
      staged(new Uint8Array(capacity), (dst) => {
        const size = encoder.encode(src, bytes.length, dst, capacity);
        return Buffer.from(heap.u8.subarray(dst, dst + size));
      }),
    );
  } finally {
    encoder.release();
  }
}

function differs(bytes: Uint8Array, vector: Vector): string | undefined {
  if (vector.decodedBytes !== undefined && bytes.length !== vector.decodedBytes) return `gives ${bytes.length} bytes instead of ${vector.decodedBytes}`;
  if (vector.decodedSha256 === undefined) return undefined;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return sha256 === vector.decodedSha256 ? undefined : 'gives other bytes';
}

/** Blocks of a dialect: decodes those that are valid, encodes what came out again, and refuses the others by a CodecError. */
export function blockCheck(dialect: Dialect): Check {
  return (vector) => {
    let decoded: Buffer;
    try {
      decoded = decode(vector.bytes, dialect);
    } catch (error) {
      if (!(error instanceof CodecError)) return `fails with ${String(error)}`;
      return vector.expectation === 'decode' ? `is refused: ${error.message}` : undefined;
    }
    if (vector.expectation === 'error') return 'is accepted';
    const fault = differs(decoded, vector);
    if (fault !== undefined) return fault;
    return decode(encode(decoded, dialect), dialect).equals(decoded) ? undefined : 'does not survive encoding';
  };
}
