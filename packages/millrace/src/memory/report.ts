/** One tier's part of {@link HeapStats}. Sizes in bytes. */
export interface TierStats {
  /** Bytes of its blocks, and of these the free ones. */
  readonly size: number;
  readonly free: number;
  readonly blocks: number;
  /** Free ranges, and the longest. */
  readonly ranges: number;
  readonly largest: number;
  /** Allocations so far, modulo 2^32, and how many of them needed a new block. */
  readonly allocations: number;
  readonly misses: number;
  /** The part of the allocations that existing blocks could serve. 1 when there were none. */
  readonly hitRate: number;
}

/** What a heap has done and has. Sizes in bytes. */
export interface HeapStats {
  /** Allocated by this thread and not freed; the most it ever was. */
  readonly live: number;
  readonly highWater: number;
  /** Free in this thread's blocks. */
  readonly free: number;
  /** Constant tables, which are neither live nor free. */
  readonly tables: number;
  /** 1 - largest free range / free bytes: 0 when all that is free is in one piece. */
  readonly fragmentation: number;
  readonly tiers: { readonly small: TierStats; readonly middle: TierStats; readonly large: TierStats };
  /** Allocations that had to wait for memory so far, and those waiting now. */
  readonly waits: number;
  readonly waiting: number;
  /** Of all threads together. */
  readonly shared: {
    /** Bytes of linear memory now, and the most it may have. */
    readonly committed: number;
    readonly limit: number;
    /** Bytes in blocks of threads, the most they ever were, and bytes in no block. */
    readonly owned: number;
    readonly ownedHighWater: number;
    readonly unowned: number;
    readonly threads: number;
    /** Times that the lock was taken from a thread that died with it. */
    readonly lockSteals: number;
  };
}

/** One block of a heap and its free ranges, in order of address. */
export interface MappedBlock {
  readonly tier: 'small' | 'middle' | 'large';
  readonly start: number;
  readonly end: number;
  readonly free: readonly (readonly [start: number, end: number])[];
}

/** What lies where, for drawing. */
export interface HeapMap {
  /** This thread's blocks, in order of address. */
  readonly blocks: readonly MappedBlock[];
  /** Every run of pages of the memory with the thread whose it is; undefined for pages in no block. */
  readonly pages: readonly { readonly start: number; readonly end: number; readonly slot: number | undefined }[];
}
