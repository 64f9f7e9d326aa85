import { Bytes } from '../bytes/bytes.js';
import type { Heap } from '../memory/heap.js';
import { paddingChunk, paddingLength } from './padding.js';
import type { PieceQueue } from './piece-queue.js';
import type { S2WriterOptions } from './writer-options.js';

/** Completes the index, and puts padding and index behind all other pieces where the options ask for them. */
export function putTrailer(pieces: PieceQueue, heap: Heap, options: S2WriterOptions, padding: number): void {
  const { index, written } = pieces;
  index.totalUncompressed = pieces.uncompressed;
  index.totalCompressed = padding === 1 ? written : -1;
  if (written === 0) return; // an index alone would be no stream
  const encoded = options.addIndex === true ? index.encode() : undefined;
  // The index must stand last, where readers look for it, so padding goes before it.
  const length = paddingLength(written + (encoded?.length ?? 0), padding);
  if (length > 0) pieces.put(paddingChunk(length, heap, options.paddingSource));
  if (encoded !== undefined) pieces.put(Bytes.copyOf(encoded, heap));
}
