// Atomics.waitAsync is in every Node this library runs on, but only in TypeScript's library for ES2024.

/** At once: `'not-equal'` or `'timed-out'`; or a promise of how the wait ended. */
export type WaitResult = { readonly async: false; readonly value: 'not-equal' | 'timed-out' } | { readonly async: true; readonly value: Promise<'ok' | 'timed-out'> };

interface AsyncAtomics {
  waitAsync(words: Int32Array, index: number, value: number): WaitResult;
}

/** Waits, without blocking, until another thread notifies `index` of `words`, unless it no longer holds `value`. Does not keep the process alive. */
export function waitAsync(words: Int32Array, index: number, value: number): WaitResult {
  return (Atomics as unknown as AsyncAtomics).waitAsync(words, index, value);
}
