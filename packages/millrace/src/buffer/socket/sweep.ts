/** How often connections are asked whether they are idle. */
export const SWEEP_MS = 1000;

/** Something that holds memory while it is busy. */
export interface Sweepable {
  /** Gives memory back when nothing has happened since the last call; true when it holds none any more. */
  sweep(): boolean;
}

const busy = new Set<Sweepable>();
let timer: NodeJS.Timeout | undefined;

/** Has `sweep` called about once a second until it gives true. The timer does not keep the process alive. */
export function watch(what: Sweepable): void {
  busy.add(what);
  timer ??= setInterval(sweepAll, SWEEP_MS).unref();
}

/** Takes it off the list. */
export function unwatch(what: Sweepable): void {
  busy.delete(what);
}

function sweepAll(): void {
  for (const what of busy) if (what.sweep()) busy.delete(what);
  if (busy.size === 0) {
    clearInterval(timer);
    timer = undefined;
  }
}
