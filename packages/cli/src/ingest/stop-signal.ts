/** SIGINT and SIGTERM as a request to end cleanly; a second one ends the process at once. */
export class StopSignal {
  raised = false;
  /** Resolves when a signal has come. */
  readonly came: Promise<void>;
  readonly #listener: () => void;

  constructor() {
    let resolve: () => void;
    this.came = new Promise((settle) => {
      resolve = settle;
    });
    this.#listener = () => {
      if (this.raised) process.exit(130);
      this.raised = true;
      resolve();
    };
    process.on('SIGINT', this.#listener);
    process.on('SIGTERM', this.#listener);
  }

  /** Leaves the signals to others again. */
  forget(): void {
    process.off('SIGINT', this.#listener);
    process.off('SIGTERM', this.#listener);
  }
}
