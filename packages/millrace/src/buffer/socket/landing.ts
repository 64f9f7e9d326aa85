import type { Heap } from '../../memory/heap.js';

/** Bytes that Node reads at most at a time where nothing else is booked. */
export const LANDING_SIZE = 65_536;

const landings = new WeakMap<Heap, Landing>();

/**
 * Where reads of idle connections land: one region for all connections of a thread, so that a connection which waits holds no memory.
 * A read fills it and is handed on before the event loop comes to the next, so what landed must be copied at once.
 */
export class Landing {
  readonly address: number;
  readonly view: Buffer;

  private constructor(heap: Heap) {
    this.address = heap.table(`buffer/landing/${heap.slot}`, LANDING_SIZE, () => {});
    this.view = Buffer.from(heap.u8.buffer as ArrayBuffer, this.address, LANDING_SIZE);
  }

  static of(heap: Heap): Landing {
    let landing = landings.get(heap);
    if (landing === undefined) {
      landing = new Landing(heap);
      landings.set(heap, landing);
    }
    return landing;
  }
}
