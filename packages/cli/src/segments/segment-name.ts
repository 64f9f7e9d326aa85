import { readdirSync } from 'node:fs';

/** The compression of a segment: the S2 stream format, or Snappy's framing format, which any Snappy reader understands. */
export type Codec = 's2' | 'snappy';

const ENDINGS: Readonly<Record<Codec, string>> = { s2: '.s2', snappy: '.sz' };
const NAME = /^(\d{6,15})\.(s2|sz)$/;

/** The file name of the `number`-th segment: `000001.s2`. Names sort in the order of writing. */
export function segmentName(number: number, codec: Codec): string {
  return `${String(number).padStart(6, '0')}${ENDINGS[codec]}`;
}

/** The segments of a directory in the order they were written, as file names. @throws the errors of `readdir` */
export function listSegments(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => NAME.test(name))
    .toSorted((a, b) => segmentNumber(a) - segmentNumber(b));
}

/** The number in a segment's file name. */
export function segmentNumber(name: string): number {
  return Number(NAME.exec(name)?.[1] ?? 0);
}
