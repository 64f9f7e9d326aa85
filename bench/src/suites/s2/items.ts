import type { Corpora } from '../../harness/corpora.js';

export const SIZES: readonly number[] = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576];

/** Pieces of one corpus that are all `size` bytes long; the last "size" is the whole file. */
export interface Items {
  readonly corpus: string;
  readonly size: number | 'whole';
  readonly pieces: readonly Buffer[];
}

/** At most so many pieces, and at most so many bytes: 64 KiB in pieces are few enough for a branch predictor to learn some of them. */
const MOST_PIECES = 1024;
const MOST_BYTES = 2 ** 22;

function pieces(bytes: Buffer, size: number): Buffer[] {
  const most = Math.min(MOST_PIECES, Math.max(1, MOST_BYTES / size));
  const step = Math.max(size, Math.floor(bytes.length / most));
  const found: Buffer[] = [];
  for (let at = 0; at + size <= bytes.length && found.length < most; at += step) found.push(bytes.subarray(at, at + size));
  return found;
}

/**
 * The corpora named on the command line, and without any the messages of `@mdn/browser-compat-data`, one a line. Up to 1,024 pieces of each size,
 * spread over the corpus.
 */
export function items(corpora: Corpora): Items[] {
  const given = corpora.given();
  if (given.length === 0) given.push({ name: 'mdn', bytes: Buffer.concat(corpora.messages().flatMap((message) => [message, Buffer.from('\n')])) });
  return given.flatMap(({ name, bytes }) => {
    const all: Items[] = SIZES.map((size) => ({ corpus: name, size, pieces: pieces(bytes, size) }));
    all.push({ corpus: name, size: 'whole', pieces: [bytes] });
    return all.filter((one) => one.pieces.length > 0);
  });
}

export function bytesOf(one: Items): number {
  return one.pieces.reduce((sum, piece) => sum + piece.length, 0);
}
