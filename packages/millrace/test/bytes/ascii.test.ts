import { expect, it } from 'vitest';
import { Heap } from '../../src/memory/heap.js';

it('asciiLength gives the first byte from 0x80 on, at every place of every length, and looks no further than asked', () => {
  const heap = new Heap();
  const at = heap.allocate(512);
  const { u8, kernels } = heap;
  u8.fill(0x7f, at, at + 512);
  for (let length = 0; length <= 200; length += 1) {
    u8[at + length] = 0xff; // behind the range
    expect(kernels.asciiLength(at, length)).toBe(length);
    for (let place = 0; place < length; place += 1) {
      u8[at + place] = 0x80;
      expect(kernels.asciiLength(at, length)).toBe(place);
      u8[at + place] = 0x7f;
    }
    u8[at + length] = 0x7f;
  }
  heap.free(at, 512);
});
