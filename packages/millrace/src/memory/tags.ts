/** Low bits of a page map entry, which say whose block it is; the others are the record of the block. */
export const TAG_BITS = 2;
