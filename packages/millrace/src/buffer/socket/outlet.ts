import type { Socket } from 'node:net';
import type { Bytes } from '../../bytes/bytes.js';
import { LinkBuffer } from '../link-buffer.js';
import type { BufferSettings } from '../settings.js';

/**
 * The half of a link that writes: what is flushed goes to Node as it lies, and stays pinned until Node has written it.
 *
 *     output --flush--> pinned, oldest first --written--> given back
 *
 * When all is written it holds no memory, so a connection that has answered and waits holds none.
 */
export class Outlet {
  readonly output: LinkBuffer;
  /** Bytes flushed and not yet written out. */
  pendingBytes = 0;
  /** Whether somebody waits for `pendingBytes` to fall. */
  wantsDrain = false;
  readonly #socket: Socket;
  readonly #drained: () => void;
  // Handles given to Node, one for each write, in order: those before #oldest are written.
  #pinned: Bytes[] = [];
  #oldest = 0;
  // One function for all writes, as Node calls back in their order.
  readonly #written = (): void => this.unpin();

  /** @param drained called after each write */
  constructor(socket: Socket, settings: BufferSettings, drained: () => void) {
    this.output = new LinkBuffer(settings);
    this.#socket = socket;
    this.#drained = drained;
  }

  /** Gives all that `output` has flushed to Node, as one writev where it lies in several parts. */
  write(): void {
    const socket = this.#socket;
    const { output } = this;
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
    this.#pinned = [];
    this.#oldest = 0;
    this.pendingBytes = 0;
    this.output.close();
  }

  // The oldest write is done. Those of a socket that was destroyed come back in any order: they stay pinned until it is closed.
  private unpin(): void {
    if (this.#socket.destroyed) return;
    const bytes = this.#pinned[this.#oldest]!;
    this.#oldest += 1;
    if (this.#oldest === this.#pinned.length) {
      this.#pinned.length = 0;
      this.#oldest = 0;
      if (this.output.mallocLength === 0) this.output.releaseRoom();
    } else if (this.#oldest === 64) {
      this.#pinned.splice(0, 64);
      this.#oldest = 0;
    }
    this.pendingBytes -= bytes.length;
    bytes.release();
    this.#drained();
  }
}
