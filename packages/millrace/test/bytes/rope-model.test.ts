import { expect, test } from 'vitest';
import { Bytes } from '../../src/bytes/bytes.js';
import { Rope } from '../../src/bytes/rope.js';
import { Heap } from '../../src/memory/heap.js';

// A rope's model is the list of addresses it should cover, byte by byte. After every operation contents and length agree, and the heap holds
// exactly the addresses that some rope covers.
const OPERATIONS = process.env['MILLRACE_LONG'] === '1' ? 300_000 : 9000;

interface Entry {
  readonly rope: Rope;
  places: number[];
}

class Model {
  readonly heap = new Heap({ limit: 2 ** 24, initial: 2 ** 18 });
  readonly counts = new Map<number, number>();
  entries: Entry[] = [];
  seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  random(below: number): number {
    this.seed = (Math.imul(this.seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.seed / 2 ** 32) * below);
  }

  add(places: number[]): number[] {
    for (const place of places) this.counts.set(place, (this.counts.get(place) ?? 0) + 1);
    return places;
  }

  drop(places: number[]): void {
    for (const place of places) {
      const count = this.counts.get(place)! - 1;
      if (count === 0) this.counts.delete(place);
      else this.counts.set(place, count);
    }
  }

  bytes(): { part: Bytes; places: number[] } {
    const part = Bytes.copyOf(Uint8Array.from({ length: 1 + this.random(20) }, () => this.random(256)), this.heap);
    return { part, places: this.add(Array.from({ length: part.length }, (_, i) => part.start + i)) };
  }

  push(rope: Rope, places: number[]): void {
    this.entries.push({ rope, places });
  }

  remove(entry: Entry): void {
    this.entries = this.entries.filter((one) => one !== entry);
  }

  step(): void {
    if (this.entries.length === 0 || this.random(20) === 0) this.push(new Rope(), []);
    const entry = this.entries[this.random(this.entries.length)]!;
    const { rope } = entry;
    const n = this.random(entry.places.length + 1);
    const m = n + this.random(entry.places.length - n + 1);
    switch (this.random(12)) {
      case 0: {
        const { part, places } = this.bytes();
        rope.append(part);
        entry.places = [...entry.places, ...places];
        break;
      }
      case 1: {
        // One handle and its clones, in one rope or in several.
        const { part, places } = this.bytes();
        for (let clones = this.random(3); clones > 0; clones -= 1) {
          const other = this.entries[this.random(this.entries.length)]!;
          other.rope.append(part.clone());
          other.places = [...other.places, ...this.add(places)];
        }
        rope.append(part);
        entry.places = [...entry.places, ...places];
        break;
      }
      case 2: {
        const { part, places } = this.bytes();
        rope.prepend(part);
        entry.places = [...places, ...entry.places];
        break;
      }
      case 3:
        this.push(rope.slice(n, m), this.add(entry.places.slice(n, m)));
        break;
      case 4:
        this.push(rope.splitTo(n), entry.places.slice(0, n));
        entry.places = entry.places.slice(n);
        break;
      case 5:
        this.push(rope.splitOff(n), entry.places.slice(n));
        entry.places = entry.places.slice(0, n);
        break;
      case 6:
        rope.advance(n);
        this.drop(entry.places.slice(0, n));
        entry.places = entry.places.slice(n);
        break;
      case 7:
        rope.truncate(n);
        this.drop(entry.places.slice(n));
        entry.places = entry.places.slice(0, n);
        break;
      case 8: {
        const other = this.entries[this.random(this.entries.length)]!;
        if (other === entry) break;
        if (this.random(2) === 0) {
          rope.append(other.rope);
          entry.places = [...entry.places, ...other.places];
        } else {
          rope.prepend(other.rope);
          entry.places = [...other.places, ...entry.places];
        }
        expect(other.rope.isReleased).toBe(true);
        this.remove(other);
        break;
      }
      case 9: {
        this.remove(entry);
        this.push(Rope.of(...rope.intoParts()), entry.places);
        break;
      }
      case 10: {
        this.remove(entry);
        const flat = rope.flatten(this.heap);
        this.drop(entry.places);
        this.push(new Rope(), this.add(Array.from({ length: flat.length }, (_, i) => flat.start + i)));
        this.entries.at(-1)!.rope.append(flat);
        break;
      }
      default:
        rope.release();
        this.drop(entry.places);
        this.remove(entry);
    }
    while (this.entries.length > 12) this.release(this.entries[0]!);
    this.check();
  }

  release(entry: Entry): void {
    entry.rope.release();
    this.drop(entry.places);
    this.remove(entry);
  }

  check(): void {
    expect(this.heap.live).toBe(this.counts.size);
    if (this.entries.length === 0) return;
    const { rope, places } = this.entries[this.random(this.entries.length)]!;
    const memory = this.heap.u8;
    expect(rope.length).toBe(places.length);
    expect(rope.isUnique()).toBe(places.every((place) => this.counts.get(place) === 1));
    if (places.length === 0) return;
    const i = this.random(places.length);
    expect(rope.at(i)).toBe(memory[places[i]!]);
    const contents = Buffer.from(places.map((place) => memory[place]!));
    expect(rope.copyToBuffer().equals(contents)).toBe(true);
    expect(Buffer.concat(rope.toIovec()).equals(contents)).toBe(true);
    const needle = contents.subarray(i, i + 1 + this.random(5));
    expect(rope.indexOf(needle)).toBe(contents.indexOf(needle));
    expect(rope.equals(contents)).toBe(true);
  }
}

test.each([1, 2, 3])('ropes agree with lists of addresses under random operations (seed %i)', (seed) => {
  const model = new Model(seed);
  for (let i = 0; i < OPERATIONS / 3; i += 1) model.step();
  while (model.entries.length > 0) model.release(model.entries[0]!);
  expect(model.heap.live).toBe(0);
});
