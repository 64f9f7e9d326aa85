export { WorkerPool, sharedPool, type WorkerPoolOptions, type PoolJob } from './pool.js';
export { ConcurrentZstdDecoder, type ConcurrentZstdDecoderOptions } from './zstd-decoder.js';
