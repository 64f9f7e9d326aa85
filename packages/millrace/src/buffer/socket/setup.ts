import { checkInteger } from '../../base/arguments.js';
import { BufferSettings } from '../settings.js';
import { Landing } from './landing.js';
import type { LinkHandlers, LinkOptions } from './link.js';

/** What all links of a server have in common. */
export class LinkSetup {
  readonly settings: BufferSettings;
  readonly landing: Landing;
  readonly handlers: LinkHandlers;
  readonly highWaterMark: number;
  readonly allowHalfOpen: boolean;
  readonly copies: boolean;

  /** @throws ArgumentRangeError for options out of range */
  constructor(handlers: LinkHandlers, options: LinkOptions) {
    const { minBook = 8192, maxBook = Math.max(minBook, 2 ** 20), highWaterMark = 2 ** 20, allowHalfOpen = false, reading = 'auto' } = options;
    this.settings = new BufferSettings({ ...options, minBook, maxBook });
    this.landing = Landing.of(this.settings.heap);
    this.handlers = handlers;
    this.highWaterMark = checkInteger('highWaterMark', highWaterMark, 1, Number.MAX_SAFE_INTEGER);
    this.allowHalfOpen = allowHalfOpen;
    this.copies = reading === 'copy';
  }
}
