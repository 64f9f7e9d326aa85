import { formatBytes, formatCount } from '../units.js';

/** What a progress line shows: what has been written, not what has merely been read. */
export interface ProgressSource {
  readonly messagesWritten: number;
  readonly bytesWritten: number;
  readonly connections: number;
}

const INTERVAL_MS = 200;

/** One line on a terminal, rewritten five times a second; nothing where standard error is no terminal. */
export class ProgressLine {
  readonly #source: ProgressSource;
  readonly #timer: NodeJS.Timeout | undefined;
  #lastBytes = 0;
  #lastTime = performance.now();

  constructor(source: ProgressSource, enabled: boolean) {
    this.#source = source;
    if (enabled && process.stderr.isTTY) {
      this.#timer = setInterval(() => this.#draw(), INTERVAL_MS);
      this.#timer.unref();
    }
  }

  /** Wipes the line and draws no more. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    process.stderr.write('\r\u001B[K');
  }

  #draw(): void {
    const { messagesWritten, bytesWritten, connections } = this.#source;
    const now = performance.now();
    const rate = ((bytesWritten - this.#lastBytes) / (now - this.#lastTime)) * 1000;
    this.#lastBytes = bytesWritten;
    this.#lastTime = now;
    process.stderr.write(
      `\r\u001B[K${formatCount(messagesWritten)} messages  ${formatBytes(bytesWritten)}  ${formatBytes(rate)}/s  ${connections} connection${connections === 1 ? '' : 's'}`,
    );
  }
}
