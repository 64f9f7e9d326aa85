import type { Suite } from '../harness/suite.js';
import { buddyRows } from './memory/buddy.js';
import { fragmentationRows } from './memory/fragmentation.js';
import { hotPathRows } from './memory/hot-path.js';
import { pooledRows } from './memory/pooled.js';
import { rangesRows } from './memory/ranges.js';
import { startGomem } from './memory/gomem.js';
import { tierRows } from './memory/tiers.js';

/** The allocator: against gomem's trees and buddy on the same histories, and against what Node gives out. */
export const memorySuite: Suite = {
  name: 'memory',
  description: 'the allocator against gomem and Buffer.allocUnsafe; fragmentation; what threads cost',
  async run(context) {
    const gomem = startGomem();
    try {
      await rangesRows(context, gomem);
      await buddyRows(context, gomem);
    } finally {
      gomem.stop();
    }
    pooledRows(context);
    hotPathRows(context);
    tierRows(context);
    fragmentationRows(context);
  },
};
