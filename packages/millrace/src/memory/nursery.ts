/** No address, so that nothing ends at a closed nursery and nothing fits into it. */
const CLOSED = -1;

/** Pieces from the nursery are smaller than this. */
export const NURSERY_BELOW = 1024;

/** Bytes that the nursery gets at a time, where free ranges of the small tier have so much together. */
export const NURSERY_ROOM: number = 16_384;

/** What the owner of the bytes that come from the nursery puts there. */
export interface NurseryBlock {
  /** The nursery is closed or goes on elsewhere: nothing may be handed back to it by this block any more. */
  leaveNursery(): void;
}

/**
 * Room out of which small pieces are cut front to back, a step of a number each. It counts as allocated; who cuts a piece owns it and frees it like
 * anything else, by byte, or moves {@link at} back when nothing was cut since.
 *
 *     | pieces, each somebody's | room |
 *                               at     limit
 *
 * A heap has one. It is closed, which frees what is left of the room, before the heap is looked at or asks for more memory, so all it can be seen by is the time
 * it saves. Pieces that are made one after the other lie side by side: they go back as one run (free-run.ts) when they are freed in that order,
 * and neighbours merge without a copy.
 */
export class Nursery {
  /** Where the next piece begins. */
  at: number = CLOSED;
  /** Where the room ends. */
  limit: number = CLOSED;
  /** What the room belongs to, once that is made. */
  block: NurseryBlock | undefined = undefined;
  /** False while every byte freed or allocated has to be noticed at once: when somebody waits for memory or for a mark. */
  allowed = true;

  /** Begins at a fresh room. */
  open(at: number, limit: number): void {
    this.at = at;
    this.limit = limit;
  }

  /** Forgets the room. */
  close(): void {
    const { block } = this;
    this.at = CLOSED;
    this.limit = CLOSED;
    this.block = undefined;
    block?.leaveNursery();
  }
}

/** For blocks that are in no nursery: never open. */
export const NO_NURSERY: Nursery = Object.assign(new Nursery(), { allowed: false });
