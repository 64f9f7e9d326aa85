import type { Row } from './suite.js';

/** Prints rows as a table; ratios below 1 stand as they are. */
export function printTable(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}`);
  if (rows.length === 0) return;
  const cells = rows.map((row) => [
    row.case,
    row.metric,
    figure(row.ours),
    row.peer,
    row.peerValue === undefined ? (row.peer === '-' ? '' : 'missing') : figure(row.peerValue),
    row.ratio === undefined ? '' : `${row.ratio.toFixed(2)}x`,
    row.verified ? 'yes' : 'NO',
    row.note ?? '',
  ]);
  const head = ['case', 'metric', 'ours', 'peer', 'peer value', 'ratio', 'verified', ''];
  const widths = head.map((title_, column) => Math.max(title_.length, ...cells.map((row) => row[column]!.length)));
  const numeric = new Set([2, 4, 5]);
  for (const row of [head, ...cells]) {
    console.log(row.map((cell, column) => (numeric.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join('  ').trimEnd());
  }
}

function figure(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude >= 1000) return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
  return value.toPrecision(3);
}
