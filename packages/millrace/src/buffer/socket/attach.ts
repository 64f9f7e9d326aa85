import { connect, createServer, type NetConnectOpts, type Server, type ServerOpts, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { Link, type LinkHandlers, type LinkOptions } from './link.js';
import { LinkSetup } from './setup.js';

/**
 * Reads `socket`, connected and one of Node's own, into a LinkBuffer and writes it from one. Reading begins when this has returned.
 *
 * Reads go straight into the heap, unless something of the socket is buffered already, somebody else listens to its 'data', or Node does not have
 * the parts that this needs ({@link readsInPlace}): then they are copied from 'data' events. {@link Link.direct} says which it is. What is written in
 * answer to the peer's end needs a socket with `allowHalfOpen: true`.
 * @throws MemoryError `ERR_MEMORY_LIMIT`: a heap's first link books 64 KiB, where reads of all its idle links land
 */
export function attach<Data = unknown>(socket: Socket, handlers: LinkHandlers<Data>, options: LinkOptions = {}): Link<Data> {
  const link = Link.over<Data>(socket, new LinkSetup(handlers, options));
  link.resume();
  return link;
}

/** Connects over TCP or a Unix socket; reads go straight into the heap. */
export function connectLink<Data = unknown>(connection: NetConnectOpts, handlers: LinkHandlers<Data>, options: LinkOptions = {}): Link<Data> {
  return Link.connecting(new LinkSetup(handlers, options), (onread) => connect({ ...connection, allowHalfOpen: true, ...(onread && { onread }) }));
}

/** Connects over TLS. Node decrypts into memory of its own and copies from there into the heap: the one copy that TLS forces. */
export function connectTlsLink<Data = unknown>(connection: ConnectionOptions, handlers: LinkHandlers<Data>, options: LinkOptions = {}): Link<Data> {
  return Link.connecting(new LinkSetup(handlers, options), (onread) => connectTls({ ...connection, allowHalfOpen: true, ...(onread && { onread }) } as ConnectionOptions));
}

/** How the connections of a server are linked. */
export interface LinkServerOptions extends LinkOptions {
  /** For `net.createServer`. `allowHalfOpen` and `pauseOnConnect` are set here. */
  server?: Omit<ServerOpts, 'allowHalfOpen' | 'pauseOnConnect'>;
}

/** A server whose connections are links. Listen on it and close it as on any of Node's. @throws MemoryError `ERR_MEMORY_LIMIT` */
export function linkServer<Data = unknown>(handlers: LinkHandlers<Data>, options: LinkServerOptions = {}): Server {
  const setup = new LinkSetup(handlers, options);
  return createServer({ ...options.server, allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    Link.over(socket, setup).resume();
  });
}
