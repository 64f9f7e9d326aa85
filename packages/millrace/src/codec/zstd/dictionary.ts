import { checkInteger } from '../../base/arguments.js';
import { copyWithin } from '../../bytes/copy.js';
import { View } from '../../bytes/view.js';
import { defaultHeap, type Heap } from '../../memory/heap.js';
import { type Source, sourceLength } from '../source.js';
import { statusError } from '../../wasm/status.js';
import { decoderPool } from './decode-pool.js';

/** What {@link ZstdDictionary.prepare} accepts. */
export interface ZstdDictionaryOptions {
  /** @default defaultHeap() */
  heap?: Heap;
  /** The ID that frames name it by, instead of its own. A raw dictionary has none: 0, which frames that name no dictionary are decoded with. */
  id?: number;
}

/** A prepared dictionary as another thread can use it, over the same memory. Survives structured clone. */
export interface SharedDictionary {
  readonly address: number;
}

/**
 * A dictionary for decoding (RFC 8878 section 5), prepared once in a heap's memory and then used by any number of decoders, of every
 * thread that shares the memory. It must outlive them: {@link release} it last.
 *
 * With the magic number it has entropy tables and an ID (made by `zstd --train`); without, all of it is content, as `zstd --patch-from` uses it.
 */
export class ZstdDictionary {
  readonly heap: Heap;
  /** Address of the prepared form; its layout is that of assembly/zstd/decode-dictionary.ts. */
  readonly address: number;
  /** The ID that a frame must name, as an unsigned 32-bit integer. */
  readonly id: number;
  #content: number;
  #contentSize: number;

  private constructor(heap: Heap, address: number, content: number, contentSize: number) {
    this.heap = heap;
    this.address = address;
    this.id = heap.kernels.zstdDictionaryId(address) >>> 0;
    this.#content = content;
    this.#contentSize = contentSize;
  }

  /**
   * Prepares a dictionary; its bytes are copied.
   * @throws CodecError `ERR_CORRUPT` when it has the magic number and its tables are wrong
   */
  static prepare(source: Source, options: ZstdDictionaryOptions = {}): ZstdDictionary {
    const heap = options.heap ?? defaultHeap();
    const length = sourceLength(source);
    const contentSize = heap.roundUp(Math.max(1, length));
    const size = heap.kernels.zstdDictionarySize();
    const pool = decoderPool(heap);
    const scratch = pool.acquire();
    pool.useDictionary(scratch, 0);
    const content = heap.allocate(contentSize);
    const address = heap.allocate(size);
    if (source instanceof View) copyWithin(source.block, source.start, source.end, heap, content);
    else heap.u8.set(source, content);
    const status = heap.kernels.zstdDictionaryPrepare(scratch.address, content, length, address, heap.report);
    pool.release(scratch);
    if (status < 0) {
      const error = statusError(heap.u8, heap.report, status);
      heap.free(content, contentSize);
      heap.free(address, heap.roundUp(size));
      throw error;
    }
    if (options.id !== undefined) heap.kernels.zstdDictionaryRename(address, checkInteger('id', options.id, 0, 2 ** 32 - 1));
    return new ZstdDictionary(heap, address, content, contentSize);
  }

  /** A dictionary that another thread prepared in the same memory and keeps: releasing this handle frees nothing. */
  static attach(heap: Heap, shared: SharedDictionary): ZstdDictionary {
    return new ZstdDictionary(heap, shared.address, 0, 0);
  }

  /** What another thread needs for {@link attach}. */
  share(): SharedDictionary {
    return { address: this.address };
  }

  /** Gives its memory back. No decoder may use it any more. A second time does nothing. */
  release(): void {
    if (this.#contentSize === 0) return;
    this.heap.free(this.#content, this.#contentSize);
    this.heap.free(this.address, this.heap.roundUp(this.heap.kernels.zstdDictionarySize()));
    this.#content = 0;
    this.#contentSize = 0;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
