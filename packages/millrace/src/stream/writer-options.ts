import { ArgumentRangeError, checkInteger } from '../base/arguments.js';
import { LEVELS, type Level } from '../codec/snappy/format.js';
import type { Heap } from '../memory/heap.js';
import { checkThreads, type ThreadOptions } from './thread-options.js';
import { MAX_S2_BLOCK, maxBlock, MIN_BLOCK, type StreamDialect } from './chunk.js';
import type { BufferDone } from './hand-back.js';

/**
 * Encodes the elements of a block, without its length: views of the heap, valid during the call. What it writes is not checked.
 * @returns how many bytes of `target` it wrote; 0 to store the block as it is; less than 0 to leave it to the library
 */
export type BlockEncoder = (source: Uint8Array, target: Uint8Array) => number;

/** What an S2Writer writes. */
export interface S2WriterOptions extends ThreadOptions {
  /** Where output and scratch memory come from. @default defaultHeap(), or the pool's */
  heap?: Heap;
  /** The stream's format; every S2 reader reads Snappy too. @default 's2' */
  dialect?: StreamDialect;
  /** How hard the encoder looks for matches. @default 'fast' */
  level?: Level;
  /** Most uncompressed bytes in a chunk: 4 KiB to 4 MiB, for Snappy to 64 KiB. @default 1 MiB; for Snappy 64 KiB */
  blockSize?: number;
  /** Store every block uncompressed, checksums and index all the same. @default false */
  uncompressed?: boolean;
  /** Make the stream's length a multiple of this many bytes by a padding chunk at `close`, 1 to 4 MiB; an empty stream stays empty. @default 1 */
  padding?: number;
  /** Fills the padding; it is given memory that is not shared. @default random bytes */
  paddingSource?: (target: Uint8Array) => void;
  /** Make a chunk of each `write` at once, instead of gathering a block. @default false */
  flushOnWrite?: boolean;
  /** Told when a `Uint8Array` given to `encodeBuffer` can be reused. @default none */
  onBufferDone?: BufferDone;
  /** Encodes blocks in place of the library's encoder, always in the caller's thread. @default none */
  encodeBlock?: BlockEncoder;
  /** Append an index at `close`, so that readers can begin in the middle. @default false */
  addIndex?: boolean;
}

const DEFAULT_BLOCK = 1_048_576;

export interface CheckedOptions {
  readonly heap: Heap;
  readonly blockSize: number;
  readonly padding: number;
  readonly dialect: StreamDialect;
  readonly level: Level;
  readonly concurrency: number;
}

/**
 * What the options say, with defaults.
 * @throws ArgumentRangeError `ERR_OUT_OF_RANGE` for options outside their ranges
 */
export function checkWriterOptions(options: S2WriterOptions): CheckedOptions {
  const dialect = options.dialect ?? 's2';
  if (dialect !== 's2' && dialect !== 'snappy') throw new ArgumentRangeError('dialect', "'s2' or 'snappy'", dialect);
  const level = options.level ?? 'fast';
  if (!LEVELS.includes(level)) throw new ArgumentRangeError('level', `one of ${LEVELS.join(', ')}`, level);
  const most = maxBlock(dialect);
  return {
    ...checkThreads(options),
    dialect,
    level,
    blockSize: checkInteger('blockSize', options.blockSize ?? Math.min(DEFAULT_BLOCK, most), MIN_BLOCK, most),
    padding: checkInteger('padding', options.padding ?? 1, 1, MAX_S2_BLOCK),
  };
}
