// A thread of threads.test.ts: allocates, writes into what it got, swaps it in a shared mailbox for what another thread left there,
// checks and frees that. On 'finish' it says what is still live and leaves the memory.
import { parentPort, workerData } from 'node:worker_threads';
import { Heap } from '../../dist/memory/heap.js';

const { descriptor, mailbox, hands, id, rounds } = workerData;
const heap = Heap.attach(descriptor);
let seed = id * 7919 + 1;
const random = (below) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return (seed >>> 8) % below;
};

let words = new Int32Array(heap.u8.buffer);
const word = (address) => {
  if (heap.u8.byteLength !== words.byteLength) words = new Int32Array(heap.u8.buffer);
  return address >> 2;
};

function step() {
  const size = heap.roundUp(16 + random(random(8) === 0 ? 40_000 : 1000));
  const address = heap.allocate(size);
  const at = word(address);
  words[at] = size;
  words[at + 1] = heap.slot;
  words[at + (size >> 2) - 1] = ~address;
  const other = Atomics.exchange(mailbox, random(mailbox.length), address);
  if (other === 0) return 0;
  hands[id] = other;
  const i = word(other);
  const length = words[i];
  const owner = words[i + 1];
  if (length < 16 || (words[i + (length >> 2) - 1] !== ~other && length > 16)) throw new Error(`the range at ${other} was overwritten`);
  if (random(4) === 0 && length > 64) {
    // in pieces: from the middle, then a short one, then the rest
    heap.free(other + 21, length - 30);
    heap.free(other + length - 9, 9);
    heap.free(other, 21);
  } else heap.free(other, length);
  hands[id] = 0;
  return owner === heap.slot ? 0 : 1;
}

parentPort.on('message', (message) => {
  if (message === 'go') slice();
  else if (message === 'collect') {
    heap.collect();
    parentPort.postMessage({}, []);
  } else if (message === 'finish') {
    const { live } = heap;
    heap.audit();
    parentPort.postMessage({ live, detached: heap.detach() }, []);
  } else parentPort.close();
});

// In slices, so that messages are heard in between.
let crossed = 0;
let done = 0;
parentPort.postMessage({ slot: heap.slot }, []);
function slice() {
  for (let i = 0; i < 5000 && done < rounds; i += 1, done += 1) crossed += step();
  if (done < rounds) setImmediate(slice);
  else parentPort.postMessage({ crossed }, []);
}
