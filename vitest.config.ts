import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    maxWorkers: '100%', // the default leaves a core alone, which is half of a small machine
  },
});
