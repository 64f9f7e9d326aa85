import { BytesMut, type Bytes } from 'millrace/bytes';
import { XerialCodec, ZstdDictionary, ZstdEncoderDictionary, type ZstdLevel } from 'millrace/codec';
import type { Heap } from 'millrace/memory';
import { compress, decompress, zstdCompress, zstdDecompress, type ByteIterable } from 'millrace/stream';
import { CommandError, EXIT } from '../exit.js';

/** The formats the file commands read and write. */
export type FormatName = 's2' | 'snappy' | 'xerial' | 'zstd';

/** What a compression is told. */
export interface EncodeSettings {
  readonly heap: Heap;
  /** 1 to 19 as zstd counts; undefined for the format's default. */
  readonly level: number | undefined;
  /** S2 and Snappy only; undefined for the default. */
  readonly blockSize: number | undefined;
  readonly index: boolean;
  readonly threads: number;
  /** Zstandard only. */
  readonly checksum: boolean;
  /** Bytes of the input where they are known beforehand. */
  readonly size: number | undefined;
  /** Zstandard only: greatest distance of a match, as a power of two. */
  readonly windowLog: number | undefined;
  /** Zstandard only: the bytes of a dictionary. */
  readonly dictionary: Uint8Array | undefined;
}

/** What a decompression is told. */
export interface DecodeSettings {
  readonly heap: Heap;
  readonly threads: number;
  /** Zstandard only: the largest window that is accepted, in bytes; undefined for the default. */
  readonly maxWindow: number | undefined;
  /** Zstandard only: the bytes of a dictionary. */
  readonly dictionary: Uint8Array | undefined;
}

/** A format: how it is named, told and used. */
export interface Format {
  readonly name: FormatName;
  /** The ending of compressed files, dot included; the first is written, all are taken off. */
  readonly endings: readonly string[];
  encode(source: ByteIterable, settings: EncodeSettings): AsyncGenerator<Bytes, void>;
  decode(source: ByteIterable, settings: DecodeSettings): AsyncGenerator<Bytes, void>;
}

/** S2 and Snappy have three levels: 1 and 2 are fast, 3 to 8 better, 9 and above best. */
function s2Level(level: number | undefined): 'fast' | 'better' | 'best' {
  if (level === undefined || level <= 2) return 'fast';
  return level <= 8 ? 'better' : 'best';
}

/** Zstandard has four: 1 and 2 are fastest, 3 to 5 default, 6 to 10 better, 11 and above best. */
export function zstdLevel(level: number | undefined): ZstdLevel {
  if (level === undefined) return 'default';
  if (level <= 2) return 'fastest';
  if (level <= 5) return 'default';
  return level <= 10 ? 'better' : 'best';
}

function framed(name: 's2' | 'snappy', endings: readonly string[]): Format {
  return {
    name,
    endings,
    encode: (source, { heap, level, blockSize, index, threads }) =>
      compress(source, { heap, dialect: name, level: s2Level(level), addIndex: index, concurrency: threads, ...(blockSize === undefined ? {} : { blockSize }) }),
    decode: (source, { heap, threads }) => decompress(source, { heap, concurrency: threads }),
  };
}

/** Every format by its name. */
export const FORMATS: Readonly<Record<FormatName, Format>> = {
  s2: framed('s2', ['.s2']),
  snappy: framed('snappy', ['.sz', '.snappy']),
  // Last of those that end in .snappy: files of that name are decoded by their content, and written on request only.
  xerial: {
    name: 'xerial',
    endings: ['.snappy'],
    encode: (source, { heap, level, blockSize }) =>
      whole(source, heap, (data) => new XerialCodec({ heap, level: s2Level(level), ...(blockSize === undefined ? {} : { blockSize }) }).encode(data)),
    decode: (source, { heap }) => whole(source, heap, (data) => new XerialCodec({ heap, maxOutput: MAX_WHOLE }).decode(data)),
  },
  zstd: { name: 'zstd', endings: ['.zst'], encode: encodeZstd, decode: decodeZstd },
};

async function* encodeZstd(source: ByteIterable, settings: EncodeSettings): AsyncGenerator<Bytes, void> {
  const { heap, checksum, size, windowLog, threads } = settings;
  const level = zstdLevel(settings.level);
  const dictionary = settings.dictionary && ZstdEncoderDictionary.prepare(settings.dictionary, { heap, level });
  try {
    yield* zstdCompress(source, {
      heap,
      level,
      checksum,
      concurrency: threads,
      inPlaceFrom: 2 ** 31 - 1, // a file is one text: its matches are to reach back from one read into those before
      ...(size === undefined ? {} : { declaredSize: size }),
      ...(windowLog === undefined ? {} : { windowLog }),
      ...(dictionary === undefined ? {} : { dictionary }),
    });
  } finally {
    dictionary?.release();
  }
}

async function* decodeZstd(source: ByteIterable, { heap, maxWindow, dictionary }: DecodeSettings): AsyncGenerator<Bytes, void> {
  const prepared = dictionary && ZstdDictionary.prepare(dictionary, { heap });
  try {
    yield* zstdDecompress(source, { heap, ...(maxWindow === undefined ? {} : { maxWindow }), ...(prepared === undefined ? {} : { dictionaries: [prepared] }) });
  } finally {
    prepared?.release();
  }
}

/** Most bytes of a xerial file and of its data: it has no limits of its own, and is made and read as a whole. */
const MAX_WHOLE = 2 ** 29;

// For a format that is not a stream: gathers everything and puts one piece out.
async function* whole(source: ByteIterable, heap: Heap, convert: (data: Bytes) => Bytes): AsyncGenerator<Bytes, void> {
  const gathered = BytesMut.withCapacity(1 << 20, heap);
  try {
    for await (const piece of source) {
      if (gathered.length + piece.length > MAX_WHOLE) throw new CommandError(EXIT.failure, `xerial framing is handled up to ${MAX_WHOLE} bytes`);
      if (piece instanceof Uint8Array) gathered.putSlice(piece);
      else {
        gathered.putRange(piece.block, piece.start, piece.end);
        piece.release();
      }
    }
  } catch (error) {
    gathered.release();
    throw error;
  }
  const data = gathered.freeze();
  try {
    yield convert(data);
  } finally {
    data.release();
  }
}

/** The format whose ending `path` has. */
export function formatOfPath(path: string): Format | undefined {
  return Object.values(FORMATS).find(({ endings }) => endings.some((ending) => path.endsWith(ending)));
}

/** Bytes of a file's beginning that {@link formatOfBytes} looks at. */
export const MAGIC_LENGTH = 10;

// 0x82 SNAPPY 0x00
const XERIAL_MAGIC = 0x82534e41;
const XERIAL_MAGIC_END = 0x50505900;
const ZSTD_MAGIC = 0xfd2fb528;
const ZSTD_SKIPPABLE_MAGIC = 0x184d2a50;
// Of versions 0.2 to 0.7 and 0.1 of the format: the decoder refuses them by name.
const ZSTD_LEGACY_MAGIC = 0xfd2fb522;
const ZSTD_OLDEST_MAGIC = 0xfd2fb51e;

/** The format that begins like this: by the stream identifiers (framing_format.txt section 4.1) and the frames' magic numbers (RFC 8878 section 3.1). */
export function formatOfBytes(bytes: Uint8Array): Format | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (head.length >= 10 && head.readUInt32LE(0) === 0x0000_06ff) {
    const word = head.toString('latin1', 4, 10);
    if (word === 'S2sTwO') return FORMATS.s2;
    if (word === 'sNaPpY') return FORMATS.snappy;
  }
  if (head.length >= 8 && head.readUInt32BE(0) === XERIAL_MAGIC && head.readUInt32BE(4) === XERIAL_MAGIC_END) return FORMATS.xerial;
  if (head.length >= 4) {
    const magic = head.readUInt32LE(0);
    if ((magic >= ZSTD_LEGACY_MAGIC && magic <= ZSTD_MAGIC) || magic === ZSTD_OLDEST_MAGIC || (magic & 0xffff_fff0) === (ZSTD_SKIPPABLE_MAGIC | 0)) return FORMATS.zstd;
  }
  return undefined;
}
