// Parts of a frame that are encoded on their own, so that several threads can be at one frame. Each begins with empty tables and does not know what the decoder's
// repeats will be; what it sees of the content before it, so that matches can reach back, is entered into its match tables first.
import type { ZstdEncodeContext } from './encode-context.js';
import { FLAG_NO_ENTROPY, FLAG_MATCHED_LITERALS, levelName, ZstdSettings } from './encode-settings.js';

/** What of a frame a part is. */
export interface FramePart {
  /** Address and length of its content. */
  readonly source: number;
  readonly length: number;
  /** Bytes before the source that its matches may reach to, 0 or at least 64; they and the source follow one another in memory. */
  readonly before: number;
  /** Whether the frame begins, or ends, with it. */
  readonly first: boolean;
  readonly last: boolean;
}

const LEVEL_SHIFT = 0;
const LOW_MEMORY = 4;
const NO_ENTROPY = 8;
const MATCHED_LITERALS = 16;
const WINDOW_SHIFT = 5;

/** What of the settings concerns blocks, in 10 bits; the rest is the frame's. */
export function blockSettings(settings: ZstdSettings): number {
  return (
    (settings.level << LEVEL_SHIFT) |
    (settings.lowMemory ? LOW_MEMORY : 0) |
    (settings.flags & FLAG_NO_ENTROPY ? NO_ENTROPY : 0) |
    (settings.flags & FLAG_MATCHED_LITERALS ? MATCHED_LITERALS : 0) |
    (settings.windowLog << WINDOW_SHIFT)
  );
}

const known = new Map<number, ZstdSettings>();

/** The settings of these bits, without a checksum: the same object each time, as contexts are readied for an object. */
export function settingsOfBlocks(bits: number): ZstdSettings {
  let settings = known.get(bits);
  if (settings === undefined) {
    settings = new ZstdSettings({
      level: levelName(bits & 3),
      lowMemory: (bits & LOW_MEMORY) !== 0,
      literalEntropy: bits & NO_ENTROPY ? 'none' : bits & MATCHED_LITERALS ? 'matched' : 'all',
      windowLog: bits >> WINDOW_SHIFT,
      checksum: false,
    });
    known.set(bits, settings);
  }
  return settings;
}

/**
 * Encodes the blocks of a part to `dst`: of the frame's header and checksum nothing.
 * @param settings of {@link settingsOfBlocks}
 * @param capacity with {@link ENCODE_SLACK} bytes over the bound nothing is copied
 * @returns the size; over `capacity`, the destination holds nothing of use
 * @throws MemoryError `ERR_MEMORY_LIMIT` when there is no room for a larger context
 */
export function encodePart(context: ZstdEncodeContext, settings: ZstdSettings, { source, length, before, first, last }: FramePart, dst: number, capacity: number): number {
  const { kernels } = context.heap;
  context.prepare(settings, before + length);
  if (first) kernels.zstdEncodeBegin(context.address, source, length, 0, 0);
  else kernels.zstdEncodeResume(context.address, source - before, source, before + length, 1);
  return kernels.zstdEncodePart(context.address, source, source + length, last ? 1 : 0, dst, capacity) >>> 0;
}
