export { WorkerPool, sharedPool, type WorkerPoolOptions, type PoolJob } from './pool.js';
