import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { rustProgram } from '@millrace/interop/rust';
import { Heap } from 'millrace';
import { trainZstdDictionary, ZstdDecoder, ZstdDictionary, ZstdEncoder, ZstdEncoderDictionary, type ZstdLevel } from 'millrace/codec';
import { typical, type Turns } from '../../harness/batches.js';
import { median } from '../../harness/measure.js';
import type { SuiteContext } from '../../harness/suite.js';
import { join, totalOf } from './messages.js';

const SIZE = 65_536;
const MESSAGES = 400;
const LEVELS: readonly (readonly [level: ZstdLevel, libzstd: number])[] = [['fastest', 1], ['default', 3]];

/** Messages of 256 B to 4 KiB with our trained dictionary, against libzstd with the one that the `zstd` command trains from the same samples. */
export function dictionaryRows(context: SuiteContext, plan: Turns): void {
  const all = context.corpora.messages().filter((message) => message.length >= 256 && message.length <= 4096);
  const samples = all.filter((_, i) => i % 2 === 0);
  const step = Math.max(1, Math.floor(all.length / MESSAGES));
  const messages = all.filter((_, i) => i % 2 === 1 && (i >> 1) % step === 0).slice(0, MESSAGES);
  const folder = mkdtempSync(path(tmpdir(), 'millrace-bench-'));
  try {
    const names = samples.map((sample, i) => {
      const name = path(folder, String(i));
      writeFileSync(name, sample);
      return name;
    });
    const theirs = path(folder, 'theirs');
    writeFileSync(path(folder, 'list'), names.join('\n'));
    const trains = spawnSync('zstd', ['-q', '-f', '--train', '--filelist', path(folder, 'list'), `--maxdict=${SIZE}`, '-o', theirs]).status === 0;
    for (const [level, number] of LEVELS) {
      const trained = trainZstdDictionary(samples, { size: SIZE, level });
      const heap = new Heap();
      const dictionary = ZstdEncoderDictionary.prepare(trained, { heap, level });
      const known = ZstdDictionary.prepare(trained, { heap });
      const encoder = new ZstdEncoder({ heap, dictionary, checksum: false });
      const decoder = new ZstdDecoder({ heap, dictionaries: [known] });
      const verified = messages.every((message) => decoder.decodeToBuffer(encoder.encodeToBuffer(message)).equals(message));
      const target = Buffer.alloc(8192);
      const bytes = messages.reduce((sum, message) => sum + encoder.encodeInto(message, target), 0);
      const ns: number[] = [];
      const peer: number[] = [];
      const input = join(messages);
      const program = rustProgram('libzstd');
      for (let round = 0; round < plan.rounds; round += 1) {
        ns.push(typical([() => messages.forEach((message) => encoder.encodeInto(message, target))], messages.length, { rounds: 1, sliceMs: plan.sliceMs })[0]!);
        if (trains) peer.push(Number(execFileSync(program, ['bench-encode', String(plan.sliceMs), String(number), theirs], { input }).toString().split('\n')[0]));
      }
      const label = trains ? `libzstd level ${number} with a dictionary of ${readFileSync(theirs).length} bytes by zstd --train` : 'libzstd with its own dictionary';
      const theirBytes = trains ? totalOf(execFileSync(program, ['compress', String(number), theirs], { input, maxBuffer: 2 ** 26 })) : undefined;
      context.row({ case: `dictionary/mdn/256-4096/${level}`, metric: 'bytes', better: 'lower', ours: bytes, peer: label, peerValue: theirBytes, verified });
      context.row({ case: `dictionary/mdn/256-4096/${level}`, metric: 'ns/message', better: 'lower', ours: median(ns), peer: label, peerValue: trains ? median(peer) : undefined, verified, note: 'ours Buffer to Buffer' });
      for (const one of [encoder, decoder, dictionary, known]) one.release();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
