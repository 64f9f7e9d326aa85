/**
 * The chunk of the Snappy framing format, which S2 streams share (framing_format.txt section 1):
 *
 *     0      1            4                 4 + length
 *     | type | length, LE | body .......... |
 *
 * A data chunk's body begins with the masked CRC-32C of the uncompressed data (section 3).
 */
export const CHUNK_HEADER = 4;

/** Bytes of the checksum at the start of a data chunk's body (framing_format.txt section 3). */
export const CHECKSUM = 4;

/** framing_format.txt section 4.2. */
export const CHUNK_COMPRESSED = 0x00;
/** framing_format.txt section 4.3. */
export const CHUNK_UNCOMPRESSED = 0x01;
/** First of the skippable chunks, framing_format.txt section 4.6; those from 0x02 up to it are reserved and not skippable (section 4.5). */
export const CHUNK_SKIPPABLE = 0x80;
/** The index of an S2 stream; see s2-index.ts. A skippable chunk for those who do not know it. */
export const CHUNK_INDEX = 0x99;
/** framing_format.txt section 4.4. */
export const CHUNK_PADDING = 0xfe;
/** framing_format.txt section 4.1. */
export const CHUNK_IDENTIFIER = 0xff;

/** Largest body a chunk can have: its length has 24 bits. */
export const MAX_CHUNK_BODY = 0xff_ffff;

/** Most bytes of uncompressed data in a chunk of a Snappy stream (framing_format.txt sections 4.2 and 4.3). */
export const MAX_SNAPPY_BLOCK = 65_536;
/** Most bytes of uncompressed data in a chunk of an S2 stream. */
export const MAX_S2_BLOCK = 4_194_304;
/** Smallest block size a writer takes. */
export const MIN_BLOCK = 4096;

/** The two formats that share this framing. An S2 reader reads both, a Snappy reader only its own. */
export type StreamDialect = 's2' | 'snappy';

/** Bytes of a stream identifier, header included. */
export const IDENTIFIER_LENGTH = 10;

function identifier(word: string): Uint8Array {
  const bytes = new Uint8Array(IDENTIFIER_LENGTH);
  bytes[0] = CHUNK_IDENTIFIER;
  bytes[1] = word.length;
  for (let i = 0; i < word.length; i += 1) bytes[CHUNK_HEADER + i] = word.charCodeAt(i);
  return bytes;
}

const IDENTIFIERS: Readonly<Record<StreamDialect, Uint8Array>> = { s2: identifier('S2sTwO'), snappy: identifier('sNaPpY') };

/** The identifier chunk that opens a stream (framing_format.txt section 4.1; S2 has a word of its own). Not to be written to. */
export function streamIdentifier(dialect: StreamDialect): Uint8Array {
  return IDENTIFIERS[dialect];
}

/** The dialect that the six body bytes of an identifier chunk at `at` name; undefined when they name none. */
export function identifiedDialect(u8: Uint8Array, at: number): StreamDialect | undefined {
  if (matches(u8, at, IDENTIFIERS.s2)) return 's2';
  return matches(u8, at, IDENTIFIERS.snappy) ? 'snappy' : undefined;
}

function matches(u8: Uint8Array, at: number, whole: Uint8Array): boolean {
  for (let i = CHUNK_HEADER; i < IDENTIFIER_LENGTH; i += 1) {
    if (u8[at + i - CHUNK_HEADER] !== whole[i]) return false;
  }
  return true;
}

/** Most bytes of uncompressed data a chunk of `dialect` may hold. */
export function maxBlock(dialect: StreamDialect): number {
  return dialect === 's2' ? MAX_S2_BLOCK : MAX_SNAPPY_BLOCK;
}

/** Writes a chunk header at `at`. `length` is that of the body, 0 to {@link MAX_CHUNK_BODY}. */
export function writeChunkHeader(u8: Uint8Array, at: number, type: number, length: number): void {
  u8[at] = type;
  u8[at + 1] = length;
  u8[at + 2] = length >>> 8;
  u8[at + 3] = length >>> 16;
}

/** Writes `value` at `at` as 32 bits, little-endian. */
export function writeUint32(u8: Uint8Array, at: number, value: number): void {
  u8[at] = value;
  u8[at + 1] = value >>> 8;
  u8[at + 2] = value >>> 16;
  u8[at + 3] = value >>> 24;
}

/** Reads 32 bits at `at`, little-endian, unsigned. */
export function readUint32(u8: Uint8Array, at: number): number {
  return (u8[at]! | (u8[at + 1]! << 8) | (u8[at + 2]! << 16) | (u8[at + 3]! << 24)) >>> 0;
}
