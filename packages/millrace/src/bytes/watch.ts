import type { Ledger } from '../memory/ledger.js';
import type { View } from './view.js';

/** What a handle stands under in its heap's books. */
interface Entry {
  readonly ledger: Ledger;
  readonly key: symbol;
}

// Debug mode only.
const entries = new WeakMap<View, Entry>();
// For each class of handles its prototype with methods that keep the books.
const prototypes = new Map<object, object>();

/** Makes the books of its heap follow `handle`, in debug mode: leak reports name it with its range, and its loss without release is told. */
export function watched<T extends View>(handle: T): T {
  const prototype = Object.getPrototypeOf(handle) as object;
  // Only the classes' own have a constructor: a handle may come here twice.
  if (Object.hasOwn(prototype, 'constructor')) Object.setPrototypeOf(handle, watching(prototype));
  enter.call(handle);
  return handle;
}

function watching(prototype: object): object {
  let derived = prototypes.get(prototype);
  if (derived === undefined) {
    derived = Object.create(prototype, { track: { value: enter }, untrack: { value: strike } }) as object;
    prototypes.set(prototype, derived);
  }
  return derived;
}

// Under its range of now: up to the limit, where it has room to write.
function enter(this: View & { readonly limit?: number }): void {
  strike.call(this);
  const { ledger } = this.block;
  const end = this.limit ?? this.end;
  if (ledger === undefined || this.start === end) return;
  entries.set(this, { ledger, key: ledger.track(this, `${this.constructor.name}(${end - this.start})`, this.start, end) });
}

function strike(this: View): void {
  const entry = entries.get(this);
  if (entry === undefined) return;
  entries.delete(this);
  entry.ledger.untrack(this, entry.key);
}
