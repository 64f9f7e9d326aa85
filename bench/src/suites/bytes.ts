import type { Suite } from '../harness/suite.js';
import { garbage } from './bytes/garbage.js';
import { handles } from './bytes/handles.js';
import { joins } from './bytes/joins.js';
import { numbers } from './bytes/numbers.js';
import { search } from './bytes/search.js';
import { streams } from './bytes/streams.js';
import { Tokio } from './bytes/tokio.js';

/** Views, ropes and cursors against Buffer, DataView, npm bl and tokio's bytes. */
export const bytesSuite: Suite = {
  name: 'bytes',
  description: 'views, ropes and cursors against Buffer, DataView, npm bl and tokio bytes',
  nodes: [20, 26],
  async run(context) {
    const tokio = new Tokio(context);
    numbers(context, tokio);
    handles(context, tokio);
    joins(context);
    await streams(context);
    search(context);
    await garbage(context);
  },
};
