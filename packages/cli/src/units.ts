import { CommandError, EXIT } from './exit.js';

const UNITS: Readonly<Record<string, number>> = {
  '': 1, b: 1,
  k: 2 ** 10, kb: 1e3, kib: 2 ** 10,
  m: 2 ** 20, mb: 1e6, mib: 2 ** 20,
  g: 2 ** 30, gb: 1e9, gib: 2 ** 30,
};

/** Reads a size such as `65536`, `64KiB`, `8M` (2^20) or `10MB` (10^6). @throws CommandError with exit code 2 */
export function parseSize(option: string, text: string, min: number, max: number): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const unit = match && UNITS[match[2]!.toLowerCase()];
  const bytes = match && unit !== undefined && unit !== null ? Math.round(Number(match[1]) * unit) : Number.NaN;
  if (!(bytes >= min && bytes <= max)) {
    throw new CommandError(EXIT.usage, `${option} takes a size from ${formatBytes(min)} to ${formatBytes(max)}, such as 64KiB or 8MiB; not ${JSON.stringify(text)}`);
  }
  return bytes;
}

/** Reads a whole number in `[min, max]`. @throws CommandError with exit code 2 */
export function parseCount(option: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw new CommandError(EXIT.usage, `${option} takes a whole number from ${min} to ${max}; not ${JSON.stringify(text)}`);
  return value;
}

/** `1536` as `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** `1234567` as `1,234,567`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}
