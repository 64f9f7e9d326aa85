/**
 * The first page of the memory holds what all threads share; the last committed page is the guard at the end.
 *
 *     0        256              8192      8448             12544                24576            57344          65536
 *     | guard  | report areas   | words   | thread slots   | free page bitmaps  | owner of each  | short ranges |
 *     |        | 64 of 64 bytes |         | 64 of 64 bytes |                    | page, a byte   | on their way |
 *
 * The owner map is the truth about pages: 0 is free, SYSTEM is this page and the guard, everything else a slot + 1. The bitmaps are
 * derived from it and rebuilt when a thread has died while changing them.
 */
export const PAGE_SHIFT = 16;
export const PAGE: number = 1 << PAGE_SHIFT;

/** Most threads attached at one time. */
export const SLOTS = 64;

export const REPORTS = 256;
export const REPORT_SIZE = 64;

/** Indices of 32-bit words. */
export const VERSION: number = 8192 / 4;
/** 0, or `ticket << 8 | slot + 1` of the holder. */
export const LOCK: number = 8192 / 4 + 1;
export const LOCK_WAITERS: number = 8192 / 4 + 2;
/** Pages that the memory has; the last one is the guard. */
export const COMMITTED: number = 8192 / 4 + 3;
/** Pages with an owner other than SYSTEM, and the most there ever were. */
export const OWNED: number = 8192 / 4 + 4;
export const OWNED_HIGH: number = 8192 / 4 + 5;
/** Times that the lock was taken from a holder that had died or stalled. */
export const LOCK_STEALS: number = 8192 / 4 + 6;

export const SLOT_TABLE: number = 8448 / 4;
export const SLOT_WORDS = 16;
/** Words of a slot: one of FREE, ATTACHED, DEAD; the head of its return list; how many of the short ranges are its. */
export const SLOT_STATE = 0;
export const SLOT_RETURNS = 1;
export const SLOT_SHORTS = 2;
export const FREE = 0;
export const ATTACHED = 1;
export const DEAD = 2;

export const BITMAPS: number = 12_544 / 4;
/** Byte offset of the owner map. */
export const OWNERS = 24_576;
export const MAX_PAGES = 32_768;
export const SYSTEM = 255;

/** Pairs of start and end, and how many there are. */
export const SHORTS: number = 57_344 / 4;
export const SHORTS_MOST = 1024;
export const SHORTS_COUNT: number = 8192 / 4 + 7;

/** The layout's version, so that threads with different versions of the library do not share a memory. */
export const LAYOUT = 1;
