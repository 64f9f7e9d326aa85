import { basename } from 'node:path';
import { Command } from 'commander';
import { Heap } from 'millrace/memory';
import { EXIT } from '../exit.js';
import { MessageCutter } from '../segments/message-cutter.js';
import { segmentsAt } from '../segments/paths.js';
import { SegmentReader } from '../segments/segment-reader.js';
import { formatBytes, formatCount } from '../units.js';

/** What is known of a segment after reading all of it; docs/cli.md explains the states. */
export type SegmentState = 'closed' | 'open' | 'stream' | 'torn' | 'corrupt';

interface SegmentReport {
  readonly file: string;
  readonly state: SegmentState;
  /** Undefined in streams of other programs, whose framing is not known. */
  readonly messages: number | undefined;
  readonly bytes: number;
  readonly validBytes: number;
  /** Bytes after `validBytes`. */
  readonly tornBytes: number;
  readonly problem: string | undefined;
}

interface Report {
  readonly sound: boolean;
  readonly messages: number;
  readonly bytes: number;
  readonly segments: readonly SegmentReport[];
}

const MIB = 2 ** 20;
/** `millrace verify PATH`. */
export function verifyCommand(done: (code: number) => void): Command {
  return new Command('verify')
    .summary('check every chunk, checksum, message and total')
    .description('Decodes a directory of segments, or one stream, and reports what is sound and what is not.')
    .argument('<PATH>', 'a directory of segments, or a .s2 or .sz file')
    .option('--json', 'the report as JSON', false)
    .action(async (path: string, flags: { json: boolean }) => {
      const heap = new Heap({ limit: 1024 * MIB });
      const segments: SegmentReport[] = [];
      for (const segment of segmentsAt(path)) segments.push(await verifySegment(segment, heap));
      const report: Report = {
        sound: segments.every(({ state }) => state !== 'torn' && state !== 'corrupt'),
        messages: segments.reduce((sum, { messages }) => sum + (messages ?? 0), 0),
        bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
        segments,
      };
      console.log(flags.json ? JSON.stringify(report) : render(report));
      done(report.sound ? EXIT.ok : EXIT.data);
    });
}

async function verifySegment(path: string, heap: Heap): Promise<SegmentReport> {
  const reader = new SegmentReader(path, heap);
  let cutter: MessageCutter | undefined;
  for await (const block of reader.blocks()) {
    if (reader.header === undefined) block.release();
    else {
      cutter ??= new MessageCutter(reader.header.framing, heap);
      for (const bytes of cutter.push(block)) bytes.release();
    }
  }
  const held = cutter?.end() ?? 0;
  const { fault, totals, header, validBytes, fileBytes, bytes } = reader;
  const foreign = header === undefined && bytes > 0;
  const messages = foreign ? undefined : (cutter?.messages ?? 0);
  const report = (state: SegmentState, problem?: string): SegmentReport => ({
    file: basename(path),
    state,
    messages,
    bytes,
    validBytes,
    tornBytes: fileBytes - validBytes,
    problem,
  });
  if (fault !== undefined) return report(fault.code === 'ERR_TRUNCATED' ? 'torn' : 'corrupt', fault.message);
  if (cutter?.problem !== undefined) return report('corrupt', cutter.problem);
  if (totals !== undefined && (totals.messages !== messages || totals.bytes !== bytes)) {
    return report('corrupt', `the totals say ${totals.messages} messages in ${totals.bytes} bytes, but there are ${messages} in ${bytes}`);
  }
  if (held > 0) return report('torn', `the last message is there only in part, ${held} bytes of it`);
  if (foreign) return report('stream');
  return report(totals !== undefined && reader.hasIndex ? 'closed' : 'open');
}

function render(report: Report): string {
  const lines = report.segments.map(({ file, state, messages, bytes, validBytes, tornBytes, problem }) =>
    [
      file.padEnd(14),
      state.padEnd(8),
      `${messages === undefined ? '?' : formatCount(messages)} messages`.padStart(20),
      formatBytes(bytes).padStart(10),
      problem === undefined ? '' : `  ${problem}${tornBytes > 0 ? `; ${validBytes} bytes before it are sound, ${tornBytes} are not` : ''}`,
    ].join(''),
  );
  const faulty = report.segments.filter(({ state }) => state === 'torn' || state === 'corrupt').length;
  lines.push(
    `${formatCount(report.messages)} messages, ${formatBytes(report.bytes)} in ${report.segments.length} segments: ${report.sound ? 'all sound' : `${faulty} with faults`}`,
  );
  return lines.join('\n');
}
