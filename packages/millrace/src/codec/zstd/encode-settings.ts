// What an encoder is told, checked once: per-call options become one object of small integers that a context takes over in a few stores.
import { ArgumentRangeError, ArgumentTypeError, checkInteger } from '../../base/arguments.js';
import type { ZstdEncoderDictionary } from './encode-dictionary.js';

/** How hard the encoder looks for matches: about libzstd's levels 1, 3, 6 and 9. */
export type ZstdLevel = 'fastest' | 'default' | 'better' | 'best';

/** The number of each level, as the kernels know it. */
export const LEVELS: Readonly<Record<ZstdLevel, number>> = { fastest: 0, default: 1, better: 2, best: 3 };

const NAMES = Object.keys(LEVELS) as readonly ZstdLevel[];

/** The level of a number. */
export function levelName(number: number): ZstdLevel {
  return NAMES[number]!;
}

/** Which literals are Huffman-coded: all, those of blocks in which something matched, or none. */
export type LiteralEntropy = 'all' | 'matched' | 'none';

/** Options of one frame. */
export interface ZstdFrameOptions {
  /** @default 'default' */
  level?: ZstdLevel;
  /** End the frame with the XXH64 checksum of its content (RFC 8878 section 3.1.1). @default true */
  checksum?: boolean;
  /** Declare the content's size in the header. @default true */
  contentSize?: boolean;
  /** Where the size is declared and not above the window, leave the window out of the header. @default true */
  singleSegment?: boolean;
  /** Greatest distance of a match, as a power of two: 10 (1 KiB) to 29 (512 MiB). @default 21, 22, 23, 23 by level */
  windowLog?: number;
  /** @default 'all' */
  literalEntropy?: LiteralEntropy;
  /** Make the output a multiple of so many bytes, 1 to 2^30, with a skippable frame of zeros. @default 1 */
  padding?: number;
  /** Whether content of no bytes becomes a frame; if not it becomes no bytes at all. @default true */
  emptyFrame?: boolean;
  /**
   * Smaller match tables and blocks: a context of level fastest then takes under 256 KiB at any size, at a ratio that is a few per cent worse.
   * @default false
   */
  lowMemory?: boolean;
  /** What content can refer to before its start; the decoder needs the same. Its level becomes the default. @default none */
  dictionary?: ZstdEncoderDictionary;
}

/** Bits of assembly/zstd/encode-layout.ts. */
export const FLAG_CHECKSUM = 1;
export const FLAG_CONTENT_SIZE = 2;
export const FLAG_SINGLE_SEGMENT = 4;
export const FLAG_NO_ENTROPY = 8;
export const FLAG_MATCHED_LITERALS = 16;
const FLAG_NO_EMPTY_FRAME = 32;

const WINDOW_LOGS: readonly number[] = [21, 22, 23, 23];
const MAX_BLOCK = 131_072;
const LOW_MEMORY_BLOCK = 32_768;
const SKIPPABLE_HEADER = 8;
const SKIPPABLE_MAGIC = 0x184d2a50;

/** {@link ZstdFrameOptions}, checked: make it once and pass it to every call that shares it. */
export class ZstdSettings {
  /** 0 fastest to 3 best. */
  readonly level: number;
  readonly flags: number;
  readonly windowLog: number;
  readonly padding: number;
  readonly emptyFrame: boolean;
  readonly lowMemory: boolean;
  readonly dictionary: ZstdEncoderDictionary | undefined;
  /** Most bytes of content in a block. */
  readonly blockLimit: number;

  /**
   * @throws ArgumentRangeError `ERR_OUT_OF_RANGE`
   * @throws ArgumentTypeError `ERR_INVALID_ARG_TYPE`
   */
  constructor(options: ZstdFrameOptions = {}) {
    const { dictionary } = options;
    const level = LEVELS[options.level ?? dictionary?.level ?? 'default'];
    if (level === undefined) throw new ArgumentRangeError('level', `one of ${Object.keys(LEVELS).join(', ')}`, options.level);
    if (dictionary !== undefined && LEVELS[dictionary.level] !== level) {
      throw new ArgumentRangeError('level', `'${dictionary.level}', for which the dictionary was prepared`, options.level);
    }
    this.dictionary = dictionary;
    const entropy = options.literalEntropy ?? 'all';
    if (entropy !== 'all' && entropy !== 'matched' && entropy !== 'none') throw new ArgumentRangeError('literalEntropy', "'all', 'matched' or 'none'", entropy);
    this.level = level;
    this.flags =
      (flag('checksum', options.checksum, true) ? FLAG_CHECKSUM : 0) |
      (flag('contentSize', options.contentSize, true) ? FLAG_CONTENT_SIZE : 0) |
      (flag('singleSegment', options.singleSegment, true) ? FLAG_SINGLE_SEGMENT : 0) |
      (entropy === 'none' ? FLAG_NO_ENTROPY : entropy === 'matched' ? FLAG_MATCHED_LITERALS : 0) |
      (flag('emptyFrame', options.emptyFrame, true) ? 0 : FLAG_NO_EMPTY_FRAME);
    this.windowLog = checkInteger('windowLog', options.windowLog ?? WINDOW_LOGS[level]!, 10, 29);
    this.padding = checkInteger('padding', options.padding ?? 1, 1, 2 ** 30);
    this.emptyFrame = (this.flags & FLAG_NO_EMPTY_FRAME) === 0;
    this.lowMemory = flag('lowMemory', options.lowMemory, false);
    // A block is never larger than the window (section 3.1.1.2.4).
    this.blockLimit = Math.min(this.lowMemory ? LOW_MEMORY_BLOCK : MAX_BLOCK, 2 ** this.windowLog);
  }

  /** The settings for options: the same object when they are settings already. */
  static of(options: ZstdFrameOptions | ZstdSettings | undefined, otherwise: ZstdSettings): ZstdSettings {
    if (options === undefined) return otherwise;
    return options instanceof ZstdSettings ? options : new ZstdSettings(options);
  }

  /**
   * The most bytes that encoding `length` bytes, 0 to 2^31 - 1, can give; reached when nothing compresses. Exact: header, blocks, checksum and padding.
   */
  maxEncodedSize(length: number): number {
    checkInteger('length', length, 0, 2 ** 31 - 1);
    const frame = this.frameBound(length);
    if (this.padding === 1) return frame;
    // Padding grows where the gap is too small for a skippable frame: one byte short of the last full multiple may need more than the frame itself.
    const full = frame - (frame % this.padding);
    return Math.max(this.padded(frame), full > 0 ? this.padded(full - 1) : 0);
  }

  /** The same without padding. */
  frameBound(length: number): number {
    if (length === 0 && !this.emptyFrame) return 0;
    const blocks = Math.max(1, Math.ceil(length / this.blockLimit));
    return this.#headerSize(length) + 3 * blocks + length + (this.flags & FLAG_CHECKSUM ? 4 : 0);
  }

  /** The size of `frame` bytes with their padding. */
  padded(frame: number): number {
    let gap = (this.padding - (frame % this.padding)) % this.padding;
    if (gap === 0) return frame;
    while (gap < SKIPPABLE_HEADER) gap += this.padding;
    return frame + gap;
  }

  // Magic and descriptor, window, content size: as writeFrameHeader of assembly/zstd/encode-frame.ts.
  #headerSize(length: number): number {
    const declared = (this.flags & FLAG_CONTENT_SIZE) !== 0;
    const single = declared && (this.flags & FLAG_SINGLE_SEGMENT) !== 0 && length <= 2 ** this.windowLog;
    const id = this.dictionary?.id ?? 0;
    const fixed = 5 + (id === 0 ? 0 : id < 256 ? 1 : id < 65_536 ? 2 : 4);
    if (!declared) return fixed + 1;
    if (single) return fixed + (length < 256 ? 1 : length < 65_792 ? 2 : 4);
    return fixed + 1 + (length >= 256 && length < 65_792 ? 2 : 4);
  }
}

function flag(name: string, value: boolean | undefined, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value !== 'boolean') throw new ArgumentTypeError(name, 'a boolean', value);
  return value;
}

/** Writes a skippable frame of `size` bytes, its header of 8 included, with zeros for content (RFC 8878 section 3.1.2). */
export function writeSkippable(u8: Uint8Array, at: number, size: number): void {
  u8.fill(0, at, at + size);
  for (let i = 0; i < 4; i += 1) {
    u8[at + i] = SKIPPABLE_MAGIC >>> (8 * i);
    u8[at + 4 + i] = (size - SKIPPABLE_HEADER) >>> (8 * i);
  }
}
