/** What a history frees from and allocates with. */
export interface Allocator {
  allocate(size: number): number;
  free(address: number, size: number): void;
}

/**
 * A live set of constant count: each step frees one range, chosen at random, and allocates another of a size drawn from a list. The generator
 * is that of interop/go/gomem, so both sides do the same: the sum of the sizes allocated shows it.
 */
export class History {
  readonly #allocator: Allocator;
  readonly #sizes: Int32Array;
  readonly #address: Int32Array;
  readonly #size: Int32Array;
  #seed = 1;

  constructor(allocator: Allocator, live: number, sizes: readonly number[]) {
    this.#allocator = allocator;
    this.#sizes = Int32Array.from(sizes);
    this.#address = new Int32Array(live);
    this.#size = new Int32Array(live);
    for (let i = 0; i < live; i += 1) {
      this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
      const size = this.#sizes[(this.#seed >>> 8) % this.#sizes.length]!;
      this.#size[i] = size;
      this.#address[i] = allocator.allocate(size);
    }
  }

  /** Does `n` steps and gives the sum of the sizes allocated. */
  run(n: number): number {
    const allocator = this.#allocator;
    const address = this.#address;
    const size = this.#size;
    const sizes = this.#sizes;
    const live = address.length;
    const choices = sizes.length;
    let seed = this.#seed;
    let sum = 0;
    for (let step = 0; step < n; step += 1) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      const i = (seed >>> 4) % live;
      allocator.free(address[i]!, size[i]!);
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      const wanted = sizes[(seed >>> 8) % choices]!;
      size[i] = wanted;
      sum += wanted;
      address[i] = allocator.allocate(wanted);
    }
    this.#seed = seed;
    return sum;
  }

  /** Frees all that is live. */
  end(): void {
    for (let i = 0; i < this.#address.length; i += 1) this.#allocator.free(this.#address[i]!, this.#size[i]!);
  }
}

/** Every multiple of 16 up to 8 KiB, equally likely. */
export const UNIFORM: readonly number[] = Array.from({ length: 512 }, (_, i) => (i + 1) * 16);

/** Nanoseconds of processor time that `run` takes: the clock would count what other programs take from whoever runs longer. */
export function processorTime(run: () => number): { ns: number; sum: number } {
  const before = process.cpuUsage();
  const sum = run();
  const { user, system } = process.cpuUsage(before);
  return { ns: (user + system) * 1000, sum };
}
