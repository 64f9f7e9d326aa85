/** How messages lie in the uncompressed stream of a segment: as they came in, delimiters and prefixes included. */
export type FramingName = 'ndjson' | 'length32';

/** Skippable chunk at the start of a segment: what it holds. Readers that do not know it pass over it. */
export const HEADER_CHUNK_ID = 0x80;
/** Skippable chunk at the end of a closed segment: what it should have held. */
export const TOTALS_CHUNK_ID = 0x81;

const MAGIC = 'millrace';

/** What the header chunk says. */
export interface SegmentHeader {
  readonly version: 1;
  readonly framing: FramingName;
}

/** What the totals chunk says; `verify` holds the segment against it. */
export interface SegmentTotals {
  readonly messages: number;
  /** Uncompressed bytes. */
  readonly bytes: number;
}

/** The payload of a metadata chunk: the word `millrace`, a line feed, JSON. */
export function encodeMetadata(value: SegmentHeader | SegmentTotals): Uint8Array {
  return Buffer.from(`${MAGIC}\n${JSON.stringify(value)}`);
}

/** Reads a metadata chunk; undefined for a chunk that is another program's. */
export function decodeMetadata(payload: Uint8Array): unknown {
  const text = Buffer.from(payload).toString('utf8');
  if (!text.startsWith(`${MAGIC}\n`)) return undefined;
  try {
    return JSON.parse(text.slice(MAGIC.length + 1)) as unknown;
  } catch {
    return undefined;
  }
}

/** Tells whether a decoded header chunk is one this version reads. */
export function isSegmentHeader(value: unknown): value is SegmentHeader {
  const header = value as Partial<SegmentHeader> | undefined | null;
  return header?.version === 1 && (header.framing === 'ndjson' || header.framing === 'length32');
}

/** Tells whether a decoded totals chunk is whole. */
export function isSegmentTotals(value: unknown): value is SegmentTotals {
  const totals = value as Partial<SegmentTotals> | undefined | null;
  return Number.isSafeInteger(totals?.messages) && Number.isSafeInteger(totals?.bytes);
}
