import type { Socket } from 'node:net';
import { attach } from 'millrace/buffer';
import { Batcher } from './batcher.js';
import { inputFault } from './input-fault.js';
import type { SourceContext } from './source.js';
import { StopSignal } from './stop-signal.js';

/**
 * Reads a pipe or a terminal to its end, or until a signal.
 * @throws CommandError exit code 1 when it cannot be read, 3 for a message that is torn or too long; everything before it is in the log
 */
export async function ingestPipe(input: Socket, name: string, context: SourceContext): Promise<void> {
  const { heap, options, log, gate, meter, flushMs } = context;
  let batcher: Batcher | undefined;
  let closed: (error: Error | undefined) => void;
  const end = new Promise<Error | undefined>((resolve) => {
    closed = resolve;
  });
  const link = attach(
    input,
    {
      data(self) {
        batcher!.arrived();
        self.carry = batcher!.carry;
        if (gate.isOpen) return true;
        gate.whenOpen(() => self.resume());
        return false;
      },
      end(self) {
        try {
          batcher!.end();
          self.destroy();
        } catch (error) {
          self.destroy(error as Error);
        }
      },
      close(_, error) {
        batcher!.flush();
        closed(error);
      },
    },
    { heap, maxBook: Batcher.ROOM },
  );
  batcher = new Batcher(link.input, options, log, meter);
  link.resume();
  const flusher = setInterval(() => batcher.flush(), flushMs);
  const stop = new StopSignal();
  await Promise.race([end, stop.came, gate.broken]);
  stop.forget();
  clearInterval(flusher);
  link.destroy();
  const error = await end;
  if (error === undefined) return;
  meter.faults += 1;
  throw inputFault(name, error);
}
