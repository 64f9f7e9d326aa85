// Writes an S2 stream with an index to a file, and reads a few bytes from its middle without decoding the rest.
import { strict as assert } from 'node:assert';
import { closeSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileSink, fileSource, S2Writer, SeekableReader, SinkWriter } from 'millrace/stream';

const path = join(tmpdir(), `millrace-example-${process.pid}.s2`);
const lines = Array.from({ length: 200_000 }, (_, i) => Buffer.from(`{"reading":${i},"unit":"mm"}\n`));

const output = openSync(path, 'w');
const out = new SinkWriter(fileSink(output), new S2Writer({ addIndex: true, blockSize: 262_144 }));
for (const line of lines) await out.write(line); // waits when the disk is behind
await out.close();
closeSync(output);

const input = openSync(path, 'r');
const reader = await SeekableReader.open(await fileSource(input));
const last = await reader.readAt(-28, 28);
assert.equal(last.toBuffer().toString(), '{"reading":199999,"unit":"mm"}\n'.slice(-28));
last.release();
assert.equal(reader.length, lines.reduce((sum, line) => sum + line.length, 0));
closeSync(input);
rmSync(path);
