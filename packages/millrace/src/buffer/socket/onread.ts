import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

// Node reads into memory of the user's where a socket was made with the option `onread`, which only those who connect can give. It keeps the
// option's three parts in slots of the socket whose names are not documented, and tells the handle once where the memory is. An accepted
// connection is therefore made one of these by filling its slots; which they are is found out by making such a socket and looking for the
// parts that were given. Where they are not found, nothing of this is done, and what Node reads is copied.

/** The parts of a socket that Node does not document. */
interface Slotted {
  _handle?: Handle | null;
  [READER]?: Reader;
  [slot: symbol]: unknown;
}

interface Handle {
  useUserBuffer?: (view: Uint8Array) => void;
}

interface Slots {
  /** The memory that the read under way fills. */
  readonly view: symbol;
  /** Gives the memory for the one after it. */
  readonly next: symbol;
  /** Is told how many bytes came; false to stop reading. */
  readonly arrived: symbol;
}

/** Where a socket has its reader. */
export const READER: unique symbol = Symbol('reader');

/** Who reads: its `view` is filled, and then looked at anew for the next read. */
export interface Reader {
  readonly view: Uint8Array;
  /** `n` bytes came. Gives false to stop reading. */
  read(n: number): boolean;
}

type SocketMaker = new (options: object) => object;

/** Looks for the slots in a socket on a handle that does nothing; undefined when Node does otherwise than we know. */
export function findSlots(Maker: SocketMaker = Socket as unknown as SocketMaker): Slots | undefined {
  const view = new Uint8Array(1);
  const next = (): Uint8Array => view;
  const arrived = (): boolean => false;
  let told: unknown;
  const handle = {
    useUserBuffer: (given: unknown) => {
      told = given;
    },
    readStart: () => 0,
    readStop: () => 0,
    getAsyncId: () => 0,
  };
  try {
    const socket = new Maker({ handle, manualStart: true, onread: { buffer: next, callback: arrived } }) as Slotted;
    const slotOf = (part: unknown): symbol | undefined => Object.getOwnPropertySymbols(socket).find((symbol) => socket[symbol] === part);
    const slots = { view: slotOf(view), next: slotOf(next), arrived: slotOf(arrived) };
    if (told !== view || socket._handle !== handle) return undefined;
    if (slots.view === undefined || slots.next === undefined || slots.arrived === undefined) return undefined;
    return slots as Slots;
  } catch {
    return undefined;
  }
}

let chosen: { readonly slots: Slots | undefined } | undefined;

// The choice is made with the first link, once.
function slots(): Slots | undefined {
  chosen ??= { slots: findSlots() };
  return chosen.slots;
}

/** Whether accepted connections are read without a copy in this version of Node. */
export function readsInPlace(): boolean {
  return slots() !== undefined;
}

/** Whether this socket can be: one of Node's own, connected, of which nothing is buffered and which nobody else reads. */
export function canReadInPlace(socket: Socket): boolean {
  const found = slots();
  if (found === undefined || (socket.constructor !== Socket && socket.constructor !== TLSSocket)) return false;
  const { _handle: handle, [found.view]: view } = socket as unknown as Slotted;
  if (!handle || typeof handle.useUserBuffer !== 'function' || view !== null) return false;
  return !socket.connecting && !socket.destroyed && !socket.readableEnded && socket.readableLength === 0 && socket.readableEncoding === null
    && socket.listenerCount('data') === 0 && socket.listenerCount('readable') === 0;
}

/** Has `socket` read for its {@link READER}, if {@link canReadInPlace}. It begins at `socket.resume()`. */
export function readInPlace(socket: Socket): void {
  const { view, next, arrived } = slots()!;
  const slotted = socket as unknown as Slotted;
  const reader = slotted[READER]!;
  slotted[view] = reader.view;
  slotted[next] = giveUpcoming;
  slotted[arrived] = calledOnSocket ? arrive : arriveAndSee(slotted);
  slotted._handle!.useUserBuffer!(reader.view);
}

/** Points the read that `socket` waits for at `view`; false when that cannot be done. Node keeps a few bytes for each call until the socket closes. */
export function redirect(socket: Socket, view: Uint8Array): boolean {
  const found = slots();
  const slotted = socket as unknown as Slotted;
  const handle = slotted._handle;
  if (found === undefined || !handle || typeof handle.useUserBuffer !== 'function' || !slotted[found.view]) return false;
  slotted[found.view] = view;
  handle.useUserBuffer(view);
  return true;
}

// Node asks for the next memory as soon as it has told of a read, before anything else can be read: so one function serves all sockets.
let upcoming: Uint8Array;

function giveUpcoming(): Uint8Array {
  return upcoming;
}

function arrive(this: Slotted, n: number): boolean {
  const reader = this[READER]!;
  const more = reader.read(n);
  upcoming = reader.view;
  return more;
}

// Whether Node calls the slot as a method of its socket, so that one function serves all here too: the first read tells.
let calledOnSocket = false;

function arriveAndSee(socket: Slotted): (n: number) => boolean {
  return function (this: unknown, n: number) {
    calledOnSocket = this === socket;
    return arrive.call(socket, n);
  };
}
