import { expect, test } from 'vitest';
import { Bytes, BytesMut } from '../../src/bytes/bytes.js';
import { Heap } from '../../src/memory/heap.js';

// The brute-force model of coverage (docs/bytes.md): an array that counts, for every byte of the heap, the handles that cover it. Random
// operations go to the handles and to the array; contents, uniqueness and the memory given back must agree after every one.
const OPERATIONS = process.env['MILLRACE_LONG'] === '1' ? 1_000_000 : 45_000;
const MEMORY = 2 ** 18;
const MOST_HANDLES = 160;

class Model {
  readonly heap = new Heap({ limit: 2 ** 24, initial: MEMORY });
  /** Handles that cover each address. */
  readonly counts = new Uint16Array(MEMORY);
  /** What each covered address holds. */
  readonly contents = new Uint8Array(MEMORY);
  readonly views: Bytes[] = [];
  readonly buffers: BytesMut[] = [];
  /** What went back in this step. */
  readonly pending: [number, number][] = [];
  covered = 0;
  seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  random(below: number): number {
    this.seed = (Math.imul(this.seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.seed / 2 ** 32) * below);
  }

  add(start: number, end: number, by: number): void {
    for (let i = start; i < end; i += 1) {
      const before = this.counts[i]!;
      this.counts[i] = before + by;
      if (before === 0) this.covered += 1;
      else if (before + by === 0) this.covered -= 1;
    }
  }

  pick<T>(list: T[]): T {
    return list[this.random(list.length)]!;
  }

  drop<T>(list: T[], item: T): void {
    const last = list.pop()!;
    if (last !== item) list[list.indexOf(item)] = last;
  }

  isUnique(handle: Bytes): boolean {
    for (let i = handle.start; i < handle.end; i += 1) if (this.counts[i] !== 1) return false;
    return true;
  }

  checkContents(handle: Bytes | BytesMut): void {
    const memory = handle.block.u8;
    for (let i = handle.start; i < handle.end; i += 1) if (memory[i] !== this.contents[i]) throw new Error(`byte ${i} changed`);
  }

  fill(buffer: BytesMut, length: number): void {
    const source = Uint8Array.from({ length }, () => this.random(256));
    this.contents.set(source, buffer.end);
    buffer.putSlice(source);
  }

  create(): void {
    const buffer = BytesMut.withCapacity(1 + this.random(300), this.heap);
    // Room that was held for small buffers may have gone back for it, and come again at once.
    this.pending.length = 0;
    this.add(buffer.start, buffer.limit, 1);
    this.fill(buffer, this.random(buffer.capacity + 1));
    this.buffers.push(buffer);
  }

  stepBuffer(): void {
    const buffer = this.pick(this.buffers);
    const { start, limit } = buffer;
    this.checkContents(buffer);
    switch (this.random(8)) {
      case 0: {
        this.add(buffer.end, limit, -1);
        this.views.push(buffer.freeze());
        this.drop(this.buffers, buffer);
        break;
      }
      case 1:
        this.buffers.push(buffer.splitTo(this.random(buffer.length + 1)));
        break;
      case 2:
        this.buffers.push(buffer.splitOff(this.random(buffer.capacity + 1)));
        break;
      case 3: {
        const n = this.random(buffer.length + 1);
        buffer.advance(n);
        this.add(start, start + n, -1);
        break;
      }
      case 4:
        this.fill(buffer, this.random(buffer.spareLength + 1));
        break;
      case 5: {
        const other = this.pick(this.buffers);
        if (other === buffer) break;
        const adjacent = buffer.block === other.block && buffer.end === limit && limit === other.start;
        const { length, capacity } = other;
        const before = buffer.length;
        const otherStart = other.start;
        const merged = buffer.tryUnsplit(other);
        expect(merged).toBe(adjacent || length === 0 || before === 0);
        if (!merged) break;
        this.drop(this.buffers, other);
        if (adjacent) break;
        if (length === 0) this.add(otherStart, otherStart + capacity, -1);
        else this.add(start, limit, -1);
        break;
      }
      case 6:
        buffer.truncate(this.random(buffer.length + 1));
        break;
      default:
        buffer.release();
        this.add(start, limit, -1);
        this.drop(this.buffers, buffer);
    }
  }

  stepView(): void {
    const view = this.pick(this.views);
    const { start, end, length } = view;
    this.checkContents(view);
    switch (this.random(11)) {
      case 0:
      case 1:
        this.views.push(view.clone());
        this.add(start, end, 1);
        break;
      case 2: {
        const from = this.random(length + 1);
        const to = from + this.random(length - from + 1);
        this.views.push(view.slice(from, to));
        this.add(start + from, start + to, 1);
        break;
      }
      case 3:
        this.views.push(view.splitTo(this.random(length + 1)));
        break;
      case 4:
        this.views.push(view.splitOff(this.random(length + 1)));
        break;
      case 5: {
        const n = this.random(length + 1);
        view.truncate(n);
        this.add(start + n, end, -1);
        break;
      }
      case 6: {
        const n = this.random(length + 1);
        view.advance(n);
        this.add(start, start + n, -1);
        break;
      }
      case 7: {
        const other = this.views.find((one) => one !== view && one.block === view.block && one.start === end) ?? this.pick(this.views);
        if (other === view) break;
        const adjacent = view.block === other.block && end === other.start;
        expect(view.tryMerge(other)).toBe(adjacent || length === 0 || other.isReleased || other.length === 0);
        if (other.isReleased) this.drop(this.views, other);
        break;
      }
      case 8: {
        const unique = this.isUnique(view);
        expect(view.isUnique()).toBe(unique);
        const own = view.tryIntoMut();
        expect(own !== undefined).toBe(unique && view.block !== undefined);
        if (own === undefined) break;
        this.drop(this.views, view);
        this.buffers.push(own);
        break;
      }
      default:
        view.release();
        this.add(start, end, -1);
        this.drop(this.views, view);
    }
  }

  step(): void {
    const handles = this.views.length + this.buffers.length;
    if (handles < 4 || this.random(100) < 4) this.create();
    else if (handles > MOST_HANDLES) {
      while (this.views.length + this.buffers.length > MOST_HANDLES / 2) this.releaseAny();
    } else if (this.views.length > 0 && (this.buffers.length === 0 || this.random(4) > 0)) this.stepView();
    else this.stepBuffer();
    expect(this.heap.live).toBe(this.covered);
  }

  releaseAny(): void {
    const view = this.views.pop();
    if (view !== undefined) {
      this.add(view.start, view.end, -1);
      view.release();
      return;
    }
    const buffer = this.buffers.pop()!;
    this.add(buffer.start, buffer.limit, -1);
    buffer.release();
  }

  /** Every byte that went back did so when its own count fell to zero, not only in sum. */
  watchFrees(): void {
    const { heap, counts, pending } = this;
    const free = heap.free.bind(heap);
    heap.free = (address, size) => {
      pending.push([address, address + size]);
      free(address, size);
    };
    const step = this.step.bind(this);
    this.step = () => {
      pending.length = 0;
      step();
      for (const [start, end] of pending) for (let i = start; i < end; i += 1) if (counts[i] !== 0) throw new Error(`byte ${i} went back while covered`);
    };
  }
}

test.each([1, 2, 3])('coverage agrees with an array of counts under random operations (seed %i)', (seed) => {
  const model = new Model(seed);
  model.watchFrees();
  for (let i = 0; i < OPERATIONS / 3; i += 1) model.step();
  while (model.views.length + model.buffers.length > 0) model.releaseAny();
  expect(model.covered).toBe(0);
  expect(model.heap.live).toBe(0);
});
