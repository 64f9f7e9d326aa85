import { ArgumentRangeError, checkInteger } from '../../base/arguments.js';
import { copyIn, copyWithin } from '../../bytes/copy.js';
import { View } from '../../bytes/view.js';
import { defaultHeap, type Heap } from '../../memory/heap.js';
import { statusError } from '../../wasm/status.js';
import { type Source, sourceLength } from '../source.js';
import { decoderPool } from './decode-pool.js';
import { LEVELS, type ZstdLevel } from './encode-settings.js';

/** What an encoder dictionary is prepared for. */
export interface ZstdEncoderDictionaryOptions {
  /** @default defaultHeap() */
  heap?: Heap;
  /** The level it is prepared for; frames with it are encoded at that level. @default 'default' */
  level?: ZstdLevel;
  /** The ID that frames name it by, instead of its own; 0 for none. A raw dictionary has none. */
  id?: number;
}

/** A prepared dictionary as another thread can use it, over the same memory. Survives structured clone. */
export interface SharedEncoderDictionary {
  readonly address: number;
  readonly level: ZstdLevel;
}

// Fields of a prepared dictionary, as in assembly/zstd/encode-layout.ts, in units of four bytes.
const ID = 0;
const CONTENT = 1;
const LENGTH = 2;
const MATCH_A = 8;
const LOG_A = 9;
const MATCH_B = 10;
const LOG_B = 11;

const SCRATCH = 10_240;
/** Most bits of a match table; entries at the lazy levels are twice as long. */
const MOST_LOG = 17;
/** Room for a message behind the content that is kept between calls. */
const KEEP = 65_536;
const SLACK = 64;

/**
 * A dictionary for encoding (RFC 8878 section 5): prepared once for a level, in a heap's memory, and then used by any number of encoders, of every thread that shares
 * the memory. It must outlive them: {@link release} it last.
 *
 * With the magic number it has entropy tables and an ID (as `zstd --train` and `trainZstdDictionary` make it); without, all of it is content.
 */
export class ZstdEncoderDictionary {
  readonly heap: Heap;
  readonly level: ZstdLevel;
  /** Address of the prepared form. */
  readonly address: number;
  /** Address and length of the content that matches can refer to. */
  readonly content: number;
  readonly length: number;
  /** The ID that frames name, as an unsigned 32-bit integer; 0 for none. */
  readonly id: number;
  #owned: number;
  #stage = 0;
  #stageSize = 0;

  private constructor(heap: Heap, address: number, level: ZstdLevel, owned: number) {
    const fields = new Uint32Array(heap.u8.buffer, address, 16);
    this.heap = heap;
    this.address = address;
    this.level = level;
    this.id = fields[ID]!;
    this.content = fields[CONTENT]!;
    this.length = fields[LENGTH]!;
    this.#owned = owned;
  }

  /**
   * Prepares a dictionary of at most 16 MiB; its bytes are copied.
   * @throws CodecError `ERR_CORRUPT` when it has the magic number and its tables are wrong
   * @throws ArgumentRangeError `ERR_OUT_OF_RANGE`; MemoryError `ERR_MEMORY_LIMIT`
   */
  static prepare(source: Source, options: ZstdEncoderDictionaryOptions = {}): ZstdEncoderDictionary {
    const heap = options.heap ?? defaultHeap();
    const name = options.level ?? 'default';
    const level = LEVELS[name];
    if (level === undefined) throw new ArgumentRangeError('level', `one of ${Object.keys(LEVELS).join(', ')}`, name);
    const id = options.id === undefined ? undefined : checkInteger('id', options.id, 0, 2 ** 32 - 1);
    const length = checkInteger('source.length', sourceLength(source), 0, 16 * 2 ** 20);
    const log = Math.min(MOST_LOG, Math.max(8, 33 - Math.clz32(length)));
    const entry = level >= 2 ? 8 : 4;
    const header = heap.kernels.zstdEncoderDictionarySize();
    const tableA = heap.roundUp(header);
    const tableB = tableA + (entry << log);
    const content = level === 0 ? tableB : tableB + (entry << (log - 1));
    const size = heap.roundUp(content + length + SLACK);
    const address = heap.allocate(size);
    const scratch = heap.allocate(SCRATCH);
    const decoder = decoderPool(heap).acquire();
    heap.u8.fill(0, address, address + content);
    const fields = new Uint32Array(heap.u8.buffer, address, 16);
    fields[MATCH_A] = address + tableA;
    fields[LOG_A] = log;
    fields[MATCH_B] = address + tableB;
    fields[LOG_B] = log - 1;
    if (source instanceof View) copyWithin(source.block, source.start, source.end, heap, address + content);
    else copyIn(source, heap.u8, address + content);
    const status = heap.kernels.zstdEncoderDictionary(address, scratch, decoder.address, address + content, length, level, heap.report);
    decoderPool(heap).release(decoder);
    heap.free(scratch, heap.roundUp(SCRATCH));
    if (status < 0) {
      const error = statusError(heap.u8, heap.report, status);
      heap.free(address, size);
      throw error;
    }
    if (id !== undefined) fields[ID] = id;
    return new ZstdEncoderDictionary(heap, address, name, size);
  }

  /** A dictionary that another thread prepared in the same memory and keeps: releasing this handle frees only what it made itself. */
  static attach(heap: Heap, shared: SharedEncoderDictionary): ZstdEncoderDictionary {
    return new ZstdEncoderDictionary(heap, shared.address, shared.level, 0);
  }

  /** What another thread needs for {@link attach}. */
  share(): SharedEncoderDictionary {
    return { address: this.address, level: this.level };
  }

  /**
   * Puts `source` behind a copy of the content, which is kept for the next call with room for 64 KiB; gives the address of the copy. Until the next call.
   * @throws MemoryError `ERR_MEMORY_LIMIT`
   */
  stage(source: Source): number {
    const { heap, length } = this;
    const needed = sourceLength(source);
    if (this.#stageSize < length + needed + SLACK || (this.#stageSize > length + KEEP + SLACK + 16 && needed <= KEEP)) {
      this.#freeStage();
      const size = length + Math.max(needed, KEEP) + SLACK;
      this.#stage = heap.allocate(size);
      this.#stageSize = heap.roundUp(size);
      heap.u8.copyWithin(this.#stage, this.content, this.content + length);
    }
    const at = this.#stage + length;
    if (source instanceof View) copyWithin(source.block, source.start, source.end, heap, at);
    else copyIn(source, heap.u8, at);
    return this.#stage;
  }

  /** Gives its memory back. No encoder may use it any more. A second time does nothing. */
  release(): void {
    this.#freeStage();
    if (this.#owned > 0) this.heap.free(this.address, this.#owned);
    this.#owned = 0;
  }

  [Symbol.dispose](): void {
    this.release();
  }

  #freeStage(): void {
    if (this.#stageSize > 0) this.heap.free(this.#stage, this.#stageSize);
    this.#stageSize = 0;
  }
}
