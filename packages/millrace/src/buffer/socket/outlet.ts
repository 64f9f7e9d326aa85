import type { Socket } from 'node:net';
import type { Bytes } from '../../bytes/bytes.js';
import type { LinkBuffer } from '../link-buffer.js';

/** Whose writes these are. */
export interface Writer {
  readonly socket: Socket;
  /** The oldest write is done. */
  written(): void;
}

/**
 * The writes of a link that are under way: what is flushed goes to Node as it lies, and stays pinned until Node has written it. Made for the first write and
 * dropped with the last, as a connection that has answered and waits should cost little.
 *
 *     output --flush--> pinned, oldest first --written--> given back
 */
export class Outlet {
  /** Bytes of these writes that are not written out. */
  pendingBytes = 0;
  readonly #writer: Writer;
  // Handles given to Node, one for each write, in order: those before #oldest are written.
  #pinned: Bytes[] = [];
  #oldest = 0;
  // One function for all writes, as Node calls back in their order.
  readonly #written = (): void => this.unpin();

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  /** Gives all that `output` has flushed to Node, as one writev where it lies in several parts. */
  write(output: LinkBuffer): void {
    const { socket } = this.#writer;
    const several = output.partCount > 1;
    if (several) socket.cork();
    for (let part = output.nextPart(); part !== undefined; part = output.nextPart()) {
      this.#pinned.push(part);
      this.pendingBytes += part.length;
      socket.write(part.toBuffer(), this.#written);
    }
    if (several) socket.uncork();
  }

  /** The handle is closed, and Node writes no more: gives everything back. */
  close(): void {
    for (; this.#oldest < this.#pinned.length; this.#oldest += 1) this.#pinned[this.#oldest]!.release();
    this.pendingBytes = 0;
  }

  // The oldest write is done. Those of a socket that was destroyed come back in any order: they stay pinned until it is closed.
  private unpin(): void {
    if (this.#writer.socket.destroyed) return;
    const bytes = this.#pinned[this.#oldest]!;
    this.#oldest += 1;
    if (this.#oldest === 64) {
      this.#pinned.splice(0, 64);
      this.#oldest = 0;
    }
    this.pendingBytes -= bytes.length;
    bytes.release();
    this.#writer.written();
  }
}
