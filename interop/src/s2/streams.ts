import { readFileSync } from 'node:fs';
import { Heap } from 'millrace';
import { Bytes } from 'millrace/bytes';
import { compress, decompress, indexStream, memorySource, S2Index, S2Reader, S2Writer, SeekableReader, type S2WriterOptions, type StreamDialect } from 'millrace/stream';
import type { Klauspost } from '../peers/klauspost.js';
import type { S2Check } from './suite.js';

const heap = new Heap();
const MIB = 2 ** 20;

/** Data of every kind a stream can meet: text, noise, runs, and sizes around the limits of blocks. */
function samples(): Map<string, Buffer> {
  const text = readFileSync(new URL(import.meta.url)).toString();
  const long = Buffer.from(text.repeat(Math.ceil((2.5 * MIB) / text.length)));
  const noise = Buffer.alloc(300_000);
  let state = 1;
  for (let i = 0; i < noise.length; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    noise[i] = state >>> 24;
  }
  return new Map([
    ['nothing', Buffer.alloc(0)],
    ['a byte', Buffer.from('x')],
    ['31 bytes', long.subarray(0, 31)],
    ['65,536 bytes of text', long.subarray(0, 65_536)],
    ['65,537 bytes of text', long.subarray(0, 65_537)],
    ['text', long],
    ['noise', noise],
    ['zeros', Buffer.alloc(1_500_000)],
    ['text and noise', Buffer.concat([long.subarray(0, 200_000), noise, long.subarray(0, 100_000)])],
  ]);
}

function put(writer: S2Writer): Buffer {
  const pieces = writer.take();
  const stream = Buffer.concat(pieces.map((piece) => piece.toBuffer()));
  for (const piece of pieces) piece.release();
  return stream;
}

function written(data: Buffer, options: S2WriterOptions, how: 'write' | 'lend' | 'give' = 'write'): Buffer {
  const writer = new S2Writer({ heap, ...options });
  if (how === 'write') for (let at = 0; at < data.length; at += 30_000) writer.write(data.subarray(at, at + 30_000));
  else writer.encodeBuffer(how === 'lend' ? data : Bytes.copyOf(data, heap));
  writer.close();
  return put(writer);
}

function read(stream: Buffer, size: number, dialect: StreamDialect = 's2', skip = 0): Buffer {
  const reader = new S2Reader({ heap, dialect });
  reader.skip(skip);
  const parts: Buffer[] = [];
  for (let at = 0; at < stream.length; at += size) {
    reader.feed(stream.subarray(at, at + size));
    for (let piece = reader.read(); piece !== undefined; piece = reader.read()) {
      parts.push(piece.copyToBuffer());
      piece.release();
    }
  }
  reader.end();
  return Buffer.concat(parts);
}

function same(actual: Buffer, expected: Uint8Array): void {
  if (!actual.equals(expected)) throw new Error(`${actual.length} bytes that differ from the ${expected.length} expected`);
  if (heap.live !== 0) throw new Error(`${heap.live} bytes are left allocated`);
}

function* ours(): Generator<S2Check> {
  const settings: [string, S2WriterOptions, ('write' | 'lend' | 'give')?][] = [
    ['', {}],
    ['lent', {}, 'lend'],
    ['given', {}, 'give'],
    ['4 KiB blocks', { blockSize: 4096 }],
    ['4 MiB blocks', { blockSize: 4 * MIB }],
    ['Snappy', { dialect: 'snappy' }],
    ['better', { level: 'better' }],
    ['best', { level: 'best', blockSize: 65_536 }],
    ['Snappy, best', { dialect: 'snappy', level: 'best' }],
    ['uncompressed', { uncompressed: true }],
    ['padding', { padding: 4096 }],
    ['index', { addIndex: true, blockSize: 65_536 }],
    ['index and padding', { addIndex: true, padding: 1000 }],
    ['flush on write', { flushOnWrite: true }],
  ];
  for (const [kind, data] of samples()) {
    for (const [label, options, how] of settings) {
      yield {
        name: `ours, ${kind}, ${label}`,
        async run(peer) {
          const stream = written(data, options, how);
          same(await peer.request({ op: 'read' }, stream), data);
          same(await peer.request({ op: 'read', concurrency: 2 }, stream), data);
        },
      };
    }
  }
}

function* theirs(): Generator<S2Check> {
  type Request = Parameters<Klauspost['request']>[0];
  const settings: [string, Omit<Request, 'op'>][] = [
    ['', {}],
    ['better', { level: 'better' }],
    ['best', { level: 'best', blockSize: 65_536 }],
    ['Snappy', { dialect: 'snappy' }],
    ['Snappy, best', { dialect: 'snappy', level: 'best' }],
    ['uncompressed', { uncompressed: true }],
    ['one at a time', { concurrency: 1, blockSize: 4096 }],
    ['EncodeBuffer', { encodeBuffer: true, concurrency: 2, chunk: 70_000 }],
    ['flush on write', { flushOnWrite: true, chunk: 50_000 }],
    ['padding', { padding: 4096 }],
  ];
  for (const [kind, data] of samples()) {
    for (const [label, request] of settings) {
      yield {
        name: `theirs, ${kind}, ${label}`,
        async run(peer) {
          const stream = await peer.request({ op: 'write', ...request }, data);
          for (const size of [stream.length + 1, 1000]) same(read(stream, size, request.dialect), data);
        },
      };
    }
  }
}

function* structure(): Generator<S2Check> {
  const data = samples().get('text')!;
  const note = Buffer.from('topic=metrics');
  yield {
    name: 'their skippable chunks reach our callback',
    async run(peer) {
      const stream = await peer.request({ op: 'write', skippableId: 0x9a, skippable: note, chunk: 100_000 }, data);
      const seen: string[] = [];
      const reader = new S2Reader({ heap, onSkippable: new Map([[0x9a, (body: Bytes) => void seen.push(body.toBuffer().toString())]]) });
      reader.feed(stream);
      for (let piece = reader.read(); piece !== undefined; piece = reader.read()) piece.release();
      reader.end();
      if (seen.join() !== note.toString()) throw new Error(`saw ${seen.join()}`);
    },
  };
  yield {
    name: 'our skippable chunks reach their callback',
    async run(peer) {
      const writer = new S2Writer({ heap });
      writer.write(data);
      writer.addSkippableBlock(0x80, note);
      writer.close();
      const stream = put(writer);
      same(await peer.request({ op: 'read', skippableId: 0x80 }, stream), note);
      same(await peer.request({ op: 'read' }, stream), data);
    },
  };
  for (const offset of [0, 1, 65_535, 65_536, 1_234_567, data.length - 1]) {
    yield {
      name: `skipping ${offset} bytes, both ways`,
      async run(peer) {
        const stream = written(data, { blockSize: 65_536 });
        same(await peer.request({ op: 'read', offset }, stream), data.subarray(offset));
        same(read(await peer.request({ op: 'write', blockSize: 65_536 }, data), 10_000, 's2', offset), data.subarray(offset));
      },
    };
  }
  for (const blockSize of [4096, 65_536, MIB]) yield* indexes(Buffer.concat([data, data, data]), blockSize);
}

function* indexes(data: Buffer, blockSize: number): Generator<S2Check> {
  const positions = [0, 1, MIB, 3 * MIB + 17, data.length - 20];
  yield {
    name: `our index of ${blockSize}-byte blocks says the same to them, and they seek by it`,
    async run(peer) {
      const stream = written(data, { blockSize, addIndex: true });
      const plain = written(data, { blockSize });
      const index = stream.subarray(plain.length);
      same(Buffer.from(JSON.stringify(JSON.parse((await peer.request({ op: 'indexJSON' }, index)).toString()))), Buffer.from(JSON.stringify(S2Index.load(index))));
      for (const offset of positions) {
        const expected = data.subarray(offset, offset + 20);
        same(await peer.request({ op: 'readAt', offset, length: 20 }, stream), expected);
        same(await peer.request({ op: 'readAt', offset, length: 20, indexBytes: index }, plain), expected);
      }
    },
  };
  yield {
    name: `their index of ${blockSize}-byte blocks says the same to us, and we seek by it`,
    async run(peer) {
      const stream = await peer.request({ op: 'write', blockSize, index: true }, data);
      const plain = await peer.request({ op: 'write', blockSize }, data);
      const index = stream.subarray(plain.length);
      same(Buffer.from(JSON.stringify(S2Index.load(index))), Buffer.from(JSON.stringify(JSON.parse((await peer.request({ op: 'indexJSON' }, index)).toString()))));
      const reader = await SeekableReader.open(memorySource(stream), { heap });
      for (const offset of positions) {
        const part = await reader.readAt(offset, 20);
        const copy = part.copyToBuffer();
        part.release();
        same(copy, data.subarray(offset, offset + 20));
      }
    },
  };
  yield {
    name: `indexes of a stream of ${blockSize}-byte blocks made afterwards serve the other side`,
    async run(peer) {
      const plain = written(data, { blockSize });
      const mine = (await indexStream([plain], { heap })).encode();
      const other = S2Index.load(await peer.request({ op: 'indexStream' }, plain));
      for (const offset of positions) same(await peer.request({ op: 'readAt', offset, length: 20, indexBytes: mine }, plain), data.subarray(offset, offset + 20));
      if (other.totalUncompressed !== data.length) throw new Error(`their index counts ${other.totalUncompressed} bytes`);
    },
  };
}

async function all(pieces: AsyncIterable<Bytes>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const piece of pieces) {
    parts.push(piece.copyToBuffer());
    piece.release();
  }
  return Buffer.concat(parts);
}

function* threads(): Generator<S2Check> {
  for (const [kind, data] of samples()) {
    yield {
      name: `two threads, ${kind}`,
      async run(peer) {
        const stream = await all(compress([data], { heap, concurrency: 2, blockSize: 131_072 }));
        same(stream, written(data, { blockSize: 131_072 }));
        same(await peer.request({ op: 'read', concurrency: 2 }, stream), data);
        same(await all(decompress([await peer.request({ op: 'write', concurrency: 2, blockSize: 131_072 }, data)], { heap, concurrency: 2 })), data);
      },
    };
  }
}

/** Streams in both directions: every setting, skippable chunks, skipping, indexes. */
export function* streamChecks(): Generator<S2Check> {
  yield* ours();
  yield* theirs();
  yield* structure();
  yield* threads();
}
