/**
 * AVL trees over node records in one Int32Array. A record belongs to two trees at once, so both are over one set of nodes:
 *
 *     word   0     1      2                  3      4     5      6                  7
 *          | left | right | parent, balance | start | left | right | parent, balance | extent |
 *          |  OFFSET_TREE: by start         |       |  SIZE_TREE: by size, start    |        |
 *
 * The extent is the end less the start rounded up to 16: one word that gives both the end and, its low four bits cleared, the
 * bytes that could be allocated, so that a descent by size waits for one load a level. Node 0 is "none". Word 2 of a tree is `parent << 2 | code`: code 0 is one deeper on the left, 1 even, 2 one deeper on the right,
 * and HEADER_CODE marks a header: not a node but the holder of a tree, its left child the root. With headers no rotation has to ask
 * whether it moved the root, and one array holds any number of trees. Both sides share their code: a side is 0 or 1 and its
 * opposite `side ^ 1`. Nothing here recurses or allocates.
 */
export const RECORD_SHIFT = 3;
export const RECORD_WORDS: number = 1 << RECORD_SHIFT;
export const OFFSET_TREE = 0;
export const SIZE_TREE = 4;
export const LEFT = 0;
export const RIGHT = 1;
export const PARENT = 2;
export const START = 3;
export const EXTENT = 7;
export const HEADER_CODE = 3;

// V8 folds a module's own constants into the code, but loads and checks exported ones at every use.
const SHIFT: number = RECORD_SHIFT;
const L: number = LEFT;
const R: number = RIGHT;
const P: number = PARENT;
const EVEN = 1;
const HEADER: number = HEADER_CODE;

/** Makes record `header` the holder of an empty tree. */
export function makeHeader(n: Int32Array, tree: number, header: number): void {
  const h = (header << SHIFT) + tree;
  n[h + L] = 0;
  n[h + R] = 0;
  n[h + P] = HEADER;
}

/** Hangs node `x` below `parent` on `side`, where there must be no child, and restores the balance. */
export function link(n: Int32Array, tree: number, parent: number, side: number, x: number): void {
  const xi = (x << SHIFT) + tree;
  n[xi + L] = 0;
  n[xi + R] = 0;
  n[xi + P] = (parent << 2) | EVEN;
  n[(parent << SHIFT) + tree + side] = x;
  let p = parent;
  let s = side;
  for (;;) {
    // The subtree of p on side s has become one deeper.
    const pi = (p << SHIFT) + tree + P;
    const word = n[pi]!;
    const code = word & 3;
    if (code === HEADER) return;
    const next = code + (s << 1) - 1;
    if (next === EVEN) {
      n[pi] = (word & ~3) | EVEN;
      return;
    }
    if (code !== EVEN) {
      rotate(n, tree, p, s);
      return;
    }
    n[pi] = (word & ~3) | next;
    const up = word >> 2;
    s = n[(up << SHIFT) + tree + R] === p ? 1 : 0;
    p = up;
  }
}

/** Takes node `x` out of its tree and restores the balance. */
export function unlink(n: Int32Array, tree: number, x: number): void {
  const xi = (x << SHIFT) + tree;
  const left = n[xi + L]!;
  const right = n[xi + R]!;
  const place = n[xi + P]!;
  const above = place >> 2;
  const aboveSide = n[(above << SHIFT) + tree + R] === x ? 1 : 0;
  let p: number;
  let s: number;
  if (left !== 0 && right !== 0) {
    // The successor takes the place and the balance of x: keys never move between records.
    let next = right;
    for (let child = n[(next << SHIFT) + tree]!; child !== 0; child = n[(next << SHIFT) + tree]!) next = child;
    const ni = (next << SHIFT) + tree;
    if (next === right) {
      p = next;
      s = 1;
    } else {
      const orphan = n[ni + R]!;
      p = n[ni + P]! >> 2;
      s = 0;
      n[(p << SHIFT) + tree] = orphan;
      if (orphan !== 0) setParent(n, tree, orphan, p);
      n[ni + R] = right;
      setParent(n, tree, right, next);
    }
    n[ni + L] = left;
    setParent(n, tree, left, next);
    n[ni + P] = place;
    n[(above << SHIFT) + tree + aboveSide] = next;
  } else {
    const child = left | right;
    p = above;
    s = aboveSide;
    n[(p << SHIFT) + tree + s] = child;
    if (child !== 0) setParent(n, tree, child, p);
  }
  for (;;) {
    // The subtree of p on side s has become one less deep.
    const pi = (p << SHIFT) + tree + P;
    const word = n[pi]!;
    const code = word & 3;
    if (code === HEADER) return;
    const next = code - (s << 1) + 1;
    if (code === EVEN) {
      n[pi] = (word & ~3) | next;
      return;
    }
    if (next === EVEN) n[pi] = (word & ~3) | EVEN;
    else {
      p = rotate(n, tree, p, s ^ 1);
      if ((n[(p << SHIFT) + tree + P]! & 3) !== EVEN) return;
    }
    const up = n[(p << SHIFT) + tree + P]! >> 2;
    s = n[(up << SHIFT) + tree + R] === p ? 1 : 0;
    p = up;
  }
}

function setParent(n: Int32Array, tree: number, x: number, parent: number): void {
  const i = (x << SHIFT) + tree + P;
  n[i] = (parent << 2) | (n[i]! & 3);
}

// Node p is two deeper on side s: lifts the child of that side, or its inner child, into the place of p, and gives that node.
function rotate(n: Int32Array, tree: number, p: number, s: number): number {
  const t = s ^ 1;
  const pi = (p << SHIFT) + tree;
  const place = n[pi + P]!;
  const above = place >> 2;
  const aboveSlot = (above << SHIFT) + tree + (n[(above << SHIFT) + tree + R] === p ? 1 : 0);
  const c = n[pi + s]!;
  const ci = (c << SHIFT) + tree;
  const code = n[ci + P]! & 3;
  if (code !== t << 1) {
    const inner = n[ci + t]!;
    n[pi + s] = inner;
    if (inner !== 0) setParent(n, tree, inner, p);
    n[ci + t] = p;
    const even = code === EVEN; // only after an unlink: the depth stays, both lean
    n[pi + P] = (c << 2) | (even ? s << 1 : EVEN);
    n[ci + P] = (above << 2) | (even ? t << 1 : EVEN);
    n[aboveSlot] = c;
    return c;
  }
  const g = n[ci + t]!;
  const gi = (g << SHIFT) + tree;
  const lean = n[gi + P]! & 3;
  const toC = n[gi + s]!;
  const toP = n[gi + t]!;
  n[ci + t] = toC;
  if (toC !== 0) setParent(n, tree, toC, c);
  n[pi + s] = toP;
  if (toP !== 0) setParent(n, tree, toP, p);
  n[gi + s] = c;
  n[gi + t] = p;
  n[ci + P] = (g << 2) | (lean === t << 1 ? s << 1 : EVEN);
  n[pi + P] = (g << 2) | (lean === s << 1 ? t << 1 : EVEN);
  n[gi + P] = (above << 2) | EVEN;
  n[aboveSlot] = g;
  return g;
}

/** The first node of the tree that `header` holds, 0 when it is empty. */
export function first(n: Int32Array, tree: number, header: number): number {
  let x = n[(header << SHIFT) + tree]!;
  if (x === 0) return 0;
  for (let child = n[(x << SHIFT) + tree]!; child !== 0; child = n[(x << SHIFT) + tree]!) x = child;
  return x;
}

/** The node after `x` (`side` 1) or before it (`side` 0), 0 when there is none. */
export function neighbour(n: Int32Array, tree: number, from: number, side: number): number {
  let x = n[(from << SHIFT) + tree + side]!;
  if (x !== 0) {
    for (let child = n[(x << SHIFT) + tree + (side ^ 1)]!; child !== 0; child = n[(x << SHIFT) + tree + (side ^ 1)]!) x = child;
    return x;
  }
  x = from;
  for (;;) {
    const up = n[(x << SHIFT) + tree + P]! >> 2;
    if ((n[(up << SHIFT) + tree + P]! & 3) === HEADER) return 0;
    if (n[(up << SHIFT) + tree + (side ^ 1)] === x) return up;
    x = up;
  }
}

/** Hangs `x` into the offset tree right after `node`. */
export function linkAfter(n: Int32Array, tree: number, node: number, x: number): void {
  let p = n[(node << SHIFT) + tree + R]!;
  if (p === 0) {
    link(n, tree, node, 1, x);
    return;
  }
  for (let child = n[(p << SHIFT) + tree]!; child !== 0; child = n[(p << SHIFT) + tree]!) p = child;
  link(n, tree, p, 0, x);
}
