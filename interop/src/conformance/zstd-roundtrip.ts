import { Heap } from 'millrace';
import { ZstdDecoder, ZstdEncoder, type ZstdLevel } from 'millrace/codec';
import { ZstdWriter } from 'millrace/stream';
import type { Check } from './checks.js';

const LEVELS: readonly ZstdLevel[] = ['fastest', 'default', 'better', 'best'];

const heap = new Heap({ limit: 512 * 2 ** 20 });
const encoder = new ZstdEncoder({ heap });
const decoder = new ZstdDecoder({ heap });
const writer = new ZstdWriter({ heap });

/** An encoder's input comes back at every level, and cut in two in a stream. */
export const zstdRoundtripCheck: Check = ({ bytes }) => {
  for (const level of LEVELS) {
    for (const lowMemory of [false, true]) {
      const frame = encoder.encodeToBuffer(bytes, { level, lowMemory });
      if (frame.length > encoder.maxEncodedSize(bytes.length, { lowMemory })) return `${level}: the frame has ${frame.length} bytes, over the bound`;
      if (!decoder.decodeToBuffer(frame).equals(bytes)) return `${level}: comes back different`;
    }
    writer.reset({ level, windowLog: 16 });
    writer.write(bytes.subarray(0, bytes.length >> 1));
    writer.flush();
    writer.write(bytes.subarray(bytes.length >> 1));
    writer.close();
    const pieces = writer.take();
    const frame = Buffer.concat(pieces.map((piece) => piece.copyToBuffer()));
    for (const piece of pieces) piece.release();
    if (!decoder.decodeToBuffer(frame).equals(bytes)) return `${level}: comes back different from a stream`;
  }
  return undefined;
};
