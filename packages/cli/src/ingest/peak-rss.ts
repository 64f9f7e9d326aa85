import { readFileSync } from 'node:fs';
import { resourceUsage } from 'node:process';

/**
 * The most memory that was ever resident, in bytes. Where the system tells it, that of this program alone: what `getrusage` reports
 * begins, on Linux, with that of the process which started this one.
 */
export function peakRss(): number {
  try {
    const high = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if (high !== null) return Number(high[1]) * 1024;
  } catch {
    // No such file but on Linux.
  }
  return resourceUsage().maxRSS * 1024;
}
