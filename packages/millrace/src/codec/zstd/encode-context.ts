// The memory one encoding works in, as assembly/zstd/encode-layout.ts lays it out. Frames from address to address; nothing here allocates for a
// frame unless it needs a larger context than the last.
import { checkInteger } from '../../base/arguments.js';
import type { Heap } from '../../memory/heap.js';
import { ZstdSettings } from './encode-settings.js';

const FIELDS_AND_ENTROPY = 25_088;
const BLOCK_SLACK = 384;
const SEQUENCE = 12;
const TABLES_SCRATCH = 2048;

// Fields, in units of four bytes.
const TABLES = 0;
const MATCH_A = 1;
const MATCH_A_LOG = 2;
const MATCH_B = 3;
const MATCH_B_LOG = 4;
const SEQUENCES = 5;
const LITERALS = 8;
const SPILL = 9;
const BLOCK_LIMIT = 10;
const LEVEL = 11;
const FLAGS = 12;
const WINDOW_LOG = 33;

/** Output ranges this much larger than the bound let every block be written in place. */
export const ENCODE_SLACK: number = BLOCK_SLACK;

// log2 of the entries of the two match tables, at most, and how long an entry is.
interface Shape {
  readonly logA: number;
  readonly logB: number;
  readonly entry: number;
}

const SHAPES: readonly Shape[] = [
  { logA: 15, logB: 0, entry: 4 },
  { logA: 16, logB: 15, entry: 4 },
  { logA: 17, logB: 15, entry: 8 },
  { logA: 18, logB: 17, entry: 8 },
];
const LOW_MEMORY: readonly Shape[] = [
  { logA: 13, logB: 0, entry: 4 },
  { logA: 14, logB: 13, entry: 4 },
  { logA: 14, logB: 13, entry: 8 },
  { logA: 16, logB: 15, entry: 8 },
];

// The smallest power of two that holds `length`, at least 2^10: contexts come in steps, so that one serves messages of about one size.
function sizeLog(length: number): number {
  return length <= 1024 ? 10 : 32 - Math.clz32(length - 1);
}

/** Where the arrays of a context begin, relative to it, and their capacities. */
class Layout {
  readonly matchA = FIELDS_AND_ENTROPY;
  readonly matchALog: number;
  readonly matchB: number;
  readonly matchBLog: number;
  readonly sequences: number;
  readonly sequenceLimit: number;
  readonly literals: number;
  readonly spill: number;
  readonly block: number;
  /** The longest content it will do for. */
  readonly covers: number;
  readonly size: number;

  constructor(settings: ZstdSettings, length: number) {
    const shape = (settings.lowMemory ? LOW_MEMORY : SHAPES)[settings.level]!;
    // From a block's worth of content on, or what the window can use, all contexts of a level are the same.
    const most = settings.windowLog + 1;
    const log = Math.min(sizeLog(length), most);
    const full = log >= 17;
    this.covers = log >= Math.min(17, most) ? 2 ** 31 - 1 : 2 ** log;
    this.block = Math.min(settings.blockLimit, this.covers);
    // No more entries than assembly/zstd/encode-frame.ts takes: short content has 2^13 at most.
    const entries = log <= 14 ? Math.min(log, 13) : log;
    this.matchALog = full ? shape.logA : Math.min(shape.logA, entries);
    this.matchBLog = full ? shape.logB : Math.min(shape.logB, entries);
    // As in assembly/zstd/encode-block.ts: a large block with a sequence for every eight bytes ends there, and the next goes on.
    this.sequenceLimit = Math.min(this.block >> 2, Math.max(this.block >> 3, 4096)) + 16;
    this.matchB = this.matchA + (shape.entry << this.matchALog);
    this.sequences = this.matchB + (this.matchBLog > 0 ? shape.entry << this.matchBLog : 0);
    this.literals = this.sequences + this.sequenceLimit * SEQUENCE;
    this.spill = this.literals + this.block + 32;
    this.size = this.spill + this.block + BLOCK_SLACK;
  }
}

/**
 * A context: about 30 KiB for messages of a KiB, to 0.6 MiB at level fastest, 0.9 at default, 2 at better and 3.5 at best. It grows with need. One frame at
 * a time; contexts of one heap are independent of each other.
 */
export class ZstdEncodeContext {
  readonly heap: Heap;
  #address = 0;
  #size = 0;
  #covers = -1;
  #settings: ZstdSettings | undefined;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** Bytes of memory the context holds. */
  get size(): number {
    return this.#size;
  }

  /** The address for kernels; valid until the next {@link prepare}. */
  get address(): number {
    return this.#address;
  }

  /** Bytes a context needs for content of `length` bytes. */
  static sizeFor(settings: ZstdSettings, length: number): number {
    return new Layout(settings, length).size;
  }

  /**
   * Readies the context for content of at most `length` bytes with `settings`.
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  prepare(settings: ZstdSettings, length: number): void {
    if (settings !== this.#settings || length > this.#covers) this.#take(settings, length);
  }

  /** Whether {@link prepare} would have nothing to do. */
  isReadyFor(settings: ZstdSettings, length: number): boolean {
    return settings === this.#settings && length <= this.#covers;
  }

  /**
   * Encodes `[src, src + length)` as one frame to `dst`, of which `[dst, dst + capacity)` may be overwritten; the ranges must not overlap.
   * With {@link ENCODE_SLACK} bytes over the bound the blocks are written in place, else some are copied.
   * @returns the frame's size; when that is over `capacity`, the destination holds no frame, and the size is what would do
   */
  encodeFrame(settings: ZstdSettings, src: number, length: number, dst: number, capacity: number): number {
    this.prepare(settings, length);
    return this.heap.kernels.zstdEncodeFrame(this.#address, src, length, dst, capacity) >>> 0;
  }

  /**
   * The same with the settings' dictionary, whose content lies at `base` and the source of `length` bytes behind it: see {@link ZstdEncoderDictionary.stage}.
   */
  encodeWith(settings: ZstdSettings, base: number, length: number, dst: number, capacity: number): number {
    this.prepare(settings, length);
    return this.heap.kernels.zstdEncodeWith(this.#address, settings.dictionary!.address, base, length, dst, capacity) >>> 0;
  }

  /** Gives the memory back; the next frame takes new. */
  release(): void {
    if (this.#size > 0) this.heap.free(this.#address, this.#size);
    this.#address = 0;
    this.#size = 0;
    this.#covers = -1;
    this.#settings = undefined;
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #take(settings: ZstdSettings, length: number): void {
    checkInteger('length', length, 0, 2 ** 31 - 1);
    const heap = this.heap;
    const tables = encoderTables(heap);
    const layout = new Layout(settings, length);
    if (layout.size > this.#size) {
      this.release();
      this.#address = heap.allocate(layout.size);
      this.#size = heap.roundUp(layout.size);
    }
    this.#covers = layout.covers;
    this.#settings = settings;
    const address = this.#address;
    // Made anew: the context may lie where the memory has grown since.
    const fields = new Int32Array(heap.u8.buffer, address, 64);
    fields.fill(0);
    fields[TABLES] = tables;
    fields[MATCH_A] = address + layout.matchA;
    fields[MATCH_A_LOG] = layout.matchALog;
    fields[MATCH_B] = address + layout.matchB;
    fields[MATCH_B_LOG] = layout.matchBLog;
    fields[SEQUENCES] = address + layout.sequences;
    fields[LITERALS] = address + layout.literals;
    fields[SPILL] = address + layout.spill;
    fields[BLOCK_LIMIT] = layout.block;
    fields[LEVEL] = settings.level;
    fields[FLAGS] = settings.flags;
    fields[WINDOW_LOG] = settings.windowLog;
  }
}

/** The constant tables of the encoder in this memory. */
export function encoderTables(heap: Heap): number {
  return heap.table('zstd-encode', heap.kernels.zstdEncoderTablesSize(), (address) => {
    const scratch = heap.allocate(TABLES_SCRATCH);
    heap.kernels.zstdEncoderTables(address, scratch);
    heap.free(scratch, heap.roundUp(TABLES_SCRATCH));
  });
}
