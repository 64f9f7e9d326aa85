import type { Block } from './block.js';
import { bufferOf } from './memory-views.js';

/** Text encodings that bytes can be read as and written from. */
export type TextEncoding = 'utf8' | 'latin1' | 'hex' | 'base64' | 'base64url';

// So few characters are written one by one before Node has been called.
const SHORT = 12;

/** Writes `text` to `[position, limit)` of a block, where it fits. Gives the number of bytes. */
export function writeText(text: string, encoding: TextEncoding, block: Block, position: number, limit: number): number {
  const { length } = text;
  if (length <= SHORT && encoding === 'utf8') {
    const memory = block.u8;
    let i = 0;
    for (; i < length; i += 1) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) break;
      memory[position + i] = unit;
    }
    if (i === length) return length;
  }
  return bufferOf(block).write(text, position, limit - position, encoding);
}
