import { once } from 'node:events';
import { connect, createServer, Socket, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { canReadInPlace, findSlots, READER, readInPlace, readsInPlace, redirect, type Reader } from '../../../src/buffer/socket/onread.js';

class Filling implements Reader {
  view: Uint8Array = new Uint8Array(4);
  readonly got: string[] = [];
  more = true;

  read(n: number): boolean {
    this.got.push(Buffer.from(this.view.subarray(0, n)).toString('latin1'));
    this.view = new Uint8Array(4); // the next read goes elsewhere
    return this.more;
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i += 1) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(condition()).toBe(true);
}

describe('reading in place', () => {
  it('is what this version of Node can do: the versions supported all can, so one that cannot should be noticed', () => {
    expect(readsInPlace()).toBe(true);
    const slots = findSlots()!;
    expect(new Set([slots.view, slots.next, slots.arrived]).size).toBe(3);
  });

  it('is not chosen where a socket keeps none of its parts, or does not tell its handle, or cannot be made', () => {
    interface Parts { handle: { useUserBuffer(view: unknown): void }; onread: { buffer(): unknown; callback: unknown } }
    const makers = [
      function makesNothing(): void {},
      function tellsNobody(this: Record<symbol, unknown>, { onread }: Parts): void {
        this[Symbol('next')] = onread.buffer;
        this[Symbol('arrived')] = onread.callback;
        this[Symbol('view')] = onread.buffer();
      },
      function keepsNoView(this: Record<symbol | string, unknown>, { handle, onread }: Parts): void {
        this['_handle'] = handle;
        this[Symbol('next')] = onread.buffer;
        this[Symbol('arrived')] = onread.callback;
        handle.useUserBuffer(onread.buffer());
      },
      function refuses(): void {
        throw new TypeError('there is no option handle');
      },
    ];
    for (const Maker of makers) expect(findSlots(Maker as never)).toBeUndefined();
  });

  // Twice, as the first read of a process decides which function the connections after it get.
  it.each(['first', 'second'])('fills the view that its reader has, stops when told, and goes on: %s connection', async () => {
    const reader = new Filling();
    let accepted: Socket | undefined;
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      expect(canReadInPlace(socket)).toBe(true);
      (socket as unknown as { [READER]: Reader })[READER] = reader;
      readInPlace(socket);
      expect(canReadInPlace(socket)).toBe(false);
      accepted = socket;
      socket.resume();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.write('abcdefghij');
    await until(() => reader.got.join('') === 'abcdefghij');
    expect(reader.got).toEqual(['abcd', 'efgh', 'ij']);
    reader.more = false;
    client.write('klmnop');
    await until(() => reader.got.length === 4);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(reader.got).toHaveLength(4);
    reader.more = true;
    accepted!.resume();
    await until(() => reader.got.length === 5);
    expect(reader.got.slice(3)).toEqual(['klmn', 'op']);
    // A read that is awaited already can be pointed elsewhere.
    const elsewhere = new Uint8Array(8);
    expect(redirect(accepted!, elsewhere)).toBe(true);
    reader.view = elsewhere;
    client.write('qrstuvwx');
    await until(() => reader.got.length === 6);
    expect(reader.got[5]).toBe('qrstuvwx');
    client.end();
    await once(accepted!, 'close');
    expect(redirect(accepted!, elsewhere)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
  });

  it('leaves alone what somebody else reads, or what is not connected', async () => {
    expect(canReadInPlace(new Socket())).toBe(false);
    const seen: boolean[] = [];
    const server = createServer((socket) => {
      socket.setEncoding('latin1');
      seen.push(canReadInPlace(socket));
      socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.resume();
    await once(client, 'close');
    expect(seen).toEqual([false]);
    expect(canReadInPlace(client)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
  });
});
