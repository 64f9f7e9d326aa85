// The formats once more, as plainly as they can be written: what the tests hold the real thing against. Correct input only.

const TABLE = Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

/** Masked CRC-32C, framing_format.txt section 3. */
export function checksum(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** One chunk. */
export function chunkOf(type: number, body: Uint8Array): Uint8Array {
  return Uint8Array.of(type, body.length & 255, (body.length >> 8) & 255, body.length >> 16, ...body);
}

/** A data chunk that stores its data. */
export function storedChunk(data: Uint8Array): Uint8Array {
  return chunkOf(1, Uint8Array.of(...word(checksum(data)), ...data));
}

/** A data chunk with a Snappy block that is one literal of 1 to 60 bytes, or the given block. */
export function packedChunk(data: Uint8Array, block: Uint8Array = Uint8Array.of(data.length, (data.length - 1) << 2, ...data)): Uint8Array {
  return chunkOf(0, Uint8Array.of(...word(checksum(data)), ...block));
}

function word(value: number): number[] {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
}

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

export const S2_IDENTIFIER: Uint8Array = chunkOf(255, ascii('S2sTwO'));
export const SNAPPY_IDENTIFIER: Uint8Array = chunkOf(255, ascii('sNaPpY'));

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Decodes a block, Snappy or S2. */
export function decodeBlock(block: Uint8Array): Uint8Array {
  let at = 0;
  const little = (bytes: number): number => {
    let value = 0;
    for (let i = 0; i < bytes; i += 1) value += block[at + i]! * 256 ** i;
    at += bytes;
    return value;
  };
  let length = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = block[at]!;
    at += 1;
    length += (byte & 127) * scale;
    if (byte < 128) break;
  }
  const out = new Uint8Array(length);
  let to = 0;
  let offset = 0;
  while (at < block.length) {
    const tag = block[at]!;
    at += 1;
    let n = tag >> 2;
    switch (tag & 3) {
      case 0:
        if (n >= 60) n = little(n - 59);
        out.set(block.subarray(at, at + n + 1), to);
        to += n + 1;
        at += n + 1;
        continue;
      case 1: {
        n = (tag >> 2) & 7;
        const wanted = ((tag >> 5) << 8) | little(1);
        if (wanted !== 0) {
          offset = wanted;
          n += 4;
        } else if (n === 5) n = 8 + little(1);
        else if (n === 6) n = 260 + little(2);
        else if (n === 7) n = 65_540 + little(3);
        else n += 4;
        break;
      }
      case 2:
        n += 1;
        offset = little(2);
        break;
      default:
        n += 1;
        offset = little(4);
    }
    for (let i = 0; i < n; i += 1, to += 1) out[to] = out[to - offset]!;
  }
  if (to !== length) throw new Error(`${to} bytes instead of ${length}`);
  return out;
}

/** A chunk of a stream as it lies there. */
export interface PlainChunk {
  readonly type: number;
  readonly start: number;
  readonly body: Uint8Array;
  /** Uncompressed data, checksum verified; empty for chunks without. */
  readonly data: Uint8Array;
}

/** Every chunk of a stream. Throws when it is not right. */
export function chunksOf(stream: Uint8Array): PlainChunk[] {
  const chunks: PlainChunk[] = [];
  for (let at = 0; at < stream.length; ) {
    const type = stream[at]!;
    const length = stream[at + 1]! | (stream[at + 2]! << 8) | (stream[at + 3]! << 16);
    const body = stream.subarray(at + 4, at + 4 + length);
    if (body.length !== length) throw new Error(`chunk at ${at} is torn`);
    let data: Uint8Array = new Uint8Array(0);
    if (type < 2) {
      data = type === 0 ? decodeBlock(body.subarray(4)) : body.subarray(4);
      const stored = (body[0]! | (body[1]! << 8) | (body[2]! << 16) | (body[3]! << 24)) >>> 0;
      if (stored !== checksum(data)) throw new Error(`chunk at ${at} has the checksum of other data`);
    }
    chunks.push({ type, start: at, body, data });
    at += 4 + length;
  }
  return chunks;
}

/** The uncompressed data of a stream. */
export function dataOf(stream: Uint8Array): Uint8Array {
  return joined(...chunksOf(stream).map((chunk) => chunk.data));
}

/** Fails unless both hold the same bytes; says where they differ. (A matcher that compares element by element would take most of the tests' time.) */
export function expectSame(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) === 0) return;
  const at = expected.findIndex((byte, i) => actual[i] !== byte);
  throw new Error(`${actual.length} bytes instead of ${expected.length}, the first difference at ${at < 0 ? expected.length : at}`);
}

/** Text that compresses, different for each seed. */
export function text(length: number, seed = 1): Uint8Array {
  const out = new Uint8Array(length);
  let state = seed * 2_654_435_761 + 1;
  for (let i = 0; i < length; i += 1) {
    if (i % 23 === 0) state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    out[i] = 97 + ((state >>> (i % 11)) & 15);
  }
  return out;
}

/** Bytes that do not compress. */
export function noise(length: number, seed = 1): Uint8Array {
  const out = new Uint8Array(length);
  let state = seed | 1;
  for (let i = 0; i < length; i += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    out[i] = state >>> 9;
  }
  return out;
}
