import { randomFillSync } from 'node:crypto';
import { BytesMut, type Bytes } from '../bytes/bytes.js';
import type { Heap } from '../memory/heap.js';
import { CHUNK_HEADER, CHUNK_PADDING, writeChunkHeader } from './chunk.js';

/** Length of the padding chunk that makes a stream of `length` bytes a multiple of `multiple`: 0, or at least its header. */
export function paddingLength(length: number, multiple: number): number {
  const over = length % multiple;
  if (over === 0) return 0;
  let missing = multiple - over;
  while (missing < CHUNK_HEADER) missing += multiple;
  return missing;
}

/**
 * A padding chunk (framing_format.txt section 4.4) of `length` bytes, header included.
 * @param fill writes the contents; random bytes if not given, so that nothing is learnt from how well padding compresses
 */
export function paddingChunk(length: number, heap: Heap, fill?: (target: Uint8Array) => void): Bytes {
  const contents = new Uint8Array(length - CHUNK_HEADER);
  if (fill === undefined) randomFillSync(contents);
  else fill(contents);
  const target = BytesMut.withCapacity(length, heap);
  writeChunkHeader(target.block.u8, target.spareStart, CHUNK_PADDING, contents.length);
  target.advanceMut(CHUNK_HEADER);
  target.putSlice(contents);
  return target.freeze();
}
