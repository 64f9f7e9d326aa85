import { once } from 'node:events';
import type { Server } from 'node:net';
import { linkServer, type Link, type LinkHandlers } from 'millrace/buffer';
import { CommandError, systemError } from '../exit.js';
import { Batcher } from './batcher.js';
import { inputFault } from './input-fault.js';
import type { SourceContext } from './source.js';
import { StopSignal } from './stop-signal.js';

/** Where to listen; port 0 is any free one. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** One connection: its link, its batcher, and how its messages are named. */
class Connection {
  readonly link: Link;
  readonly batcher: Batcher;
  readonly name: string;
  readonly resume: () => void;

  constructor(link: Link, batcher: Batcher) {
    this.link = link;
    this.batcher = batcher;
    this.name = `${link.socket.remoteAddress}:${link.socket.remotePort}`;
    this.resume = () => link.resume();
  }
}

/**
 * Takes messages from TCP connections until a signal, or until the log fails. When a client has ended its side and all it sent is written,
 * the server ends its own: the receipt.
 */
export class TcpSource {
  readonly #context: SourceContext;
  readonly #server: Server;
  readonly #open = new Set<Connection>();

  constructor(context: SourceContext) {
    this.#context = context;
    const handlers: LinkHandlers<Connection> = {
      open: (link) => this.#accept(link),
      data: (link) => this.#data(link.data),
      end: (link) => this.#end(link.data),
      close: (link, error) => this.#close(link.data, error),
    };
    this.#server = linkServer(handlers, { heap: context.heap, maxBook: Batcher.ROOM, allowHalfOpen: true });
  }

  /** Listens, and runs until it is stopped. @throws CommandError exit code 1 when it cannot listen */
  async run(endpoint: Endpoint, listening: (address: Endpoint) => void): Promise<void> {
    const { host, port } = endpoint;
    this.#server.listen(port, host);
    await once(this.#server, 'listening').catch((error: unknown) => {
      throw systemError(`cannot listen on ${host}:${port}`, error);
    });
    const stop = new StopSignal();
    listening({ host, port: (this.#server.address() as { port: number }).port });
    const flusher = setInterval(() => {
      for (const { batcher } of this.#open) batcher.flush();
    }, this.#context.flushMs);
    await Promise.race([stop.came, this.#context.gate.broken]);
    stop.forget();
    clearInterval(flusher);
    await this.#stop();
  }

  #accept(link: Link): Connection {
    const { options, log, meter } = this.#context;
    const connection = new Connection(link, new Batcher(link.input, options, log, meter));
    this.#open.add(connection);
    meter.accepted += 1;
    meter.connections += 1;
    return connection;
  }

  #data({ link, batcher, resume }: Connection): boolean {
    batcher.arrived();
    link.carry = batcher.carry;
    const { gate } = this.#context;
    if (gate.isOpen) return true;
    gate.whenOpen(resume);
    return false;
  }

  #end({ link, batcher }: Connection): void {
    try {
      batcher.end();
    } catch (error) {
      link.destroy(error as Error);
      return;
    }
    void this.#context.log.written().then((written) => {
      if (written) link.end();
      else link.destroy(); // no receipt
    });
  }

  #close(connection: Connection, error: Error | undefined): void {
    const { batcher, name, resume } = connection;
    // Whole messages of a connection that was cut are messages all the same.
    batcher.flush();
    const { gate, meter } = this.#context;
    gate.forget(resume);
    this.#open.delete(connection);
    meter.connections -= 1;
    if (error === undefined) return;
    meter.faults += 1;
    const fault = inputFault(name, error);
    if (!(fault instanceof CommandError)) throw fault;
    process.stderr.write(`millrace: ${fault.message}\n`);
  }

  async #stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const { link, batcher } of this.#open) {
      link.pause();
      batcher.flush();
    }
    const written = await this.#context.log.written();
    for (const { link } of this.#open) {
      if (written) link.socket.destroySoon();
      else link.destroy(); // no receipt
    }
    await closed;
  }
}
