// npm run bench -- SUITE... [--quick] [--verify] [--json FILE] [--svg FILE] [--node 20,26] [--corpus NAME=PATH]
// A suite runs in a process of its own for each version of Node it is measured on; rows come back over its IPC channel.
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chart } from './harness/chart.js';
import { Corpora } from './harness/corpora.js';
import { nodeBinary } from './harness/nodes.js';
import { printTable } from './harness/report.js';
import { toRow, type Row, type Suite } from './harness/suite.js';
import { suites } from './suites.js';

interface NodeRow extends Row {
  readonly node: string;
}

const usage = (): string =>
  [
    'npm run bench -- SUITE... [--quick] [--verify] [--json FILE] [--svg FILE] [--node MAJORS] [--corpus NAME=PATH]',
    '',
    ...Object.values(suites).map((suite) => `  ${suite.name.padEnd(16)} ${suite.description}`),
    '  all              every suite in turn',
  ].join('\n');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    verify: { type: 'boolean', default: false },
    json: { type: 'string' },
    svg: { type: 'string' },
    node: { type: 'string' },
    corpus: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function corpora(): Corpora {
  const given = new Map<string, string>();
  for (const entry of values.corpus) {
    const at = entry.indexOf('=');
    if (at < 1) throw new Error(`--corpus takes NAME=PATH, not ${entry}`);
    given.set(entry.slice(0, at), entry.slice(at + 1));
  }
  return new Corpora(given);
}

async function runHere(suite: Suite): Promise<void> {
  const terminal = process.stderr.isTTY;
  await suite.run({
    quick: values.quick || values.verify,
    verifyOnly: values.verify,
    corpora: corpora(),
    row: (input) => process.send!({ ...toRow(input), node: process.versions.node } satisfies NodeRow),
    progress: (text) => {
      if (terminal) process.stderr.write(`\r\u001B[K${text}`);
    },
  });
  if (terminal) process.stderr.write('\r\u001B[K');
}

function runUnder(suite: Suite, major: number, rows: NodeRow[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), process.argv.slice(2), {
      execPath: nodeBinary(major),
      execArgv: [...(suite.execArgv ?? [])],
      serialization: 'advanced', // rows may hold Infinity
      env: { ...process.env, MILLRACE_BENCH_SUITE: suite.name },
    });
    child.on('message', (message) => rows.push(message as NodeRow));
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? (signal ? 1 : 0)));
  });
}

async function main(): Promise<number> {
  const here = process.env['MILLRACE_BENCH_SUITE'];
  if (here !== undefined) {
    await runHere(suites[here]!);
    process.disconnect();
    return 0;
  }
  if (values.help || positionals.length === 0) {
    console.log(usage());
    return values.help ? 0 : 2;
  }
  const names = positionals.includes('all') ? Object.keys(suites) : positionals;
  const unknown = names.filter((name) => suites[name] === undefined);
  if (unknown.length > 0) {
    console.error(`no such suite: ${unknown.join(', ')}\n\n${usage()}`);
    return 2;
  }
  const running = Number(process.versions.node.split('.')[0]);
  const all: (NodeRow & { suite: string })[] = [];
  let failed = 0;
  for (const name of names) {
    const suite = suites[name]!;
    const majors = values.node?.split(',').map(Number) ?? (values.verify ? [running] : (suite.nodes ?? [running]));
    for (const major of majors) {
      const rows: NodeRow[] = [];
      const started = Date.now();
      const code = await runUnder(suite, major, rows);
      printTable(`${name} on Node ${rows[0]?.node ?? major} (${((Date.now() - started) / 1000).toFixed(1)} s)`, rows);
      if (code !== 0 || rows.some((row) => !row.verified)) failed += 1;
      if (code !== 0) console.error(`suite ${name} on Node ${major} ended with ${code}`);
      all.push(...rows.map((row) => ({ suite: name, ...row })));
    }
  }
  const date = new Date().toISOString();
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), platform: `${process.platform} ${process.arch}` };
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ date, machine, rows: all }, null, 1)}\n`);
  if (values.svg !== undefined) writeFileSync(values.svg, chart(all, { date: date.slice(0, 10), machine: `${machine.cpu}, ${machine.cores} cores, ${machine.platform}` }));
  return failed > 0 ? 1 : 0;
}

process.exitCode = await main();
