import { formatBytes, formatCount } from '../units.js';

/** What `ingest` says when it ends; `--json` prints it as it is. Sizes in bytes, times in seconds or milliseconds as named. */
export interface IngestSummary {
  readonly event: 'summary';
  readonly messages: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** bytesIn / bytesOut. */
  readonly ratio: number;
  readonly segments: number;
  /** From the first byte that came in to the last that was written. */
  readonly seconds: number;
  /** 10^6 bytes in a second. */
  readonly megabytesPerSecond: number;
  /** Bytes moved inside this process for each byte that came in; what the operating system copies is not counted. */
  readonly bytesCopiedPerByte: number;
  readonly allocations: number;
  /** Most bytes of the heap in use at any time. */
  readonly heapHighWater: number;
  /** Bytes of the heap still in use: 0, or there is a leak. */
  readonly heapLive: number;
  /** Peak resident memory less that at the start of listening or reading. */
  readonly rssGrowth: number;
  readonly gcCount: number;
  readonly gcPauseMs: number;
  readonly cpuSeconds: number;
  /** Connections accepted; 0 for files. */
  readonly connections: number;
  /** Inputs that ended with an error: oversized or torn messages, resets. */
  readonly faults: number;
}

/** The summary for people. */
export function renderSummary(summary: IngestSummary, directory: string): string {
  const rows: [string, string][] = [
    ['messages', formatCount(summary.messages)],
    ['in', formatBytes(summary.bytesIn)],
    ['out', `${formatBytes(summary.bytesOut)} in ${summary.segments} segment${summary.segments === 1 ? '' : 's'} of ${directory} (ratio ${summary.ratio.toFixed(2)})`],
    ['speed', `${summary.megabytesPerSecond.toFixed(0)} MB/s for ${summary.seconds.toFixed(2)} s`],
    ['copied', `${summary.bytesCopiedPerByte.toFixed(4)} bytes for each byte in`],
    ['memory', `${formatBytes(summary.heapHighWater)} of heap at most, ${formatCount(summary.allocations)} allocations; resident memory grew by ${formatBytes(summary.rssGrowth)}`],
    ['collections', `${formatCount(summary.gcCount)}, ${summary.gcPauseMs.toFixed(1)} ms of pause in all`],
  ];
  if (summary.connections > 0) rows.push(['connections', formatCount(summary.connections)]);
  if (summary.faults > 0) rows.push(['faults', formatCount(summary.faults)]);
  return rows.map(([name, value]) => `${name.padEnd(12)} ${value}`).join('\n');
}
