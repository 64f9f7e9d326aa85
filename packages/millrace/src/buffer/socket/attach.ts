import { connect, createServer, Socket, type NetConnectOpts, type Server, type ServerOpts } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { defaultHeap } from '../../memory/heap.js';
import { Landing } from './landing.js';
import { Link, type LinkHandlers, type LinkOptions } from './link.js';

// The parts of a socket that Node does not document. Each is looked for before it is used; without them reads are copied.
interface Internals {
  _handle?: { reading?: boolean; readStart?: unknown; useUserBuffer?: unknown } | null;
  _server?: unknown;
  server?: unknown;
}

/**
 * Reads `socket` into a LinkBuffer and writes it from one.
 *
 * An accepted connection whose server has `pauseOnConnect: true` (see {@link linkServer}) is read straight into the heap: its handle moves to a
 * new socket, `link.socket`, and the one given must not be used any more. Any other socket, TLS on the server's side for one, is read by 'data'
 * events and copied. {@link Link.direct} says which it is. What is written in answer to the peer's end needs a socket with `allowHalfOpen: true`. Sockets we connect ourselves are read directly in any case: {@link connectLink}.
 */
export function attach(socket: Socket, handlers: LinkHandlers, options: LinkOptions = {}): Link {
  if ((options.reading ?? 'auto') === 'auto' && canMove(socket)) {
    const link = new Link((self) => moveHandle(socket, self.onread), handlers, options);
    // The constructor asks for its buffer at once: one that did not would hand out Buffers of its own.
    link.direct = link.wasAsked;
    if (!link.direct) link.listen();
    return link;
  }
  const link = new Link(() => socket, handlers, options);
  link.listen();
  return link;
}

/** Connects over TCP or a Unix socket; reads go straight into the heap. */
export function connectLink(connection: NetConnectOpts, handlers: LinkHandlers, options: LinkOptions = {}): Link {
  return make((onread) => connect({ ...connection, allowHalfOpen: true, ...onread }), handlers, options);
}

/** Connects over TLS. Node decrypts into memory of its own and copies from there into the heap: the one copy that TLS forces. */
export function connectTlsLink(connection: ConnectionOptions, handlers: LinkHandlers, options: LinkOptions = {}): Link {
  return make((onread) => connectTls({ ...connection, allowHalfOpen: true, ...onread } as ConnectionOptions), handlers, options);
}

function make(open: (onread: { onread?: Link['onread'] }) => Socket, handlers: LinkHandlers, options: LinkOptions): Link {
  const direct = (options.reading ?? 'auto') === 'auto';
  const link = new Link((self) => open(direct ? { onread: self.onread } : {}), handlers, options);
  link.direct = direct;
  if (!direct) link.listen();
  return link;
}

/** How the connections of a server are linked. */
export interface LinkServerOptions extends LinkOptions {
  /** For `net.createServer`. `allowHalfOpen` and `pauseOnConnect` are set here. */
  server?: Omit<ServerOpts, 'allowHalfOpen' | 'pauseOnConnect'>;
}

/** A server whose connections are links. Listen on it and close it as on any of Node's. @throws MemoryError `ERR_MEMORY_LIMIT` */
export function linkServer(open: (link: Link) => void, handlers: LinkHandlers, options: LinkServerOptions = {}): Server {
  const { server = {}, ...linkOptions } = options;
  Landing.of(options.heap ?? defaultHeap()); // so that a full heap is met here and not with the first connection
  return createServer({ ...server, allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    const link = attach(socket, handlers, linkOptions);
    open(link);
    // Reading by 'data' events waits for this; a moved handle reads already.
    if (!link.direct) link.resume();
  });
}

/** Whether the socket's handle can move to another that reads into our memory: nothing of it has been read, and its parts are where we know them. */
function canMove(socket: Socket): boolean {
  if (socket.constructor !== Socket || socket.connecting || socket.destroyed) return false;
  const handle = (socket as unknown as Internals)._handle;
  if (!handle || handle.reading !== false || typeof handle.readStart !== 'function' || typeof handle.useUserBuffer !== 'function') return false;
  return socket.bytesRead === 0 && socket.readableLength === 0 && socket.writableLength === 0 && socket.listenerCount('data') === 0;
}

function moveHandle(from: Socket, onread: { buffer: () => Uint8Array; callback: (n: number) => boolean }): Socket {
  const old = from as unknown as Internals;
  const handle = old._handle;
  old._handle = null;
  const socket = new Socket({ handle, onread, allowHalfOpen: true } as ConstructorParameters<typeof Socket>[0]);
  // The server counts its connections down through this; the old socket is garbage then.
  const now = socket as unknown as Internals;
  if (old._server !== undefined && now._server !== undefined) {
    now._server = old._server;
    now.server = old.server;
    old._server = null;
    old.server = null;
  } else socket.once('close', () => from.destroy());
  return socket;
}
