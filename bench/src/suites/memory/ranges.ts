import { Heap, type SizeIndexKind } from 'millrace/memory';
import { median } from '../../harness/measure.js';
import type { SuiteContext } from '../../harness/suite.js';
import { GOMEM, type Gomem, type GomemProcess } from './gomem.js';
import { History, UNIFORM, processorTime } from './history.js';
import { recordLinkBuffer } from './recorded.js';

// gomem's default tree misses ranges that would fit, so it runs out of any arena of a sensible size; it only hands out offsets, so it gets one without end.
const ARENA = 2 ** 44;

interface Contender {
  readonly name: string;
  /** Does `n` steps: nanoseconds of processor time, and the sum of the sizes allocated. */
  run(n: number): Promise<{ ns: number; sum: number }>;
  /** Whether all went well. */
  end(): boolean;
}

function ours(index: SizeIndexKind, live: number, sizes: readonly number[]): Contender {
  const heap = new Heap({ limit: 2 ** 31, initial: 2 ** 20, tiers: { small: index, middle: index } });
  const history = new History(heap, live, sizes);
  return {
    name: index,
    run: (n) => Promise.resolve(processorTime(() => history.run(n))),
    end() {
      heap.audit();
      history.end();
      heap.audit();
      return heap.live === 0;
    },
  };
}

async function theirs(name: string, peer: GomemProcess, live: number, sizes: readonly number[]): Promise<Contender> {
  const id = `${live}/${sizes.length}`;
  const setup = await peer.ask({ op: 'ranges', id, arena: ARENA, live, sizes });
  let failed = setup.error !== undefined;
  return {
    name,
    async run(n) {
      const { ns, sum, error } = await peer.ask({ op: 'run', id, n });
      failed ||= error !== undefined;
      return { ns, sum };
    },
    end: () => !failed,
  };
}

/** Allocate + free in a fragmented heap: rows `ranges/<mix>/live <count>/<our index>`. */
export async function rangesRows(context: SuiteContext, gomem: Gomem): Promise<void> {
  const recorded = recordLinkBuffer(context.corpora.messages());
  for (const [mix, sizes] of [['uniform 16-8192', UNIFORM], ['recorded LinkBuffer', recorded]] as const) {
    for (const live of [100, 10_000, 100_000]) {
      context.progress(`ranges ${mix} ${live}`);
      const contenders = [ours('tree', live, sizes), ours('bins', live, sizes)];
      if (gomem.twoTree) contenders.push(await theirs('two-tree', gomem.twoTree, live, sizes));
      if (gomem.defaultTree) contenders.push(await theirs('default tree', gomem.defaultTree, live, sizes));
      const n = context.verifyOnly ? 2000 : context.quick ? 50_000 : 300_000;
      const rounds = context.verifyOnly ? 1 : context.quick ? 5 : 9;
      const samples = contenders.map((): number[] => []);
      let same = true;
      for (let round = -1; round < rounds; round += 1) {
        let sum: number | undefined;
        for (const [i, contender] of contenders.entries()) {
          const result = await contender.run(n);
          same &&= sum === undefined || sum === result.sum;
          sum = result.sum;
          if (round >= 0) samples[i]!.push(result.ns / n); // the first round warms up
        }
      }
      const good = contenders.map((contender) => contender.end());
      const value = (name: string): number | undefined => {
        const at = contenders.findIndex((contender) => contender.name === name);
        return at < 0 ? undefined : median(samples[at]!);
      };
      for (const peer of ['two-tree', 'default tree']) {
        for (const index of ['tree', 'bins']) {
          context.row({
            case: `ranges/${mix}/live ${live}/${index}`,
            metric: 'ns/pair',
            better: 'lower',
            ours: value(index)!,
            peer: `${GOMEM} ${peer}`,
            peerValue: value(peer),
            verified: same && good.every(Boolean),
          });
        }
      }
    }
  }
}
