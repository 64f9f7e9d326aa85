import { execFileSync } from 'node:child_process';
import { MissingPeer, rustProgram } from '@millrace/interop/rust';
import type { SuiteContext } from '../../harness/suite.js';

/** tokio's bytes, measured by interop/rust/bytes in the same run: nanoseconds for each operation. */
export class Tokio {
  readonly #values = new Map<string, number>();
  readonly #note: string | undefined;

  constructor(context: SuiteContext) {
    context.progress("tokio's bytes");
    try {
      const out = execFileSync(rustProgram('bytes'), [context.verifyOnly ? '1' : '7', context.quick ? '10' : '50'], { encoding: 'utf8' });
      for (const line of out.trim().split('\n')) {
        const [name, value] = line.split(' ');
        this.#values.set(name!, Number(value));
      }
    } catch (error) {
      if (!(error instanceof MissingPeer)) throw error;
      this.#note = error.message;
    }
  }

  /** Adds the row of one operation, for which we took `ours` nanoseconds. */
  row(context: SuiteContext, name: string, title: string, ours: number, verified: boolean): void {
    context.row({
      case: title,
      metric: 'ns/op',
      better: 'lower',
      ours,
      peer: 'tokio bytes 1.12 (Rust)',
      peerValue: this.#values.get(name),
      verified,
      ...(this.#note === undefined ? {} : { note: this.#note }),
    });
  }
}
