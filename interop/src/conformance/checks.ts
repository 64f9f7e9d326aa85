import { blockCheck, dictionaryBlockCheck } from './blocks.js';
import type { Vector } from './manifest.js';
import { xerialCheck } from './xerial.js';
import { indexCheck, streamCheck } from './streams.js';
import { zstdCheck, zstdHeaderCheck } from './zstd.js';
import { zstdRoundtripCheck } from './zstd-roundtrip.js';

/** Runs one vector and says what is wrong with the result; undefined when all is right. */
export type Check = (vector: Vector) => string | undefined;

/** The check for each kind of vector. */
export const checks: Readonly<Record<string, Check>> = {
  'snappy-block': blockCheck('snappy'),
  's2-block': blockCheck('s2'),
  's2-block-dict': dictionaryBlockCheck(),
  xerial: xerialCheck(),
  'snappy-framed': streamCheck('snappy'),
  's2-stream': streamCheck('s2'),
  's2-index': indexCheck,
  roundtrip: zstdRoundtripCheck,
  'corpus:roundtrip': zstdRoundtripCheck,
  zstd: zstdCheck,
  'zstd-dict': zstdCheck,
  'zstd-header': zstdHeaderCheck,
};
