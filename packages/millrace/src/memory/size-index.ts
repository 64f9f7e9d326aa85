import { EXTENT, HEADER_CODE, LEFT, PARENT, RECORD_SHIFT, RIGHT, SIZE_TREE, START, link, makeHeader, unlink } from './avl.js';

/** How free ranges are found by size. Both give the smallest range that fits; they differ in speed and in how ties are broken. */
export type SizeIndexKind =
  /** A balanced tree by size, then start: the lowest of the smallest that fit. */
  | 'tree'
  /** A list for every size below 64 KiB, with a bitmap over the lists, and the tree from there up: the most recent of the smallest that fit. */
  | 'bins';

// Own names for imported constants: V8 folds only those.
const SHIFT: number = RECORD_SHIFT;
const TREE: number = SIZE_TREE;
const S: number = START;
const E: number = EXTENT;
const GRAIN_SHIFT = 4;
const BINS = 4096; // one for each multiple of 16 below 64 KiB
const NEXT: number = SIZE_TREE;
const PREVIOUS: number = SIZE_TREE + 1;

/** The end of the range whose record starts at word `i`. */
export function endOf(n: Int32Array, i: number): number {
  return ((n[i + S]! + 15) & -16) + n[i + E]!;
}

/** The room of the range whose record starts at word `i`: its bytes between multiples of 16, what an allocation could have of it. Negative for some short ones. */
export function roomOf(n: Int32Array, i: number): number {
  return n[i + E]! & -16;
}

/**
 * Free ranges by room. Holds nodes of at least 16 bytes of room; the room of a node must not change while it is in.
 *
 *     heads[b]  first node of the list of ranges with room 16 b      words 4 and 5 of a record: next, previous
 *     low       bit b: list b is not empty
 *     middle    bit w: word w of low is not zero
 *     high      bit m: word m of middle is not zero
 */
export class SizeIndex {
  /** Nodes that are in. */
  count = 0;
  #n: Int32Array;
  readonly #header: number;
  readonly #treeFrom: number;
  readonly #heads: Int32Array;
  readonly #low: Int32Array = new Int32Array(BINS >> 5);
  readonly #middle: Int32Array = new Int32Array(BINS >> 10);
  #high = 0;
  #trees = 0;

  constructor(n: Int32Array, header: number, kind: SizeIndexKind) {
    this.#n = n;
    this.#header = header;
    this.#treeFrom = kind === 'tree' ? 0 : BINS << GRAIN_SHIFT;
    this.#heads = new Int32Array(kind === 'tree' ? 0 : BINS);
    makeHeader(n, SIZE_TREE, header);
  }

  /** The records have moved to a larger array. */
  moved(n: Int32Array): void {
    this.#n = n;
  }

  /** Puts node `x` in, whose room is `size`. */
  insert(x: number, size: number): void {
    this.count += 1;
    if (size < this.#treeFrom) {
      const n = this.#n;
      const bin = size >> GRAIN_SHIFT;
      const old = this.#heads[bin]!;
      const xi = x << SHIFT;
      n[xi + NEXT] = old;
      n[xi + PREVIOUS] = 0;
      this.#heads[bin] = x;
      if (old !== 0) n[(old << SHIFT) + PREVIOUS] = x;
      else {
        this.#low[bin >> 5] = this.#low[bin >> 5]! | (1 << (bin & 31));
        this.#middle[bin >> 10] = this.#middle[bin >> 10]! | (1 << ((bin >> 5) & 31));
        this.#high |= 1 << (bin >> 10);
      }
    } else this.#insertIntoTree(x, size);
  }

  /** Takes node `x` out, whose room is `size`. */
  remove(x: number, size: number): void {
    this.count -= 1;
    if (size < this.#treeFrom) {
      const n = this.#n;
      const xi = x << SHIFT;
      const next = n[xi + NEXT]!;
      const previous = n[xi + PREVIOUS]!;
      if (next !== 0) n[(next << SHIFT) + PREVIOUS] = previous;
      if (previous !== 0) n[(previous << SHIFT) + NEXT] = next;
      else {
        const bin = size >> GRAIN_SHIFT;
        this.#heads[bin] = next;
        if (next === 0) {
          const low = this.#low[bin >> 5]! & ~(1 << (bin & 31));
          this.#low[bin >> 5] = low;
          if (low === 0) {
            const middle = this.#middle[bin >> 10]! & ~(1 << ((bin >> 5) & 31));
            this.#middle[bin >> 10] = middle;
            if (middle === 0) this.#high &= ~(1 << (bin >> 10));
          }
        }
      }
    } else {
      this.#trees -= 1;
      unlink(this.#n, SIZE_TREE, x);
    }
  }

  /** The node with the least room of at least `size`, 0 when there is none. */
  best(size: number): number {
    if (size < this.#treeFrom) {
      const bin = size >> GRAIN_SHIFT;
      let word = bin >> 5;
      let bits = this.#low[word]! & (-1 << (bin & 31));
      if (bits === 0) {
        // Shifting in two steps keeps the shift below 32: the words above `word` in its group.
        let group = word >> 5;
        bits = this.#middle[group]! & ((-1 << (word & 31)) << 1);
        if (bits === 0) {
          bits = this.#high & ((-1 << group) << 1);
          if (bits === 0) return this.#trees === 0 ? 0 : this.#bestOfTree(size);
          group = 31 - Math.clz32(bits & -bits);
          bits = this.#middle[group]!;
        }
        word = (group << 5) + 31 - Math.clz32(bits & -bits);
        bits = this.#low[word]!;
      }
      return this.#heads[(word << 5) + 31 - Math.clz32(bits & -bits)]!;
    }
    return this.#trees === 0 ? 0 : this.#bestOfTree(size);
  }

  #bestOfTree(size: number): number {
    const n = this.#n;
    let found = 0;
    let x = n[(this.#header << SHIFT) + TREE]!;
    while (x !== 0) {
      const xi = x << SHIFT;
      // 1 when x is too small; the sides of a descent cannot be predicted, so it is arithmetic and not a branch.
      const small = (n[xi + E]! - size) >>> 31;
      found = (found & -small) | (x & (small - 1));
      x = n[xi + TREE + small]!;
    }
    return found;
  }

  #insertIntoTree(x: number, size: number): void {
    this.#trees += 1;
    const n = this.#n;
    const start = n[(x << SHIFT) + S]!;
    let parent = this.#header;
    let side = 0;
    for (let y = n[(parent << SHIFT) + TREE]!; y !== 0; y = n[(y << SHIFT) + TREE + side]!) {
      const yi = y << SHIFT;
      const difference = (n[yi + E]! & -16) - size;
      side = difference >>> 31;
      if (difference === 0) side = (n[yi + S]! - start) >>> 31;
      parent = y;
    }
    link(n, SIZE_TREE, parent, side, x);
  }

  /**
   * Checks the whole structure, calling `visit` for every node in it.
   * @returns what is wrong, undefined when nothing is
   */
  audit(visit: (x: number) => void): string | undefined {
    const n = this.#n;
    let seen = 0;
    for (const [bin, head] of this.#heads.entries()) {
      const marked = (this.#low[bin >> 5]! >>> (bin & 31)) & 1;
      if (marked !== (head === 0 ? 0 : 1)) return `the bitmap is wrong about list ${bin}`;
      let previous = 0;
      for (let x = head; x !== 0; x = n[(x << SHIFT) + NEXT]!) {
        const xi = x << SHIFT;
        if (n[xi + PREVIOUS] !== previous) return `node ${x} of list ${bin} has lost its predecessor`;
        if (roomOf(n, xi) !== bin << GRAIN_SHIFT) return `node ${x} is in list ${bin}, which is not its size`;
        visit(x);
        seen += 1;
        previous = x;
      }
    }
    for (const [word, bits] of this.#low.entries()) {
      if (((this.#middle[word >> 5]! >>> (word & 31)) & 1) !== (bits === 0 ? 0 : 1)) return `the bitmap is wrong about word ${word}`;
    }
    for (const [group, bits] of this.#middle.entries()) {
      if (((this.#high >>> group) & 1) !== (bits === 0 ? 0 : 1)) return `the bitmap is wrong about group ${group}`;
    }
    let previousRoom = -1;
    let previousStart = -1;
    let trees = 0;
    const wrong = auditTree(n, SIZE_TREE, this.#header, (x) => {
      const start = n[(x << SHIFT) + S]!;
      const size = roomOf(n, x << SHIFT);
      const ordered = size > previousRoom || (size === previousRoom && start > previousStart);
      previousRoom = size;
      previousStart = start;
      trees += 1;
      visit(x);
      return ordered && size >= Math.max(16, this.#treeFrom);
    });
    if (wrong !== undefined) return `size tree: ${wrong}`;
    if (trees !== this.#trees || trees + seen !== this.count) return `${trees} and ${seen} nodes are in the size index, not ${this.#trees} of ${this.count}`;
    return undefined;
  }
}

/**
 * Checks links and balance (height difference at most 1, codes true) of one tree and calls `inOrder` for each node from left to right,
 * which says whether its key is in order.
 * @returns what is wrong, undefined when nothing is
 */
export function auditTree(n: Int32Array, tree: number, header: number, inOrder: (x: number) => boolean): string | undefined {
  let wrong: string | undefined;
  // Depth at most 1.44 log2(2^28) = 40: recursion is safe, and only audits recurse.
  const depth = (x: number, parent: number): number => {
    if (x === 0 || wrong !== undefined) return 0;
    const i = (x << SHIFT) + tree;
    if (n[i + PARENT]! >> 2 !== parent) {
      wrong = `node ${x} does not know its parent ${parent}`;
      return 0;
    }
    const left = depth(n[i + LEFT]!, x);
    if (wrong === undefined && !inOrder(x)) wrong = `node ${x} is out of order`;
    const right = depth(n[i + RIGHT]!, x);
    const code = n[i + PARENT]! & 3;
    if (code === HEADER_CODE || right - left !== code - 1) wrong ??= `node ${x} has depths ${left} and ${right} with balance code ${code}`;
    return 1 + Math.max(left, right);
  };
  depth(n[(header << SHIFT) + tree]!, header);
  return wrong;
}
