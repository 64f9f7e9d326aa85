import { copyWithin } from '../../bytes/copy.js';
import { View } from '../../bytes/view.js';
import { defaultHeap, type Heap } from '../../memory/heap.js';
import { type Source, sourceLength } from '../source.js';
import { statusError } from '../../wasm/status.js';

/** The longest header of a frame, and the header of its first block. */
const MOST = 18 + 3;
/** Room for them, and behind them for the parsed header. */
const PARSED_AT = 32;
const SCRATCH = 64;
const BLOCK_HEADER = 3;
const BLOCK_TYPES = ['raw', 'rle', 'compressed', 'reserved'] as const;

// A parsed header in memory and its flags: assembly/zstd/decode-header.ts.
const KIND_SKIPPABLE = 2;
const SINGLE_SEGMENT = 1;
const CHECKSUMMED = 2;
const CONTENT_KNOWN = 4;

/** The header of a block (RFC 8878 section 3.1.1.2). */
export interface ZstdBlockHeader {
  readonly type: (typeof BLOCK_TYPES)[number];
  readonly last: boolean;
  /** Bytes of input after the header for raw and compressed blocks; bytes of output for RLE blocks, which take one byte of input. */
  readonly size: number;
}

/** The header of a frame (RFC 8878 section 3.1.1.1). */
export interface ZstdFrameHeader {
  readonly kind: 'frame';
  /** Bytes of the header, magic number included. */
  readonly headerSize: number;
  /** Bytes of window that the decoder must keep. Exact up to 2^53. */
  readonly windowSize: number;
  /** Bytes of content, when declared. Exact up to 2^53. */
  readonly contentSize: number | undefined;
  /** 0 when the frame names no dictionary. */
  readonly dictionaryId: number;
  readonly checksum: boolean;
  readonly singleSegment: boolean;
  /** Undefined when the input ends before it. */
  readonly firstBlock: ZstdBlockHeader | undefined;
}

/** The header of a skippable frame (RFC 8878 section 3.1.2). */
export interface ZstdSkippableHeader {
  readonly kind: 'skippable';
  readonly headerSize: number;
  /** Bytes that follow the header. */
  readonly contentSize: number;
  /** 0 to 15: the low bits of the magic number. */
  readonly variant: number;
}

/**
 * Reads the header at the start of `source`, of which 21 bytes are enough. Nothing else is looked at, no limit applies.
 * @param heap where the bytes are put to be parsed. @default defaultHeap()
 * @throws CodecError `ERR_TRUNCATED` with the bytes that are needed as `expected`; `ERR_CORRUPT` when this is no frame; `ERR_UNSUPPORTED` for a
 *   reserved bit and for frames of versions before 0.8
 */
export function readZstdHeader(source: Source, heap: Heap = defaultHeap()): ZstdFrameHeader | ZstdSkippableHeader {
  const length = Math.min(MOST, sourceLength(source));
  const at = heap.allocate(SCRATCH);
  try {
    if (source instanceof View) copyWithin(source.block, source.start, source.start + length, heap, at);
    else heap.u8.set(source.subarray(0, length), at);
    return parse(heap, at, length);
  } finally {
    heap.free(at, SCRATCH);
  }
}

function parse(heap: Heap, at: number, length: number): ZstdFrameHeader | ZstdSkippableHeader {
  const to = at + PARSED_AT;
  const headerSize = heap.kernels.zstdHeader(at, length, to, heap.report);
  if (headerSize < 0) throw statusError(heap.u8, heap.report, headerSize);
  const view = new DataView(heap.u8.buffer, to, 32);
  const contentSize = Number(view.getBigUint64(16, true));
  const last = view.getUint32(24, true);
  if (view.getUint32(0, true) === KIND_SKIPPABLE) return { kind: 'skippable', headerSize, contentSize, variant: last };
  const flags = view.getUint32(28, true);
  return {
    kind: 'frame',
    headerSize,
    windowSize: Number(view.getBigUint64(8, true)),
    contentSize: (flags & CONTENT_KNOWN) === 0 ? undefined : contentSize,
    dictionaryId: last,
    checksum: (flags & CHECKSUMMED) !== 0,
    singleSegment: (flags & SINGLE_SEGMENT) !== 0,
    firstBlock: length < headerSize + BLOCK_HEADER ? undefined : blockHeader(heap.u8, at + headerSize),
  };
}

function blockHeader(u8: Uint8Array, at: number): ZstdBlockHeader {
  const bits = u8[at]! | (u8[at + 1]! << 8) | (u8[at + 2]! << 16);
  return { type: BLOCK_TYPES[(bits >> 1) & 3]!, last: (bits & 1) !== 0, size: bits >> 3 };
}
