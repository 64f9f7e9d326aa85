import type { Row } from './suite.js';

/** A row with the suite it came from. */
export interface ChartRow extends Row {
  readonly suite: string;
}

/** What the rows were measured on: the chart's last line. */
export interface ChartSource {
  readonly date: string;
  readonly machine: string;
}

/** The rows of one suite against one peer by one metric: a strip of the chart. */
interface Strip {
  readonly label: string;
  readonly rows: ChartRow[];
  readonly median: number;
}

const WIDTH = 940;
const LEFT = 420;
const RIGHT = 70;
const TOP = 74;
const STRIP = 20;
const RADIUS = 4;
/** The metric of rows that sum others up. */
const MEAN = 'times their speed';
/** Characters of a label that have room. */
const LABEL = 62;
/** Ratios beyond these are drawn at the edge, and named in the tooltip as they are. */
const LEAST = 1 / 8;
const MOST = 128;

const x = (ratio: number): number => {
  const clamped = Math.min(MOST, Math.max(LEAST, ratio));
  return LEFT + ((WIDTH - LEFT - RIGHT) * Math.log2(clamped / LEAST)) / Math.log2(MOST / LEAST);
};

const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : Math.sqrt(sorted[middle - 1]! * sorted[middle]!);
}

function strips(rows: readonly ChartRow[]): Map<string, Strip[]> {
  const bySuite = new Map<string, Map<string, ChartRow[]>>();
  for (const row of rows) {
    if (row.ratio === undefined || !Number.isFinite(row.ratio) || row.ratio <= 0) continue;
    if (row.metric === MEAN) continue; // its cases are dots already
    const suite = bySuite.get(row.suite) ?? new Map<string, ChartRow[]>();
    bySuite.set(row.suite, suite);
    const label = `${row.peer}, ${row.metric}`;
    suite.set(label, [...(suite.get(label) ?? []), row]);
  }
  return new Map(
    [...bySuite].map(([suite, labels]) => [suite, [...labels].map(([label, found]) => ({ label, rows: found, median: median(found.map((row) => row.ratio!)) }))]),
  );
}

function dot(row: ChartRow, y: number): string {
  const title = `${row.case}: ${row.ratio!.toFixed(2)} times ${row.peer} (${row.metric})`;
  return `<circle class="${row.ratio! >= 1 ? 'won' : 'lost'}" cx="${x(row.ratio!).toFixed(1)}" cy="${y}" r="${RADIUS}"><title>${escape(title)}</title></circle>`;
}

/**
 * Draws every row that has a ratio as a dot on a logarithmic axis, one strip for each suite, peer and metric; right of the line at 1 ours is better. A tick marks a strip's
 * median. The SVG carries its own colours for light and dark pages, and names each dot's case in a tooltip.
 */
export function chart(rows: readonly ChartRow[], source: ChartSource): string {
  const suites = strips(rows);
  const body: string[] = [];
  let y = TOP;
  let drawn = 0;
  let won = 0;
  for (const [suite, found] of suites) {
    y += 12;
    body.push(`<text class="suite" x="12" y="${y + 4}">${escape(suite)}</text>`);
    y += STRIP;
    for (const strip of found) {
      const middle = x(strip.median).toFixed(1);
      body.push(
        `<text class="label" x="${LEFT - 16}" y="${y + 4}">${escape(strip.label.length > LABEL ? `${strip.label.slice(0, LABEL - 1)}…` : strip.label)}</text>`,
        `<line class="strip" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>`,
        ...strip.rows.map((row) => dot(row, y)),
        `<line class="median" x1="${middle}" x2="${middle}" y1="${y - 7}" y2="${y + 7}"/>`,
        `<text class="figure" x="${WIDTH - RIGHT + 14}" y="${y + 4}">${strip.median < 10 ? strip.median.toFixed(2) : strip.median.toFixed(0)}</text>`,
      );
      drawn += strip.rows.length;
      won += strip.rows.filter((row) => row.ratio! >= 1).length;
      y += STRIP;
    }
  }
  const bottom = y;
  const axis: string[] = [];
  for (let ratio = LEAST; ratio <= MOST; ratio *= 2) {
    const label = ratio < 1 ? `1/${1 / ratio}` : String(ratio);
    const at = x(ratio).toFixed(1);
    axis.push(
      `<line class="${ratio === 1 ? 'even' : 'grid'}" x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${bottom - 4}"/>`,
      `<text class="tick" x="${at}" y="${TOP - 14}">${label}</text>`,
    );
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 34}" role="img" aria-label="Ratios of ours to each peer, a dot for each measured case">
<style>
  svg { color-scheme: light dark; font: 12px system-ui, sans-serif; --ink: #1f2328; --faint: #d1d9e0; --won: #0969da; --lost: #bc4c00; }
  @media (prefers-color-scheme: dark) { svg { --ink: #d1d7e0; --faint: #3d444d; --won: #4493f8; --lost: #db6d28; } }
  text { fill: var(--ink); }
  .title { font-size: 15px; font-weight: 600; }
  .suite { font-weight: 600; }
  .label { text-anchor: end; }
  .tick { text-anchor: middle; }
  .grid, .strip { stroke: var(--faint); stroke-width: 1; }
  .even { stroke: var(--ink); stroke-width: 1.5; }
  .median { stroke: var(--ink); stroke-width: 2; }
  .won { fill: var(--won); fill-opacity: 0.55; }
  .lost { fill: var(--lost); fill-opacity: 0.55; }
</style>
<text class="title" x="12" y="22">How many times better than each peer</text>
<text x="12" y="40">A dot is a measured case, ${drawn} in all, ${won} of them at 1 or above; the bar and the figure at the right are the median.</text>
${axis.join('\n')}
${body.join('\n')}
<text x="12" y="${bottom + 20}">${escape(`${source.machine}, ${source.date}. Drawn by npm run bench -- all --svg FILE.`)}</text>
</svg>
`;
}
