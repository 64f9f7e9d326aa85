import type { Bytes } from '../../bytes/bytes.js';
import type { Loan } from '../hand-back.js';

/** Content that is encoded where it lies in the heap. */
export interface InPlace {
  readonly address: number;
  readonly length: number;
  /** What covers it, to be released; undefined when it is lent. */
  readonly owner: Bytes | undefined;
  /** Counts those who are at it beyond the call that adds it; undefined when nobody wants to know when there are none. */
  readonly loan: Loan | undefined;
}

/** What makes a frame of content, in the calling thread or in others; it puts out each piece, in order, when it is ready. */
export interface FrameBody {
  /** Parts under way in other threads. */
  readonly outstanding: number;
  /** Whether a further part would be encoded by the caller because threads have enough to do. */
  readonly busy: boolean;
  /** Whether output has begun, or what is there would begin it. */
  readonly begun: boolean;
  /** Adds content; the source can be reused on return. */
  append(source: Bytes | Uint8Array): void;
  /** Whether content would be encoded in place, instead of being copied by {@link append}. */
  takes(content: InPlace): boolean;
  /** Adds content in place, which {@link takes} was asked about. Uses up its owner, also when it throws. */
  add(content: InPlace): void;
  /** Makes blocks of all content so far. */
  flush(): void;
  /** Makes the last block, and the checksum. */
  end(): void;
  /** Puts out what has been done since. @throws what a part failed with */
  collect(): void;
  /** Resolves when the next part under way is done; at once when there is none. */
  progress(): Promise<void>;
  /** Drops everything, and gives back all memory, as soon as no thread is at it. */
  release(): void;
}

/** Most bytes of a frame header. */
export const HEADER = 18;
/** Bytes of the checksum, and of a last block without content. */
export const TRAILER = 8;
