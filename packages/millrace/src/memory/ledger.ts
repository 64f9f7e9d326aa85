import { MemoryError } from '../base/errors.js';

/** Bytes before and after every allocation of a heap in debug mode, which nobody may write to. */
export const RED_ZONE = 16;
const ZONE_BYTE = 0xfd;
const FREED_BYTE = 0xdd;
const FRESH_BYTE = 0xcd;
const REMEMBERED = 4096; // frees that are remembered for telling where a double free was freed first

interface Allocation {
  readonly start: number;
  readonly end: number;
  readonly site: string;
  live: number;
}

/** A live part of an allocation; parts are in order of address and never overlap. */
interface Part {
  start: number;
  end: number;
  readonly of: Allocation;
}

interface Freed {
  readonly start: number;
  readonly end: number;
  readonly allocatedAt: string;
  readonly freedAt: string;
}

/** Allocations of one site that are still live. */
export interface Leak {
  /** Where they were made: the call stack, innermost first. */
  readonly site: string;
  readonly count: number;
  readonly bytes: number;
  /** Views known to cover them, in the words of whoever made the view. */
  readonly pinnedBy: readonly string[];
}

interface Tracked {
  readonly what: string;
  readonly start: number;
  readonly end: number;
  readonly site: string;
}

/**
 * The books of a heap in debug mode: every live range with the place in the program that allocated it, red zones on both sides
 * of each allocation, freed bytes overwritten. Slow, exact, and the same for the program but for the memory it takes.
 */
export class Ledger {
  readonly #parts: Part[] = [];
  readonly #freed: Freed[] = [];
  #oldest = 0;
  readonly #tracked = new Map<symbol, Tracked>();
  readonly #lost: Tracked[] = [];
  readonly #registry = new FinalizationRegistry<symbol>((key) => {
    const entry = this.#tracked.get(key);
    if (entry === undefined) return;
    this.#tracked.delete(key);
    this.#lost.push(entry);
    this.onLost?.(`${entry.what} over [${entry.start}, ${entry.end}) was collected without having been released; it was made\n${entry.site}`);
  });
  /** Told of every tracked view that the garbage collector took before it was released. */
  onLost: ((message: string) => void) | undefined;

  /** Enters an allocation `[start, end)` with red zones around it. */
  allocated(u8: Uint8Array, start: number, end: number): void {
    u8.fill(ZONE_BYTE, start - RED_ZONE, start);
    u8.fill(FRESH_BYTE, start, end);
    u8.fill(ZONE_BYTE, end, end + RED_ZONE);
    this.#parts.splice(this.#firstAfter(start), 0, { start, end, of: { start, end, site: site(), live: end - start } });
  }

  /**
   * Enters that `[start, end)` is freed, and overwrites it.
   * @returns the allocation when that was the last of it: its red zones are free now too
   * @throws MemoryError `ERR_DOUBLE_FREE`, `ERR_FOREIGN_FREE`, with the places of the allocation and of the first free; nothing has changed then
   */
  freed(u8: Uint8Array, start: number, end: number): { start: number; end: number } | undefined {
    const parts = this.#parts;
    const at = this.#firstAfter(start) - 1;
    const part = parts[at];
    if (part === undefined || part.end < end) throw this.#explain(start, end);
    const of = part.of;
    const freedAt = site();
    const replacement: Part[] = [];
    if (part.start < start) replacement.push({ start: part.start, end: start, of });
    if (end < part.end) replacement.push({ start: end, end: part.end, of });
    parts.splice(at, 1, ...replacement);
    this.#freed[this.#oldest] = { start, end, allocatedAt: of.site, freedAt };
    this.#oldest = (this.#oldest + 1) % REMEMBERED;
    u8.fill(FREED_BYTE, start, end);
    of.live -= end - start;
    return of.live === 0 ? of : undefined;
  }

  /** What is wrong with the red zones that `[start, end)` touches, undefined when nothing is. */
  zoneFault(u8: Uint8Array, start: number, end: number): MemoryError | undefined {
    const part = this.#parts[this.#firstAfter(start) - 1];
    if (part === undefined || part.end < end) return undefined; // freeing it will say so
    const { of } = part;
    const before = start === of.start ? this.#zone(u8, of, of.start - RED_ZONE, 'before') : undefined;
    return before ?? (end === of.end ? this.#zone(u8, of, of.end, 'behind') : undefined);
  }

  /**
   * Remembers that `view` covers `[start, end)`, so that leak reports can name it and its loss without release is noticed.
   * @param what how to name it
   * @returns a key for {@link untrack}
   */
  track(view: object, what: string, start: number, end: number): symbol {
    const key = Symbol(what);
    this.#tracked.set(key, { what, start, end, site: site() });
    this.#registry.register(view, key, view);
    return key;
  }

  /** Forgets a view that has been released. */
  untrack(view: object, key: symbol): void {
    this.#tracked.delete(key);
    this.#registry.unregister(view);
  }

  /** What is live, by the place that allocated it, most bytes first. */
  leaks(): Leak[] {
    const found = new Map<string, { count: number; bytes: number; pinnedBy: Set<string> }>();
    const counted = new Set<Allocation>();
    for (const part of this.#parts) {
      const entry = found.get(part.of.site) ?? { count: 0, bytes: 0, pinnedBy: new Set<string>() };
      if (!counted.has(part.of)) entry.count += 1;
      counted.add(part.of);
      entry.bytes += part.end - part.start;
      for (const view of this.#tracked.values()) if (view.start < part.end && view.end > part.start) entry.pinnedBy.add(`${view.what} made\n${view.site}`);
      for (const view of this.#lost) if (view.start < part.end && view.end > part.start) entry.pinnedBy.add(`${view.what}, collected without release, made\n${view.site}`);
      found.set(part.of.site, entry);
    }
    return [...found]
      .map(([where, entry]) => ({ site: where, count: entry.count, bytes: entry.bytes, pinnedBy: [...entry.pinnedBy] }))
      .sort((a, b) => b.bytes - a.bytes);
  }

  // The index of the first part that starts after `address`.
  #firstAfter(address: number): number {
    let low = 0;
    let high = this.#parts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#parts[middle]!.start <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #zone(u8: Uint8Array, of: Allocation, from: number, where: string): MemoryError | undefined {
    for (let at = from; at < from + RED_ZONE; at += 1) {
      if (u8[at] === ZONE_BYTE) continue;
      return new MemoryError('ERR_RED_ZONE', `byte ${at}, ${where} the allocation [${of.start}, ${of.end}), was overwritten with ${u8[at]}; the allocation was made\n${of.site}`, {
        offset: at,
        expected: ZONE_BYTE,
        actual: u8[at]!,
      });
    }
    return undefined;
  }

  #explain(start: number, end: number): MemoryError {
    let before: Freed | undefined;
    for (let i = 1; i <= this.#freed.length && before === undefined; i += 1) {
      const entry = this.#freed[(this.#oldest - i + this.#freed.length) % this.#freed.length]!;
      if (entry.start < end && entry.end > start) before = entry;
    }
    const now = site();
    if (before === undefined) {
      return new MemoryError('ERR_FOREIGN_FREE', `[${start}, ${end}) was never allocated here; it was freed\n${now}`, { offset: start });
    }
    return new MemoryError(
      'ERR_DOUBLE_FREE',
      `[${start}, ${end}) is free already, in part or whole; it was freed\n${now}\nand [${before.start}, ${before.end}) before that\n${before.freedAt}\nhaving been allocated\n${before.allocatedAt}`,
      { offset: start },
    );
  }
}

// The call stack from whoever called the heap.
function site(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 16;
  const stack = new Error('site').stack ?? '';
  Error.stackTraceLimit = limit;
  const lines = stack.split('\n').slice(1);
  const outside = lines.findIndex((line) => !/[\\/]memory[\\/](?:ledger|heap)\.[jt]s/.test(line));
  return lines.slice(outside < 0 ? 0 : outside, (outside < 0 ? 0 : outside) + 6).join('\n');
}
