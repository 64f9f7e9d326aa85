import { Bytes, BytesMut, Cursor } from 'millrace/bytes';
import { Heap } from 'millrace/memory';
import type { SuiteContext } from '../../harness/suite.js';
import { sink, timed } from './pace.js';
import type { Tokio } from './tokio.js';

const PAGE = 4096;
const PAGES = 4;

/**
 * Numbers in and out of pages of 4 KiB, one after the other, as a protocol's parser and writer do it: with us the cursor keeps the position, over
 * Buffer and DataView a reader object does, which is what parsers over them have. Four pages in turn, as no parser has only one message.
 */
export function numbers(context: SuiteContext, tokio: Tokio): void {
  const heap = new Heap();
  const source = Buffer.from(Uint8Array.from({ length: PAGE }, (_, i) => (i * 31) & 0x7f));
  const bytes = Bytes.copyOf(source, heap);
  gets(context, tokio, bytes, source);
  bytes.release();
  puts(context, tokio, heap);
}

/** A parser's or writer's state over a Buffer. */
class OverBuffer {
  at = 0;
  readonly buffer: Buffer;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  get16(): number { const value = this.buffer.readUInt16BE(this.at); this.at += 2; return value; }
  get32(): number { const value = this.buffer.readUInt32BE(this.at); this.at += 4; return value; }
  get64(): bigint { const value = this.buffer.readBigUInt64BE(this.at); this.at += 8; return value; }
  put16(value: number): void { this.at = this.buffer.writeUInt16BE(value, this.at); }
  put32(value: number): void { this.at = this.buffer.writeUInt32BE(value, this.at); }
  put64(value: bigint): void { this.at = this.buffer.writeBigUInt64BE(value, this.at); }
}

/** The same over a DataView. */
class OverView {
  at = 0;
  readonly view: DataView;

  constructor(view: DataView) {
    this.view = view;
  }

  get16(): number { const value = this.view.getUint16(this.at); this.at += 2; return value; }
  get32(): number { const value = this.view.getUint32(this.at); this.at += 4; return value; }
  get64(): bigint { const value = this.view.getBigUint64(this.at); this.at += 8; return value; }
  put16(value: number): void { this.view.setUint16(this.at, value); this.at += 2; }
  put32(value: number): void { this.view.setUint32(this.at, value); this.at += 4; }
  put64(value: bigint): void { this.view.setBigUint64(this.at, value); this.at += 8; }
}

type Sum<T> = (reader: T) => number;

function gets(context: SuiteContext, tokio: Tokio, bytes: Bytes, source: Buffer): void {
  const cursors = Array.from({ length: PAGES }, () => new Cursor(bytes));
  const buffers = Array.from({ length: PAGES }, () => new OverBuffer(Buffer.from(source)));
  const views = Array.from({ length: PAGES }, () => new OverView(new DataView(new Uint8Array(source).buffer)));
  const reads: readonly (readonly [bits: number, Sum<Cursor>, Sum<OverBuffer>, Sum<OverView>])[] = [
    [16, (r) => { let sum = 0; for (let i = 0; i < PAGE / 2; i += 1) sum += r.getU16(); return sum; },
      (r) => { let sum = 0; for (let i = 0; i < PAGE / 2; i += 1) sum += r.get16(); return sum; },
      (r) => { let sum = 0; for (let i = 0; i < PAGE / 2; i += 1) sum += r.get16(); return sum; }],
    [32, (r) => { let sum = 0; for (let i = 0; i < PAGE / 4; i += 1) sum += r.getU32(); return sum; },
      (r) => { let sum = 0; for (let i = 0; i < PAGE / 4; i += 1) sum += r.get32(); return sum; },
      (r) => { let sum = 0; for (let i = 0; i < PAGE / 4; i += 1) sum += r.get32(); return sum; }],
    [64, (r) => { let sum = 0n; for (let i = 0; i < PAGE / 8; i += 1) sum = BigInt.asUintN(64, sum + r.getU64()); return Number(sum & 0xffff_ffffn); },
      (r) => { let sum = 0n; for (let i = 0; i < PAGE / 8; i += 1) sum = BigInt.asUintN(64, sum + r.get64()); return Number(sum & 0xffff_ffffn); },
      (r) => { let sum = 0n; for (let i = 0; i < PAGE / 8; i += 1) sum = BigInt.asUintN(64, sum + r.get64()); return Number(sum & 0xffff_ffffn); }],
  ];
  for (const [bits, ours, buffer, data] of reads) {
    context.progress(`get u${bits}`);
    const count = PAGE / (bits / 8);
    const viaCursor = (i: number): number => { const r = cursors[i % PAGES]!; r.position = 0; return ours(r); };
    const viaBuffer = (i: number): number => { const r = buffers[i % PAGES]!; r.at = 0; return buffer(r); };
    const viaView = (i: number): number => { const r = views[i % PAGES]!; r.at = 0; return data(r); };
    const check = (): number[] => [viaCursor(1), viaBuffer(2), viaView(3)];
    const before = check();
    const [mine, first, second] = timed(context, [
      (n) => { for (let i = 0; i < n; i += 1) sink.number += viaCursor(i); },
      (n) => { for (let i = 0; i < n; i += 1) sink.number += viaBuffer(i); },
      (n) => { for (let i = 0; i < n; i += 1) sink.number += viaView(i); },
    ]).map((ns) => ns / count);
    const verified = new Set([...before, ...check()]).size === 1;
    twoRows(context, `get u${bits}, big-endian`, mine!, first!, second!, verified);
    tokio.row(context, `get-u${bits}`, `get u${bits}, big-endian`, mine!, verified);
  }
}

type Fill<T> = (sink: T, seed: number) => void;

function puts(context: SuiteContext, tokio: Tokio, heap: Heap): void {
  const outs = Array.from({ length: PAGES }, () => BytesMut.withCapacity(PAGE, heap));
  const buffers = Array.from({ length: PAGES }, () => new OverBuffer(Buffer.alloc(PAGE)));
  const views = Array.from({ length: PAGES }, () => new OverView(new DataView(new ArrayBuffer(PAGE))));
  const writes: readonly (readonly [bits: number, Fill<BytesMut>, Fill<OverBuffer>, Fill<OverView>])[] = [
    [16, (w, s) => { for (let i = 0; i < PAGE / 2; i += 1) w.putU16((s + i) & 0xffff); },
      (w, s) => { for (let i = 0; i < PAGE / 2; i += 1) w.put16((s + i) & 0xffff); },
      (w, s) => { for (let i = 0; i < PAGE / 2; i += 1) w.put16((s + i) & 0xffff); }],
    [32, (w, s) => { for (let i = 0; i < PAGE / 4; i += 1) w.putU32(s + i); },
      (w, s) => { for (let i = 0; i < PAGE / 4; i += 1) w.put32(s + i); },
      (w, s) => { for (let i = 0; i < PAGE / 4; i += 1) w.put32(s + i); }],
    [64, (w, s) => { let v = BigInt(s); for (let i = 0; i < PAGE / 8; i += 1) { v = BigInt.asUintN(64, v + 1n); w.putU64(v); } },
      (w, s) => { let v = BigInt(s); for (let i = 0; i < PAGE / 8; i += 1) { v = BigInt.asUintN(64, v + 1n); w.put64(v); } },
      (w, s) => { let v = BigInt(s); for (let i = 0; i < PAGE / 8; i += 1) { v = BigInt.asUintN(64, v + 1n); w.put64(v); } }],
  ];
  for (const [bits, ours, buffer, data] of writes) {
    context.progress(`put u${bits}`);
    const count = PAGE / (bits / 8);
    const viaMut = (i: number): void => { const w = outs[i % PAGES]!; w.clear(); ours(w, i); };
    const viaBuffer = (i: number): void => { const w = buffers[i % PAGES]!; w.at = 0; buffer(w, i); };
    const viaView = (i: number): void => { const w = views[i % PAGES]!; w.at = 0; data(w, i); };
    const check = (i: number): boolean => {
      viaMut(i);
      viaBuffer(i);
      viaView(i);
      const out = outs[i % PAGES]!;
      return out.length === PAGE && out.equals(buffers[i % PAGES]!.buffer) && out.equals(new Uint8Array(views[i % PAGES]!.view.buffer));
    };
    const before = check(12_345);
    const [mine, first, second] = timed(context, [
      (n) => { for (let i = 0; i < n; i += 1) viaMut(i); },
      (n) => { for (let i = 0; i < n; i += 1) viaBuffer(i); },
      (n) => { for (let i = 0; i < n; i += 1) viaView(i); },
    ]).map((ns) => ns / count);
    const verified = before && check(777);
    twoRows(context, `put u${bits}, big-endian`, mine!, first!, second!, verified);
    tokio.row(context, `put-u${bits}`, `put u${bits}, big-endian`, mine!, verified);
  }
  for (const out of outs) out.release();
}

function twoRows(context: SuiteContext, title: string, ours: number, viaBuffer: number, viaData: number, verified: boolean): void {
  context.row({ case: title, metric: 'ns/op', better: 'lower', ours, peer: 'Buffer', peerValue: viaBuffer, verified });
  context.row({ case: title, metric: 'ns/op', better: 'lower', ours, peer: 'DataView', peerValue: viaData, verified });
}
