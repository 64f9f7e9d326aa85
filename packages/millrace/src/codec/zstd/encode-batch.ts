import { checkInteger } from '../../base/arguments.js';
import { type Bytes } from '../../bytes/bytes.js';
import { copyIn, copyWithin } from '../../bytes/copy.js';
import { View } from '../../bytes/view.js';
import type { Heap } from '../../memory/heap.js';
import { addressIn, type Source } from '../source.js';

const ITEM = 8; // address and length, u32 each; the kernel replaces the length by the end of the frame

/** Frames one after the other in one piece of memory: the output of many messages. */
export class ZstdBatch {
  /** All frames, and behind the last the padding if there is any. */
  readonly bytes: Bytes;
  readonly #ends: Uint32Array;

  constructor(bytes: Bytes, ends: Uint32Array) {
    this.bytes = bytes;
    this.#ends = ends;
  }

  /** How many frames there are. */
  get count(): number {
    return this.#ends.length;
  }

  /** Where frame `index` begins in {@link bytes}. @throws ArgumentRangeError `ERR_OUT_OF_RANGE` */
  start(index: number): number {
    checkInteger('index', index, 0, this.count - 1);
    return index === 0 ? 0 : this.#ends[index - 1]!;
  }

  /** Where frame `index` ends in {@link bytes}. @throws ArgumentRangeError `ERR_OUT_OF_RANGE` */
  end(index: number): number {
    checkInteger('index', index, 0, this.count - 1);
    return this.#ends[index]!;
  }

  /** A handle of its own on frame `index`, the caller's to release. */
  frame(index: number): Bytes {
    return this.bytes.slice(this.start(index), this.end(index));
  }

  /** Gives the memory of all frames back that no other handle covers. */
  release(): void {
    this.bytes.release();
  }

  [Symbol.dispose](): void {
    this.bytes[Symbol.dispose]();
  }
}

/** The messages as the kernel takes them, in memory of the heap. */
export interface BatchItems {
  /** Address of the table of addresses and lengths. */
  readonly table: number;
  /** Notes where frame `index` ends; the kernel does so itself. */
  setEnd(index: number, end: number): void;
  /** After encoding: where each frame ends. */
  ends(): Uint32Array;
  release(): void;
}

/** Lists the messages for the kernel; those outside the heap are copied into it, side by side. */
export function batchItems(heap: Heap, messages: readonly Source[], lengths: readonly number[]): BatchItems {
  const count = messages.length;
  let foreign = 0;
  for (const [i, message] of messages.entries()) if (ownAddress(heap, message) < 0) foreign += lengths[i]!;
  const size = heap.roundUp(count * ITEM + foreign + 1);
  const table = heap.allocate(size);
  const words = new Uint32Array(heap.u8.buffer, table, count * 2);
  let copy = table + count * ITEM;
  for (const [i, message] of messages.entries()) {
    let address = ownAddress(heap, message);
    if (address < 0) {
      address = copy;
      copy += lengths[i]!;
      if (message instanceof View) copyWithin(message.block, message.start, message.end, heap, address);
      else copyIn(message, heap.u8, address);
    }
    words[2 * i] = address;
    words[2 * i + 1] = lengths[i]!;
  }
  return {
    table,
    setEnd: (index, end) => {
      words[2 * index + 1] = end;
    },
    ends: () => Uint32Array.from({ length: count }, (_, i) => words[2 * i + 1]!),
    release: () => heap.free(table, size),
  };
}

function ownAddress(heap: Heap, message: Source): number {
  if (!(message instanceof View)) return addressIn(heap, message);
  return message.block.heap === heap ? message.start : -1;
}
