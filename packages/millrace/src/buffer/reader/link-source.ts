import type { LinkBuffer } from '../link-buffer.js';
import type { Link, LinkHandlers } from '../socket/link.js';
import type { ByteSource } from './source.js';

/** Unread bytes from which on a link that nobody pulls from stops reading. */
const HIGH_WATER = 2 ** 20;

/**
 * A link as a source for BufReader: what the socket reads goes over without a copy.
 *
 *     const source = new LinkSource();
 *     const link = connectLink(where, source.handlers);
 *     const reader = new BufReader(source);
 */
export class LinkSource implements ByteSource {
  /** The handlers for the link: one source serves one link. */
  readonly handlers: LinkHandlers;
  #link: Link | undefined;
  // What a link that has closed left unread.
  #rest: LinkBuffer | undefined;
  #ended = false;
  #cancelled = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor() {
    this.handlers = {
      data: (link) => {
        this.#link = link;
        this.#awake();
        return link.input.length < HIGH_WATER;
      },
      end: (link) => {
        this.#link = link;
        this.#finish(link, undefined);
      },
      close: (link, error) => this.#finish(link, error),
    };
  }

  async pull(into: LinkBuffer): Promise<boolean> {
    for (;;) {
      const input = this.#rest ?? this.#link?.input;
      if (input !== undefined && input.length > 0) {
        for (let part = input.nextPart(); part !== undefined; part = input.nextPart()) into.push(part);
        return true;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return false;
      this.#link?.resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  cancel(): void {
    this.#cancelled = true;
    this.#rest?.close();
    this.#link?.destroy();
    this.#awake();
  }

  #finish(link: Link, error: Error | undefined): void {
    this.#error ??= error;
    this.#ended = true;
    if (link.isClosed && !this.#cancelled && link.input.length > 0) {
      // The link gives its input back when this returns: what was not pulled yet stays ours.
      this.#rest = link.input.slice(link.input.length);
    }
    this.#awake();
  }

  #awake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
