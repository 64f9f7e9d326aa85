/**
 * AVL trees over node records in one Int32Array. A record belongs to two trees at once, so both are over one set of nodes:
 *
 *     word   0     1      2                  3      4     5      6                  7
 *          | left | right | parent, balance | start | left | right | parent, balance | end |
 *          |  OFFSET_TREE: by start         |       |  SIZE_TREE: by size, start    |     |
 *
 * Node 0 is "none". Word 2 of a tree is `parent << 2 | code`: code 0 is one deeper on the left, 1 even, 2 one deeper on the right,
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
export const END = 7;
export const EVEN = 1;
export const HEADER_CODE = 3;

/** Makes record `header` the holder of an empty tree. */
export function makeHeader(n: Int32Array, tree: number, header: number): void {
  const h = (header << RECORD_SHIFT) + tree;
  n[h + LEFT] = 0;
  n[h + RIGHT] = 0;
  n[h + PARENT] = HEADER_CODE;
}

/** Hangs node `x` below `parent` on `side`, where there must be no child, and restores the balance. */
export function link(n: Int32Array, tree: number, parent: number, side: number, x: number): void {
  const xi = (x << RECORD_SHIFT) + tree;
  n[xi + LEFT] = 0;
  n[xi + RIGHT] = 0;
  n[xi + PARENT] = (parent << 2) | EVEN;
  n[(parent << RECORD_SHIFT) + tree + side] = x;
  let p = parent;
  let s = side;
  for (;;) {
    // The subtree of p on side s has become one deeper.
    const pi = (p << RECORD_SHIFT) + tree + PARENT;
    const word = n[pi]!;
    const code = word & 3;
    if (code === HEADER_CODE) return;
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
    s = n[(up << RECORD_SHIFT) + tree + RIGHT] === p ? 1 : 0;
    p = up;
  }
}

/** Takes node `x` out of its tree and restores the balance. */
export function unlink(n: Int32Array, tree: number, x: number): void {
  const xi = (x << RECORD_SHIFT) + tree;
  const left = n[xi + LEFT]!;
  const right = n[xi + RIGHT]!;
  const place = n[xi + PARENT]!;
  const above = place >> 2;
  const aboveSide = n[(above << RECORD_SHIFT) + tree + RIGHT] === x ? 1 : 0;
  let p: number;
  let s: number;
  if (left !== 0 && right !== 0) {
    // The successor takes the place and the balance of x: keys never move between records.
    let next = right;
    for (let child = n[(next << RECORD_SHIFT) + tree]!; child !== 0; child = n[(next << RECORD_SHIFT) + tree]!) next = child;
    const ni = (next << RECORD_SHIFT) + tree;
    if (next === right) {
      p = next;
      s = 1;
    } else {
      const orphan = n[ni + RIGHT]!;
      p = n[ni + PARENT]! >> 2;
      s = 0;
      n[(p << RECORD_SHIFT) + tree] = orphan;
      if (orphan !== 0) setParent(n, tree, orphan, p);
      n[ni + RIGHT] = right;
      setParent(n, tree, right, next);
    }
    n[ni + LEFT] = left;
    setParent(n, tree, left, next);
    n[ni + PARENT] = place;
    n[(above << RECORD_SHIFT) + tree + aboveSide] = next;
  } else {
    const child = left | right;
    p = above;
    s = aboveSide;
    n[(p << RECORD_SHIFT) + tree + s] = child;
    if (child !== 0) setParent(n, tree, child, p);
  }
  for (;;) {
    // The subtree of p on side s has become one less deep.
    const pi = (p << RECORD_SHIFT) + tree + PARENT;
    const word = n[pi]!;
    const code = word & 3;
    if (code === HEADER_CODE) return;
    const next = code - (s << 1) + 1;
    if (code === EVEN) {
      n[pi] = (word & ~3) | next;
      return;
    }
    if (next === EVEN) n[pi] = (word & ~3) | EVEN;
    else {
      p = rotate(n, tree, p, s ^ 1);
      if ((n[(p << RECORD_SHIFT) + tree + PARENT]! & 3) !== EVEN) return;
    }
    const up = n[(p << RECORD_SHIFT) + tree + PARENT]! >> 2;
    s = n[(up << RECORD_SHIFT) + tree + RIGHT] === p ? 1 : 0;
    p = up;
  }
}

function setParent(n: Int32Array, tree: number, x: number, parent: number): void {
  const i = (x << RECORD_SHIFT) + tree + PARENT;
  n[i] = (parent << 2) | (n[i]! & 3);
}

// Node p is two deeper on side s: lifts the child of that side, or its inner child, into the place of p, and gives that node.
function rotate(n: Int32Array, tree: number, p: number, s: number): number {
  const t = s ^ 1;
  const pi = (p << RECORD_SHIFT) + tree;
  const place = n[pi + PARENT]!;
  const above = place >> 2;
  const aboveSlot = (above << RECORD_SHIFT) + tree + (n[(above << RECORD_SHIFT) + tree + RIGHT] === p ? 1 : 0);
  const c = n[pi + s]!;
  const ci = (c << RECORD_SHIFT) + tree;
  const code = n[ci + PARENT]! & 3;
  if (code !== t << 1) {
    const inner = n[ci + t]!;
    n[pi + s] = inner;
    if (inner !== 0) setParent(n, tree, inner, p);
    n[ci + t] = p;
    const even = code === EVEN; // only after an unlink: the depth stays, both lean
    n[pi + PARENT] = (c << 2) | (even ? s << 1 : EVEN);
    n[ci + PARENT] = (above << 2) | (even ? t << 1 : EVEN);
    n[aboveSlot] = c;
    return c;
  }
  const g = n[ci + t]!;
  const gi = (g << RECORD_SHIFT) + tree;
  const lean = n[gi + PARENT]! & 3;
  const toC = n[gi + s]!;
  const toP = n[gi + t]!;
  n[ci + t] = toC;
  if (toC !== 0) setParent(n, tree, toC, c);
  n[pi + s] = toP;
  if (toP !== 0) setParent(n, tree, toP, p);
  n[gi + s] = c;
  n[gi + t] = p;
  n[ci + PARENT] = (g << 2) | (lean === t << 1 ? s << 1 : EVEN);
  n[pi + PARENT] = (g << 2) | (lean === s << 1 ? t << 1 : EVEN);
  n[gi + PARENT] = (above << 2) | EVEN;
  n[aboveSlot] = g;
  return g;
}

/** The first node of the tree that `header` holds, 0 when it is empty. */
export function first(n: Int32Array, tree: number, header: number): number {
  let x = n[(header << RECORD_SHIFT) + tree]!;
  if (x === 0) return 0;
  for (let child = n[(x << RECORD_SHIFT) + tree]!; child !== 0; child = n[(x << RECORD_SHIFT) + tree]!) x = child;
  return x;
}

/** The node after `x` (`side` 1) or before it (`side` 0), 0 when there is none. */
export function neighbour(n: Int32Array, tree: number, from: number, side: number): number {
  let x = n[(from << RECORD_SHIFT) + tree + side]!;
  if (x !== 0) {
    for (let child = n[(x << RECORD_SHIFT) + tree + (side ^ 1)]!; child !== 0; child = n[(x << RECORD_SHIFT) + tree + (side ^ 1)]!) x = child;
    return x;
  }
  x = from;
  for (;;) {
    const up = n[(x << RECORD_SHIFT) + tree + PARENT]! >> 2;
    if ((n[(up << RECORD_SHIFT) + tree + PARENT]! & 3) === HEADER_CODE) return 0;
    if (n[(up << RECORD_SHIFT) + tree + (side ^ 1)] === x) return up;
    x = up;
  }
}

/** Hangs `x` into the offset tree right after `node`. */
export function linkAfter(n: Int32Array, tree: number, node: number, x: number): void {
  let p = n[(node << RECORD_SHIFT) + tree + RIGHT]!;
  if (p === 0) {
    link(n, tree, node, 1, x);
    return;
  }
  for (let child = n[(p << RECORD_SHIFT) + tree]!; child !== 0; child = n[(p << RECORD_SHIFT) + tree]!) p = child;
  link(n, tree, p, 0, x);
}
