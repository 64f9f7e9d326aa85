import { open, type FileHandle } from 'node:fs/promises';
import { LinkBuffer } from 'millrace/buffer';
import { systemError } from '../exit.js';
import { Batcher } from './batcher.js';
import { inputFault } from './input-fault.js';
import type { SourceContext } from './source.js';
import { StopSignal } from './stop-signal.js';

/**
 * Reads a file to its end, or until a signal.
 * @param name how messages call the file
 * @throws CommandError exit code 1 when it cannot be read, 3 for a message that is torn or too long; everything before it is in the log
 */
export async function ingestFile(path: string, name: string, context: SourceContext): Promise<void> {
  const { heap, options, log, gate, meter } = context;
  const file = await open(path, 'r').catch((error: unknown) => {
    throw systemError(`cannot open ${name}`, error);
  });
  const link = new LinkBuffer({ heap, minBook: Batcher.ROOM });
  const batcher = new Batcher(link, options, log, meter);
  const stop = new StopSignal();
  try {
    while (!stop.raised && !gate.isBroken) {
      if (!gate.isOpen) {
        await gate.opened();
        continue;
      }
      link.bookRead(batcher.carry);
      const n = await read(file, link.roomBuffer(), name);
      if (n === 0) {
        batcher.end();
        return;
      }
      link.commit(n);
      batcher.arrived();
    }
    batcher.flush();
  } catch (error) {
    meter.faults += 1;
    throw inputFault(name, error);
  } finally {
    stop.forget();
    batcher.close();
    link.close();
    await file.close();
  }
}

// The room stays booked, and so the view valid, until the read is over.
async function read(file: FileHandle, room: Buffer, name: string): Promise<number> {
  try {
    const { bytesRead } = await file.read(room);
    return bytesRead;
  } catch (error) {
    throw systemError(`cannot read ${name}`, error);
  }
}
