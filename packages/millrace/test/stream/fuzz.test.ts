// Streams broken on purpose, at the level of chunks and of bytes. MILLRACE_LONG=1 goes on for ten minutes.
import { expect, it } from 'vitest';
import { CodecError } from '../../src/base/errors.js';
import { Bytes } from '../../src/bytes/bytes.js';
import { Heap } from '../../src/memory/heap.js';
import { S2Index } from '../../src/stream/s2-index.js';
import { S2Reader } from '../../src/stream/s2-reader.js';
import { S2Writer } from '../../src/stream/s2-writer.js';
import { chunkOf, chunksOf, joined, noise, text } from './oracle.js';

const MS = process.env['MILLRACE_LONG'] === '1' ? 600_000 : 500;
const heap = new Heap({ limit: 64 * 2 ** 20 });

/** xorshift: the same run every time. */
class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed | 1;
  }
  below(n: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % n;
  }
}

function sample(dice: Dice): Uint8Array {
  const writer = new S2Writer({ heap, dialect: dice.below(2) === 0 ? 's2' : 'snappy', level: (['fast', 'better', 'best'] as const)[dice.below(3)]!, blockSize: 4096 << dice.below(4), addIndex: dice.below(2) === 0, padding: 1 + dice.below(300) });
  for (let n = dice.below(6); n >= 0; n -= 1) {
    const data = (dice.below(3) > 0 ? text : noise)(dice.below(9000), dice.below(1000));
    writer.encodeBuffer(Bytes.copyOf(data, heap));
    if (dice.below(4) === 0) writer.addSkippableBlock(0x80 + dice.below(126), data.subarray(0, 100));
  }
  writer.close();
  const pieces = writer.take();
  const stream = joined(...pieces.map((piece) => piece.toBuffer()));
  for (const piece of pieces) piece.release();
  return stream;
}

function mutate(stream: Uint8Array, dice: Dice): Uint8Array {
  const chunks = chunksOf(stream).map((chunk) => chunkOf(chunk.type, chunk.body));
  const any = (): number => dice.below(Math.max(1, chunks.length));
  for (let n = dice.below(3); n >= 0; n -= 1) {
    const chunk = chunks[any()];
    if (chunk === undefined) break;
    switch (dice.below(8)) {
      case 0:
        chunks.splice(any(), 1);
        break;
      case 1:
        chunks.splice(any(), 0, chunk.slice());
        break;
      case 2:
        chunk[0] = dice.below(256);
        break;
      case 3:
        chunk[1 + dice.below(3)] = dice.below(256);
        break;
      case 4: // somewhere in the block's first elements
        if (chunk.length > 8) chunk[8 + dice.below(Math.min(24, chunk.length - 8))] = dice.below(256);
        break;
      case 5:
        chunk[dice.below(chunk.length)]! ^= 1 << dice.below(8);
        break;
      case 6:
        chunks.push(noise(dice.below(40), dice.below(999)));
        break;
      default:
        chunks[any()] = chunk.slice(0, dice.below(chunk.length));
    }
  }
  return joined(...chunks);
}

/** What a reader makes of a stream fed in pieces of `size` bytes: its data, and how it ended. */
function outcome(stream: Uint8Array, size: number, owned: boolean): string {
  const reader = new S2Reader({ heap });
  const parts: Uint8Array[] = [];
  let end = 'whole';
  try {
    for (let at = 0; at < stream.length; at += size) {
      const piece = stream.subarray(at, at + size);
      reader.feed(owned ? Bytes.copyOf(piece, heap) : piece);
      for (let block = reader.read(); block !== undefined; block = reader.read()) {
        parts.push(new Uint8Array(block.copyToBuffer()));
        block.release();
      }
    }
    reader.end();
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    end = `${error.code} at ${error.offset} after ${reader.completeLength}`;
  }
  reader.release();
  return `${end}: ${Buffer.from(joined(...parts)).toString('latin1')}`;
}

it(
  'a broken stream is refused or read, the same however it is cut, and nothing else is touched',
  { timeout: MS + 60_000 },
  () => {
    const dice = new Dice(20_261);
    const walls = Array.from({ length: 8 }, (_, i) => Bytes.copyOf(new Uint8Array(1000 * (i + 1)).fill(0xa5), heap));
    const live = heap.live;
    const endings = new Map<string, number>();
    // Enough of them for every ending, whatever the machine is busy with.
    const until = Date.now() + MS;
    for (let n = 0; n < 150 || Date.now() < until; n += 1) {
      const broken = mutate(sample(dice), dice);
      const whole = outcome(broken, broken.length + 1, true);
      for (const owned of [true, false]) expect(outcome(broken, 1 + dice.below(3000), owned) === whole).toBe(true);
      const kind = whole.split(' ', 1)[0]!;
      endings.set(kind, (endings.get(kind) ?? 0) + 1);
      expect(heap.live).toBe(live);
      expect(walls.every((wall) => wall.toBuffer().every((byte) => byte === 0xa5))).toBe(true);
    }
    // The mutations reach every way to end.
    expect([...endings.keys()].toSorted()).toEqual(expect.arrayContaining(['ERR_CHECKSUM', 'ERR_CORRUPT', 'ERR_TRUNCATED', 'ERR_UNSUPPORTED', 'whole:']));
    for (const wall of walls) wall.release();
  },
);

it('a broken index is refused or read', () => {
  const dice = new Dice(7);
  const index = new S2Index(2 ** 20);
  for (let i = 0; i < 50; i += 1) index.add(10 + i * 400_000 + dice.below(1000), i * 2 ** 20 + dice.below(1000));
  index.totalUncompressed = 50 * 2 ** 20 + 1000;
  index.totalCompressed = 20_400_000;
  const good = index.encode();
  let read = 0;
  for (let n = 0; n < 5000; n += 1) {
    const chunk = good.slice(0, dice.below(5) === 0 ? dice.below(good.length) : good.length);
    for (let k = dice.below(3); k >= 0 && chunk.length > 0; k -= 1) chunk[dice.below(chunk.length)] = dice.below(256);
    try {
      const loaded = S2Index.load(chunk);
      for (let i = 1; i < loaded.length; i += 1) {
        const [before, after] = [loaded.at(i - 1), loaded.at(i)];
        if (after.compressed <= before.compressed || after.uncompressed <= before.uncompressed) throw new Error(`entry ${i} does not ascend`);
      }
      read += 1;
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
    }
  }
  expect(read).toBeGreaterThan(0);
});
