import { checkInteger } from '../base/arguments.js';
import { defaultHeap, type Heap } from '../memory/heap.js';
import type { LinkBufferOptions } from './link-buffer.js';

/** Options of LinkBuffers, checked and with their defaults: one object for all the buffers of a server. */
export class BufferSettings {
  readonly heap: Heap;
  readonly minBook: number;
  readonly maxBook: number;
  readonly copyBelow: number;

  /** @throws ArgumentRangeError for options out of range */
  constructor(options: LinkBufferOptions) {
    const { heap = defaultHeap(), minBook = 8192, maxBook = Math.max(minBook, 8 * 2 ** 20), copyBelow = 4096 } = options;
    this.heap = heap;
    this.minBook = checkInteger('minBook', minBook, 64, 2 ** 30);
    this.maxBook = checkInteger('maxBook', maxBook, minBook, 2 ** 30);
    this.copyBelow = checkInteger('copyBelow', copyBelow, 0, Number.MAX_SAFE_INTEGER);
  }
}
