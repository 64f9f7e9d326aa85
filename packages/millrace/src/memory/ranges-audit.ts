import { MemoryError } from '../base/errors.js';
import { OFFSET_TREE, RECORD_SHIFT, START } from './avl.js';
import { auditTree, endOf, roomOf, type SizeIndex } from './size-index.js';
import { PAGE_SHIFT } from './state.js';
import { TAG_BITS } from './tags.js';

/** What an audit needs to see of FreeRanges, whose open ranges' records are up to date. */
export interface RangesView {
  readonly n: Int32Array;
  readonly index: SizeIndex;
  readonly pages: Int32Array;
  readonly tag: number;
  readonly blocks: number;
  readonly recycled: number;
  readonly used: number;
  readonly first: number;
  readonly size: number;
  readonly mostWhole: number;
  readonly open: readonly [hole: number, bump: number];
  readonly windows: readonly (readonly [low: number, high: number])[];
}

const BLOCK_END = 7;
const NEXT_BLOCK = 4;

/** See FreeRanges.audit. @throws MemoryError `ERR_AUDIT` */
export function auditRanges(view: RangesView): number {
  const { n, open, windows } = view;
  const fail = (what: string): never => {
    throw new MemoryError('ERR_AUDIT', what);
  };
  const indexed = new Set<number>();
  const wrongIndex = view.index.audit((x) => indexed.add(x));
  if (wrongIndex !== undefined) fail(wrongIndex);
  let records = view.first;
  let size = 0;
  let free = 0;
  let whole = 0;
  for (let header = view.blocks; header !== 0; header = n[(header << RECORD_SHIFT) + NEXT_BLOCK]!) {
    const start = n[(header << RECORD_SHIFT) + START]!;
    const end = n[(header << RECORD_SHIFT) + BLOCK_END]!;
    for (let page = start >>> PAGE_SHIFT; page < end >>> PAGE_SHIFT; page += 1) {
      if (view.pages[page] !== ((header << TAG_BITS) | view.tag)) fail(`page ${page} is not marked as part of block ${start}`);
    }
    records += 1;
    size += end - start;
    let last = start - 1;
    const wrong = auditTree(n, OFFSET_TREE, header, (x) => {
      const from = n[(x << RECORD_SHIFT) + START]!;
      const to = endOf(n, x << RECORD_SHIFT);
      const inIndex = indexed.delete(x);
      if (inIndex !== (!open.includes(x) && roomOf(n, x << RECORD_SHIFT) >= 16)) fail(`[${from}, ${to}) is ${inIndex ? '' : 'not '}in the size index`);
      for (const [low, high] of windows) if (from < high && to > low) fail(`[${from}, ${to}) is free inside the window [${low}, ${high})`);
      if (from === start && to === end) whole += 1;
      records += 1;
      free += to - from;
      const good = from > last && to > from && to <= end;
      last = to;
      return good;
    });
    if (wrong !== undefined) fail(`block ${start}: ${wrong}`);
  }
  const [, above, below] = windows;
  if (above && below && below[0] < above[1] && above[0] < below[1]) fail('the windows of hole and bump overlap');
  if (indexed.size > 0) fail(`${indexed.size} ranges of the size index are in no block`);
  if (size !== view.size) fail(`the blocks have ${size} bytes, not ${view.size}`);
  if (whole > view.mostWhole) fail(`${whole} blocks are wholly free`);
  for (let x = view.recycled; x !== 0; x = n[x << RECORD_SHIFT]!) records += 1;
  if (records !== view.used) fail(`${view.used - records} records are lost`);
  return free;
}
