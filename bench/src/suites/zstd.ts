import { spawnSync } from 'node:child_process';
import * as zlib from 'node:zlib';
import { goProgram } from '@millrace/interop/go';
import { rustProgram } from '@millrace/interop/rust';
import { Heap } from 'millrace';
import { ZSTD_ENCODE_SLACK, ZstdDecoder, ZstdEncodeContext, ZstdEncoder, ZstdSettings, type ZstdLevel } from 'millrace/codec';
import { typical, type Turns } from '../harness/batches.js';
import { geomean, median } from '../harness/measure.js';
import type { Suite, SuiteContext } from '../harness/suite.js';
import { dictionaryRows } from './zstd/dictionary.js';
import { join, messagesOf, totalOf, type Messages } from './zstd/messages.js';

const SIZES = [256, 1024, 16_384, 65_536, 2 ** 20, 20 * 2 ** 20];

interface Level {
  readonly name: ZstdLevel;
  /** The level of libzstd that it is compared with, where it is. */
  readonly libzstd: number | undefined;
  /** And that of klauspost/compress. */
  readonly klauspost: number;
}

const LEVELS: readonly Level[] = [
  { name: 'fastest', libzstd: 1, klauspost: 1 },
  { name: 'default', libzstd: 3, klauspost: 2 },
  { name: 'better', libzstd: undefined, klauspost: 3 },
  { name: 'best', libzstd: undefined, klauspost: 4 },
];

// What Node 22.15 and later have; the types of Node 20 do not know it.
const native = zlib as unknown as {
  zstdCompressSync?: (source: Buffer, options: { params: Record<number, number> }) => Buffer;
  constants: { ZSTD_c_compressionLevel?: number };
};

/** What one side took and gave. */
interface Figure {
  readonly ns: number;
  readonly bytes: number;
}

/** Kernel to kernel: from memory to memory, processes taking turns. */
class Kernels {
  readonly libzstd = rustProgram('libzstd');
  readonly klauspost = goProgram('klauspost-zstd');

  run({ pieces }: Messages, level: Level, plan: Turns): { ours: Figure; libzstd: Figure | undefined; klauspost: Figure; verified: boolean } {
    const heap = new Heap();
    const settings = new ZstdSettings({ level: level.name, checksum: false });
    const context = new ZstdEncodeContext(heap);
    const decoder = new ZstdDecoder({ heap });
    const addresses = pieces.map((piece) => {
      const address = heap.allocate(piece.length);
      heap.u8.set(piece, address);
      return address;
    });
    const capacity = settings.maxEncodedSize(Math.max(...pieces.map((piece) => piece.length))) + ZSTD_ENCODE_SLACK;
    const dst = heap.allocate(capacity);
    const encode = (i: number): number => context.encodeFrame(settings, addresses[i]!, pieces[i]!.length, dst, capacity);
    const verify = (): boolean => pieces.every((piece, i) => piece.equals(decoder.decodeToBuffer(heap.u8.subarray(dst, dst + encode(i)))));
    let verified = verify();
    const bytes = pieces.reduce((sum, _, i) => sum + encode(i), 0);
    const input = join(pieces);
    const figures: [number[], number[], number[]] = [[], [], []];
    const pass = (): void => {
      for (let i = 0; i < addresses.length; i += 1) encode(i);
    };
    for (let round = 0; round < plan.rounds; round += 1) {
      figures[0].push(typical([pass], pieces.length, { rounds: 1, sliceMs: plan.sliceMs })[0]!);
      if (level.libzstd !== undefined) figures[1].push(lines(this.libzstd, ['bench-encode', String(plan.sliceMs), String(level.libzstd)], input)[0]!);
      figures[2].push(lines(this.klauspost, ['bench', '-op', 'encode', '-batch', '-crc=false', '-level', String(level.klauspost), '-ms', String(plan.sliceMs)], input)[0]!);
    }
    verified = verify() && verified;
    const libzstdBytes = level.libzstd === undefined ? 0 : totalOf(output(this.libzstd, ['compress', String(level.libzstd)], input));
    const klauspostBytes = totalOf(output(this.klauspost, ['compress', '-batch', '-crc=false', '-level', String(level.klauspost)], input));
    context.release();
    decoder.release();
    return {
      ours: { ns: median(figures[0]), bytes },
      libzstd: level.libzstd === undefined ? undefined : { ns: median(figures[1]), bytes: libzstdBytes },
      klauspost: { ns: median(figures[2]), bytes: klauspostBytes },
      verified,
    };
  }
}

function output(program: string, args: string[], input: Buffer): Buffer {
  const result = spawnSync(program, args, { input, maxBuffer: 2 ** 28 });
  if (result.status !== 0) throw new Error(`${program}: ${result.stderr.toString()}`);
  return result.stdout;
}

function lines(program: string, args: string[], input: Buffer): number[] {
  return output(program, args, input).toString().trim().split('\n').map(Number);
}

/** Buffer to Buffer, and into a Buffer that the caller keeps. */
function buffers({ pieces }: Messages, level: Level, plan: Turns): { buffer: number; into: number; bytes: number; zlib: Figure | undefined; verified: boolean } {
  const heap = new Heap();
  const encoder = new ZstdEncoder({ heap, level: level.name, checksum: false });
  const decoder = new ZstdDecoder({ heap });
  const target = Buffer.alloc(encoder.maxEncodedSize(Math.max(...pieces.map((piece) => piece.length))));
  const verify = (): boolean =>
    pieces.every((piece) => {
      const size = encoder.encodeInto(piece, target);
      return decoder.decodeToBuffer(target.subarray(0, size)).equals(piece) && encoder.encodeToBuffer(piece).equals(target.subarray(0, size));
    });
  let verified = verify();
  const over = (use: (piece: Buffer) => unknown) => (): void => {
    for (const piece of pieces) use(piece);
  };
  const contenders = [over((piece) => encoder.encodeToBuffer(piece)), over((piece) => encoder.encodeInto(piece, target))];
  const parameter = native.constants.ZSTD_c_compressionLevel;
  const compress = native.zstdCompressSync;
  const theirs = compress === undefined || level.libzstd === undefined ? undefined : (piece: Buffer) => compress(piece, { params: { [parameter!]: level.libzstd! } });
  if (theirs !== undefined) contenders.push(over(theirs));
  const ns = typical(contenders, pieces.length, plan);
  const bytes = pieces.reduce((sum, piece) => sum + encoder.encodeInto(piece, target), 0);
  verified = verify() && verified;
  encoder.release();
  decoder.release();
  return {
    buffer: ns[0]!,
    into: ns[1]!,
    bytes,
    zlib: theirs === undefined ? undefined : { ns: ns[2]!, bytes: pieces.reduce((sum, piece) => sum + theirs(piece).length, 0) },
    verified: verified && heap.live === 0,
  };
}

/** Means over the corpora, by form, size, level and peer. */
class Means {
  readonly #found = new Map<string, { times: number[]; ratios: number[] }>();

  add(key: string, times: number, ratio: number): void {
    const entry = this.#found.get(key) ?? { times: [], ratios: [] };
    entry.times.push(times);
    entry.ratios.push(ratio);
    this.#found.set(key, entry);
  }

  report(context: SuiteContext): void {
    for (const [key, { times, ratios }] of this.#found) {
      const [name, peer] = key.split('\n') as [string, string];
      if (times.length < 2) continue;
      context.row({ case: name, metric: 'times their speed', better: 'higher', ours: geomean(times), peer, peerValue: 1, verified: true, note: `size ${geomean(ratios).toFixed(3)} of theirs` });
    }
  }
}

/** Zstandard encoding: rows `form/corpus/size/level`, each noting the size of the output against the peer's, and geometric means over the corpora. */
export const zstdSuite: Suite = {
  name: 'zstd',
  description: 'Zstandard encoding: kernel against libzstd and klauspost/compress, Buffer to Buffer against node:zlib',
  nodes: [24],
  async run(context) {
    const plan: Turns = context.verifyOnly ? { rounds: 1, sliceMs: 2 } : context.quick ? { rounds: 3, sliceMs: 15 } : { rounds: 7, sliceMs: 60 };
    const all = messagesOf(context, context.quick ? SIZES.slice(0, 5) : SIZES);
    const kernels = new Kernels();
    const names = {
      zlib: `zlib.zstdCompressSync of Node ${process.versions.node}`,
      libzstd: `libzstd ${spawnSync(kernels.libzstd, ['version']).stdout.toString().trim()}, context reused`,
      klauspost: 'klauspost zstd (Go), encoder reused',
    };
    const means = new Means();
    for (const one of all) {
      for (const level of LEVELS) {
        context.progress(`${one.corpus} ${one.size} ${level.name}`);
        const where = `${one.corpus}/${one.size}/${level.name}`;
        const record = (form: string, ns: number, bytes: number, peer: string, theirs: Figure | undefined, verified: boolean): void => {
          const note = theirs === undefined ? undefined : `size ${(bytes / theirs.bytes).toFixed(3)} of theirs`;
          context.row({ case: `${form}/${where}`, metric: 'ns/message', better: 'lower', ours: ns, peer, peerValue: theirs?.ns, verified, ...(note === undefined ? {} : { note }) });
          if (theirs !== undefined) means.add(`${form}/geomean/${one.size}/${level.name}\n${peer}`, theirs.ns / ns, bytes / theirs.bytes);
        };
        const kernel = kernels.run(one, level, plan);
        record('kernel', kernel.ours.ns, kernel.ours.bytes, names.klauspost, kernel.klauspost, kernel.verified);
        if (kernel.libzstd === undefined) continue;
        record('kernel', kernel.ours.ns, kernel.ours.bytes, names.libzstd, kernel.libzstd, kernel.verified);
        const whole = buffers(one, level, plan);
        record('buffer', whole.buffer, whole.bytes, names.zlib, whole.zlib, whole.verified);
        record('into', whole.into, whole.bytes, names.zlib, whole.zlib, whole.verified);
      }
    }
    means.report(context);
    if (context.corpora.given().length === 0) dictionaryRows(context, plan);
  },
};
