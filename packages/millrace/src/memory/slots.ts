import { MemoryError, MillraceError } from '../base/errors.js';
import { ATTACHED, DEAD, FREE, LAYOUT, SLOTS, SLOT_STATE, SLOT_TABLE, SLOT_WORDS, VERSION } from './state.js';

/**
 * Finds a place for this thread in the memory.
 * @param words the first page
 * @param fresh the memory is new
 * @returns the slot, 0 to 63
 * @throws MillraceError `ERR_ABI` when another version of the library made the memory
 * @throws MemoryError `ERR_THREADS`
 */
export function attachSlot(words: Int32Array, fresh: boolean): number {
  if (fresh) words[VERSION] = LAYOUT;
  else if (words[VERSION] !== LAYOUT) {
    throw new MillraceError('ERR_ABI', `the memory has layout ${words[VERSION]}; this library needs ${LAYOUT}`, { expected: LAYOUT, actual: words[VERSION]! });
  }
  for (let slot = 0; slot < SLOTS; slot += 1) {
    if (Atomics.compareExchange(words, SLOT_TABLE + slot * SLOT_WORDS + SLOT_STATE, FREE, ATTACHED) === FREE) return slot;
  }
  throw new MemoryError('ERR_THREADS', `${SLOTS} threads are attached to this memory already`, { expected: SLOTS, actual: SLOTS });
}

/** Frees the place of a thread that owns nothing any more. */
export function detachSlot(words: Int32Array, slot: number): void {
  Atomics.store(words, SLOT_TABLE + slot * SLOT_WORDS + SLOT_STATE, FREE);
}

/** Says that the thread of `slot` has ended. */
export function markDead(words: Int32Array, slot: number): void {
  Atomics.store(words, SLOT_TABLE + slot * SLOT_WORDS + SLOT_STATE, DEAD);
}

/** How many threads are attached. */
export function attachedThreads(words: Int32Array): number {
  let count = 0;
  for (let slot = 0; slot < SLOTS; slot += 1) if (Atomics.load(words, SLOT_TABLE + slot * SLOT_WORDS + SLOT_STATE) === ATTACHED) count += 1;
  return count;
}
