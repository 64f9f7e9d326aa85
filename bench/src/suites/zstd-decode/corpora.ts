/** JSON, text and binary data of more than 20 MB each, all made from the features of `@mdn/browser-compat-data`: deterministic, and of use to nobody but a bench. */
export function derived(messages: readonly Buffer[]): { name: string; bytes: Buffer }[] {
  const features = messages.map((message) => JSON.parse(message.toString()) as Feature);
  return [
    { name: 'json', bytes: Buffer.concat(messages.flatMap((message) => [message, Buffer.from('\n')])) },
    { name: 'text', bytes: accessLog(features) },
    { name: 'binary', bytes: records(features) },
  ];
}

interface Feature {
  readonly path: string;
  readonly mdn_url?: string;
  readonly support?: Readonly<Record<string, unknown>>;
}

function numbers(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

// A line for each browser that a feature names, as if each had asked for the feature's page.
function accessLog(features: readonly Feature[]): Buffer {
  const next = numbers(1);
  const lines: string[] = [];
  let time = Date.UTC(2026, 0, 1);
  for (const { path, mdn_url: url, support } of features) {
    for (const browser of Object.keys(support ?? {})) {
      time += next(900);
      const page = url?.slice('https://developer.mozilla.org'.length) ?? `/search?q=${path}`;
      lines.push(`10.${next(4)}.${next(256)}.${next(256)} - - [${new Date(time).toISOString()}] "GET ${page} HTTP/1.1" ${next(20) === 0 ? 304 : 200} ${next(60_000)} "${browser}"\n`);
    }
  }
  return Buffer.from(lines.join(''));
}

// For each feature its JSON as a protobuf writer would put it, then a row of fixed width for each browser: a counter, a time, two measurements, an ID.
function records(features: readonly Feature[]): Buffer {
  const next = numbers(2);
  const fields = new Map<string, number>();
  const parts: Buffer[] = [];
  let counter = 0;
  let time = Date.UTC(2026, 0, 1);
  for (const feature of features) {
    const message = encodeValue(feature, fields);
    parts.push(varint(message.length), message);
    for (let rows = Object.keys(feature.support ?? {}).length; rows > 0; rows -= 1) {
      const row = Buffer.alloc(40);
      row.writeUInt32LE((counter += 1), 0);
      row.writeUInt32LE(next(200), 4);
      row.writeBigUInt64LE(BigInt((time += next(900))), 8);
      row.writeDoubleLE(next(1_000_000) / 1000, 16);
      row.writeFloatLE(next(100) / 8, 24);
      row.writeUInt32LE(next(2 ** 16), 28);
      row.writeUInt32LE(next(2 ** 32), 32);
      row.writeUInt32LE(next(2 ** 8), 36);
      parts.push(row);
    }
  }
  return Buffer.concat(parts);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}

// A field is its number times 8 and a wire type, then a length and the content; names become numbers as they appear first.
function encodeValue(value: unknown, fields: Map<string, number>): Buffer {
  if (typeof value === 'string') return Buffer.from(value);
  if (typeof value === 'number') return varint(Math.abs(Math.round(value)));
  if (typeof value !== 'object' || value === null) return Buffer.of(value === true ? 1 : 0);
  const parts = Object.entries(value).flatMap(([name, inner]) => {
    const key = Array.isArray(value) ? '[]' : name;
    if (!fields.has(key)) fields.set(key, fields.size + 1);
    const content = encodeValue(inner, fields);
    return [varint(fields.get(key)! * 8 + 2), varint(content.length), content];
  });
  return Buffer.concat(parts);
}
