import { Heap } from 'millrace';
import { BlockCodec, XerialCodec, type Level } from 'millrace/codec';
import { S2Reader, SnappyWriter } from 'millrace/stream';
import { SnappyJava } from '../peers/snappy-java.js';
import { blockSamples, same } from './blocks.js';
import type { CheckGroup } from './suite.js';

const LEVELS: readonly Level[] = ['fast', 'better', 'best'];
const heap = new Heap();

function clean(): void {
  if (heap.live !== 0) throw new Error(`${heap.live} bytes are left allocated`);
}

/** Blocks, the framing of Kafka's Java clients and Snappy streams, written here and read by snappy-java, and the other way round. */
export function snappyJavaChecks(): CheckGroup {
  const java = new SnappyJava();
  const samples = blockSamples();
  const checks = LEVELS.flatMap((level) => [
    { name: `snappy-java: blocks at level ${level}, both ways`, run: () => blocks(java, level) },
    ...[1024, 32_768, 262_144].map((blockSize) => ({ name: `snappy-java: xerial framing in blocks of ${blockSize} at level ${level}, both ways`, run: () => xerial(java, level, blockSize) })),
    ...[4096, 65_536].map((blockSize) => ({ name: `snappy-java: Snappy streams in blocks of ${blockSize} at level ${level}, both ways`, run: () => framed(java, level, blockSize) })),
  ]);
  checks.push({
    name: 'snappy-java: xerial framings in a row, joined here and there, are read on the other side',
    async run() {
      const codec = new XerialCodec({ heap });
      const parts = samples.slice(5, 25);
      const expected = Buffer.concat(parts);
      same(await java.request('unxerial', Buffer.concat(parts.map((part) => codec.encodeToBuffer(part)))), expected, 'written here');
      const theirs: Buffer[] = [];
      for (const part of parts) theirs.push(await java.request('xerial 32768', part));
      same(codec.decodeToBuffer(Buffer.concat(theirs)), expected, 'written there');
      codec.release();
      clean();
    },
  });
  return { checks, close: () => java.close() };
}

async function blocks(java: SnappyJava, level: Level): Promise<void> {
  const codec = new BlockCodec({ dialect: 'snappy', level, heap });
  for (const sample of blockSamples()) {
    const what = `${sample.length} bytes`;
    same(await java.request('uncompress', codec.encodeToBuffer(sample)), sample, `${what} written here`);
    same(codec.decodeToBuffer(await java.request('compress', sample)), sample, `${what} written there`);
  }
  codec.release();
  clean();
}

async function xerial(java: SnappyJava, level: Level, blockSize: number): Promise<void> {
  const codec = new XerialCodec({ heap, level, blockSize });
  const raw = new BlockCodec({ dialect: 'snappy', heap });
  for (const sample of blockSamples()) {
    const what = `${sample.length} bytes`;
    same(await java.request('unxerial', codec.encodeToBuffer(sample)), sample, `${what} written here`);
    same(codec.decodeToBuffer(await java.request(`xerial ${blockSize}`, sample)), sample, `${what} written there`);
    // Old producers send blocks as they are, and readers of the framing must tell.
    same(codec.decodeToBuffer(await java.request('compress', sample)), sample, `${what} written there without the framing`);
    if (sample.length >= 16) same(await java.request('unxerial', raw.encodeToBuffer(sample)), sample, `${what} written here without the framing`);
  }
  codec.release();
  raw.release();
  clean();
}

async function framed(java: SnappyJava, level: Level, blockSize: number): Promise<void> {
  for (const sample of blockSamples()) {
    const what = `${sample.length} bytes`;
    const writer = new SnappyWriter({ heap, level, blockSize, padding: blockSize === 4096 ? 1000 : 1 });
    writer.write(sample.subarray(0, 100));
    writer.flush();
    writer.addSkippableBlock(0x80, Buffer.from('passed over'));
    writer.write(sample.subarray(100));
    writer.close();
    const pieces = writer.take();
    const ours = Buffer.concat(pieces.map((piece) => piece.toBuffer()));
    for (const piece of pieces) piece.release();
    same(await java.request('unframed', ours), sample, `${what} written here`);

    const reader = new S2Reader({ heap, dialect: 'snappy' });
    reader.feed(await java.request(`framed ${blockSize}`, sample));
    const parts: Buffer[] = [];
    for (let piece = reader.read(); piece !== undefined; piece = reader.read()) {
      parts.push(piece.copyToBuffer());
      piece.release();
    }
    reader.end();
    same(Buffer.concat(parts), sample, `${what} written there`);
  }
  clean();
}
