import { spawnSync } from 'node:child_process';
import * as zlib from 'node:zlib';
import { goProgram } from '@millrace/interop/go';
import { rustProgram } from '@millrace/interop/rust';
import { Heap } from 'millrace';
import type { Bytes } from 'millrace/bytes';
import { RawZstdDecoder, ZSTD_DECODE_SLACK, ZstdDecoder } from 'millrace/codec';
import { typical, type Turns } from '../harness/batches.js';
import { geomean, median } from '../harness/measure.js';
import { peers } from '../harness/peers.js';
import type { Suite, SuiteContext } from '../harness/suite.js';
import { items, join, type Items } from './zstd-decode/items.js';

const SIZES = [256, 1024, 16_384, 65_536, 2 ** 20, 20_000_000];
const LEVELS = [1, 3, 19];

/** What Node 22.15 and later have, and the types of Node 20 do not know. */
const zstdDecompressSync = (zlib as unknown as { zstdDecompressSync?: (frame: Buffer) => Buffer }).zstdDecompressSync;

/** One pass over all frames. */
type Pass = () => void;

/** Kernel to kernel: from memory to memory, in processes that take turns. Gives median nanoseconds of a frame. */
class Kernels {
  readonly heap = new Heap();
  readonly raw = new RawZstdDecoder(this.heap);
  readonly klauspost = goProgram('klauspost-zstd');
  readonly libzstd = rustProgram('libzstd');

  run(one: Items, plan: Turns): { ours: number; libzstd: number; klauspost: number; verified: boolean } {
    const { heap, raw } = this;
    const capacity = one.size;
    const addresses = one.frames.map((frame) => {
      const address = heap.allocate(frame.length);
      heap.u8.set(frame, address);
      return address;
    });
    const lengths = one.frames.map((frame) => frame.length);
    const dst = heap.allocate(capacity + ZSTD_DECODE_SLACK);
    const decode = (i: number): number => raw.decode(addresses[i]!, lengths[i]!, dst, capacity, capacity + ZSTD_DECODE_SLACK);
    const verify = (): boolean => one.pieces.every((piece, i) => decode(i) === piece.length && piece.equals(heap.u8.subarray(dst, dst + piece.length)));
    let verified = verify();
    const input = join(one.frames);
    const figures: number[][] = [[], [], []];
    const pass = (): void => {
      for (let at = 0; at < addresses.length; at += 1) decode(at);
    };
    for (let round = 0; round < plan.rounds; round += 1) {
      figures[0]!.push(typical([pass], addresses.length, { rounds: 1, sliceMs: plan.sliceMs })[0]!);
      figures[1]!.push(external(this.libzstd, ['bench-decode', String(plan.sliceMs)], input));
      figures[2]!.push(external(this.klauspost, ['bench', '-op', 'decode', '-ms', String(plan.sliceMs)], input));
    }
    verified = verify() && verified;
    for (const [i, address] of addresses.entries()) heap.free(address, heap.roundUp(lengths[i]!));
    heap.free(dst, heap.roundUp(capacity + ZSTD_DECODE_SLACK));
    return { ours: median(figures[0]!), libzstd: median(figures[1]!), klauspost: median(figures[2]!), verified };
  }
}

function external(program: string, args: string[], input: Buffer): number {
  const result = spawnSync(program, args, { input, maxBuffer: 2 ** 20 });
  if (result.status !== 0) throw new Error(`${program}: ${result.stderr.toString()}`);
  return Number(result.stdout.toString().split('\n')[0]);
}

/** Buffer to Buffer, and into memory that the caller keeps, as Node programs would use it. */
function buffers(one: Items, plan: Turns): { buffer: number; into: number; zlib: number | undefined; fzstd: number | undefined; verified: boolean } {
  const heap = new Heap();
  const zstd = new ZstdDecoder({ heap });
  const address = heap.allocate(one.size);
  const kept = heap.u8.subarray(address, address + one.size);
  const fzstd = one.size > 2 ** 20 ? undefined : (peers().tryRequire('fzstd') as { decompress(frame: Uint8Array, out?: Uint8Array): Uint8Array } | undefined);
  const verify = (): boolean =>
    one.frames.every((frame, i) => {
      const piece = one.pieces[i]!;
      return zstd.decodeToBuffer(frame).equals(piece) && zstd.decodeInto(frame, kept) === piece.length && piece.equals(kept) && (fzstd === undefined || piece.equals(fzstd.decompress(frame)));
    });
  let verified = verify();
  const { frames } = one;
  const over = (use: (frame: Buffer) => unknown): Pass => () => {
    for (const frame of frames) use(frame);
  };
  const contenders = [over((frame) => zstd.decodeToBuffer(frame)), over((frame) => zstd.decodeInto(frame, kept))];
  if (zstdDecompressSync) contenders.push(over((frame) => zstdDecompressSync(frame)));
  if (fzstd) contenders.push(over((frame) => fzstd.decompress(frame)));
  const results = typical(contenders, frames.length, plan);
  verified = verify() && verified;
  heap.free(address, heap.roundUp(one.size));
  zstd.release();
  const [buffer, into, ...rest] = results as [number, number, ...number[]];
  const zlibNs = zstdDecompressSync ? rest.shift() : undefined;
  return { buffer, into, zlib: zlibNs, fzstd: rest[0], verified: verified && heap.live === 0 };
}

/** 10,000 decoded messages that are all kept: bytes of the heap for each byte of payload. */
function retained(context: SuiteContext, messages: readonly Buffer[], frames: readonly Buffer[]): void {
  const heap = new Heap();
  const zstd = new ZstdDecoder({ heap });
  const count = context.verifyOnly ? 100 : 10_000;
  const kept: Bytes[] = [];
  let payload = 0;
  for (let i = 0; i < count; i += 1) {
    const bytes = zstd.decode(frames[i % frames.length]!);
    kept.push(bytes);
    payload += bytes.length;
  }
  zstd.release();
  const verified = kept.every((bytes, i) => bytes.toBuffer().equals(messages[i % messages.length]!));
  const held = heap.live / payload;
  for (const bytes of kept) bytes.release();
  context.row({ case: `retained/${count}-messages`, metric: 'bytes held per byte', better: 'lower', ours: held, peer: '-', peerValue: undefined, verified: verified && heap.live === 0 });
}

/** Zstandard decoding: rows `form/corpus/size/level`, and the geometric mean over corpora and levels at each size. */
export const zstdDecodeSuite: Suite = {
  name: 'zstd-decode',
  description: 'Zstandard decoding: kernel against libzstd and klauspost/compress, Buffer to Buffer against node:zlib and fzstd',
  nodes: [20, 24, 26],
  async run(context) {
    const plan: Turns = context.verifyOnly ? { rounds: 1, sliceMs: 2 } : context.quick ? { rounds: 3, sliceMs: 12 } : { rounds: 5, sliceMs: 40 };
    const all = context.quick ? items(context, SIZES.slice(0, 5), [1, 3]) : items(context, SIZES, LEVELS);
    const kernels = new Kernels();
    const node = `zlib.zstdDecompressSync of Node ${process.versions.node}`;
    const libzstd = `libzstd ${spawnSync(kernels.libzstd, ['version']).stdout.toString().trim()}, context reused`;
    const klauspost = 'klauspost zstd (Go), decoder reused';
    const means = new Map<string, number[]>();
    const record = (form: string, one: Items, ours: number, peer: string, theirs: number | undefined, verified: boolean): void => {
      context.row({ case: `${form}/${one.corpus}/${one.size}/${one.level}`, metric: 'ns/frame', better: 'lower', ours, peer, peerValue: theirs, verified });
      if (theirs === undefined) return;
      const key = `${form}/geomean/${one.size}\n${peer}`;
      means.set(key, [...(means.get(key) ?? []), theirs / ours]);
    };
    for (const one of all) {
      context.progress(`${one.corpus} ${one.size} level ${one.level}`);
      const kernel = kernels.run(one, plan);
      record('kernel', one, kernel.ours, libzstd, kernel.libzstd, kernel.verified);
      record('kernel', one, kernel.ours, klauspost, kernel.klauspost, kernel.verified);
      const whole = buffers(one, plan);
      record('buffer', one, whole.buffer, node, whole.zlib, whole.verified);
      record('into', one, whole.into, node, whole.zlib, whole.verified);
      if (whole.fzstd !== undefined) record('buffer', one, whole.buffer, peers().label('fzstd'), whole.fzstd, whole.verified);
    }
    for (const [key, ratios] of means) {
      const [name, peer] = key.split('\n') as [string, string];
      context.row({ case: name, metric: 'times their speed', better: 'higher', ours: geomean(ratios), peer, peerValue: 1, verified: true });
    }
    const kilo = all.find((one) => one.size === 1024)!;
    retained(context, kilo.pieces, kilo.frames);
  },
};
