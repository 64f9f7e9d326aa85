import type { Corpora } from '../../harness/corpora.js';

/** Messages of about one size, from real JSON, and the bytes of all of them. */
export interface MessageSet {
  readonly name: string;
  readonly messages: readonly Buffer[];
  readonly bytes: number;
}

interface Feature {
  path: string;
  support?: Record<string, unknown>;
}

/**
 * Three sets out of `@mdn/browser-compat-data`, 64 bytes, 512 bytes and 4 KiB on average: single browsers' entries, features of the wanted
 * size, and the large features.
 */
export function messageSets(corpora: Corpora, bytes: number): MessageSet[] {
  const features = corpora.messages();
  return [
    fit('64 B', features.flatMap(entries), 64, bytes),
    fit('512 B', features.filter((message) => message.length > 200), 512, bytes),
    fit('4 KiB', features.filter((message) => message.length > 1500), 4096, bytes),
  ];
}

function entries(feature: Buffer): Buffer[] {
  const { support = {} } = JSON.parse(feature.toString()) as Feature;
  return Object.entries(support).map(([browser, statement]) => Buffer.from(JSON.stringify({ browser, ...(statement as object) }))).filter((entry) => entry.length >= 32);
}

// Takes messages in order, leaving out those that would move the mean away from the wanted one; repeats them up to `bytes`.
function fit(name: string, candidates: readonly Buffer[], mean: number, bytes: number): MessageSet {
  const messages: Buffer[] = [];
  let total = 0;
  while (total < bytes) {
    const before = messages.length;
    for (const message of candidates) {
      if (total >= bytes) break;
      const over = total > mean * messages.length;
      if (messages.length > 0 && over === message.length > mean) continue;
      messages.push(message);
      total += message.length;
    }
    if (messages.length === before) throw new Error(`no messages of about ${mean} bytes`);
  }
  return { name: `${name} mean (${messages.length} messages, mean ${Math.round(total / messages.length)} B)`, messages, bytes: total };
}
