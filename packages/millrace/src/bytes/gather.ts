import { ArgumentTypeError } from '../base/arguments.js';
import { throwReleased } from './block.js';
import { Bytes } from './bytes.js';
import { Rope } from './rope.js';

/**
 * Rebuilds the view that `parts` were split from, whatever order they come in: no copy. Where they do not make up one range, a Rope of them in
 * the order given, and no copy either. The parts count as released.
 * @throws OwnershipError `ERR_RELEASED`, ArgumentTypeError when one part is there twice; nothing has changed then
 */
export function gather(parts: readonly Bytes[]): Bytes | Rope {
  if (new Set(parts).size !== parts.length) throw new ArgumentTypeError('parts', 'different handles', parts);
  for (const part of parts) if (part.isReleased) throwReleased();
  const sorted = parts.filter((part) => !part.isEmpty).sort((a, b) => a.start - b.start);
  const [first, ...rest] = sorted;
  let end = first?.end;
  for (const part of rest) {
    if (part.block !== first!.block || part.start !== end) return Rope.of(...parts);
    end = part.end;
  }
  for (const part of parts) if (part.isEmpty) part.release();
  if (first === undefined) return Bytes.empty();
  for (const part of rest) first.tryMerge(part);
  return first;
}
