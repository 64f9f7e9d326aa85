import { BytesMut, type Bytes } from '../../bytes/bytes.js';
import { ENCODE_SLACK, type ZstdEncodeContext } from '../../codec/zstd/encode-context.js';
import type { ZstdContextPool } from '../../codec/zstd/encode-pool.js';
import type { ZstdSettings } from '../../codec/zstd/encode-settings.js';
import { HEADER, TRAILER, type FrameBody, type InPlace } from './frame-body.js';
import { HeldContent } from './held-content.js';
import { History } from './history.js';

/**
 * A frame in the calling thread. Content that is copied is kept as far back as matches may reach; content in place is its own history, and what comes after it in another place begins
 * without any.
 */
export class SerialFrame implements FrameBody {
  readonly outstanding = 0;
  readonly busy = false;
  readonly #pool: ZstdContextPool;
  readonly #settings: ZstdSettings;
  readonly #declared: number | undefined;
  readonly #inPlaceFrom: number;
  readonly #put: (piece: Bytes) => void;
  readonly #history: History;
  #content: History | HeldContent;
  /** Whether the content is in another place than what was encoded last. */
  #moved = false;
  /** Held from the first block to the end of the frame. */
  #context: ZstdEncodeContext | undefined;

  /** @param inPlaceFrom bytes from which content is encoded in place */
  constructor(pool: ZstdContextPool, settings: ZstdSettings, declared: number | undefined, inPlaceFrom: number, put: (piece: Bytes) => void) {
    this.#pool = pool;
    this.#settings = settings;
    this.#declared = declared;
    this.#inPlaceFrom = inPlaceFrom;
    this.#put = put;
    this.#history = new History(pool.heap, 2 ** settings.windowLog, settings.blockLimit, (from, to) => {
      if (this.#context !== undefined && !this.#moved) pool.heap.kernels.zstdEncodeMoved(this.#context.address, from, to);
    });
    this.#content = this.#history;
  }

  get begun(): boolean {
    return this.#context !== undefined || this.#pending > 0;
  }

  // Taken block by block; a full block waits until there is more, as it might be the last.
  append(source: Bytes | Uint8Array): void {
    const history = this.#history;
    const { blockLimit, dictionary, windowLog } = this.#settings;
    this.#turnTo(history);
    if (dictionary !== undefined && history.isEmpty) history.seed(dictionary.content, dictionary.length, 2 ** windowLog);
    const { length } = source;
    for (let at = 0; at < length; ) {
      if (history.pending === blockLimit) this.#encode(false);
      const n = Math.min(length - at, blockLimit - history.pending);
      history.append(source, at, at + n);
      at += n;
    }
  }

  // The content of a dictionary lies before what is copied, and nowhere else.
  takes({ length, owner }: InPlace): boolean {
    if (this.#settings.dictionary !== undefined) return false;
    return length >= this.#inPlaceFrom || (owner !== undefined && this.#content instanceof HeldContent && this.#content.continuesWith(owner));
  }

  add({ address, length, owner }: InPlace): void {
    if (owner === undefined) {
      this.#turnTo(new HeldContent(address, length, undefined));
      this.#encode(false);
      this.#turnTo(this.#history); // what was lent is not looked at again
      return;
    }
    const { blockLimit, windowLog } = this.#settings;
    let held = this.#content;
    if (held instanceof HeldContent && held.continuesWith(owner)) held.extend(owner);
    else {
      held = new HeldContent(address, length, owner);
      this.#turnTo(held);
    }
    while (held.end - held.encodedEnd > blockLimit) {
      this.#block(held.encodedEnd + blockLimit, false);
      held.trim(2 ** windowLog);
    }
  }

  flush(): void {
    if (this.#pending > 0) this.#encode(false);
  }

  end(): void {
    this.#encode(true);
    this.release();
  }

  collect(): void {}

  async progress(): Promise<void> {}

  release(): void {
    this.#content.release();
    this.#content = this.#history;
    if (this.#context !== undefined) this.#pool.give(this.#context);
    this.#context = undefined;
  }

  get #pending(): number {
    return this.#content.end - this.#content.encodedEnd;
  }

  // Encodes what is left of the content so far, and goes on in `next`.
  #turnTo(next: History | HeldContent): void {
    const before = this.#content;
    if (before === next) return;
    try {
      this.flush();
    } finally {
      this.#content = next;
      this.#moved = this.#context !== undefined;
      before.release();
    }
  }

  #encode(isLast: boolean): void {
    const content = this.#content;
    do {
      const to = Math.min(content.end, content.encodedEnd + this.#settings.blockLimit);
      this.#block(to, isLast && to === content.end);
    } while (content.encodedEnd < content.end);
  }

  // Encodes up to `end`, no more than a block.
  #block(end: number, isLast: boolean): void {
    const content = this.#content;
    const { heap } = this.#pool;
    const { kernels } = heap;
    const length = end - content.encodedEnd;
    const capacity = HEADER + this.#settings.frameBound(length) + ENCODE_SLACK + TRAILER;
    const target = BytesMut.withCapacity(capacity, heap);
    try {
      let at = target.spareStart;
      const room = at + capacity;
      if (this.#context === undefined) {
        // All there is, or the size that was declared, decides how large tables are worth their while.
        const size = this.#declared ?? (isLast ? length : -1);
        const { dictionary } = this.#settings;
        const scale = size < 0 || dictionary !== undefined ? 2 ** 31 - 1 : Math.min(size, 2 ** 31 - 1);
        this.#context = this.#pool.take(this.#settings, scale);
        kernels.zstdEncodeBegin(this.#context.address, content.start, scale, dictionary?.address ?? 0, content.encodedEnd - content.start);
        at += kernels.zstdEncodeHeader(this.#context.address, at, size);
      } else if (this.#moved) {
        kernels.zstdEncodeResume(this.#context.address, content.start, content.encodedEnd, 0, 0);
      }
      this.#moved = false;
      at += kernels.zstdEncodePart(this.#context.address, content.encodedEnd, end, isLast ? 1 : 0, at, room - at);
      content.encodedEnd = end;
      target.advanceMut(at - target.spareStart);
    } catch (error) {
      target.release();
      throw error;
    }
    this.#put(target.freeze());
  }
}
