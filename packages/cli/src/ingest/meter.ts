import type { Heap } from 'millrace/memory';
import type { SegmentLog } from '../segments/segment-log.js';
import type { GcObserver } from './gc-observer.js';
import { peakRss } from './peak-rss.js';
import type { ProgressSource } from './progress.js';
import type { IngestSummary } from './summary.js';

/** What `--progress-ms` prints. */
export interface ProgressEvent {
  readonly event: 'progress';
  /** Messages and bytes in them, written. */
  readonly messages: number;
  readonly bytes: number;
  /** Bytes that have come in. */
  readonly bytesIn: number;
  /** Connections open now. */
  readonly connections: number;
  /** Resident memory. */
  readonly rss: number;
  readonly heapLive: number;
}

/** The counters of one ingest. Inputs add what comes in; what was written is the log's to say. */
export class IngestMeter implements ProgressSource {
  bytesIn = 0;
  bytesCopied = 0;
  /** Accepted so far. */
  accepted = 0;
  connections = 0;
  faults = 0;
  readonly #heap: Heap;
  readonly #log: SegmentLog;
  readonly #baseline: number = process.memoryUsage.rss();
  #first = 0;

  constructor(heap: Heap, log: SegmentLog) {
    this.#heap = heap;
    this.#log = log;
  }

  get messagesWritten(): number {
    return this.#log.messagesWritten;
  }

  get bytesWritten(): number {
    return this.#log.bytesWritten;
  }

  /** Notes `n` bytes that have come in. */
  received(n: number): void {
    if (this.#first === 0) this.#first = performance.now();
    this.bytesIn += n;
  }

  progress(): ProgressEvent {
    return {
      event: 'progress',
      messages: this.#log.messagesWritten,
      bytes: this.#log.bytesWritten,
      bytesIn: this.bytesIn,
      connections: this.connections,
      rss: process.memoryUsage.rss(),
      heapLive: this.#heap.live,
    };
  }

  summary(gc: GcObserver, usage: NodeJS.ResourceUsage): IngestSummary {
    const { messagesWritten, bytesWritten, bytesOut, segments } = this.#log;
    const seconds = this.#first === 0 ? 0 : (performance.now() - this.#first) / 1000;
    const { highWater, tiers } = this.#heap.stats();
    return {
      event: 'summary',
      messages: messagesWritten,
      bytesIn: bytesWritten,
      bytesOut,
      ratio: bytesOut === 0 ? 0 : bytesWritten / bytesOut,
      segments,
      seconds,
      megabytesPerSecond: seconds === 0 ? 0 : bytesWritten / 1e6 / seconds,
      bytesCopiedPerByte: this.bytesIn === 0 ? 0 : this.bytesCopied / this.bytesIn,
      allocations: tiers.small.allocations + tiers.middle.allocations + tiers.large.allocations,
      heapHighWater: highWater,
      heapLive: this.#heap.live,
      rssGrowth: Math.max(0, peakRss() - this.#baseline),
      gcCount: gc.count,
      gcPauseMs: gc.pauseMs,
      cpuSeconds: (usage.userCPUTime + usage.systemCPUTime) / 1e6,
      connections: this.accepted,
      faults: this.faults,
    };
  }
}
