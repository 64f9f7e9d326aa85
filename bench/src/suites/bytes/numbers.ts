import { Bytes, BytesMut, Cursor } from 'millrace/bytes';
import { Heap } from 'millrace/memory';
import type { SuiteContext } from '../../harness/suite.js';
import { sink, timed } from './pace.js';
import type { Tokio } from './tokio.js';

const PAGE = 4096;

/**
 * Numbers in and out of a page of 4 KiB, one after the other, as a protocol's parser and writer do it: with us the cursor keeps the position, with
 * Buffer and DataView an object of the caller's does, which is what parsers over them have.
 */
export function numbers(context: SuiteContext, tokio: Tokio): void {
  const heap = new Heap();
  const source = Buffer.from(Uint8Array.from({ length: PAGE }, (_, i) => (i * 31) & 0x7f));
  const bytes = Bytes.copyOf(source, heap);
  gets(context, tokio, bytes, source);
  bytes.release();
  puts(context, tokio, heap);
}

class Position {
  at = 0;
}

function gets(context: SuiteContext, tokio: Tokio, bytes: Bytes, source: Buffer): void {
  const view = new DataView(source.buffer, source.byteOffset, source.length);
  const p = new Position();
  const reads: readonly (readonly [bits: number, ours: (cursor: Cursor) => number, buffer: () => number, data: () => number])[] = [
    [16, (c) => { let sum = 0; for (let i = 0; i < PAGE / 2; i += 1) sum += c.getU16(); return sum; },
      () => { let sum = 0; for (let i = 0; i < PAGE / 2; i += 1) { sum += source.readUInt16BE(p.at); p.at += 2; } return sum; },
      () => { let sum = 0; for (let i = 0; i < PAGE / 2; i += 1) { sum += view.getUint16(p.at); p.at += 2; } return sum; }],
    [32, (c) => { let sum = 0; for (let i = 0; i < PAGE / 4; i += 1) sum += c.getU32(); return sum; },
      () => { let sum = 0; for (let i = 0; i < PAGE / 4; i += 1) { sum += source.readUInt32BE(p.at); p.at += 4; } return sum; },
      () => { let sum = 0; for (let i = 0; i < PAGE / 4; i += 1) { sum += view.getUint32(p.at); p.at += 4; } return sum; }],
    [64, (c) => { let sum = 0n; for (let i = 0; i < PAGE / 8; i += 1) sum = BigInt.asUintN(64, sum + c.getU64()); return Number(sum & 0xffff_ffffn); },
      () => { let sum = 0n; for (let i = 0; i < PAGE / 8; i += 1) { sum = BigInt.asUintN(64, sum + source.readBigUInt64BE(p.at)); p.at += 8; } return Number(sum & 0xffff_ffffn); },
      () => { let sum = 0n; for (let i = 0; i < PAGE / 8; i += 1) { sum = BigInt.asUintN(64, sum + view.getBigUint64(p.at)); p.at += 8; } return Number(sum & 0xffff_ffffn); }],
  ];
  for (const [bits, ours, buffer, data] of reads) {
    context.progress(`get u${bits}`);
    const count = PAGE / (bits / 8);
    const cursor = new Cursor(bytes);
    const check = (): number[] => {
      cursor.position = 0;
      const mine = ours(cursor);
      p.at = 0;
      const first = buffer();
      p.at = 0;
      return [mine, first, data()];
    };
    const before = check();
    const [mine, viaBuffer, viaData] = timed(context, [
      (n) => { for (let i = 0; i < n; i += 1) { cursor.position = 0; sink.number += ours(cursor); } },
      (n) => { for (let i = 0; i < n; i += 1) { p.at = 0; sink.number += buffer(); } },
      (n) => { for (let i = 0; i < n; i += 1) { p.at = 0; sink.number += data(); } },
    ]).map((ns) => ns / count);
    const verified = new Set([...before, ...check()]).size === 1;
    twoRows(context, `get u${bits}, big-endian`, mine!, viaBuffer!, viaData!, verified);
    tokio.row(context, `get-u${bits}`, `get u${bits}, big-endian`, mine!, verified);
  }
}

function puts(context: SuiteContext, tokio: Tokio, heap: Heap): void {
  const out = BytesMut.withCapacity(PAGE, heap);
  const target = Buffer.alloc(PAGE);
  const view = new DataView(target.buffer, target.byteOffset, PAGE);
  const p = new Position();
  const writes: readonly (readonly [bits: number, ours: (seed: number) => void, buffer: (seed: number) => void, data: (seed: number) => void])[] = [
    [16, (s) => { for (let i = 0; i < PAGE / 2; i += 1) out.putU16((s + i) & 0xffff); },
      (s) => { for (let i = 0; i < PAGE / 2; i += 1) { target.writeUInt16BE((s + i) & 0xffff, p.at); p.at += 2; } },
      (s) => { for (let i = 0; i < PAGE / 2; i += 1) { view.setUint16(p.at, (s + i) & 0xffff); p.at += 2; } }],
    [32, (s) => { for (let i = 0; i < PAGE / 4; i += 1) out.putU32(s + i); },
      (s) => { for (let i = 0; i < PAGE / 4; i += 1) { target.writeUInt32BE(s + i, p.at); p.at += 4; } },
      (s) => { for (let i = 0; i < PAGE / 4; i += 1) { view.setUint32(p.at, s + i); p.at += 4; } }],
    [64, (s) => { let v = BigInt(s); for (let i = 0; i < PAGE / 8; i += 1) { v = BigInt.asUintN(64, v + 1n); out.putU64(v); } },
      (s) => { let v = BigInt(s); for (let i = 0; i < PAGE / 8; i += 1) { v = BigInt.asUintN(64, v + 1n); target.writeBigUInt64BE(v, p.at); p.at += 8; } },
      (s) => { let v = BigInt(s); for (let i = 0; i < PAGE / 8; i += 1) { v = BigInt.asUintN(64, v + 1n); view.setBigUint64(p.at, v); p.at += 8; } }],
  ];
  for (const [bits, ours, buffer, data] of writes) {
    context.progress(`put u${bits}`);
    const count = PAGE / (bits / 8);
    const check = (seed: number): boolean => {
      out.clear();
      ours(seed);
      p.at = 0;
      buffer(seed);
      const same = out.equals(target);
      target.fill(0);
      p.at = 0;
      data(seed);
      return same && out.equals(target);
    };
    const before = check(12_345);
    const [mine, viaBuffer, viaData] = timed(context, [
      (n) => { for (let i = 0; i < n; i += 1) { out.clear(); ours(i); } },
      (n) => { for (let i = 0; i < n; i += 1) { p.at = 0; buffer(i); } },
      (n) => { for (let i = 0; i < n; i += 1) { p.at = 0; data(i); } },
    ]).map((ns) => ns / count);
    const verified = before && check(777);
    twoRows(context, `put u${bits}, big-endian`, mine!, viaBuffer!, viaData!, verified);
    tokio.row(context, `put-u${bits}`, `put u${bits}, big-endian`, mine!, verified);
  }
  out.release();
}

function twoRows(context: SuiteContext, title: string, ours: number, viaBuffer: number, viaData: number, verified: boolean): void {
  context.row({ case: title, metric: 'ns/op', better: 'lower', ours, peer: 'Buffer', peerValue: viaBuffer, verified });
  context.row({ case: title, metric: 'ns/op', better: 'lower', ours, peer: 'DataView', peerValue: viaData, verified });
}
