import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, Socket, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { length32 } from '../../../src/buffer/framing/length-prefix.js';
import { Landing } from '../../../src/buffer/socket/landing.js';
import { attach, connectLink, connectTlsLink, linkServer } from '../../../src/buffer/socket/attach.js';
import type { Link, LinkHandlers, LinkOptions } from '../../../src/buffer/socket/link.js';
import { Bytes } from '../../../src/bytes/bytes.js';
import { Heap } from '../../../src/memory/heap.js';
import { cert, key } from './certificate.js';

let heap: Heap;
let folder: string;
const servers: Server[] = [];

beforeEach(() => {
  heap = new Heap({ limit: 2 ** 26 });
  folder = mkdtempSync(join(tmpdir(), 'millrace-link-'));
});

afterEach(async () => {
  for (const server of servers.splice(0)) {
    // close() waits for every connection: one that was not counted down would hang here.
    await new Promise((resolve) => server.close(resolve));
  }
  rmSync(folder, { recursive: true, force: true });
  // A TLS socket closes a moment after the connection under it.
  for (let i = 0; i < 100 && heap.live > 0; i += 1) await turn(2);
  expect(heap.live).toBe(0);
  heap.audit();
});

type Way = { name: string; transport: 'tcp' | 'unix' | 'tls'; reading: 'auto' | 'copy' };
const ways: Way[] = [
  { name: 'TCP, direct', transport: 'tcp', reading: 'auto' },
  { name: 'TCP, copied', transport: 'tcp', reading: 'copy' },
  { name: 'Unix socket, direct', transport: 'unix', reading: 'auto' },
  { name: 'Unix socket, copied', transport: 'unix', reading: 'copy' },
  { name: 'TLS', transport: 'tls', reading: 'auto' },
];

async function listen<Data>(way: Way, open: (link: Link) => Data, others: LinkHandlers<Data>, options: LinkOptions = {}): Promise<Server> {
  const handlers = { ...others, open };
  const all = { heap, reading: way.reading, ...options };
  const server = way.transport === 'tls'
    ? createTlsServer({ key, cert, allowHalfOpen: true }, (socket) => void attach(socket, handlers, all))
    : linkServer(handlers, all);
  servers.push(server);
  if (way.transport === 'unix') server.listen(join(folder, 's'));
  else server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function dial(way: Way, server: Server, handlers: LinkHandlers, options: LinkOptions = {}): Link {
  const all = { heap, reading: way.reading, ...options };
  if (way.transport === 'unix') return connectLink({ path: join(folder, 's') }, handlers, all);
  const { port } = server.address() as AddressInfo;
  if (way.transport === 'tls') return connectTlsLink({ port, host: '127.0.0.1', ca: cert, servername: 'localhost' }, handlers, all);
  return connectLink({ port, host: '127.0.0.1' }, handlers, all);
}

const closed = (link: Link): Promise<unknown> => (link.isClosed ? Promise.resolve() : new Promise((resolve) => link.socket.once('close', resolve)));
const turn = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !condition(); i += 1) await turn(2);
  expect(condition()).toBe(true);
}

function pattern(length: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i += 1) bytes[i] = (i * 31 + (i >> 8) * 7 + seed) & 255;
  return bytes;
}

describe.each(ways)('$name', (way) => {
  it('echoes framed messages of every size, in order and whole', async () => {
    const sizes = [0, 1, 3, 100, 4095, 4096, 65_536, 300_000, 5, 1_000_000];
    const directs: boolean[] = [];
    // The echo cuts at message boundaries and sends the memory that was read into.
    const server = await listen(way, (link) => {
      directs.push(link.direct);
      return length32().scanner(heap);
    }, {
      data(link) {
        const scanner = link.data;
        // New bytes are the last of what is readable; those before them were scanned.
        const fresh = link.input.length - scanner.pending;
        const front = link.input.peek(link.input.length);
        const address = front.byteOffset + scanner.pending;
        const end = scanner.scan(address, fresh);
        if (scanner.messages > 0) link.send(link.input.next(address - front.byteOffset + end));
        link.carry = scanner.pending;
      },
    });
    const got: Buffer[] = [];
    let total = 0;
    const client = dial(way, server, {
      data(link) {
        const bytes = link.input.readBinary(link.input.length);
        got.push(bytes);
        total += bytes.length;
      },
    });
    const sent = sizes.map((size, i) => {
      const message = Buffer.alloc(4 + size);
      message.writeUInt32BE(size);
      pattern(size, i).copy(message, 4);
      return message;
    });
    for (const message of sent) {
      client.output.writeBinary(message);
      client.flush();
    }
    const wanted = Buffer.concat(sent);
    await until(() => total === wanted.length);
    expect(Buffer.concat(got).equals(wanted)).toBe(true);
    client.end();
    await closed(client);
    expect(directs).toEqual([way.reading === 'auto']);
    expect(client.direct).toBe(way.reading === 'auto');
    expect(client.pendingBytes).toBe(0);
  });

  it('stops reading when told, and the sender notices; goes on where it stopped', async () => {
    let serverLink: Link | undefined;
    let seen = 0;
    let paused = true;
    const server = await listen(way, (link) => {
      serverLink = link;
    }, {
      data(link) {
        seen += link.input.length;
        link.input.skip(link.input.length);
        return !paused;
      },
    });
    let drained = 0;
    const client = dial(way, server, { data() {}, drain: () => (drained += 1) });
    // More than the kernel's own buffers take.
    let sent = 0;
    const chunk = pattern(256 * 1024, 1);
    let room = true;
    while (sent < 24 * 2 ** 20) {
      client.output.writeBinary(chunk);
      room = client.flush();
      sent += chunk.length;
    }
    expect(room).toBe(false);
    await until(() => seen > 0);
    const first = seen;
    await turn(50);
    expect(seen).toBe(first);
    expect(drained).toBe(0);
    expect(client.pendingBytes).toBeGreaterThan(2 ** 20);
    paused = false;
    serverLink!.resume();
    await until(() => seen === sent);
    expect(drained).toBe(1);
    expect(client.pendingBytes).toBe(0);
    client.end();
    await closed(client);
  });

  it('a link that has answered and waits holds no memory for what it may write', async () => {
    let answered: Link | undefined;
    const server = await listen(way, () => undefined, {
      data(link) {
        link.input.skip(link.input.length);
        link.output.writeString('a short answer');
        link.flush();
        answered = link;
      },
    });
    const client = dial(way, server, { data: () => true });
    client.output.writeString('a short question');
    client.flush();
    await until(() => client.input.length === 14 && answered!.pendingBytes === 0 && client.pendingBytes === 0);
    // The answer lies in what all links share for what has landed: nothing else is left.
    expect(heap.live).toBeLessThanOrEqual(8192);
    client.input.skip(14);
    client.end();
    await closed(client);
  });

  it('half-close: what is written in answer to the end still arrives', async () => {
    let received = '';
    const server = await listen(way, () => {}, {
      data() {},
      end(link) {
        received = link.input.readString(link.input.length);
        link.output.writeString('and good bye');
      },
    });
    let answer = '';
    const client = dial(way, server, { data: (link) => void (answer += link.input.readString(link.input.length)) });
    client.output.writeString('hello');
    client.end();
    await closed(client);
    expect(received).toBe('hello');
    expect(answer).toBe('and good bye');
  });

  it('an error thrown by the data handler ends the link with it, and nothing stays behind', async () => {
    const errors: unknown[] = [];
    const server = await listen(way, () => {}, {
      data(link) {
        link.input.next(link.input.length).release();
        throw new Error('no such message');
      },
      close: (_link, error) => errors.push(error?.message),
    });
    const client = dial(way, server, { data() {} });
    client.output.writeString('x');
    client.flush();
    await closed(client);
    await until(() => errors.length === 1);
    expect(errors).toEqual(['no such message']);
  });

  it('destroying either side with writes under way gives everything back', async () => {
    for (const who of ['client', 'server']) {
      let serverLink: Link | undefined;
      let over = false;
      const handlers: LinkHandlers = {
        data(link) {
          if (over) link.input.skip(link.input.length);
          return over;
        },
      };
      const server = await listen(way, (link) => {
        serverLink = link;
        link.send(Bytes.copyOf(pattern(3_000_000, 2), heap));
      }, handlers);
      const client = dial(way, server, handlers);
      client.send(Bytes.copyOf(pattern(3_000_000, 3), heap));
      await until(() => serverLink !== undefined && client.input.length > 0);
      const link = who === 'client' ? client : serverLink!;
      link.destroy();
      // Who does not read does not notice that the peer has gone.
      over = true;
      (link === client ? serverLink! : client).resume();
      await Promise.all([closed(client), closed(serverLink!)]);
      expect(link.pendingBytes).toBe(0);
      link.output.writeString('too late');
      link.flush();
      link.output.close();
      await new Promise((resolve) => servers.pop()!.close(resolve));
      rmSync(join(folder, 's'), { force: true });
      expect(heap.live).toBe(0);
    }
  });

  it.each(['server', 'client'])('waits while the heap is full, and loses nothing: the %s', async (reader) => {
    const small = new Heap({ limit: 2 ** 21 });
    Landing.of(small);
    const got: Buffer[] = [];
    let total = 0;
    const reads: LinkHandlers = {
      data(link) {
        const bytes = link.input.readBinary(link.input.length);
        got.push(bytes);
        total += bytes.length;
      },
    };
    const writes: LinkHandlers = { data() {} };
    let opened: Link | undefined;
    const server = await listen(way, (link) => {
      opened = link;
    }, reader === 'server' ? reads : writes, { heap: reader === 'server' ? small : heap });
    const client = dial(way, server, reader === 'server' ? writes : reads, { heap: reader === 'server' ? heap : small });
    await until(() => opened !== undefined);
    const hog: number[] = [];
    try {
      for (let size = 2 ** 19; size >= 1024; size >>= 1) for (;;) hog.push(small.allocate(size), size);
    } catch {
      for (let size = 512; size >= 16; ) {
        try {
          hog.push(small.allocate(size), size);
        } catch {
          size >>= 1;
        }
      }
    }
    const wanted = pattern(400_000, 9);
    const writer = reader === 'server' ? client : opened!;
    writer.output.writeBinary(wanted);
    writer.flush();
    await turn(60);
    expect(total).toBe(0);
    while (hog.length > 0) {
      const size = hog.pop()!;
      small.free(hog.pop()!, small.roundUp(size));
    }
    await until(() => total === wanted.length);
    expect(Buffer.concat(got).equals(wanted)).toBe(true);
    client.end();
    await closed(client);
    await new Promise((resolve) => servers.pop()!.close(resolve));
    expect(small.live).toBe(0);
  });
});

describe('idle connections', () => {
  it('hold no booked room after a sweep, and read on', async () => {
    const way = ways[0]!;
    let link: Link | undefined;
    let text = '';
    const server = await listen(way, (opened) => {
      link = opened;
    }, { data: (self) => void (text += self.input.readString(self.input.length)) });
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.write(Buffer.alloc(5000, 'f'));
    await until(() => text.length === 5000);
    expect(heap.live).toBeGreaterThan(0);
    await until(() => heap.live === 0);
    // Twice as much as before must come first, as it has slept once.
    client.write(Buffer.alloc(8192, 's'));
    await until(() => text.length === 5000 + 8192);
    // Straight into a booking now: nothing further was copied.
    const copied = link!.input.copiedBytes;
    client.write('third');
    await until(() => text.endsWith('third'));
    expect(link!.input.copiedBytes).toBe(copied);
    client.destroy();
    await closed(link!);
  });
});

describe('faults', () => {
  it('a link that is closed while it waits for memory leaves the line and gives everything back', async () => {
    const small = new Heap({ limit: 2 ** 21 });
    Landing.of(small);
    let link: Link | undefined;
    const server = await listen(ways[0]!, (opened) => {
      link = opened;
    }, { data() {} }, { heap: small });
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await until(() => link !== undefined);
    const hog: [address: number, size: number][] = [];
    for (let size = 2 ** 19; size >= 16; size >>= 1) {
      for (let address = small.tryAllocate(size); address >= 0; address = small.tryAllocate(size)) hog.push([address, size]);
    }
    client.write(pattern(10_000, 1));
    await until(() => small.stats().waiting === 1);
    client.resetAndDestroy();
    link!.destroy();
    await closed(link!);
    expect(small.stats().waiting).toBe(0);
    for (const [address, size] of hog) small.free(address, size);
    await turn(10);
    expect(small.live).toBe(0);
  });

  it('a reset in the middle of a message gives everything back and names the error', async () => {
    const errors: (Error | undefined)[] = [];
    let arrived = 0;
    const server = await listen(ways[0]!, () => {}, {
      data: (link) => {
        arrived = link.input.length;
      },
      close: (_link, error) => errors.push(error),
    });
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.write(pattern(10_000, 1));
    await until(() => arrived === 10_000);
    client.resetAndDestroy();
    await until(() => errors.length === 1);
    expect(errors[0]).toMatchObject({ code: 'ECONNRESET' });
  });

  it.each(ways)('a peer that falls silent inside a message, its end open: $name', async (way) => {
    // What no event tells: the connection is there, and nothing comes. A timeout ends it, with a torn message in and a write under way.
    const closes: (Error | undefined)[] = [];
    let pending = 0;
    let timedOut = false;
    const server = await listen(way, (link) => {
      link.socket.setTimeout(50, () => {
        timedOut = true;
        pending = link.pendingBytes;
        link.destroy();
      });
      return length32().scanner(heap);
    }, {
      data(link) {
        const scanner = link.data;
        expect(scanner.scan(link.input.front!.start + scanner.pending, link.input.length - scanner.pending)).toBe(0);
        link.carry = scanner.pending;
        link.send(Bytes.copyOf(pattern(20_000_000, 1), heap));
      },
      close: (_link, error) => closes.push(error),
    });
    const client = dial(way, server, { data: () => false });
    client.output.writeBinary(Uint8Array.of(0, 0, 1, 0, 1, 2, 3));
    client.flush();
    await until(() => closes.length === 1);
    expect(timedOut).toBe(true);
    expect(pending).toBeGreaterThan(0);
    expect(closes).toEqual([undefined]);
    client.destroy();
    await closed(client);
  });

  it('one byte at a time', async () => {
    let text = '';
    let messages = 0;
    const scanner = length32().scanner(heap);
    const server = await listen(ways[0]!, () => {}, {
      data(link) {
        expect(link.input.contiguousLength).toBe(link.input.length);
        const { pending } = scanner;
        const end = scanner.scan(link.input.front!.start + pending, link.input.length - pending);
        link.carry = scanner.pending;
        messages += scanner.messages;
        if (scanner.messages > 0) text += link.input.readString(pending + end);
      },
    }, { minBook: 64, maxBook: 64 });
    const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true });
    const framed = Array.from({ length: 12 }, (_, i) => `\0\0\0${String.fromCharCode(2 * i)}${'ab'.repeat(i)}`);
    for (const byte of Buffer.from(framed.join(''))) {
      client.write(Uint8Array.of(byte));
      await turn();
    }
    await until(() => messages === framed.length);
    expect(text).toBe(framed.join(''));
    client.end();
    await once(client, 'close');
  });

  it('a peer that never reads fills the high-water mark, and its going gives everything back', async () => {
    const server = createServer((socket) => socket.pause());
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const peers: Socket[] = [];
    server.on('connection', (socket) => peers.push(socket));
    const link = connectLink({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' }, { data() {} }, { heap, highWaterMark: 100_000 });
    while (link.send(Bytes.copyOf(pattern(50_000, 1), heap)));
    expect(link.pendingBytes).toBe(100_000);
    link.send(Bytes.copyOf(pattern(20_000_000, 1), heap));
    await until(() => peers.length === 1);
    await turn(20);
    expect(link.pendingBytes).toBeGreaterThan(1_000_000);
    peers[0]!.resetAndDestroy();
    await closed(link);
    expect(link.pendingBytes).toBe(0);
  });

  it('a connection refused is reported at close', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const error = await new Promise<Error | undefined>((resolve) => {
      const link = connectLink({ port, host: '127.0.0.1' }, { data() {}, close: (_link, why) => resolve(why) }, { heap });
      link.output.writeString('never sent');
      link.flush();
    });
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('keeps what open gave, on both sides, before anything is read', async () => {
    const seen: string[] = [];
    const server = linkServer({
      open: (link) => ({ name: 'server', unread: link.input.length }),
      data(link) {
        seen.push(`${link.data.name} ${link.data.unread} ${link.input.readString(link.input.length)}`);
        link.end();
      },
    }, { heap });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connectLink({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' }, { open: () => 7, data() {} }, { heap });
    expect(client.data).toBe(7);
    client.output.writeString('hello');
    client.flush();
    await closed(client);
    expect(seen).toEqual(['server 0 hello']);
  });

  it('an open that throws destroys the link, and whoever made it learns of it', async () => {
    const fault = new Error('not today');
    const told: unknown[] = [];
    const server = createServer((socket) => void socket.on('error', () => {}));
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    const handlers: LinkHandlers<number> = {
      open: () => {
        throw fault;
      },
      data() {},
      close: (link, error) => void told.push(error, link.data),
    };
    await once(socket, 'connect');
    expect(() => attach(socket, handlers, { heap })).toThrow(fault);
    expect(() => connectLink({ port, host: '127.0.0.1' }, handlers, { heap })).toThrow(fault);
    await until(() => told.length === 4);
    expect(told).toEqual([fault, undefined, fault, undefined]);
    expect(socket.destroyed).toBe(true);
  });

  it.each([true, false])('attach takes a connection that was read from already (and is listened to: %s)', async (listened) => {
    const texts: string[] = [];
    let direct: boolean | undefined;
    const server = createServer((socket) => {
      socket.once('data', (chunk) => {
        texts.push(String(chunk));
        if (listened) socket.on('data', () => {});
        const link = attach(socket, { data: (self) => void texts.push(self.input.readString(self.input.length)) }, { heap });
        direct = link.direct;
      });
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.write('one');
    await until(() => texts.length === 1);
    client.write('two');
    await until(() => texts.length === 2);
    expect(texts).toEqual(['one', 'two']);
    expect(direct).toBe(!listened);
    client.end();
    client.resume();
    await once(client, 'close');
  });
});
