import type { Block } from './block.js';

// The views that Node and V8 want of a whole memory. Blocks of one heap follow each other with the same memory until it grows, so the
// last one is kept; adopted memory is not, as nothing may keep it from its owner.
let viewMemory: Uint8Array = new Uint8Array(0);
let view: DataView = new DataView(viewMemory.buffer);
let bufferMemory: Uint8Array = viewMemory;
let buffer: Buffer = Buffer.alloc(0);

/** A DataView with the same positions as `memory`, which is a heap's or (`adopted`) not. */
export function dataViewOf(memory: Uint8Array, adopted: boolean): DataView {
  if (adopted) return new DataView(memory.buffer, memory.byteOffset, memory.length);
  if (memory !== viewMemory) {
    view = new DataView(memory.buffer, memory.byteOffset, memory.length);
    viewMemory = memory;
  }
  return view;
}

/** A Buffer with the positions of the block's handles, for those methods of Buffer that take a range. */
export function bufferOf(block: Block): Buffer {
  const memory = block.u8;
  if (memory === bufferMemory) return buffer;
  const whole = Buffer.isBuffer(memory) ? memory : Buffer.from(memory.buffer as ArrayBuffer, memory.byteOffset, memory.length);
  if (block.heap !== undefined) {
    bufferMemory = memory;
    buffer = whole;
  }
  return whole;
}
