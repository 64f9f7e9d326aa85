import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { MissingPeer, goProgram } from '@millrace/interop/go';

/** The version in interop/go/gomem/go.mod. */
export const GOMEM = 'gomem 2025-10-13';

export interface GomemAnswer {
  readonly ns: number;
  readonly sum: number;
  readonly error?: string;
}

/** One running build of interop/go/gomem, asked a line at a time. */
export interface GomemProcess {
  ask(request: object): Promise<GomemAnswer>;
  stop(): void;
}

/** Both builds; undefined where there is no Go, and rows then say that the peer is missing. */
export interface Gomem {
  readonly twoTree: GomemProcess | undefined;
  readonly defaultTree: GomemProcess | undefined;
  stop(): void;
}

export function startGomem(): Gomem {
  let twoTree: GomemProcess | undefined;
  let defaultTree: GomemProcess | undefined;
  try {
    twoTree = start(goProgram('gomem', 'twotree'));
    defaultTree = start(goProgram('gomem'));
  } catch (error) {
    if (!(error instanceof MissingPeer)) throw error;
    console.error(error.message);
  }
  return {
    twoTree,
    defaultTree,
    stop() {
      twoTree?.stop();
      defaultTree?.stop();
    },
  };
}

function start(binary: string): GomemProcess {
  const child: ChildProcessWithoutNullStreams = spawn(binary);
  child.stderr.pipe(process.stderr);
  const waiting: ((answer: GomemAnswer) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()!(JSON.parse(line) as GomemAnswer));
  return {
    ask: (request) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        child.stdin.write(`${JSON.stringify(request)}\n`);
      }),
    stop: () => child.stdin.end(),
  };
}
