const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Has `clean` called when a signal is to end the process, which it then does.
 * @returns what leaves the signals to others again
 */
export function beforeSignals(clean: () => void): () => void {
  const forget = (): void => {
    for (const signal of SIGNALS) process.off(signal, ended);
  };
  const ended = (signal: NodeJS.Signals): void => {
    forget();
    clean();
    process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.on(signal, ended);
  return forget;
}
