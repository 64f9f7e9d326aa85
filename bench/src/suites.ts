import type { Suite } from './harness/suite.js';
import { bufferSuite } from './suites/buffer.js';
import { bytesSuite } from './suites/bytes.js';
import { ingest } from './suites/ingest.js';
import { memorySuite } from './suites/memory.js';
import { s2Suite } from './suites/s2.js';
import { soak } from './suites/soak.js';
import { zstdSuite } from './suites/zstd.js';
import { zstdDecodeSuite } from './suites/zstd-decode.js';
import { zstdMemorySuite } from './suites/zstd-memory.js';

/** Every suite, by the name that the command takes. */
export const suites: Readonly<Record<string, Suite>> = {
  buffer: bufferSuite,
  bytes: bytesSuite,
  ingest,
  memory: memorySuite,
  s2: s2Suite,
  soak,
  zstd: zstdSuite,
  'zstd-decode': zstdDecodeSuite,
  'zstd-memory': zstdMemorySuite,
};
