import type { Corpora } from './corpora.js';

/** One comparison. `ratio` above 1 means that ours is that many times better, whichever way the metric points. */
export interface Row {
  /** What was measured: operation, corpus, size, level. */
  readonly case: string;
  /** The unit, for example `MB/s` or `ns/op`. */
  readonly metric: string;
  readonly ours: number;
  /** Who was measured beside us, with its version; `-` where a row stands alone. */
  readonly peer: string;
  /** Undefined when the peer cannot be had on this machine. */
  readonly peerValue: number | undefined;
  readonly ratio: number | undefined;
  /** The output was checked, before and after timing. */
  readonly verified: boolean;
  readonly note?: string;
}

/** Which way a metric points. */
export type Better = 'higher' | 'lower';

export interface RowInput {
  case: string;
  metric: string;
  better: Better;
  ours: number;
  peer: string;
  /** Undefined when the peer cannot be had. */
  peerValue: number | undefined;
  verified: boolean;
  note?: string;
}

export interface SuiteContext {
  /** Stay under 60 seconds. */
  readonly quick: boolean;
  /** Check every output, measure next to nothing: what CI runs. */
  readonly verifyOnly: boolean;
  readonly corpora: Corpora;
  /** Records a row and shows it. */
  row(input: RowInput): void;
  /** Says what is being done, on a terminal only. */
  progress(text: string): void;
}

export interface Suite {
  readonly name: string;
  readonly description: string;
  /** Majors of Node the suite is measured on, each in a process of its own. @default the running one */
  readonly nodes?: readonly number[];
  /** Flags for the Node processes, for example `--expose-gc`. */
  readonly execArgv?: readonly string[];
  run(context: SuiteContext): Promise<void>;
}

export function toRow(input: RowInput): Row {
  const { better, ...rest } = input;
  let ratio: number | undefined;
  if (input.peerValue !== undefined) ratio = better === 'higher' ? input.ours / input.peerValue : input.peerValue / input.ours;
  return { ...rest, ratio };
}
