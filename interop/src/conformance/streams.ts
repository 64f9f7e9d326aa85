import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CodecError, Heap } from 'millrace';
import { restoreIndexHeaders, S2Index, S2Reader, S2Writer, stripIndexHeaders, type StreamDialect } from 'millrace/stream';
import type { Check } from './checks.js';
import { vectorsFolder, type Vector } from './manifest.js';

const heap = new Heap();

/** Reads a stream fed in pieces of `size` bytes. */
function read(stream: Uint8Array, dialect: StreamDialect, size: number): Buffer {
  const reader = new S2Reader({ heap, dialect });
  const parts: Buffer[] = [];
  try {
    for (let at = 0; at < stream.length; at += size) {
      reader.feed(stream.subarray(at, at + size));
      for (let piece = reader.read(); piece !== undefined; piece = reader.read()) {
        parts.push(piece.copyToBuffer());
        piece.release();
      }
    }
    reader.end();
  } finally {
    reader.release();
  }
  return Buffer.concat(parts);
}

function write(data: Uint8Array, dialect: StreamDialect): Buffer {
  const writer = new S2Writer({ heap, dialect, addIndex: dialect === 's2' });
  writer.write(data);
  writer.close();
  const pieces = writer.take();
  const stream = Buffer.concat(pieces.map((piece) => piece.toBuffer()));
  for (const piece of pieces) piece.release();
  return stream;
}

function attempt(vector: Vector, dialect: StreamDialect, size: number): Buffer | CodecError {
  try {
    return read(vector.bytes, dialect, size);
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
}

function check(vector: Vector, dialect: StreamDialect): string | undefined {
  const whole = attempt(vector, dialect, Math.max(1, vector.bytes.length));
  const torn = attempt(vector, dialect, 7);
  if (whole instanceof CodecError || torn instanceof CodecError) {
    if (!(whole instanceof CodecError && torn instanceof CodecError)) return 'depends on how it is cut';
    if (whole.code !== torn.code || whole.offset !== torn.offset) return `is refused with ${whole.code} at ${whole.offset}, or ${torn.code} at ${torn.offset} in pieces`;
    return vector.expectation === 'decode' ? `is refused: ${whole.message}` : undefined;
  }
  if (vector.expectation === 'error') return 'is accepted';
  if (!whole.equals(torn)) return 'depends on how it is cut';
  if (vector.decodedBytes !== undefined && whole.length !== vector.decodedBytes) return `gives ${whole.length} bytes instead of ${vector.decodedBytes}`;
  if (vector.decodedSha256 !== undefined && createHash('sha256').update(whole).digest('hex') !== vector.decodedSha256) return 'gives other bytes';
  return read(write(whole, dialect), dialect, 10_000).equals(whole) ? undefined : 'does not survive being written again';
}

/** Streams of a format: reads those that are valid, whole and in pieces, writes their data again, and refuses the others by a CodecError. */
export function streamCheck(dialect: StreamDialect): Check {
  return (vector) => {
    const fault = check(vector, dialect);
    return fault ?? (heap.live === 0 ? undefined : `leaves ${heap.live} bytes allocated`);
  };
}

/** Indexes, with their headers or without: what they say is in the JSON file beside them; they are written again as they were. */
export const indexCheck: Check = (vector) => {
  const bare = vector.name.endsWith('.bare-s2idx');
  const chunk = bare ? restoreIndexHeaders(vector.bytes) : vector.bytes;
  const index = S2Index.load(chunk);
  const json = readFileSync(join(vectorsFolder()!, vector.name.replace(/\.(bare-)?s2idx$/, '-index.json')), 'utf8');
  if (JSON.stringify(index) !== JSON.stringify(JSON.parse(json))) return 'says something else';
  if (!vector.bytes.equals(bare ? stripIndexHeaders(index.encode()) : index.encode())) return 'is written differently';
  return undefined;
};
