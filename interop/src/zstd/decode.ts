import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Heap } from 'millrace';
import { decoderPool, ZstdDecoder, ZstdDictionary } from 'millrace/codec';
import { ZstdReader } from 'millrace/stream';
import { contents, generator, records, type Content } from './content.js';
import { command, file, hasCommand, klauspost, nodeZlib, type ReferenceEncoder } from './encoders.js';
import type { ZstdCheck } from './suite.js';

const heap = new Heap();

function expectSame(what: string, actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) !== 0) throw new Error(`${what}: ${actual.length} bytes that differ from the ${expected.length} expected`);
}

function readWhole(reader: ZstdReader, pieces: Iterable<Uint8Array>): Buffer {
  const out: Buffer[] = [];
  for (const piece of pieces) {
    reader.feed(piece);
    for (let some = reader.readBuffer(); some !== undefined; some = reader.readBuffer()) out.push(some);
  }
  reader.end();
  return Buffer.concat(out);
}

function* cut(bytes: Buffer, seed: number): Generator<Buffer> {
  const next = generator(seed);
  for (let at = 0; at < bytes.length; ) {
    const n = next(4) === 0 ? 1 + next(10) : 1 + next(Math.max(1, Math.min(bytes.length, 100_000)));
    yield bytes.subarray(at, at + n);
    at += n;
  }
}

// Every way to decode gives the content of every frame, of all frames in a row, and of a stream of them cut anywhere.
function checkFrames(frames: readonly Buffer[], inputs: readonly Content[], dictionaries: readonly ZstdDictionary[]): void {
  const decoder = new ZstdDecoder({ heap, maxWindow: 2 ** 31, dictionaries });
  for (const [index, { name, bytes }] of inputs.entries()) {
    const frame = frames[index]!;
    expectSame(name, decoder.decodeToBuffer(frame), bytes);
    const target = Buffer.alloc(bytes.length);
    if (decoder.decodeInto(frame, target) !== bytes.length) throw new Error(`${name}: the length is wrong`);
    expectSame(`${name} into a target`, target, bytes);
    const size = decoder.decodedSize(frame);
    if (size !== undefined && size !== bytes.length) throw new Error(`${name}: declares ${size} bytes`);
    expectSame(`${name} as a stream`, readWhole(new ZstdReader({ heap, maxWindow: 2 ** 31, dictionaries }), cut(frame, index)), bytes);
    if (frame.length < 1500) expectSame(`${name} byte by byte`, readWhole(new ZstdReader({ heap, maxWindow: 2 ** 31, dictionaries }), [...frame].map((byte) => Uint8Array.of(byte))), bytes);
  }
  const all = Buffer.concat(frames);
  const content = Buffer.concat(inputs.map(({ bytes }) => bytes));
  expectSame('all frames in a row', decoder.decodeToBuffer(all), content);
  expectSame('all frames in a stream', readWhole(new ZstdReader({ heap, maxWindow: 2 ** 31, dictionaries }), cut(all, 1)), content);
  decoder.release();
  decoderPool(heap).trim();
}

function check(encoder: ReferenceEncoder, inputs: readonly Content[]): ZstdCheck {
  return {
    name: `decodes ${encoder.name}`,
    run: () => {
      const dictionaries = encoder.dictionary ? [ZstdDictionary.prepare(encoder.dictionary.bytes, { heap, id: encoder.dictionary.id })] : [];
      try {
        checkFrames(encoder.encode(inputs.map(({ bytes }) => bytes)), inputs, dictionaries);
      } finally {
        for (const dictionary of dictionaries) dictionary.release();
      }
      if (heap.live !== 0) throw new Error(`${heap.live} bytes were not given back`);
    },
  };
}

function commandEncoders(): ReferenceEncoder[] {
  const levels = Array.from({ length: 19 }, (_, i) => `-${i + 1}`);
  const samples = Array.from({ length: 300 }, (_, i) => file(`sample${i}`, records(400, 1000 + i)));
  const trainedFile = file('trained', Buffer.alloc(0));
  execFileSync('zstd', ['-q', '-f', '--train', ...samples, '--maxdict=4096', '--dictID=4242', '-o', trainedFile]);
  const trained = { bytes: readFileSync(trainedFile), id: 4242 };
  const raw = { bytes: records(30_000, 99), id: 0 };
  return [
    ...levels.map((level) => command([level], false)),
    ...['-20', '-21', '-22'].map((level) => command(['--ultra', level], false)),
    ...['--fast=1', '--fast=5', '--fast=50'].map((level) => command([level], false)),
    command(['-3', '--no-check'], true),
    command(['-9', '--long=27'], true),
    command(['-3', '--long=31'], true),
    command(['-1', '--zstd=wlog=10'], true),
    command(['-6', '--zstd=wlog=12'], true),
    command(['-12', '--zstd=wlog=15'], false),
    command(['-3', '-B65536', '-T2'], true),
    command(['-1'], true, trained),
    command(['-19'], false, trained),
    command(['-3', '--no-dictID'], false, { bytes: trained.bytes, id: 0 }),
    command(['-5'], false, raw),
    command(['-19', '--zstd=wlog=11'], true, raw),
  ];
}

/** Frames of the reference encoders are decoded here, in every way there is. */
export function decodeChecks(): ZstdCheck[] {
  const inputs = contents();
  const encoders: ReferenceEncoder[] = [];
  if (hasCommand()) encoders.push(...commandEncoders());
  else console.error('zstd: the zstd command is not on this machine; what it writes is not checked');
  for (const level of [1, 2, 3, 4]) {
    encoders.push(klauspost(['-level', String(level)]), klauspost(['-level', String(level), '-stream', '-chunk', '5000', '-crc=false', '-window', '1024']));
  }
  encoders.push(
    klauspost(['-level', '2', '-single']),
    klauspost(['-level', '3', '-stream', '-chunk', '777', '-window', '65536']),
    klauspost(['-level', '2'], { bytes: records(20_000, 5), id: 5, raw: true }),
    klauspost(['-level', '4', '-stream'], { bytes: records(20_000, 6), id: 6, raw: true }),
    ...[1, 3, 9, 19, 22, -5].map((level) => nodeZlib(level, level % 3 === 0)),
  );
  return encoders.map((encoder) => check(encoder, inputs));
}
