import { Bytes, BytesMut } from '../../bytes/bytes.js';
import { ENCODE_SLACK } from '../../codec/zstd/encode-context.js';
import { FLAG_CHECKSUM, type ZstdSettings } from '../../codec/zstd/encode-settings.js';
import type { ZstdContextPool } from '../../codec/zstd/encode-pool.js';
import type { WorkerPool } from '../../worker/pool.js';
import { HEADER, TRAILER, type FrameBody, type InPlace } from './frame-body.js';
import { PartJob, PartQueue } from './part-queue.js';

/** The state of XXH64, see assembly/zstd/xxh64.ts. */
const HASH_STATE = 80;
/** Fewer bytes before a part than this are not worth entering. */
const LEAST_BEFORE = 64;
/** What comes before a short part, which a flush made, is at most so many times its length, or this. */
const MOST_BEFORE_TIMES = 4;
const MOST_BEFORE_SHORT = 16_384;
const FIRST_REGION = 65_536;

/** How content is cut for threads. */
interface Cut {
  /** Bytes of a part, and of what came before it that its matches may reach to. */
  readonly part: number;
  readonly before: number;
}

/** Half a window is a part, an eighth is the least it sees of what came before. */
function cutOf(settings: ZstdSettings): Cut {
  if (settings.lowMemory) return { part: 2 ** 19, before: Math.min(2 ** 16, 2 ** settings.windowLog) };
  const part = 2 ** Math.min(25, Math.max(21, settings.windowLog - 1));
  return { part, before: Math.min(part / 4, 2 ** settings.windowLog) };
}

/**
 * A frame in several threads: its content is cut into parts of equal size, each encoded on its own with some of what came before it in reach, so that the frame is the same however many
 * threads there are. Content that is copied is gathered in a region for each part:
 *
 *     | end of the part before | content of this part | room |
 *     | before                 |                             |
 */
export class ParallelFrame implements FrameBody {
  readonly #pool: ZstdContextPool;
  readonly #settings: ZstdSettings;
  readonly #declared: number | undefined;
  readonly #inPlaceFrom: number;
  readonly #cut: Cut;
  readonly #queue: PartQueue;
  #region: BytesMut | undefined;
  #before = 0;
  #begun = false;
  #hash = 0;

  /** @param inPlaceFrom bytes from which content is encoded in place; @param done see {@link PartQueue} */
  constructor(
    pool: ZstdContextPool,
    settings: ZstdSettings,
    declared: number | undefined,
    inPlaceFrom: number,
    threads: { readonly workers: WorkerPool; readonly concurrency: number },
    put: (piece: Bytes) => void,
    done: () => void,
  ) {
    this.#pool = pool;
    this.#settings = settings;
    this.#declared = declared;
    this.#inPlaceFrom = inPlaceFrom;
    this.#cut = cutOf(settings);
    this.#queue = new PartQueue(pool, threads.workers, settings, threads.concurrency, put, done);
  }

  get outstanding(): number {
    return this.#queue.outstanding;
  }

  get busy(): boolean {
    return this.#queue.busy;
  }

  get begun(): boolean {
    return this.#begun || this.#gathered > 0;
  }

  append(source: Bytes | Uint8Array): void {
    const { length } = source;
    for (let at = 0; at < length; ) {
      if (this.#gathered === this.#cut.part) this.#flushRegion(false);
      const n = Math.min(length - at, this.#cut.part - this.#gathered);
      this.#region ??= BytesMut.withCapacity(FIRST_REGION, this.#pool.heap);
      if (source instanceof Uint8Array) this.#region.putSlice(n === length ? source : source.subarray(at, at + n));
      else this.#region.putRange(source.block, source.start + at, source.start + at + n);
      at += n;
    }
  }

  // What is lent and not to be asked back for is the caller's again when the call returns.
  takes({ length, owner, loan }: InPlace): boolean {
    return length >= this.#inPlaceFrom && (owner !== undefined || loan !== undefined);
  }

  add({ address, length, owner, loan }: InPlace): void {
    try {
      this.#flushRegion(false);
      this.#dropRegion();
      // In equal parts, so that none is very short.
      const parts = Math.ceil(length / this.#cut.part);
      const { blockLimit } = this.#settings;
      const size = Math.ceil(length / parts / blockLimit) * blockLimit;
      for (let at = 0; at < length; at += size) {
        const before = Math.min(at, this.#cut.before);
        const n = Math.min(size, length - at);
        if (loan !== undefined) loan.outstanding += 1;
        this.#submit(address + at, n, before, owner?.slice(at - before, at + n), loan, false);
      }
    } finally {
      owner?.release();
    }
  }

  flush(): void {
    this.#flushRegion(false);
  }

  end(): void {
    const { heap } = this.#pool;
    if (this.#gathered > 0 || !this.#begun) {
      this.#region ??= BytesMut.withCapacity(0, heap);
      this.#flushRegion(true);
    } else this.#putReady(3, (at) => heap.u8.set([1, 0, 0], at)); // a last raw block of no bytes
    if (this.#settings.flags & FLAG_CHECKSUM) {
      const digest = BigInt.asUintN(32, heap.kernels.xxh64Digest(this.#hash));
      this.#putReady(4, (at) => new DataView(heap.u8.buffer).setUint32(at, Number(digest), true));
    }
    this.#dropRegion();
    this.#freeHash();
  }

  collect(): void {
    this.#queue.collect();
  }

  progress(): Promise<void> {
    return this.#queue.progress();
  }

  release(): void {
    this.#dropRegion();
    this.#freeHash();
    this.#queue.release();
  }

  /** Bytes in the region that are in no part yet. */
  get #gathered(): number {
    return this.#region === undefined ? 0 : this.#region.length - this.#before;
  }

  #dropRegion(): void {
    this.#region?.release();
    this.#region = undefined;
    this.#before = 0;
  }

  #freeHash(): void {
    if (this.#hash !== 0) this.#pool.heap.free(this.#hash, this.#pool.heap.roundUp(HASH_STATE));
    this.#hash = 0;
  }

  #flushRegion(isLast: boolean): void {
    const length = this.#gathered;
    if (length === 0 && !isLast) return;
    const content = this.#region!.freeze();
    const start = content.start + this.#before;
    const before = length < this.#cut.before ? Math.min(this.#before, Math.max(MOST_BEFORE_SHORT, MOST_BEFORE_TIMES * length)) : this.#before;
    this.#region = undefined;
    this.#before = 0;
    try {
      if (!isLast) this.#beginRegion(content, length);
    } catch (error) {
      content.release();
      throw error;
    }
    this.#submit(start, length, before < LEAST_BEFORE ? 0 : before, content, undefined, isLast);
  }

  // The next region, with the end of the content so far.
  #beginRegion(content: Bytes, length: number): void {
    const kept = Math.min(content.length, this.#cut.before);
    const room = length === this.#cut.part ? length : Math.min(this.#cut.part, FIRST_REGION);
    this.#region = BytesMut.withCapacity(kept + room, this.#pool.heap);
    this.#region.putRange(content.block, content.end - kept, content.end);
    this.#before = kept;
  }

  // Uses up the owner; and settles the loan by one.
  #submit(source: number, length: number, before: number, owner: Bytes | undefined, loan: PartJob['loan'], isLast: boolean): void {
    const first = !this.#begun;
    let target: BytesMut | undefined;
    try {
      target = BytesMut.withCapacity(HEADER + this.#settings.frameBound(length) + ENCODE_SLACK + TRAILER, this.#pool.heap);
      if (first) this.#putHeader(target, isLast ? length : -1);
      if (this.#settings.flags & FLAG_CHECKSUM) this.#update(source, length);
    } catch (error) {
      target?.release();
      owner?.release();
      if (loan !== undefined) loan.outstanding -= 1;
      throw error;
    }
    this.#begun = true;
    this.#queue.submit(new PartJob({ source, length, before, first, last: isLast }, owner, loan, target));
  }

  #putHeader(target: BytesMut, length: number): void {
    const context = this.#pool.take(this.#settings, 0);
    try {
      target.advanceMut(this.#pool.heap.kernels.zstdEncodeHeader(context.address, target.spareStart, this.#declared ?? length));
    } finally {
      this.#pool.give(context);
    }
  }

  #update(source: number, length: number): void {
    const { heap } = this.#pool;
    if (this.#hash === 0) {
      this.#hash = heap.allocate(HASH_STATE);
      heap.kernels.xxh64Reset(this.#hash);
    }
    heap.kernels.xxh64Update(this.#hash, source, length);
  }

  #putReady(size: number, write: (at: number) => void): void {
    const target = BytesMut.withCapacity(size, this.#pool.heap);
    write(target.spareStart);
    target.advanceMut(size);
    this.#queue.submit(new PartJob(undefined, undefined, undefined, target));
  }
}
