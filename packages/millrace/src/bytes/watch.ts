import type { Ledger } from '../memory/ledger.js';
import type { View } from './view.js';

// Debug mode only: which handles a heap's books know, by what key.
const keys = new WeakMap<View, symbol>();

/** Enters a handle in its heap's books, or enters its range anew: leak reports name it, and its loss without release is told. */
export function watch(ledger: Ledger, handle: View, end: number): void {
  unwatch(ledger, handle);
  if (handle.start !== end) keys.set(handle, ledger.track(handle, `${handle.constructor.name}(${end - handle.start})`, handle.start, end));
}

/** Strikes a handle that was released, or taken over, from the books. */
export function unwatch(ledger: Ledger, handle: View): void {
  const key = keys.get(handle);
  if (key === undefined) return;
  keys.delete(handle);
  ledger.untrack(handle, key);
}
