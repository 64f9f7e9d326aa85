import { ArgumentRangeError, checkInteger } from '../../base/arguments.js';
import { defaultHeap, type Heap } from '../../memory/heap.js';
import { ENCODE_SLACK, ZstdEncodeContext } from './encode-context.js';
import { ZstdEncoderDictionary } from './encode-dictionary.js';
import { type ZstdLevel, ZstdSettings } from './encode-settings.js';
import { Pieces, selectContent } from './train-cover.js';

/** What a dictionary is trained for. */
export interface ZstdTrainingOptions {
  /** Most bytes of the dictionary, 1 KiB to 1 MiB. @default 64 KiB */
  size?: number;
  /** Its ID, 1 to 2^32 - 1. @default one made of the content, 32,768 to 2^31 - 1 */
  id?: number;
  /** The level at which it will be used most: its tables suit that one best. @default 'default' */
  level?: ZstdLevel;
  /** Where the work is done. @default defaultHeap() */
  heap?: Heap;
}

const MAGIC = 0xec30a437;
const HEADER = 8;
const REPEATS = 12;
const TABLES = 1024; // most bytes of entropy tables
const LEAST_CONTENT = 256;
const MOST_SAMPLE = 131_072; // of a longer sample only the first block is learnt from
const MOST_TOTAL = 64 * 2 ** 20;
/** Lengths of segments that are tried; what encodes the samples shortest wins. */
const SEGMENTS: readonly number[] = [48, 200, 800];
const TRIALS = 400;
const LEAST_SPLIT = 32;
const LEAST_GAIN = 0.98; // of the size without a dictionary

// Fields of a context after a block, as in assembly/zstd/encode-layout.ts.
const SEQUENCE_COUNT = 80 / 4;
const LITERAL_COUNT = 84 / 4;
const LITERAL_START = 136 / 4;
const CODE_COUNTS = 22_352;
const CODES = 3 * 64;
const LL_CODES = 36;
const ML_CODES = 53;

/**
 * Makes a dictionary (RFC 8878 section 5) from samples of the messages it is for: some hundred, better some thousand of them, and in all about a hundred times the
 * dictionary's size. The samples stay as they are. Takes about a second for 10 MB.
 * @returns the dictionary, for `ZstdEncoderDictionary.prepare`, `ZstdDictionary.prepare` and every other Zstandard
 * @throws ArgumentRangeError `ERR_OUT_OF_RANGE` for options out of range, more than 64 MiB of samples, and samples that have too little in common
 */
export function trainZstdDictionary(samples: readonly Uint8Array[], options: ZstdTrainingOptions = {}): Buffer {
  const size = checkInteger('size', options.size ?? 65_536, 1024, 2 ** 20);
  const heap = options.heap ?? defaultHeap();
  const level = options.level ?? 'default';
  if (options.id !== undefined) checkInteger('id', options.id, 1, 2 ** 32 - 1);
  const total = samples.reduce((sum, sample) => sum + sample.length, 0);
  checkInteger('the samples’ length', total, 0, MOST_TOTAL);
  const cut = samples.map((sample) => sample.subarray(0, MOST_SAMPLE));
  // One in four is kept back to see what a dictionary is worth to messages that it was not made of.
  const held = cut.length < LEAST_SPLIT ? cut : cut.filter((_, i) => i % 4 === 3);
  const pieces = new Pieces(cut.length < LEAST_SPLIT ? cut : cut.filter((_, i) => i % 4 !== 3));
  const room = size - HEADER - REPEATS - 256; // tables take about so much
  let best: { segment: number; bytes: number; statistics: Statistics } | undefined;
  for (const each of SEGMENTS) {
    const segment = Math.min(each, room);
    const content = selectContent(pieces, room, segment);
    if (content.length < LEAST_CONTENT) continue;
    const found = measure(heap, content, held, level);
    if (best === undefined || found.bytes < best.bytes) best = { segment, ...found };
  }
  const nothing = best === undefined ? 0 : measure(heap, new Uint8Array(8), held, level).bytes;
  if (best === undefined || best.bytes > nothing * LEAST_GAIN) throw new ArgumentRangeError('samples', 'many, with much in common', samples.length);
  return write(heap, selectContent(new Pieces(cut), room, best.segment), best.statistics, size, options.id);
}

/** How often each literal, and each code of literal lengths, offsets and match lengths, occurs. */
class Statistics {
  readonly literals = new Uint32Array(256);
  readonly codes = new Uint32Array(CODES);
}

// Encodes samples with `content` as their dictionary: what that gives, and what it is made of.
function measure(heap: Heap, content: Uint8Array, samples: readonly Uint8Array[], level: ZstdLevel): { bytes: number; statistics: Statistics } {
  const dictionary = ZstdEncoderDictionary.prepare(content, { heap, level });
  const context = new ZstdEncodeContext(heap);
  const settings = new ZstdSettings({ level, dictionary, checksum: false });
  const longest = samples.reduce((most, sample) => Math.max(most, sample.length), 0);
  const capacity = settings.maxEncodedSize(longest) + ENCODE_SLACK;
  let target = 0;
  const statistics = new Statistics();
  let bytes = 0;
  try {
    target = heap.allocate(capacity);
    const step = Math.max(1, Math.floor(samples.length / TRIALS));
    for (let i = 0; i < samples.length; i += step) {
      const sample = samples[i]!;
      if (sample.length < 8) continue; // stored
      bytes += context.encodeWith(settings, dictionary.stage(sample), sample.length, target, capacity);
      collect(heap, context.address, statistics);
    }
  } finally {
    if (target > 0) heap.free(target, heap.roundUp(capacity));
    context.release();
    dictionary.release();
  }
  return { bytes, statistics };
}

function collect(heap: Heap, context: number, { literals, codes }: Statistics): void {
  const { u8 } = heap;
  const fields = new Uint32Array(u8.buffer, context, 64);
  const start = fields[LITERAL_START]!;
  for (let p = start, end = start + fields[LITERAL_COUNT]!; p < end; p += 1) literals[u8[p]!]! += 1;
  if (fields[SEQUENCE_COUNT] === 0) return;
  const counts = new Uint32Array(u8.buffer, context + CODE_COUNTS, CODES);
  for (let i = 0; i < CODES; i += 1) codes[i]! += counts[i]!;
}

// Every code gets a place, so that the tables can be used for messages that are not quite like the samples.
function smooth({ literals, codes }: Statistics, content: number, all: boolean): void {
  if (all) for (let i = 0; i < 256; i += 1) literals[i]! += 1;
  else for (const i of [0, 32]) literals[i]! += 1; // two at least make a tree
  const highest = 31 - Math.clz32(content + MOST_SAMPLE);
  for (let code = 0; code < LL_CODES; code += 1) codes[code]! += 1;
  for (let code = 0; code <= highest; code += 1) codes[64 + code]! += 1;
  for (let code = 0; code < ML_CODES; code += 1) codes[128 + code]! += 1;
}

function write(heap: Heap, content: Uint8Array, statistics: Statistics, size: number, id: number | undefined): Buffer {
  const scratch = heap.allocate(TABLES + 1024 + CODES * 4);
  const context = new ZstdEncodeContext(heap);
  try {
    context.prepare(new ZstdSettings(), 1024);
    const codesAt = scratch + TABLES + 1024;
    const attempt = (all: boolean): number => {
      const counted = new Statistics();
      counted.literals.set(statistics.literals);
      counted.codes.set(statistics.codes);
      smooth(counted, content.length, all);
      new Uint32Array(heap.u8.buffer, scratch + TABLES, 256).set(counted.literals);
      new Uint32Array(heap.u8.buffer, codesAt, CODES).set(counted.codes);
      return heap.kernels.zstdDictionaryEntropy(context.address, scratch, scratch + TABLES, codesAt);
    };
    // Trees of all 256 literals do not always have a description; those that occur do, unless there are too many and too different ones.
    const end = attempt(true) || attempt(false);
    if (end === 0) throw new ArgumentRangeError('samples', 'less random', content.length);
    const tables = Buffer.from(heap.u8.slice(scratch, end));
    const kept = content.subarray(Math.max(0, content.length - (size - HEADER - REPEATS - tables.length)));
    const head = Buffer.alloc(HEADER);
    head.writeUInt32LE(MAGIC, 0);
    head.writeUInt32LE(id ?? idOf(heap, kept), 4);
    const repeats = Buffer.alloc(REPEATS);
    for (const [i, repeat] of [1, 4, 8].entries()) repeats.writeUInt32LE(repeat, 4 * i);
    return Buffer.concat([head, tables, repeats, kept]);
  } finally {
    context.release();
    heap.free(scratch, heap.roundUp(TABLES + 1024 + CODES * 4));
  }
}

// In the range that is neither registered nor reserved (section 5).
function idOf(heap: Heap, content: Uint8Array): number {
  const at = heap.allocate(content.length);
  heap.u8.set(content, at);
  const hash = heap.kernels.xxh64(at, content.length);
  heap.free(at, heap.roundUp(content.length));
  return Number(BigInt.asUintN(64, hash) % BigInt(2 ** 31 - 32_768)) + 32_768;
}
