import { Heap } from 'millrace';
import { BlockCodec } from 'millrace/codec';
import { geomean, interleave } from '../../harness/measure.js';
import { peers } from '../../harness/peers.js';
import type { SuiteContext } from '../../harness/suite.js';
import { bytesOf, type Items } from './items.js';

/** The part of npm snappy used here. */
interface NpmSnappy {
  compressSync(input: Buffer): Buffer;
  uncompressSync(input: Buffer): Buffer;
}

/** From Buffer to Buffer, as Node programs use npm snappy: what copying in and out costs is in the figures. */
export function bufferRows(context: SuiteContext, all: readonly Items[]): void {
  const plan = context.verifyOnly ? { rounds: 1, sliceMs: 2 } : context.quick ? { rounds: 5, sliceMs: 15 } : { rounds: 9, sliceMs: 60 };
  const npm = peers().tryRequire('snappy') as NpmSnappy | undefined;
  const label = peers().label('snappy');
  const codec = new BlockCodec({ dialect: 'snappy', heap: new Heap() });
  const figures = new Map<string, number[]>();
  const record = (name: string, one: Items, ours: number, theirs: number | undefined, verified: boolean): void => {
    const bytes = bytesOf(one) / one.pieces.length;
    context.row({
      case: `${name}/${one.corpus}/${one.size}`,
      metric: 'MB/s',
      better: 'higher',
      ours: (bytes / ours) * 1e3,
      peer: label,
      peerValue: theirs === undefined ? undefined : (bytes / theirs) * 1e3,
      verified,
    });
    if (theirs === undefined) return;
    const key = `${name}/geomean/${one.size}`;
    figures.set(key, [...(figures.get(key) ?? []), theirs / ours]);
  };

  for (const one of all) {
    context.progress(`Buffer to Buffer ${one.corpus} ${one.size}`);
    const { pieces } = one;
    const blocks = pieces.map((piece) => (npm ? npm.compressSync(piece) : codec.encodeToBuffer(piece)));
    const room = Buffer.alloc(Math.max(...pieces.map((piece) => piece.length)));
    const verify = (): boolean =>
      pieces.every((piece, index) => {
        const block = codec.encodeToBuffer(piece);
        const back = npm ? npm.uncompressSync(block) : codec.decodeToBuffer(block);
        const size = codec.decodeInto(blocks[index]!, room);
        return back.equals(piece) && codec.decodeToBuffer(blocks[index]!).equals(piece) && room.subarray(0, size).equals(piece);
      });
    const before = verify();
    const contenders = [
      over(pieces, (piece) => codec.encodeToBuffer(piece)),
      over(blocks, (block) => codec.decodeToBuffer(block)),
      over(blocks, (block) => codec.decodeInto(block, room)),
    ];
    if (npm) {
      contenders.push(
        over(pieces, (piece) => npm.compressSync(piece)),
        over(blocks, (block) => npm.uncompressSync(block)),
      );
    }
    const [encode, decode, decodeInto, npmEncode, npmDecode] = interleave(contenders, plan);
    const verified = before && verify();
    record('buffer-encode/fast', one, encode!, npmEncode, verified);
    record('buffer-decode/fast', one, decode!, npmDecode, verified);
    record('buffer-decode-into/fast', one, decodeInto!, npmDecode, verified);
  }
  for (const [key, list] of figures) {
    context.row({ case: key, metric: 'times their speed', better: 'higher', ours: geomean(list), peer: label, peerValue: 1, verified: true });
  }
  codec.release();
}

function over(inputs: readonly Buffer[], use: (input: Buffer) => unknown): (n: number) => void {
  return (n) => {
    const count = inputs.length;
    for (let i = 0, at = 0; i < n; i += 1) {
      use(inputs[at]!);
      at = at + 1 === count ? 0 : at + 1;
    }
  };
}
