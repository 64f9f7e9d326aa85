import { Klauspost } from '@millrace/interop/klauspost';
import { Heap } from 'millrace';
import { decodeBlock, DECODE_SLACK, ENCODE_SLACK, type Level, maxEncodedLength, RawEncoder } from 'millrace/codec';
import { geomean, median } from '../../harness/measure.js';
import type { SuiteContext } from '../../harness/suite.js';
import { bytesOf, type Items } from './items.js';

const LEVELS: readonly Level[] = ['fast', 'better', 'best'];

interface Plan {
  readonly rounds: number;
  readonly sliceMs: number;
}

/** Ours and theirs in turn, each for about `sliceMs` a round: median nanoseconds of one operation, and the peer's last reply. */
async function duel(ours: (n: number) => void, theirs: (n: number) => Promise<{ ns: number; bytes: number }>, plan: Plan): Promise<[number, number, number]> {
  let n = 1;
  for (let ms = 0; ms < plan.sliceMs / 2; ) {
    n *= 2;
    const start = process.hrtime.bigint();
    ours(n);
    ms = Number(process.hrtime.bigint() - start) / 1e6;
    if (ms >= plan.sliceMs / 2) n = Math.max(1, Math.round((n * plan.sliceMs) / ms));
  }
  const a: number[] = [];
  const b: number[] = [];
  let bytes = 0;
  for (let round = 0; round < plan.rounds; round += 1) {
    const start = process.hrtime.bigint();
    ours(n);
    a.push(Number(process.hrtime.bigint() - start) / n);
    const reply = await theirs(n);
    b.push(reply.ns / n);
    bytes = reply.bytes;
  }
  return [median(a), median(b), bytes];
}

/** A set of pieces in the heap, with room for what they are coded to. */
class Arena {
  readonly addresses: number[];
  readonly lengths: number[];
  readonly dst: number;
  readonly capacity: number;
  readonly heap: Heap;
  readonly #ranges: [number, number][] = [];

  constructor(heap: Heap, pieces: readonly Uint8Array[], capacity: number) {
    this.heap = heap;
    this.capacity = capacity;
    this.lengths = pieces.map((piece) => piece.length);
    this.addresses = pieces.map((piece) => {
      const address = this.#take(Math.max(1, piece.length));
      heap.u8.set(piece, address);
      return address;
    });
    this.dst = this.#take(capacity);
  }

  #take(size: number): number {
    const address = this.heap.allocate(size);
    this.#ranges.push([address, this.heap.roundUp(size)]);
    return address;
  }

  output(length: number): Buffer {
    return Buffer.from(this.heap.u8.subarray(this.dst, this.dst + length));
  }

  release(): void {
    for (const [address, size] of this.#ranges) this.heap.free(address, size);
  }
}

interface Figure {
  readonly speed: number;
  readonly size: number;
}

/** Kernel against kernel: from memory to memory, no allocation on either side. */
export async function kernelRows(context: SuiteContext, all: readonly Items[]): Promise<void> {
  const plan: Plan = context.verifyOnly ? { rounds: 1, sliceMs: 2 } : context.quick ? { rounds: 5, sliceMs: 12 } : { rounds: 9, sliceMs: 60 };
  const peer = new Klauspost();
  const heap = new Heap();
  try {
    const label = `klauspost s2 ${(await peer.request({ op: 'version' })).toString()} (Go assembly)`;
    const figures = new Map<string, Figure[]>();
    const record = (name: string, one: Items, ours: number, theirs: number, verified: boolean, size: number): void => {
      const bytes = bytesOf(one) / one.pieces.length;
      context.row({
        case: `${name}/${one.corpus}/${one.size}`,
        metric: 'MB/s',
        better: 'higher',
        ours: (bytes / ours) * 1e3,
        peer: label,
        peerValue: (bytes / theirs) * 1e3,
        verified,
        ...(size > 0 ? { note: `size ${size.toFixed(4)} of theirs` } : {}),
      });
      const key = `${name}/geomean/${one.size}`;
      figures.set(key, [...(figures.get(key) ?? []), { speed: theirs / ours, size }]);
    };

    for (const one of all) {
      for (const level of LEVELS) {
        context.progress(`encode ${level} ${one.corpus} ${one.size}`);
        const [ours, theirs, ratio, verified] = await encodeDuel(heap, peer, one, level, plan);
        record(`encode/${level}`, one, ours, theirs, verified, ratio);
      }
      context.progress(`decode ${one.corpus} ${one.size}`);
      const [ours, theirs, verified] = await decodeDuel(heap, peer, one, plan);
      record('decode/fast', one, ours, theirs, verified, 0);
    }
    for (const [key, list] of figures) {
      const size = list[0]!.size > 0 ? geomean(list.map((figure) => figure.size)) : 0;
      context.row({
        case: key,
        metric: 'times their speed',
        better: 'higher',
        ours: geomean(list.map((figure) => figure.speed)),
        peer: label,
        peerValue: 1,
        verified: true,
        ...(size > 0 ? { note: `size ${size.toFixed(4)} of theirs` } : {}),
      });
    }
  } finally {
    peer.close();
  }
}

async function encodeDuel(heap: Heap, peer: Klauspost, one: Items, level: Level, plan: Plan): Promise<[number, number, number, boolean]> {
  const longest = Math.max(...one.pieces.map((piece) => piece.length));
  const arena = new Arena(heap, one.pieces, maxEncodedLength(longest) + ENCODE_SLACK);
  const encoder = new RawEncoder(heap, { dialect: 's2', level });
  const { addresses, lengths, dst, capacity } = arena;
  const run = (n: number): void => {
    const count = addresses.length;
    for (let i = 0, at = 0; i < n; i += 1) {
      encoder.encode(addresses[at]!, lengths[at]!, dst, capacity);
      at = at + 1 === count ? 0 : at + 1;
    }
  };
  let bytes = 0;
  let verified = true;
  const check = async (): Promise<void> => {
    bytes = 0;
    for (const [index, piece] of one.pieces.entries()) {
      const size = encoder.encode(addresses[index]!, lengths[index]!, dst, capacity);
      bytes += size;
      const decoded = await peer.request({ op: 'decode', dialect: 's2' }, arena.output(size));
      verified &&= decoded.equals(piece);
    }
  };
  try {
    await check();
    const [ours, theirs, theirBytes] = await duel(run, (n) => peer.bench({ dialect: 's2', level, n }, one.pieces), plan);
    await check();
    return [ours, theirs, bytes / theirBytes, verified];
  } finally {
    encoder.release();
    arena.release();
  }
}

async function decodeDuel(heap: Heap, peer: Klauspost, one: Items, plan: Plan): Promise<[number, number, boolean]> {
  const longest = Math.max(...one.pieces.map((piece) => piece.length));
  const blocks: Buffer[] = [];
  for (const piece of one.pieces) blocks.push(await peer.request({ op: 'encode', dialect: 's2', level: 'fast' }, piece));
  const arena = new Arena(heap, blocks, longest + DECODE_SLACK);
  const { addresses, lengths, dst, capacity } = arena;
  const run = (n: number): void => {
    const count = addresses.length;
    for (let i = 0, at = 0; i < n; i += 1) {
      decodeBlock(heap, addresses[at]!, lengths[at]!, dst, capacity, 's2');
      at = at + 1 === count ? 0 : at + 1;
    }
  };
  const check = (): boolean =>
    one.pieces.every((piece, index) => {
      const size = decodeBlock(heap, addresses[index]!, lengths[index]!, dst, capacity, 's2');
      return arena.output(size).equals(piece);
    });
  try {
    const before = check();
    const [ours, theirs] = await duel(run, (n) => peer.bench({ dialect: 's2', n }, blocks, longest), plan);
    return [ours, theirs, before && check()];
  } finally {
    arena.release();
  }
}
