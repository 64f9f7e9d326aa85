import type { Heap } from 'millrace/memory';
import type { SegmentLog } from '../segments/segment-log.js';
import type { BatcherOptions } from './batcher.js';
import type { IngestMeter } from './meter.js';
import type { WriteGate } from './write-gate.js';

/** What every source of messages works with. */
export interface SourceContext {
  readonly heap: Heap;
  readonly options: BatcherOptions;
  readonly log: SegmentLog;
  readonly gate: WriteGate;
  readonly meter: IngestMeter;
  /** Milliseconds after which whole messages no longer wait for a batch to fill. */
  readonly flushMs: number;
}
