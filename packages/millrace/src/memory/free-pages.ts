import { BITMAPS, MAX_PAGES } from './state.js';

const WORDS = MAX_PAGES >> 5;
const GROUPS = WORDS >> 5;
const EXACT = BITMAPS + WORDS;
const SUMMARY = EXACT + 6 * GROUPS;

/**
 * Checks the bitmaps that assembly/memory/pages.ts keeps. Which pages are free is a bitmap in the first page. A block of order k is 2^k pages at a
 * multiple of 2^k, free when its bits are set: buddies merge by lying side by side. A word of 32 pages knows the order of its largest free
 * block through six bitmaps over the words, each with a summary word, so a request of up to 32 pages finds a word whose largest block
 * fits best in a few steps; larger ones look for words that are free as a whole, which the sixth bitmap shows.
 * @returns what is wrong, undefined when exactly the pages are free that `isFree` says, and the bitmaps over them are true
 */
export function auditPages(w: Int32Array, isFree: (page: number) => boolean): string | undefined {
  for (let page = 0; page < MAX_PAGES; page += 1) {
    if (((w[BITMAPS + (page >> 5)]! >>> (page & 31)) & 1) !== (isFree(page) ? 1 : 0)) return `page ${page} is ${isFree(page) ? 'lost' : 'free and owned'}`;
  }
  for (let k = 0; k <= 5; k += 1) {
    for (let word = 0; word < WORDS; word += 1) {
      const said = (w[EXACT + k * GROUPS + (word >> 5)]! >>> (word & 31)) & 1;
      if (said !== (largest(w[BITMAPS + word]!) === k ? 1 : 0)) return `the bitmap of order ${k} is wrong about word ${word}`;
    }
    for (let group = 0; group < GROUPS; group += 1) {
      if (((w[SUMMARY + k]! >>> group) & 1) !== (w[EXACT + k * GROUPS + group] === 0 ? 0 : 1)) return `the summary of order ${k} is wrong about group ${group}`;
    }
  }
  return undefined;
}

// The order of the largest aligned run of ones, -1 for no ones: the plain way, so that an audit does not share the kernel's mistakes.
function largest(bits: number): number {
  for (let order = 5; order >= 0; order -= 1) {
    for (let at = 0; at < 32; at += 1 << order) {
      let ones = 0;
      while (ones < 1 << order && ((bits >>> (at + ones)) & 1) === 1) ones += 1;
      if (ones === 1 << order) return order;
    }
  }
  return -1;
}
