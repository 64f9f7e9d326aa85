import { execFileSync } from 'node:child_process';
import { Heap } from 'millrace';
import { decoderPool, ZstdEncoder, ZstdEncoderDictionary, type ZstdFrameOptions, type ZstdLevel } from 'millrace/codec';
import { ZstdWriter } from 'millrace/stream';
import { goProgram } from '../toolchains/go.js';
import { contents, records, type Content } from './content.js';
import { file, hasCommand, join32, split32 } from './encoders.js';
import { nodeWithZstd } from './node.js';
import type { ZstdCheck } from './suite.js';

const LEVELS: readonly ZstdLevel[] = ['fastest', 'default', 'better', 'best'];
const MOST = 2 ** 28;

const heap = new Heap();

/** A reference decoder: the content of several frames. */
interface ReferenceDecoder {
  readonly name: string;
  decode(frames: readonly Buffer[], dictionary?: Buffer): Buffer[];
}

// The command takes frames in a row; where they end in the output only the expected contents tell, so all of it comes as one.
const command: ReferenceDecoder = {
  name: 'the zstd command',
  decode: (frames, dictionary) => {
    const more = dictionary ? ['-D', file('dictionary', dictionary)] : [];
    return [execFileSync('zstd', ['-d', '-q', '-c', '--long=31', ...more], { input: Buffer.concat(frames), maxBuffer: MOST })];
  },
};

const klauspost: ReferenceDecoder = {
  name: 'klauspost',
  decode: (frames, dictionary) => {
    const more = dictionary ? ['-dict', file('dictionary', dictionary)] : [];
    return split32(execFileSync(goProgram('klauspost-zstd'), ['decompress', '-batch', ...more], { input: join32(frames), maxBuffer: MOST }));
  },
};

const nodeZlib: ReferenceDecoder = {
  name: 'node:zlib',
  decode: (frames) => {
    const script = `
      const zlib = require('node:zlib');
      const input = require('node:fs').readFileSync(0);
      const out = [];
      for (let at = 0; at < input.length;) {
        const n = input.readUInt32LE(at);
        const content = zlib.zstdDecompressSync(input.subarray(at + 4, at + 4 + n));
        const length = Buffer.alloc(4);
        length.writeUInt32LE(content.length);
        out.push(length, content);
        at += 4 + n;
      }
      process.stdout.write(Buffer.concat(out));`;
    return split32(execFileSync(nodeWithZstd(), ['-e', script], { input: join32(frames), maxBuffer: MOST }));
  },
};

function oneShot(inputs: readonly Content[], options: ZstdFrameOptions): Buffer[] {
  using encoder = new ZstdEncoder({ heap, ...options });
  return inputs.map(({ bytes }) => encoder.encodeToBuffer(bytes));
}

// Writes of many sizes, with a flush now and then.
function streamed(inputs: readonly Content[], options: ZstdFrameOptions): Buffer[] {
  return inputs.map(({ bytes }) => {
    using writer = new ZstdWriter({ heap, ...options });
    for (let at = 0, n = 1; at < bytes.length; at += n, n = (n * 3) % 70_001) {
      writer.write(bytes.subarray(at, at + n));
      if (n % 5 === 0) writer.flush();
    }
    writer.close();
    const pieces = writer.take();
    const frame = Buffer.concat(pieces.map((piece) => piece.copyToBuffer()));
    for (const piece of pieces) piece.release();
    return frame;
  });
}

function check(name: string, decoder: ReferenceDecoder, inputs: readonly Content[], make: () => Buffer[], dictionary?: Buffer): ZstdCheck {
  return {
    name: `${name}, read by ${decoder.name}`,
    run: () => {
      const found = decoder.decode(make(), dictionary);
      const whole = Buffer.concat(found);
      if (found.length > 1) {
        for (const [i, { name: input, bytes }] of inputs.entries()) if (Buffer.compare(found[i]!, bytes) !== 0) throw new Error(`${input}: ${found[i]!.length} bytes that differ`);
      }
      if (!whole.equals(Buffer.concat(inputs.map(({ bytes }) => bytes)))) throw new Error('the contents differ');
      decoderPool(heap).trim();
      if (heap.live !== 0) throw new Error(`${heap.live} bytes were not given back`);
    },
  };
}

const OPTIONS: readonly (readonly [name: string, options: ZstdFrameOptions])[] = [
  ['no checksum', { checksum: false }],
  ['no content size', { contentSize: false }],
  ['a window descriptor', { singleSegment: false }],
  ['a window of 4 KiB', { windowLog: 12 }],
  ['a window of 512 MiB', { windowLog: 29, singleSegment: false, contentSize: false }],
  ['no entropy coding of literals', { literalEntropy: 'none' }],
  ['entropy coding where something matched', { literalEntropy: 'matched' }],
  ['low memory', { lowMemory: true }],
];

/** What is encoded here at every level, in one shot and as a stream and with every option, the references decode. */
export function encodeChecks(): ZstdCheck[] {
  const inputs = contents();
  const checks: ZstdCheck[] = [];
  const decoders = [...(hasCommand() ? [command] : []), klauspost, nodeZlib];
  for (const decoder of decoders) {
    for (const level of LEVELS) {
      checks.push(check(`one shot, ${level}`, decoder, inputs, () => oneShot(inputs, { level })));
      checks.push(check(`a stream, ${level}`, decoder, inputs, () => streamed(inputs, { level })));
    }
    for (const [name, options] of OPTIONS) {
      // klauspost and node:zlib stop at windows of 128 MiB by default; so should they.
      if ((options.windowLog ?? 0) > 27 && decoder !== command) continue;
      checks.push(check(`one shot with ${name}`, decoder, inputs, () => oneShot(inputs, options)));
      checks.push(check(`a stream with ${name}`, decoder, inputs, () => streamed(inputs, options)));
    }
  }
  // Behind a frame its padding: klauspost and the command read both, as frames in a row.
  for (const decoder of decoders.slice(0, -1)) checks.push(check('padding to 512 bytes', decoder, inputs, () => oneShot(inputs, { padding: 512 })));
  if (hasCommand()) checks.push(...dictionaryChecks());
  return checks;
}

// A dictionary that the zstd command trains, and plain content.
function dictionaryChecks(): ZstdCheck[] {
  const samples = Array.from({ length: 300 }, (_, i) => file(`sample${i}`, records(400, 1000 + i)));
  const path = file('trained-for-us', Buffer.alloc(0));
  execFileSync('zstd', ['-q', '-f', '--train', ...samples, '--maxdict=4096', '-o', path]);
  const trained = execFileSync('cat', [path]);
  const raw = records(30_000, 99);
  const inputs = contents().filter(({ bytes }) => bytes.length > 0);
  const made = (bytes: Buffer, level: ZstdLevel, encode: typeof oneShot) => (): Buffer[] => {
    using dictionary = ZstdEncoderDictionary.prepare(bytes, { heap, level });
    return encode(inputs, { dictionary });
  };
  return LEVELS.flatMap((level) => [
    check(`a trained dictionary, ${level}`, command, inputs, made(trained, level, oneShot), trained),
    check(`a trained dictionary in a stream, ${level}`, command, inputs, made(trained, level, streamed), trained),
    check(`a trained dictionary, ${level}`, klauspost, inputs, made(trained, level, oneShot), trained),
    check(`a raw dictionary, ${level}`, command, inputs, made(raw, level, oneShot), raw),
  ]);
}
