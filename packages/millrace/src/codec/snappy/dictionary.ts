import { ArgumentRangeError, checkInteger } from '../../base/arguments.js';
import { CodecError, OwnershipError } from '../../base/errors.js';
import { copyIn } from '../../bytes/copy.js';
import { View } from '../../bytes/view.js';
import { defaultHeap, type Heap } from '../../memory/heap.js';
import { type Source, sourceLength } from '../source.js';
import { trainContent } from './dictionary-training.js';

/** The least content that a dictionary may have. */
export const MIN_DICTIONARY = 16;

/** The most content that a dictionary may have. */
export const MAX_DICTIONARY = 65_536;

/** Where a dictionary lives. */
export interface S2DictionaryOptions {
  /** Where the content lives. @default defaultHeap() */
  heap?: Heap;
}

/** What a dictionary is built with. */
export interface S2BuildDictionaryOptions extends S2DictionaryOptions {
  /** What blocks typically start with: where that is found in the content is where a block's first repeat points. */
  searchStart?: Uint8Array;
}

/** What a dictionary is trained with. */
export interface S2TrainDictionaryOptions extends S2BuildDictionaryOptions {
  /** The content's length, 16 to 65,536. @default 65,536, or a quarter of the samples where that is less */
  size?: number;
}

/** An index over a dictionary's content for one level and table size; see assembly/snappy/dictionary.ts. */
interface Template {
  readonly address: number;
  readonly size: number;
}

/**
 * An S2 dictionary: up to 64 KiB of content that blocks may copy from in their first 64 KiB, for messages too small to repeat themselves.
 *
 * The content lies in the heap until {@link release}; encoders and decoders made with a dictionary need it for as long as they work. It is
 * indexed once for each level that is used: 64 KiB for `fast`, 80 or 576 KiB for `better`, 512 KiB to 5 MiB for `best`.
 */
export class S2Dictionary {
  readonly heap: Heap;
  /** The content's length. */
  readonly length: number;
  /** Where in the content a repeat before the first copy points. */
  readonly repeat: number;
  #address: number;
  readonly #templates = new Map<string, Template>();

  /** Takes over the content at `address`; users get dictionaries from {@link parse}, {@link build} and {@link train}. */
  constructor(heap: Heap, address: number, length: number, repeat: number) {
    this.heap = heap;
    this.#address = address;
    this.length = length;
    this.repeat = repeat;
  }

  /**
   * Reads what {@link serialize}, or klauspost/compress, wrote: where the first repeat points, as a varint, and the content.
   * @throws CodecError `ERR_CORRUPT`
   */
  static parse(serialized: Source, options: S2DictionaryOptions = {}): S2Dictionary {
    const bytes = view(serialized);
    let repeat = 0;
    let at = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = bytes[at];
      if (byte === undefined || at > 2) throw new CodecError('ERR_CORRUPT', 'a dictionary starts with a varint of at most three bytes', { offset: at });
      at += 1;
      repeat += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    const length = bytes.length - at;
    if (length < MIN_DICTIONARY || length > MAX_DICTIONARY) {
      throw new CodecError('ERR_CORRUPT', `a dictionary has from ${MIN_DICTIONARY} to ${MAX_DICTIONARY} bytes of content, not ${length}`, { offset: at, expected: length < MIN_DICTIONARY ? MIN_DICTIONARY : MAX_DICTIONARY, actual: length });
    }
    if (repeat > length) {
      throw new CodecError('ERR_CORRUPT', 'the first repeat points behind the content', { offset: 0, expected: length, actual: repeat });
    }
    return S2Dictionary.#of(bytes.subarray(at), repeat, options.heap ?? defaultHeap());
  }

  /**
   * A dictionary of the last 64 KiB of `content`. The most useful bytes should stand at the end, where offsets are short.
   * @throws ArgumentRangeError below 16 bytes
   */
  static build(content: Source, options: S2BuildDictionaryOptions = {}): S2Dictionary {
    let bytes = view(content);
    if (bytes.length < MIN_DICTIONARY) throw new ArgumentRangeError('content.length', `at least ${MIN_DICTIONARY}`, bytes.length);
    if (bytes.length > MAX_DICTIONARY) bytes = bytes.subarray(bytes.length - MAX_DICTIONARY);
    return S2Dictionary.#of(bytes, options.searchStart === undefined ? 0 : findStart(bytes, options.searchStart), options.heap ?? defaultHeap());
  }

  /**
   * A dictionary of what the samples have in common: the stretches that most samples repeat, the most valuable last. A few hundred samples of
   * what will be encoded, a hundred times the dictionary's size together, are a good measure.
   * @throws ArgumentRangeError for samples with less than 64 bytes together, or a size outside 16 to 65,536
   */
  static train(samples: readonly Source[], options: S2TrainDictionaryOptions = {}): S2Dictionary {
    const views = samples.map(view);
    const total = views.reduce((sum, sample) => sum + sample.length, 0);
    if (total < 64) throw new ArgumentRangeError('samples', 'at least 64 bytes together', total);
    const size = checkInteger('size', options.size ?? Math.min(MAX_DICTIONARY, total >> 2), MIN_DICTIONARY, MAX_DICTIONARY);
    const content = trainContent(views, size);
    return S2Dictionary.build(content, { ...options, searchStart: options.searchStart ?? commonStart(views) });
  }

  static #of(content: Uint8Array, repeat: number, heap: Heap): S2Dictionary {
    const address = heap.allocate(content.length);
    copyIn(content, heap.u8, address);
    return new S2Dictionary(heap, address, content.length, repeat);
  }

  /** The content's address in {@link heap}. @throws OwnershipError `ERR_RELEASED` */
  get address(): number {
    if (this.#address === 0) throw new OwnershipError('ERR_RELEASED', 'this dictionary was released');
    return this.#address;
  }

  /** The offset that a repeat before the first copy has at the start of a block; 0 when it points behind the content, to nothing. */
  get repeatOffset(): number {
    return this.length - this.repeat;
  }

  /** What {@link parse} reads. */
  serialize(): Buffer {
    const head: number[] = [];
    let rest = this.repeat;
    for (; rest >= 0x80; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
    head.push(rest);
    return Buffer.concat([Buffer.from(head), this.heap.u8.subarray(this.address, this.address + this.length)]);
  }

  /** For encoders: the address of the index called `name`, made by `build` in `size` zeroed bytes on first use. */
  template(name: string, size: number, build: (content: number, length: number, template: number) => void): number {
    let template = this.#templates.get(name);
    if (template === undefined) {
      const content = this.address;
      template = { address: this.heap.allocate(size), size };
      this.heap.u8.fill(0, template.address, template.address + size);
      build(content, this.length, template.address);
      this.#templates.set(name, template);
    }
    return template.address;
  }

  /**
   * Gives content and indexes back.
   * @throws OwnershipError `ERR_RELEASED` the second time
   */
  release(): void {
    this.heap.free(this.address, this.heap.roundUp(this.length));
    this.#address = 0;
    for (const { address, size } of this.#templates.values()) this.heap.free(address, this.heap.roundUp(size));
    this.#templates.clear();
  }

  [Symbol.dispose](): void {
    if (this.#address !== 0) this.release();
  }
}

function view(source: Source): Uint8Array {
  sourceLength(source);
  return source instanceof View ? source.block.u8.subarray(source.start, source.end) : source;
}

// The last place of the longest start of `start`, of more than 4 bytes, that has 8 bytes behind it.
function findStart(content: Uint8Array, start: Uint8Array): number {
  const bytes = Buffer.from(content.buffer as ArrayBuffer, content.byteOffset, content.length);
  for (let n = start.length; n > 4; n -= 1) {
    const at = bytes.lastIndexOf(start.subarray(0, n));
    if (at >= 0 && at <= content.length - 8) return at;
  }
  return 0;
}

// The start that the first sample has in common with most others: what trained dictionaries look for.
function commonStart(samples: readonly Uint8Array[]): Uint8Array {
  const first = samples[0]!;
  let n = Math.min(64, first.length);
  for (; n > 4; n -= 1) {
    const start = first.subarray(0, n);
    const sharing = samples.filter((sample) => Buffer.compare(sample.subarray(0, n), start) === 0).length;
    if (sharing * 2 > samples.length) break;
  }
  return first.subarray(0, n);
}
