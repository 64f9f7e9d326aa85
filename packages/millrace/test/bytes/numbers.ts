import type { Buf } from '../../src/bytes/buf.js';
import type { BufMut } from '../../src/bytes/buf-mut.js';

/** One kind of number: how Buf and BufMut have it, what its bytes are by DataView or by hand, and values at its edges. */
export interface Kind {
  readonly name: string;
  readonly values: readonly (number | bigint)[];
  /** Values that a put must refuse. */
  readonly refused: readonly (number | bigint)[];
  put(sink: BufMut, value: never): void;
  get(source: Buf): number | bigint;
  tryGet(source: Buf): number | bigint | undefined;
  encode(value: never): Uint8Array;
}

const SAFE = Number.MAX_SAFE_INTEGER;
const U64 = 2n ** 64n - 1n;
const I64 = 2n ** 63n;

function fixed(size: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(size);
  write(new DataView(bytes.buffer));
  return bytes;
}

function sized(value: number | bigint, n: number, little: boolean): Uint8Array {
  let rest = BigInt.asUintN(8 * n, BigInt(value));
  const bytes: number[] = [];
  for (let i = 0; i < n; i += 1) {
    bytes.push(Number(rest & 0xffn));
    rest >>= 8n;
  }
  return Uint8Array.from(little ? bytes : bytes.toReversed());
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

function zigzag(value: bigint): Uint8Array {
  return varint(value < 0n ? -value * 2n - 1n : value * 2n);
}

/** Every kind of number. */
export function kinds(): Kind[] {
  const list: Kind[] = [
    { name: 'U8', values: [0, 1, 127, 128, 255], refused: [-1, 256, 0.5, Number.NaN], put: (s, v) => s.putU8(v), get: (b) => b.getU8(), tryGet: (b) => b.tryGetU8(), encode: (v) => sized(v, 1, false) },
    { name: 'I8', values: [0, 1, 127, -128, -1], refused: [128, -129, 0.5], put: (s, v) => s.putI8(v), get: (b) => b.getI8(), tryGet: (b) => b.tryGetI8(), encode: (v) => sized(v, 1, false) },
    { name: 'varint', values: [0, 1, 127, 128, 300, 2 ** 21, 2 ** 28 - 1, 2 ** 28, 2 ** 32 + 5, SAFE], refused: [-1, 0.5, SAFE + 1], put: (s, v) => s.putVarint(v), get: (b) => b.getVarint(), tryGet: (b) => b.tryGetVarint(), encode: (v) => varint(BigInt(v)) },
    { name: 'varint (bigint)', values: [0n, 127n, 128n, 2n ** 32n, 2n ** 56n, 2n ** 63n, U64], refused: [-1n, U64 + 1n], put: (s, v) => s.putVarint(v), get: (b) => b.getVarintBig(), tryGet: (b) => b.tryGetVarintBig(), encode: varint },
    { name: 'zigzag', values: [0, -1, 1, 63, -64, 64, 2 ** 30, -(2 ** 30), 2 ** 31, -(2 ** 40), SAFE, -SAFE], refused: [0.5, SAFE + 1], put: (s, v) => s.putZigzag(v), get: (b) => b.getZigzag(), tryGet: (b) => b.tryGetZigzag(), encode: (v) => zigzag(BigInt(v)) },
    { name: 'zigzag (bigint)', values: [0n, -1n, 1n, I64 - 1n, -I64], refused: [I64, -I64 - 1n], put: (s, v) => s.putZigzag(v), get: (b) => b.getZigzagBig(), tryGet: (b) => b.tryGetZigzagBig(), encode: zigzag },
  ];
  for (const little of [false, true]) {
    const order = little ? 'LE' : 'BE';
    list.push(
      { name: `U16 ${order}`, values: [0, 1, 0x1234, 0xffff], refused: [-1, 0x1_0000, 0.5], put: (s, v) => s.putU16(v, little), get: (b) => b.getU16(little), tryGet: (b) => b.tryGetU16(little), encode: (v) => fixed(2, (d) => d.setUint16(0, v, little)) },
      { name: `I16 ${order}`, values: [0, -1, 0x1234, -0x8000, 0x7fff], refused: [0x8000, -0x8001, 0.5], put: (s, v) => s.putI16(v, little), get: (b) => b.getI16(little), tryGet: (b) => b.tryGetI16(little), encode: (v) => fixed(2, (d) => d.setInt16(0, v, little)) },
      { name: `U32 ${order}`, values: [0, 1, 0x1234_5678, 0xffff_ffff], refused: [-1, 2 ** 32, 0.5], put: (s, v) => s.putU32(v, little), get: (b) => b.getU32(little), tryGet: (b) => b.tryGetU32(little), encode: (v) => fixed(4, (d) => d.setUint32(0, v, little)) },
      { name: `I32 ${order}`, values: [0, -1, 0x1234_5678, -(2 ** 31), 2 ** 31 - 1], refused: [2 ** 31, -(2 ** 31) - 1, 0.5], put: (s, v) => s.putI32(v, little), get: (b) => b.getI32(little), tryGet: (b) => b.tryGetI32(little), encode: (v) => fixed(4, (d) => d.setInt32(0, v, little)) },
      { name: `U64 ${order}`, values: [0n, 1n, 0x1234_5678_9abc_def0n, U64], refused: [-1n, U64 + 1n, 0.5, -1, SAFE + 1], put: (s, v) => s.putU64(v, little), get: (b) => b.getU64(little), tryGet: (b) => b.tryGetU64(little), encode: (v) => fixed(8, (d) => d.setBigUint64(0, v, little)) },
      { name: `I64 ${order}`, values: [0n, -1n, I64 - 1n, -I64], refused: [I64, -I64 - 1n, 0.5, SAFE + 1], put: (s, v) => s.putI64(v, little), get: (b) => b.getI64(little), tryGet: (b) => b.tryGetI64(little), encode: (v) => fixed(8, (d) => d.setBigInt64(0, v, little)) },
      { name: `U64 ${order} as a number`, values: [0, 1, 2 ** 32, SAFE], refused: [-1, 0.5], put: (s, v) => s.putU64(v, little), get: (b) => b.getU64Number(little), tryGet: (b) => b.tryGetU64Number(little), encode: (v) => sized(v, 8, little) },
      { name: `I64 ${order} as a number`, values: [0, -1, 2 ** 32, -(2 ** 40) - 3, SAFE, -SAFE], refused: [0.5], put: (s, v) => s.putI64(v, little), get: (b) => b.getI64Number(little), tryGet: (b) => b.tryGetI64Number(little), encode: (v) => sized(v, 8, little) },
      { name: `F32 ${order}`, values: [0, 1.5, -2.25, Infinity, 2 ** -149], refused: [], put: (s, v) => s.putF32(v, little), get: (b) => b.getF32(little), tryGet: (b) => b.tryGetF32(little), encode: (v) => fixed(4, (d) => d.setFloat32(0, v, little)) },
      { name: `F64 ${order}`, values: [0, Math.PI, -1e300, Infinity, 5e-324], refused: [], put: (s, v) => s.putF64(v, little), get: (b) => b.getF64(little), tryGet: (b) => b.tryGetF64(little), encode: (v) => fixed(8, (d) => d.setFloat64(0, v, little)) },
    );
    for (let n = 1; n <= 8; n += 1) {
      const most = n < 7 ? 2 ** (8 * n) - 1 : SAFE;
      const half = n < 7 ? 2 ** (8 * n - 1) : SAFE;
      const beyond = n < 7 ? [2 ** (8 * n)] : [];
      const beyondHalf = n < 7 ? [half, -half - 1] : [];
      list.push(
        { name: `Uint(${n}) ${order}`, values: [0, 1, most - 3, most], refused: [-1, 0.5, SAFE + 1, ...beyond], put: (s, v) => s.putUint(v, n, little), get: (b) => b.getUint(n, little), tryGet: (b) => b.tryGetUint(n, little), encode: (v) => sized(v, n, little) },
        { name: `Int(${n}) ${order}`, values: [0, -1, 1, half - 1, n < 7 ? -half : -half + 1], refused: [0.5, SAFE + 1, ...beyondHalf], put: (s, v) => s.putInt(v, n, little), get: (b) => b.getInt(n, little), tryGet: (b) => b.tryGetInt(n, little), encode: (v) => sized(v, n, little) },
      );
    }
  }
  return list;
}
