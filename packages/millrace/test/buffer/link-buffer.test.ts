import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bytes } from '../../src/bytes/bytes.js';
import { LinkBuffer } from '../../src/buffer/link-buffer.js';
import { Heap } from '../../src/memory/heap.js';

let heap: Heap;
let buffer: LinkBuffer;

beforeEach(() => {
  heap = new Heap({ limit: 2 ** 26 });
  buffer = new LinkBuffer({ heap });
});

afterEach(() => {
  buffer.close();
  expect(heap.live).toBe(0);
});

/** Puts bytes in as a socket would. */
function receive(text: string | Uint8Array, into: LinkBuffer = buffer, carry = 0): void {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  into.book(bytes.length, carry);
  into.heap.u8.set(bytes, into.roomAddress);
  into.commit(bytes.length);
}

/** Puts bytes in as a part that touches no other. */
function part(text: string, into: LinkBuffer = buffer): void {
  into.push(Bytes.adopt(Buffer.from(text, 'latin1')));
}

function text(bytes: Bytes): string {
  const found = bytes.toBuffer().toString('latin1');
  bytes.release();
  return found;
}

describe('reading', () => {
  it('next gives the memory itself where the bytes lie side by side', () => {
    receive('hello ');
    receive('world');
    expect(buffer.contiguousLength).toBe(11);
    const address = buffer.front!.start;
    const bytes = buffer.next(8);
    expect(bytes.start).toBe(address);
    expect(text(bytes)).toBe('hello wo');
    expect(text(buffer.next(3))).toBe('rld');
    expect(buffer.copiedBytes).toBe(0);
    expect(buffer.length).toBe(0);
  });

  it('next joins parts that do not touch with one copy, and counts it', () => {
    part('abc');
    part('defg');
    part('hij');
    expect(text(buffer.next(5))).toBe('abcde');
    expect(buffer.copiedBytes).toBe(5);
    expect(text(buffer.next(2))).toBe('fg');
    expect(text(buffer.next(3))).toBe('hij');
    expect(buffer.copiedBytes).toBe(5);
  });

  it('what next gave stays valid when the buffer is closed', () => {
    receive('abcdef');
    const bytes = buffer.next(3);
    buffer.close();
    const other = heap.allocate(64);
    heap.u8.fill(0xee, other, other + 64);
    expect(text(bytes)).toBe('abc');
    heap.free(other, 64);
  });

  it('n <= 0 is empty and no error, on an empty buffer too', () => {
    for (const n of [0, -1]) {
      expect(text(buffer.next(n))).toBe('');
      expect(buffer.peek(n).length).toBe(0);
      expect(buffer.readString(n)).toBe('');
      expect(buffer.readBinary(n).length).toBe(0);
      buffer.skip(n);
      expect(buffer.slice(n).length).toBe(0);
    }
  });

  it('too little data is an error and consumes nothing', () => {
    receive('abc');
    const wrong = expect.objectContaining({ code: 'ERR_INSUFFICIENT_DATA', expected: 4, actual: 3 });
    expect(() => buffer.next(4)).toThrow(wrong);
    expect(() => buffer.peek(4)).toThrow(wrong);
    expect(() => buffer.skip(4)).toThrow(wrong);
    expect(() => buffer.readString(4)).toThrow(wrong);
    expect(() => buffer.readBinary(4)).toThrow(wrong);
    expect(() => buffer.slice(4)).toThrow(wrong);
    expect(() => buffer.until(10)).toThrow(expect.objectContaining({ code: 'ERR_INSUFFICIENT_DATA', actual: 3 }));
    expect(() => buffer.next(1.5)).toThrow(RangeError);
    expect(buffer.readString(3)).toBe('abc');
    expect(() => buffer.readByte()).toThrow(expect.objectContaining({ code: 'ERR_INSUFFICIENT_DATA', expected: 1, actual: 0 }));
  });

  it('until includes the delimiter, across parts, and can go on where a search ended', () => {
    part('ab');
    part('cd\nef\n');
    expect(buffer.indexAfter(10, 5)).toBe(8);
    expect(text(buffer.until(10))).toBe('abcd\n');
    expect(text(buffer.until(10))).toBe('ef\n');
    receive('no end');
    expect(buffer.indexAfter(10)).toBe(0);
    receive(' yet\n');
    expect(text(buffer.until(10, 6))).toBe('no end yet\n');
  });

  it('peek of 4, 3, 5, 6 over parts copies each byte once, and the take after it nothing', () => {
    for (const piece of ['ab', 'cd', 'ef', 'gh']) part(piece);
    expect(buffer.peek(4).toString()).toBe('abcd');
    const live = heap.live;
    for (const [n, shown] of [[3, 'abc'], [5, 'abcde'], [6, 'abcdef']] as const) expect(buffer.peek(n).toString()).toBe(shown);
    expect(heap.live).toBe(live);
    expect(buffer.copiedBytes).toBe(6);
    const joined = buffer.next(6);
    expect(heap.live).toBe(6); // the spare room behind the join has gone back
    expect(text(joined)).toBe('abcdef');
    expect(buffer.copiedBytes).toBe(6);
    expect(buffer.readString(2)).toBe('gh');
  });

  it('1,024 peeks over 100 parts keep memory constant', () => {
    for (let i = 0; i < 100; i += 1) part(String.fromCharCode(48 + (i % 10)).repeat(10));
    buffer.peek(1000);
    const live = heap.live;
    for (let i = 0; i < 1024; i += 1) expect(buffer.peek(1 + (i % 1000)).length).toBe(1 + (i % 1000));
    expect(heap.live).toBe(live);
    expect(buffer.copiedBytes).toBe(1000);
    buffer.skip(1000);
    buffer.release();
    expect(heap.live).toBe(0);
  });

  it('slice is a reader with a life of its own', () => {
    part('abcd');
    receive('efgh');
    const slice = buffer.slice(6);
    expect(buffer.length).toBe(2);
    buffer.close();
    expect(slice.length).toBe(6);
    expect(text(slice.next(5))).toBe('abcde');
    expect(slice.readByte()).toBe(0x66);
    expect(() => slice.readByte()).toThrow(expect.objectContaining({ code: 'ERR_INSUFFICIENT_DATA' }));
    slice.close();
  });

  it('readBinary and readString copy: they outlive the memory, and a character cut in two is whole', () => {
    buffer.push(Bytes.adopt(Uint8Array.of(0xe2, 0x82)));
    buffer.push(Bytes.adopt(Uint8Array.of(0xac, 0x21)));
    expect(buffer.readString(4)).toBe('€!');
    receive('xyz');
    const copy = buffer.readBinary(3);
    buffer.close();
    const again = heap.allocate(64);
    heap.u8.fill(0, again, again + 64);
    expect(copy.toString()).toBe('xyz');
    heap.free(again, 64);
  });

  it('gives memory back as it is consumed, whatever else is in use', () => {
    receive(new Uint8Array(8000));
    buffer.releaseRoom();
    const before = heap.live;
    const kept = buffer.next(16);
    buffer.skip(4000);
    expect(before - heap.live).toBe(4000);
    buffer.close();
    expect(heap.live).toBe(16);
    kept.release();
  });

  it('gives ropes out and takes them in, without a copy', () => {
    part('abc');
    receive('defg');
    part('hij');
    const address = buffer.part(1).start;
    const rope = buffer.nextRope(8);
    expect(rope.partCount).toBe(3);
    expect(buffer.length).toBe(2);
    expect(() => buffer.nextRope(3)).toThrow(expect.objectContaining({ code: 'ERR_INSUFFICIENT_DATA' }));
    expect(buffer.nextRope(0).length).toBe(0);
    buffer.skip(2);
    buffer.push(rope.splitTo(4));
    buffer.writeBytes(rope);
    expect(buffer.flush()).toBe(4);
    expect(buffer.views().map(String)).toEqual(['abc', 'defg', 'h']);
    expect(buffer.part(1).start).toBe(address);
    expect(buffer.copiedBytes).toBe(0);
  });

  it('hands parts and views out as they lie', () => {
    part('ab');
    receive('cd');
    expect(buffer.views().map(String)).toEqual(['ab', 'cd']);
    expect(text(buffer.nextPart()!)).toBe('ab');
    expect(text(buffer.nextPart()!)).toBe('cd');
    expect(buffer.nextPart()).toBeUndefined();
  });
});

describe('booking', () => {
  it('doubles when a read fills it, up to the limit, and comes back down after small reads', () => {
    const own = new LinkBuffer({ heap, minBook: 1024, maxBook: 8192 });
    const sizes: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      own.book(1);
      sizes.push(own.roomLength);
      own.commit(own.roomLength);
      own.skip(own.length);
    }
    expect(sizes).toEqual([1024, 2048, 4096, 8192, 8192]);
    for (let i = 0; i < 8 * 3; i += 1) {
      own.book(8192);
      own.commit(1);
      own.releaseRoom();
    }
    own.skip(own.length);
    own.book(1);
    expect(own.roomLength).toBe(1024);
    own.close();
  });

  it('uses what is left of a booking before it books anew, and gives unused room back', () => {
    receive('abc');
    const address = buffer.roomAddress;
    buffer.book(8000);
    expect(buffer.roomAddress).toBe(address);
    buffer.skip(3);
    buffer.releaseRoom();
    expect(heap.live).toBe(0);
    expect(() => buffer.commit(1)).toThrow(RangeError);
  });

  it('carries the end of a torn message to the front of the next booking: one counted copy, contiguous after', () => {
    const own = new LinkBuffer({ heap, minBook: 64, maxBook: 64 });
    receive('m'.repeat(50) + 'torn', own);
    const whole = own.next(50);
    receive(' message and much more than fits', own, 4);
    expect(own.copiedBytes).toBe(4);
    expect(own.contiguousLength).toBe(own.length);
    whole.release();
    expect(own.readString(12)).toBe('torn message');
    own.close();
  });

  it('leaves what is readable before the carried tail where it is', () => {
    const own = new LinkBuffer({ heap, minBook: 64, maxBook: 64 });
    receive('complete;torn', own);
    const address = own.front!.start;
    own.book(100, 4);
    expect(own.front!.start).toBe(address);
    own.commit(0);
    expect(own.views().map(String)).toEqual(['complete;', 'torn']);
    expect(own.copiedBytes).toBe(4);
    expect(() => own.book(1e6, 14)).toThrow(RangeError);
    own.close();
  });

  it('a message of 1 MiB that comes 1 KiB at a time is copied about twice in all', () => {
    const own = new LinkBuffer({ heap, minBook: 4096, maxBook: 4096 });
    for (let i = 0; i < 1024; i += 1) receive(new Uint8Array(1024).fill(i), own, own.length);
    expect(own.contiguousLength).toBe(2 ** 20);
    expect(own.copiedBytes).toBeLessThan(2.2 * 2 ** 20);
    for (const [i, byte] of [[0, 0], [1024, 1], [2 ** 20 - 1, 255]] as const) expect(own.peek(2 ** 20)[i]).toBe(byte);
    own.close();
  });

  it('refuses what cannot be, and is whole after the heap refused', () => {
    receive('abc');
    expect(() => buffer.book(0)).toThrow(RangeError);
    expect(() => buffer.book(2 ** 27)).toThrow(expect.objectContaining({ code: 'ERR_MEMORY_LIMIT' }));
    expect(() => buffer.commit(1)).toThrow(RangeError);
    expect(buffer.readString(3)).toBe('abc');
    receive('def');
    expect(buffer.readString(3)).toBe('def');
    for (const options of [{ minBook: 1 }, { minBook: 128, maxBook: 64 }, { copyBelow: -1 }]) expect(() => new LinkBuffer({ heap, ...options })).toThrow(RangeError);
  });
});

describe('writing', () => {
  const written = (from: LinkBuffer = buffer): string => Buffer.concat(from.views()).toString('latin1');

  it('nothing is visible before flush', () => {
    buffer.malloc(3).write('abc');
    buffer.writeString('def');
    buffer.writeByte(0x67);
    buffer.writeBinary(Buffer.alloc(5000, 'h'));
    expect(buffer.length).toBe(0);
    expect(buffer.views()).toEqual([]);
    expect(() => buffer.next(1)).toThrow(expect.objectContaining({ code: 'ERR_INSUFFICIENT_DATA' }));
    expect(buffer.mallocLength).toBe(5007);
    expect(buffer.flush()).toBe(5007);
    expect(buffer.mallocLength).toBe(0);
    expect(written()).toBe(`abcdefg${'h'.repeat(5000)}`);
    expect(buffer.flush()).toBe(0);
  });

  it('small writes share memory, large ones are taken by reference', () => {
    const large = Buffer.alloc(4096, 'L');
    buffer.writeString('head');
    buffer.writeBinary(Buffer.from('small'));
    buffer.writeBinary(large);
    buffer.writeString('tail');
    buffer.flush();
    const views = buffer.views();
    expect(views.map((view) => view.length)).toEqual([9, 4096, 4]);
    expect(views[1]!.buffer).toBe(large.buffer);
    expect(buffer.copiedBytes).toBe(5);
  });

  it('iovec of a single part has that part', () => {
    buffer.writeString('one');
    buffer.flush();
    expect(buffer.views().map(String)).toEqual(['one']);
  });

  it('a handle is taken over: by reference when large, copied and released when small', () => {
    const small = Bytes.copyOf(Buffer.from('tiny'), heap);
    const large = Bytes.copyOf(Buffer.alloc(256, 'B'), heap);
    const address = large.start;
    buffer.writeBytes(small);
    expect(small.isReleased).toBe(true);
    buffer.writeBytes(large);
    buffer.flush();
    expect(written()).toBe(`tiny${'B'.repeat(256)}`);
    buffer.skip(4);
    expect(buffer.front!.start).toBe(address);
  });

  it('mallocAck keeps the first n, and refuses more than was written', () => {
    buffer.malloc(6).write('abcdef');
    buffer.mallocAck(4);
    expect(buffer.mallocLength).toBe(4);
    buffer.writeBinary(Buffer.alloc(5000, 'x'));
    buffer.writeString('end');
    buffer.mallocAck(6);
    buffer.writeString('!');
    expect(() => buffer.mallocAck(8)).toThrow(RangeError);
    expect(() => buffer.mallocAck(-1)).toThrow(RangeError);
    expect(buffer.mallocLength).toBe(7);
    buffer.flush();
    expect(written()).toBe('abcdxx!');
    buffer.writeString('gone');
    buffer.mallocAck(0);
    expect(buffer.flush()).toBe(0);
  });

  it.each([0, 1, 3, 7, 10])('writeDirect puts bytes before the last %i', (remaining) => {
    buffer.writeString('abc');
    buffer.malloc(7).write('defghij');
    buffer.writeDirect(Buffer.from('<body>'), remaining);
    buffer.writeString('k');
    buffer.flush();
    expect(written()).toBe(`${'abcdefghij'.slice(0, 10 - remaining)}<body>${'abcdefghij'.slice(10 - remaining)}k`);
  });

  it('a region given by malloc may be filled after writeDirect', () => {
    const region = buffer.malloc(8);
    buffer.writeDirect(Buffer.from('<body>'), 3);
    region.write('01234567');
    buffer.flush();
    expect(written()).toBe('01234<body>567');
    expect(() => buffer.writeDirect(Buffer.from('x'), 1)).toThrow(RangeError);
  });

  it('writeDirect, slice and close do not issue live memory again', () => {
    const body = Bytes.copyOf(Buffer.alloc(2000, 'b'), heap);
    buffer.malloc(8).write('headtail');
    buffer.writeDirect(body, 4);
    buffer.flush();
    const slice = buffer.slice(1004);
    buffer.close();
    const others: [number, number][] = [];
    for (const size of [16, 512, 1000, 4096, 8192]) {
      const address = heap.allocate(size);
      heap.u8.fill(0xee, address, address + size);
      others.push([address, heap.roundUp(size)]);
    }
    expect(slice.readString(1004)).toBe(`head${'b'.repeat(1000)}`);
    for (const [address, size] of others) heap.free(address, size);
    slice.close();
  });

  it('append takes the parts of another buffer, flushed or not, and shows them after flush only', () => {
    const other = new LinkBuffer({ heap });
    other.writeString('flushed ');
    other.flush();
    other.writeString('and not ');
    const address = other.front!.start;
    buffer.writeString('first ');
    buffer.append(other);
    expect(other.length + other.mallocLength).toBe(0);
    expect(buffer.length).toBe(0);
    buffer.writeString('last');
    buffer.flush();
    expect(written()).toBe('first flushed and not last');
    buffer.skip(6);
    expect(buffer.front!.start).toBe(address);
    expect(() => buffer.append(buffer)).toThrow(RangeError);
    other.writeString('usable still');
    other.flush();
    expect(written(other)).toBe('usable still');
    other.close();
  });

  it('refuses what cannot be written', () => {
    expect(() => buffer.malloc(-1)).toThrow(RangeError);
    expect(() => buffer.writeByte(256)).toThrow(RangeError);
    expect(() => buffer.writeBinary('text' as unknown as Uint8Array)).toThrow(TypeError);
    expect(() => buffer.writeString(1 as unknown as string)).toThrow(TypeError);
    expect(buffer.malloc(0).length).toBe(0);
  });

  it('reads what it wrote while more is being written', () => {
    for (let i = 0; i < 2000; i += 1) {
      buffer.writeString(`message ${i};`);
      buffer.flush();
      buffer.writeString('x');
      expect(text(buffer.until(0x3b))).toBe(`message ${i};`);
      buffer.mallocAck(0);
    }
    expect(buffer.length).toBe(0);
  });
});
