// Which kernel encodes at which level, and what tables it wants for a source of a given length: small ones are cleared sooner.
import type { Heap } from '../../memory/heap.js';
import type { Kernels } from '../../wasm/kernels.js';
import type { S2Dictionary } from './dictionary.js';
import type { Dialect, Level } from './format.js';

/** One level of one dialect. */
export interface EncodeKernel {
  /** The tables' size in bits for a source of `length` bytes. */
  tableBits(length: number): number;
  /** The bytes that tables of that many bits take. */
  tableSize(bits: number): number;
  /** See assembly/snappy/encode.ts. */
  encode(src: number, length: number, dst: number, dEnd: number, table: number, bits: number): number;
  /** Gives back what the kernel keeps besides the tables. */
  release?(): void;
}

// 13 stands for 14 bits of half the width, see assembly/snappy/encode.ts.
function fastBits(length: number): number {
  return length < 512 ? 8 : length < 4096 ? 10 : length < 16_384 ? 12 : length <= 65_536 ? 13 : 14;
}

function fastSize(bits: number): number {
  return 4 << bits;
}

function betterBits(length: number): number {
  return length < 512 ? 10 : length < 4096 ? 12 : length < 16_384 ? 14 : 17;
}

// The short table has two bits less than the long one, three less than the largest.
function betterSize(bits: number): number {
  return (4 << bits) + (4 << (bits === 17 ? 14 : bits - 2));
}

function bestBits(length: number): number {
  return Math.min(19, Math.max(10, 33 - Math.clz32(length)));
}

const BEST_SHORT_BITS = 16;
const BEST_HEAD = 64;

function bestSize(bits: number): number {
  return BEST_HEAD + (8 << bits) + (8 << Math.min(bits, BEST_SHORT_BITS));
}

/** The kernel for `level` of `dialect`. */
export function encodeKernel(kernels: Kernels, dialect: Dialect, level: Level): EncodeKernel {
  const s2 = dialect === 's2';
  if (level === 'fast') return { tableBits: fastBits, tableSize: fastSize, encode: s2 ? kernels.s2EncodeFast : kernels.snappyEncodeFast };
  if (level === 'better') return { tableBits: betterBits, tableSize: betterSize, encode: s2 ? kernels.s2EncodeBetter : kernels.snappyEncodeBetter };
  return {
    tableBits: bestBits,
    tableSize: bestSize,
    encode: (src, length, dst, dEnd, work, bits) => kernels.snappyEncodeBest(s2 ? 1 : 0, src, length, dst, dEnd, work, bits, Math.min(bits, BEST_SHORT_BITS), src, 0, 0),
  };
}

// With a dictionary tables are loaded, not cleared, and must have room for its content as well.

function betterDictionaryBits(length: number): number {
  return length < 16_384 ? 14 : 17;
}

function bestDictionaryBits(length: number): number {
  return length < 16_384 ? 15 : length < 262_144 ? 17 : 19;
}

/** The S2 kernel of `level` with a dictionary: lays each source behind the dictionary's content, in memory that it keeps until released. */
export function dictionaryKernel(heap: Heap, dictionary: S2Dictionary, level: Level): EncodeKernel {
  const { kernels } = heap;
  const history = new History(heap, dictionary);
  const repeat = dictionary.repeatOffset;
  const release = (): void => history.release();
  if (level === 'fast') {
    return {
      tableBits: () => 14,
      tableSize: fastSize,
      encode: (src, length, dst, dEnd, table, bits) => {
        const template = dictionary.template('fast', fastSize(bits), (content, size, at) => kernels.indexDictionary(content, size, at, bits, 6));
        const staged = history.place(src, length);
        return kernels.s2EncodeFastDictionary(staged, length, dst, dEnd, table, history.address, template, repeat);
      },
      release,
    };
  }
  if (level === 'better') {
    return {
      tableBits: betterDictionaryBits,
      tableSize: betterSize,
      encode: (src, length, dst, dEnd, table, bits) => {
        const template = dictionary.template(`better ${bits}`, betterSize(bits), (content, size, at) => {
          kernels.indexDictionary(content, size, at, bits, bits === 17 ? 7 : 6);
          kernels.indexDictionary(content, size, at + (4 << bits), bits === 17 ? 14 : bits - 2, 4);
        });
        const staged = history.place(src, length);
        return kernels.s2EncodeBetterDictionary(staged, length, dst, dEnd, table, bits, history.address, template, repeat);
      },
      release,
    };
  }
  return {
    tableBits: bestDictionaryBits,
    tableSize: bestSize,
    encode: (src, length, dst, dEnd, work, bits) => {
      const shortBits = Math.min(bits, BEST_SHORT_BITS);
      const template = dictionary.template(`best ${bits}`, bestSize(bits), (content, size, at) => {
        kernels.indexDictionaryTwice(content, size, at, bits, 8);
        kernels.indexDictionaryTwice(content, size, at + (8 << bits), shortBits, 4);
      });
      const staged = history.place(src, length);
      return kernels.snappyEncodeBest(1, staged, length, dst, dEnd, work, bits, shortBits, history.address, template, repeat);
    },
    release,
  };
}

/** A dictionary's content with room behind it for one source after the other. */
class History {
  readonly #heap: Heap;
  readonly #dictionary: S2Dictionary;
  #address = 0;
  #size = 0;

  constructor(heap: Heap, dictionary: S2Dictionary) {
    this.#heap = heap;
    this.#dictionary = dictionary;
  }

  /** Where the content starts; valid until the next {@link place}. */
  get address(): number {
    return this.#address;
  }

  /** Copies a source behind the content and gives its address there. */
  place(src: number, length: number): number {
    const heap = this.#heap;
    const { length: contentLength, address: content } = this.#dictionary;
    if (contentLength + length > this.#size) {
      this.release();
      const size = contentLength + Math.max(4096, length);
      this.#address = heap.allocate(size);
      this.#size = heap.roundUp(size);
      heap.u8.copyWithin(this.#address, content, content + contentLength);
    }
    const staged = this.#address + contentLength;
    heap.u8.copyWithin(staged, src, src + length);
    return staged;
  }

  release(): void {
    if (this.#size > 0) this.#heap.free(this.#address, this.#size);
    this.#address = 0;
    this.#size = 0;
  }
}
