import type { SuiteContext } from '../../harness/suite.js';

/** Messages of one corpus: all of one size, or as they come. */
export interface Messages {
  readonly corpus: string;
  /** Bytes of each, or `mix`. */
  readonly size: number | 'mix';
  readonly pieces: readonly Buffer[];
}

const MOST_PIECES = 64;
const MOST_BYTES = 20 * 2 ** 20;
const MIX = 400;

/** Pieces of `size` bytes from all over `bytes`, at most 64. */
function cut(bytes: Buffer, size: number): Buffer[] {
  const most = Math.max(1, Math.min(MOST_PIECES, Math.floor(MOST_BYTES / size)));
  const step = Math.max(size, Math.floor((bytes.length - size) / most));
  const found: Buffer[] = [];
  for (let at = 0; at + size <= bytes.length && found.length < most; at += step) found.push(bytes.subarray(at, at + size));
  return found;
}

/** The corpora named on the command line, or the messages of `@mdn/browser-compat-data`, cut to sizes; those messages also as they are. */
export function messagesOf(context: SuiteContext, sizes: readonly number[]): Messages[] {
  const found: Messages[] = [];
  let corpora = context.corpora.given();
  if (corpora.length === 0) {
    const all = context.corpora.messages();
    const step = Math.floor(all.length / MIX);
    found.push({ corpus: 'mdn', size: 'mix', pieces: all.filter((_, i) => i % step === 0) });
    corpora = [{ name: 'mdn', bytes: Buffer.concat(all.flatMap((message) => [message, Buffer.from('\n')])) }];
  }
  for (const { name, bytes } of corpora) {
    for (const size of sizes) {
      const pieces = cut(bytes, size);
      if (pieces.length > 0) found.push({ corpus: name, size, pieces });
    }
  }
  return found;
}

/** Items in the form that the reference programs read: each after its length. */
export function join(items: readonly Buffer[]): Buffer {
  return Buffer.concat(
    items.flatMap((item) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(item.length);
      return [length, item];
    }),
  );
}

/** The sizes of the items in that form, added up. */
export function totalOf(joined: Buffer): number {
  let total = 0;
  for (let at = 0; at < joined.length; ) {
    const length = joined.readUInt32LE(at);
    total += length;
    at += 4 + length;
  }
  return total;
}
