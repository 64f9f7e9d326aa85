import { readFileSync } from 'node:fs';
import { Heap } from 'millrace';
import { BlockCodec, LZ4Converter, S2Dictionary, XerialCodec, type Dialect, type Level } from 'millrace/codec';
import { Klauspost } from '../peers/klauspost.js';
import type { S2Check } from './suite.js';

const heap = new Heap();
const DIALECTS: readonly Dialect[] = ['s2', 'snappy'];
const LEVELS: readonly Level[] = ['fast', 'better', 'best'];

/** Blocks of every kind: text and noise at every size where tables and tags change, runs, overlapping repeats, far copies. */
export function blockSamples(): Buffer[] {
  const text = readFileSync(new URL(import.meta.url));
  const noise = Buffer.alloc(70_000);
  let state = 7;
  for (let i = 0; i < noise.length; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    noise[i] = state >>> 24;
  }
  const long = Buffer.concat(Array.from({ length: 300 }, (_, i) => Buffer.concat([text.subarray(0, 900 + ((i * 131) % 1500)), noise.subarray(i * 40, i * 40 + 25)])));
  const sizes = [0, 1, 5, 15, 16, 31, 32, 33, 60, 61, 64, 100, 255, 256, 257, 511, 512, 1000, 4095, 4096, 16_383, 16_384, 32_768, 65_535, 65_536, 65_537, 300_000];
  const samples = sizes.map((size) => long.subarray(0, size));
  for (const size of [32, 100, 5000, 70_000]) samples.push(noise.subarray(0, size));
  for (const period of [1, 2, 3, 7, 8, 15, 16, 17, 33]) samples.push(Buffer.alloc(5000, noise.subarray(0, period)));
  samples.push(Buffer.alloc(20_000_000, 'x'), Buffer.concat([noise.subarray(0, 3000), Buffer.alloc(70_000), noise.subarray(0, 3000)]));
  return samples;
}

/** Fails, naming what is compared, unless the two are equal. */
export function same(actual: Buffer, expected: Uint8Array, what: string): void {
  if (!actual.equals(expected)) throw new Error(`${what}: ${actual.length} bytes that differ from the ${expected.length} expected`);
}

/** Blocks of every level and dialect, written here and read by klauspost/compress, and the other way round. */
export function* blockChecks(): Generator<S2Check> {
  const samples = blockSamples();
  for (const dialect of DIALECTS) {
    for (const level of LEVELS) {
      yield {
        name: `${dialect} blocks at level ${level}, both ways`,
        run: async (peer) => {
          const codec = new BlockCodec({ dialect, level, heap });
          for (const sample of samples) {
            const what = `${sample.length} bytes`;
            same(await peer.request({ op: 'decode', dialect }, codec.encodeToBuffer(sample)), sample, `${what} written here`);
            same(codec.decodeToBuffer(await peer.request({ op: 'encode', dialect, level }, sample)), sample, `${what} written there`);
          }
          codec.release();
          if (heap.live !== 0) throw new Error(`${heap.live} bytes are left allocated`);
        },
      };
    }
    yield {
      name: `${dialect} blocks concatenated here and there`,
      run: async (peer) => {
        const codec = new BlockCodec({ dialect, heap });
        const parts = samples.slice(0, 25);
        const whole = codec.concatenate(parts.map((part) => codec.encodeToBuffer(part)));
        same(await peer.request({ op: 'decode', dialect }, whole.toBuffer()), Buffer.concat(parts), 'joined here');
        whole.release();
        const theirs = await peer.request({ op: 'concat' }, Klauspost.join(parts.map((part) => codec.encodeToBuffer(part))));
        same(codec.decodeToBuffer(theirs), Buffer.concat(parts), 'joined there');
        codec.release();
      },
    };
  }
}

/** Blocks with dictionaries: those built here, built there, and trained. */
export function* dictionaryChecks(): Generator<S2Check> {
  const samples = blockSamples().filter((sample) => sample.length <= 300_000);
  const text = samples.at(-8)!;
  const content = Buffer.concat([text.subarray(0, 20_000), readFileSync(new URL(import.meta.url))]);
  const searchStart = content.subarray(300, 340);
  yield {
    name: 'a dictionary is the same built here and there',
    run: async (peer) => {
      const ours = S2Dictionary.build(content, { heap, searchStart });
      same(ours.serialize(), await peer.request({ op: 'makeDict', searchStart }, content), 'serialised');
      ours.release();
    },
  };
  const sources: [string, () => S2Dictionary][] = [
    ['built', () => S2Dictionary.build(content, { heap, searchStart })],
    ['of 16 bytes', () => S2Dictionary.build(content.subarray(0, 16), { heap })],
    ['trained', () => S2Dictionary.train(Array.from({ length: 40 }, (_, i) => content.subarray(i * 300, i * 300 + 900)), { heap, size: 4096 })],
  ];
  for (const [name, make] of sources) {
    for (const level of LEVELS) {
      yield {
        name: `blocks with a dictionary ${name} at level ${level}, both ways`,
        run: async (peer) => {
          const dictionary = make();
          const dict = dictionary.serialize();
          const codec = new BlockCodec({ dictionary, level });
          for (const sample of [...samples, content, content.subarray(300, 900), content.subarray(5000, 5400), Buffer.concat([content, content])]) {
            const what = `${sample.length} bytes`;
            same(await peer.request({ op: 'decode', dict }, codec.encodeToBuffer(sample)), sample, `${what} written here`);
            same(codec.decodeToBuffer(await peer.request({ op: 'encode', level, dict }, sample)), sample, `${what} written there`);
          }
          codec.release();
          dictionary.release();
          if (heap.live !== 0) throw new Error(`${heap.live} bytes are left allocated`);
        },
      };
    }
  }
}

/** Xerial framing, both ways. */
export function* xerialChecks(): Generator<S2Check> {
  for (const level of LEVELS) {
    yield {
      name: `xerial framing at level ${level}, both ways`,
      run: async (peer) => {
        const codec = new XerialCodec({ heap, level });
        for (const sample of blockSamples()) {
          const what = `${sample.length} bytes`;
          same(await peer.request({ op: 'unxerial' }, codec.encodeToBuffer(sample)), sample, `${what} written here`);
          same(codec.decodeToBuffer(await peer.request({ op: 'xerial', level: level === 'best' ? 'better' : level }, sample)), sample, `${what} written there`);
        }
        codec.release();
        if (heap.live !== 0) throw new Error(`${heap.live} bytes are left allocated`);
      },
    };
  }
}

// A valid LZ4 block of pseudo-random sequences: literals and matches of all lengths, offsets that repeat now and then.
function lz4Block(seed: number, sequences: number): Buffer {
  let state = seed;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const out: number[] = [];
  const put = (literals: number, match: number): void => {
    out.push((Math.min(15, literals) << 4) | Math.min(15, match));
    if (literals >= 15) lengthBytes(literals - 15);
    for (let i = 0; i < literals; i += 1) out.push(next(256));
  };
  const lengthBytes = (n: number): void => {
    for (; n >= 255; n -= 255) out.push(255);
    out.push(n);
  };
  let produced = 0;
  let offset = 1;
  for (let i = 0; i < sequences; i += 1) {
    const literals = i === 0 ? 1 + next(40) : next(4) === 0 ? next(400) : next(20);
    const match = next(6) === 0 ? next(3000) : next(18);
    put(literals, match);
    produced += literals;
    if (next(3) > 0) offset = 1 + next(Math.min(produced, 65_535));
    out.push(offset & 0xff, offset >> 8);
    if (match >= 15) lengthBytes(match - 15);
    produced += match + 4;
  }
  put(next(30), 0);
  return Buffer.from(out);
}

/** LZ4 blocks, converted here and there: the results decode to the same. */
export function* lz4Checks(): Generator<S2Check> {
  for (const dialect of DIALECTS) {
    yield {
      name: `LZ4 blocks converted to ${dialect} here and there`,
      run: async (peer) => {
        const converter = new LZ4Converter({ dialect, heap });
        const codec = new BlockCodec({ dialect, heap });
        for (let seed = 1; seed <= 40; seed += 1) {
          const block = lz4Block(seed, 1 + seed * 5);
          const converted = converter.convertToBuffer(block);
          const theirs = await peer.request({ op: 'convertLZ4', dialect }, block);
          same(await peer.request({ op: 'decode', dialect }, converted), codec.decodeToBuffer(theirs), `block ${seed}`);
          if (converted.length > theirs.length) throw new Error(`block ${seed} takes ${converted.length} bytes here and ${theirs.length} there`);
        }
        converter.release();
        codec.release();
        if (heap.live !== 0) throw new Error(`${heap.live} bytes are left allocated`);
      },
    };
  }
}
