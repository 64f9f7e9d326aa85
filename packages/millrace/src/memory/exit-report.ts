import type { Heap } from './heap.js';

let debugged: Set<WeakRef<Heap>> | undefined;

/** Has the end of the process name what `heap`, in debug mode, still holds then; by one listener for all heaps, which keeps none of them alive. */
export function reportAtExit(heap: Heap): void {
  if (debugged === undefined) {
    const all = new Set<WeakRef<Heap>>();
    debugged = all;
    process.once('exit', () => {
      for (const reference of all) {
        const live = reference.deref();
        live?.trim(); // what is kept to be used again was not forgotten
        for (const leak of live?.leaks() ?? []) {
          process.stderr.write(`millrace: ${leak.bytes} bytes in ${leak.count} allocations were never freed; they were made\n${leak.site}\n`);
          for (const view of leak.pinnedBy) process.stderr.write(`  pinned by ${view}\n`);
        }
      }
    });
  }
  debugged.add(new WeakRef(heap));
}
