import { createHash } from 'node:crypto';
import { CodecError, Heap } from 'millrace';
import { decoderPool, readZstdHeader, ZstdDecoder, ZstdDictionary } from 'millrace/codec';
import { ZstdReader } from 'millrace/stream';
import { differs } from './blocks.js';
import type { Check } from './checks.js';
import type { Vector } from './manifest.js';

// Whatever a hostile vector claims, decoding it must do with this, or it fails with a MemoryError.
const heap = new Heap({ limit: 64 * 2 ** 20 });

// The few that really decode to so much are given more.
const LARGE = 12 * 2 ** 20;

// Up to this the input is fed byte by byte.
const SHORT = 2000;
const roomy = new Heap({ limit: 512 * 2 ** 20 });

// One decoding with a limit on windows: what is wrong with it, and whether the vector was refused.
function decodeOnce(vector: Vector, maxWindow: number, dictionaries: ZstdDictionary[]): { refused: CodecError | undefined; fault: string | undefined } {
  const large = (vector.decodedBytes ?? 0) > LARGE;
  const decoder = new ZstdDecoder({ heap: large ? roomy : heap, maxWindow, dictionaries });
  try {
    const bytes = decoder.decode(vector.bytes);
    const fault = differs(bytes.toBuffer(), vector);
    bytes.release();
    return { refused: undefined, fault };
  } catch (error) {
    if (error instanceof CodecError) return { refused: error, fault: undefined };
    return { refused: undefined, fault: `fails with ${String(error)}` };
  } finally {
    decoder.release();
  }
}

// The same as a stream: in one piece, and byte by byte where it is short, else in pieces of all sizes. It must come to what the whole came to.
function streamsDiffer(vector: Vector, maxWindow: number, dictionaries: ZstdDictionary[], refused: boolean): string | undefined {
  const large = (vector.decodedBytes ?? 0) > LARGE;
  for (const split of vector.bytes.length < SHORT ? [vector.bytes.length, 1] : [vector.bytes.length, 0]) {
    const reader = new ZstdReader({ heap: large ? roomy : heap, maxWindow, dictionaries });
    const hash = createHash('sha256');
    let failed = false;
    try {
      for (let at = 0, turn = 1; at < vector.bytes.length; turn = (turn * 7) % 65_521) {
        const n = split > 0 ? split : turn;
        reader.feed(vector.bytes.subarray(at, at + n));
        for (let piece = reader.readBuffer(); piece !== undefined; piece = reader.readBuffer()) hash.update(piece);
        at += n;
      }
      reader.end();
    } catch (error) {
      failed = true;
      if (!(error instanceof CodecError)) return `fails as a stream with ${String(error)}`;
    } finally {
      reader.release();
      decoderPool(reader.heap).trim();
    }
    if (failed !== refused) return failed ? 'is refused as a stream' : 'is accepted as a stream';
    if (!refused && vector.decodedSha256 !== undefined && hash.digest('hex') !== vector.decodedSha256) return 'gives other bytes as a stream';
  }
  return undefined;
}

// Frames that name no dictionary use one with the ID 0: dictionaries of such vectors are prepared as that.
function prepare(vector: Vector): ZstdDictionary[] {
  if (vector.dictionary === undefined) return [];
  const header = readZstdHeader(vector.bytes, heap);
  return [ZstdDictionary.prepare(vector.dictionary, header.kind === 'frame' && header.dictionaryId === 0 ? { heap, id: 0 } : { heap })];
}

function judge(vector: Vector, dictionaries: ZstdDictionary[]): string | undefined {
  const usual = decodeOnce(vector, 128 * 2 ** 20, dictionaries);
  if (usual.fault !== undefined) return usual.fault;
  const { refused } = usual;
  const streams = streamsDiffer(vector, 128 * 2 ** 20, dictionaries, refused !== undefined);
  if (streams !== undefined) return streams;
  switch (vector.expectation) {
    case 'decode':
      return refused === undefined ? undefined : `is refused: ${refused.message}`;
    case 'error':
      if (refused === undefined) return 'is accepted';
      return refused.offset === undefined && refused.code !== 'ERR_TOO_LARGE' ? `is refused without an offset: ${refused.message}` : undefined;
    case 'decode-large-window': {
      if (refused?.code !== 'ERR_TOO_LARGE') return 'is not refused for its window';
      const raised = decodeOnce(vector, 2 ** 31, dictionaries);
      return raised.fault ?? (raised.refused === undefined ? undefined : `is refused with a larger limit: ${raised.refused.message}`);
    }
    default:
      return undefined;
  }
}

/** Whole inputs: the exact bytes, or a refusal with a code and an offset, in bounded memory and with nothing left behind. */
export const zstdCheck: Check = (vector) => {
  const dictionaries = prepare(vector);
  const fault = judge(vector, dictionaries);
  for (const dictionary of dictionaries) dictionary.release();
  if (fault !== undefined) return fault;
  const live = heap.live + roomy.live;
  return live === 0 ? undefined : `leaves ${live} bytes behind`;
};

interface ExpectedHeader {
  SingleSegment: boolean;
  WindowSize: number;
  DictionaryID: number;
  HasFCS: boolean;
  FrameContentSize: number;
  Skippable: boolean;
  SkippableID: number;
  SkippableSize: number;
  HeaderSize: number;
  HasCheckSum: boolean;
  FirstBlock: { OK: boolean; Last: boolean; Compressed: boolean; DecompressedSize: number; CompressedSize: number };
}

// The header in klauspost's terms: no window for a single segment, and RLE counts as compressed.
function described(bytes: Buffer): ExpectedHeader {
  const header = readZstdHeader(bytes, heap);
  const none = { OK: false, Last: false, Compressed: false, DecompressedSize: 0, CompressedSize: 0 };
  if (header.kind === 'skippable') {
    return {
      SingleSegment: false, WindowSize: 0, DictionaryID: 0, HasFCS: false, FrameContentSize: 0, Skippable: true, SkippableID: header.variant,
      SkippableSize: header.contentSize, HeaderSize: header.headerSize, HasCheckSum: false, FirstBlock: none,
    };
  }
  const block = header.firstBlock;
  return {
    SingleSegment: header.singleSegment,
    WindowSize: header.singleSegment ? 0 : header.windowSize,
    DictionaryID: header.dictionaryId,
    HasFCS: header.contentSize !== undefined,
    FrameContentSize: header.contentSize ?? 0,
    Skippable: false,
    SkippableID: 0,
    SkippableSize: 0,
    HeaderSize: header.headerSize,
    HasCheckSum: header.checksum,
    FirstBlock: block === undefined || block.type === 'reserved' ? none : {
      OK: true,
      Last: block.last,
      Compressed: block.type !== 'raw',
      DecompressedSize: block.type === 'compressed' ? 0 : block.size,
      CompressedSize: block.type === 'rle' ? 1 : block.size,
    },
  };
}

/** Headers: every field, or a refusal. */
export const zstdHeaderCheck: Check = (vector) => {
  let header: ExpectedHeader;
  try {
    header = described(vector.bytes);
  } catch (error) {
    if (!(error instanceof CodecError)) return `fails with ${String(error)}`;
    return vector.expectation === 'header-ok' ? `is refused: ${error.message}` : undefined;
  }
  if (vector.expectation === 'header-error') return 'is accepted';
  const expected = JSON.parse(vector.row['header_json']!) as ExpectedHeader;
  const wrong = (Object.keys(header) as (keyof ExpectedHeader)[]).filter((key) => JSON.stringify(header[key]) !== JSON.stringify(expected[key]));
  return wrong.length === 0 ? undefined : wrong.map((key) => `${key} ${JSON.stringify(header[key])} for ${JSON.stringify(expected[key])}`).join(', ');
};
