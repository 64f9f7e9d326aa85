// Oracles, written from the format's text alone: slow, byte by byte, and without a thought for speed.

export interface NaiveOptions {
  s2?: boolean;
  dictionary?: Uint8Array;
  repeat?: number;
}

/** Decodes a block; throws on anything that the format forbids. */
export function naiveDecode(block: Uint8Array, options: NaiveOptions = {}): number[] {
  const { s2 = false, dictionary = new Uint8Array(0) } = options;
  let at = 0;
  const next = (): number => {
    if (at >= block.length) throw new Error('truncated');
    return block[at++]!;
  };
  const little = (n: number): number => {
    let value = 0;
    for (let i = 0; i < n; i += 1) value += next() * 256 ** i;
    return value;
  };
  let declared = 0;
  for (let i = 0; ; i += 1) {
    const byte = next();
    declared += (byte % 128) * 128 ** i;
    if (i > 4 || declared > 2 ** 32 - 1) throw new Error('length');
    if (byte < 128) break;
  }
  const out: number[] = [];
  let last = options.repeat ?? 0;
  const copy = (offset: number, length: number): void => {
    if (offset === 0) throw new Error('offset 0');
    if (out.length + length > declared) throw new Error('too long');
    if (offset > out.length) {
      const from = dictionary.length - (offset - out.length);
      if (from < 0 || from + length > dictionary.length || out.length > 65_535) throw new Error('offset');
      for (let i = 0; i < length; i += 1) out.push(dictionary[from + i]!);
    } else {
      for (let i = 0; i < length; i += 1) out.push(out[out.length - offset]!);
    }
    last = offset;
  };
  while (at < block.length) {
    const tag = next();
    const upper = tag >> 2;
    if (tag % 4 === 0) {
      const length = upper < 60 ? upper + 1 : little(upper - 59) + 1;
      if (length > block.length - at || out.length + length > declared) throw new Error('literal');
      for (let i = 0; i < length; i += 1) out.push(next());
    } else if (tag % 4 === 1) {
      const code = upper & 7;
      const offset = (tag >> 5) * 256 + next();
      if (offset > 0 || !s2) copy(offset, code + 4);
      else if (code < 5) copy(last, code + 4);
      else copy(last, (code === 5 ? 8 : code === 6 ? 260 : 65_540) + little(code - 4));
    } else {
      copy(little(tag % 4 === 2 ? 2 : 4), upper + 1);
    }
  }
  if (out.length !== declared) throw new Error('short');
  return out;
}

/** The kinds of element a block holds, for tests that ask whether an encoder kept to its dialect. */
export function elementKinds(block: Uint8Array): Set<'literal' | 'copy' | 'repeat'> {
  const kinds = new Set<'literal' | 'copy' | 'repeat'>();
  let at = 0;
  while (block[at]! >= 0x80) at += 1;
  at += 1;
  while (at < block.length) {
    const tag = block[at]!;
    const upper = tag >> 2;
    if (tag % 4 === 0) {
      kinds.add('literal');
      const size = upper < 60 ? 0 : upper - 59;
      let length = upper;
      if (size > 0) length = 0;
      for (let i = 0; i < size; i += 1) length += block[at + 1 + i]! * 256 ** i;
      at += 1 + size + length + 1;
    } else if (tag % 4 === 1) {
      const repeat = tag < 0x20 && block[at + 1] === 0;
      kinds.add(repeat ? 'repeat' : 'copy');
      at += 2 + (repeat ? Math.max(0, (upper & 7) - 4) : 0);
    } else {
      kinds.add('copy');
      at += tag % 4 === 2 ? 3 : 5;
    }
  }
  return kinds;
}

/** CRC-32C bit by bit. */
export function naiveCrc32c(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}
