// Any part of an allocation may be freed, in any order and by any thread; the limit is an error or a wait, as the caller likes.
import { strict as assert } from 'node:assert';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Heap, type HeapDescriptor } from 'millrace/memory';

if (isMainThread) {
  const heap = new Heap({ limit: 2 ** 20 });

  // A buffer is read into at the front and handed on in parts: each goes back on its own.
  const buffer = heap.allocate(8192);
  heap.free(buffer + 1000, 500);
  heap.free(buffer, 1000);
  const again = heap.allocate(1488); // best fit: the hole of 1500 bytes
  assert.equal(again, buffer);
  heap.free(again, 1488);
  heap.free(buffer + 1500, 8192 - 1500);
  assert.equal(heap.live, 0);

  // A worker gets the same memory. What it frees of ours comes home by itself.
  const message = heap.allocate(16);
  heap.u8.set(Buffer.from('from main thread'), message);
  const worker = new Worker(new URL(import.meta.url), { workerData: { descriptor: heap.share(), message } });
  const answer = await new Promise<string>((resolve) => worker.once('message', resolve));
  assert.equal(answer, 'FROM MAIN THREAD');
  assert.equal(heap.live, 0);

  // At the limit: wait in line until somebody frees.
  const all = heap.allocate(14 * 65_536);
  assert.throws(() => heap.allocate(16), { code: 'ERR_MEMORY_LIMIT' });
  const waiting = heap.allocateAsync(1000);
  heap.free(all, 14 * 65_536);
  heap.free(await waiting, heap.roundUp(1000));

  assert.equal(heap.live, 0);
  heap.audit();
} else {
  const { descriptor, message } = workerData as { descriptor: HeapDescriptor; message: number };
  const heap = Heap.attach(descriptor);
  const text = Buffer.from(heap.u8.slice(message, message + 16)).toString();
  heap.free(message, 16);
  heap.detach();
  parentPort!.postMessage(text.toUpperCase(), []);
}
