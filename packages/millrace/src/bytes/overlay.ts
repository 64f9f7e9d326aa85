// So few pairs are gone through one by one.
const FEW = 12;

// Beyond any position.
const UNBOUNDED = 2 ** 31 - 1;

/**
 * How many handles beyond the first cover each byte of a block: a step function, kept only where it is not zero.
 *
 *     extra      0      2         1      0
 *          ------+------+---------+------+------
 *     at[i]      ^ at[0]  at[1]     at[2]           pairs (at[i], extra from at[i] to at[i + 1])
 *
 * Invariants: at[] ascends strictly; neighbouring values differ; the value before at[0] and the last value are 0. So slices that
 * follow each other cost one pair together, and a block whose handles do not overlap costs none.
 */
export class Overlay {
  // Pairs in one array, so that moving the tail is one copy. Sixteen numbers still live inside the JavaScript heap.
  #pairs: Int32Array = new Int32Array(16);
  #length = 0;

  /** Whether no byte is covered twice. */
  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Adds one to the count over `[start, end)`, which is not empty. */
  add(start: number, end: number): void {
    const pairs = this.#pairs;
    const i = this.#firstAt(start);
    const length = this.#length;
    const before = i > 0 ? pairs[i - 1]! : 0;
    // Most ranges lie in the open, stand there already, or continue another: those cost one search and at most one move.
    if (i === length || pairs[i]! > end) {
      this.#open(i, start, end, before);
      return;
    }
    if (pairs[i] === start) {
      const value = pairs[i + 1]! + 1;
      const next = i + 2 < length ? pairs[i + 2]! : UNBOUNDED;
      if (next === end && value !== before && value !== pairs[i + 3]) {
        pairs[i + 1] = value;
        return;
      }
      if (next > end && value === before) {
        pairs[i] = end;
        return;
      }
    }
    this.#addAnywhere(start, end);
  }

  /**
   * Takes one from the count over `[start, end)` where it is above zero. Where it is zero the last handle goes: those pieces are
   * passed to `give` in ascending order, before anything changes.
   */
  subtract(start: number, end: number, give: RangeSink): void {
    const pairs = this.#pairs;
    const i = this.#firstAt(start);
    const length = this.#length;
    const before = i > 0 ? pairs[i - 1]! : 0;
    if ((i === length || pairs[i]! >= end) && before === 0) {
      give.giveBack(start, end);
      return;
    }
    if (i < length && pairs[i] === start && pairs[i + 1]! > 0) {
      const value = pairs[i + 1]! - 1;
      const next = i + 2 < length ? pairs[i + 2]! : UNBOUNDED;
      if (next === end) {
        const after = pairs[i + 3]!;
        if (value === before && value === after) this.#move(i + 4, i);
        else if (value !== before && value !== after) pairs[i + 1] = value;
        else this.#subtractAnywhere(start, end, give);
        return;
      }
      if (next > end && value === before) {
        pairs[i] = end;
        return;
      }
    }
    this.#subtractAnywhere(start, end, give);
  }

  /** Whether nothing in `[start, end)` has an extra handle. */
  isZero(start: number, end: number): boolean {
    if (this.#length === 0 || start === end) return true;
    const i = this.#firstAt(start);
    if ((i > 0 ? this.#pairs[i - 1]! : 0) > 0 && (i === this.#length || this.#pairs[i]! > start)) return false;
    for (let k = i; k < this.#length && this.#pairs[k]! < end; k += 2) if (this.#pairs[k + 1]! > 0) return false;
    return true;
  }

  /** The parts of `[start, end)` where the count is not zero, neighbours as one. */
  ranges(start: number, end: number): [start: number, end: number][] {
    const found: [number, number][] = [];
    const pairs = this.#pairs;
    for (let i = 0; i < this.#length; i += 2) {
      if (pairs[i + 1] === 0) continue;
      const from = Math.max(start, pairs[i]!);
      const to = Math.min(end, pairs[i + 2]!);
      const last = found[found.length - 1];
      if (from >= to) continue;
      if (last?.[1] === from) last[1] = to;
      else found.push([from, to]);
    }
    return found;
  }

  /** The extra count of one byte. */
  at(position: number): number {
    const i = this.#firstAt(position);
    if (i < this.#length && this.#pairs[i] === position) return this.#pairs[i + 1]!;
    return i > 0 ? this.#pairs[i - 1]! : 0;
  }

  // Two pairs at index i: one more from `start`, as before from `end`.
  #open(i: number, start: number, end: number, before: number): void {
    this.#move(i, i + 4);
    const pairs = this.#pairs;
    pairs[i] = start;
    pairs[i + 1] = before + 1;
    pairs[i + 2] = end;
    pairs[i + 3] = before;
  }

  #addAnywhere(start: number, end: number): void {
    const first = this.#boundary(start);
    const last = this.#boundary(end);
    const pairs = this.#pairs;
    for (let i = first; i < last; i += 2) pairs[i + 1]! += 1;
    this.#joinAt(last);
    this.#joinAt(first);
  }

  #subtractAnywhere(start: number, end: number, give: RangeSink): void {
    this.#eachZero(start, end, give);
    const first = this.#boundary(start);
    const last = this.#boundary(end);
    const pairs = this.#pairs;
    // Values meet their neighbours' when only one of the two falls, so the whole stretch is rewritten without repeats.
    let write = first;
    let before = first > 0 ? pairs[first - 1]! : 0;
    for (let read = first; read <= last && read < this.#length; read += 2) {
      let value = pairs[read + 1]!;
      if (read < last && value > 0) value -= 1;
      if (value !== before) {
        pairs[write] = pairs[read]!;
        pairs[write + 1] = value;
        write += 2;
        before = value;
      }
    }
    const next = Math.min(last + 2, this.#length);
    if (write < next) this.#move(next, write);
  }

  #eachZero(start: number, end: number, give: RangeSink): void {
    const pairs = this.#pairs;
    let i = this.#firstAt(start);
    let value = i > 0 ? pairs[i - 1]! : 0;
    let from = start;
    for (; i < this.#length && pairs[i]! < end; i += 2) {
      if (value === 0 && from < pairs[i]!) give.giveBack(from, pairs[i]!);
      from = pairs[i]!;
      value = pairs[i + 1]!;
    }
    if (value === 0) give.giveBack(from, end);
  }

  /** Index of the first pair at or after `position`. */
  #firstAt(position: number): number {
    const pairs = this.#pairs;
    const length = this.#length;
    if (length <= FEW) {
      let i = 0;
      while (i < length && pairs[i]! < position) i += 2;
      return i;
    }
    let low = 0;
    let high = length >> 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[middle << 1]! < position) low = middle + 1;
      else high = middle;
    }
    return low << 1;
  }

  /** Index of the pair at `position`, put in if there is none. */
  #boundary(position: number): number {
    const i = this.#firstAt(position);
    if (i < this.#length && this.#pairs[i] === position) return i;
    this.#move(i, i + 2);
    this.#pairs[i] = position;
    this.#pairs[i + 1] = i > 0 ? this.#pairs[i - 1]! : 0;
    return i;
  }

  /** Drops the pair at index `i` when it changes nothing. */
  #joinAt(i: number): void {
    if (this.#pairs[i + 1] === (i > 0 ? this.#pairs[i - 1] : 0)) this.#move(i + 2, i);
  }

  /** Moves the pairs from index `from` on to index `to`. */
  #move(from: number, to: number): void {
    const length = this.#length + to - from;
    if (length > this.#pairs.length) {
      const larger = new Int32Array(this.#pairs.length * 2);
      larger.set(this.#pairs);
      this.#pairs = larger;
    }
    const pairs = this.#pairs;
    if (this.#length - from > 64) pairs.copyWithin(to, from, this.#length);
    else if (to > from) for (let i = this.#length - 1; i >= from; i -= 1) pairs[i + to - from] = pairs[i]!;
    else for (let i = from; i < this.#length; i += 1) pairs[i + to - from] = pairs[i]!;
    this.#length = length;
  }
}

/** Takes the ranges that no handle covers any more. */
export interface RangeSink {
  giveBack(start: number, end: number): void;
}
