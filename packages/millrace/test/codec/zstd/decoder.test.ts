import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CodecError } from '../../../src/base/errors.js';
import { Bytes, BytesMut } from '../../../src/bytes/bytes.js';
import { ZstdDecoder, type ZstdDecoderOptions } from '../../../src/codec/zstd/decoder.js';
import { ZstdDictionary } from '../../../src/codec/zstd/dictionary.js';
import { Heap } from '../../../src/memory/heap.js';
import { dictionary, frames, patched, records, reference, trained } from './fixtures.js';

let heap: Heap;
const open: { release(): void }[] = [];

beforeEach(() => {
  heap = new Heap({ limit: 64 * 2 ** 20 });
});

afterEach(() => {
  for (const it of open.splice(0)) it.release();
  expect(heap.live).toBe(0);
  heap.audit();
});

function decoder(options: ZstdDecoderOptions = {}): ZstdDecoder {
  const made = new ZstdDecoder({ heap, ...options });
  open.push(made);
  return made;
}

function fault(run: () => unknown): CodecError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(CodecError);
    return error as CodecError;
  }
  throw new Error('nothing was thrown');
}

// A frame by hand: single segment with a content size of one byte, or none and a window of 1 KiB.
const sized = (size: number, ...blocks: number[][]): Buffer => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, size, ...blocks.flat()]);
const unsized = (...blocks: number[][]): Buffer => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, ...blocks.flat()]);
const block = (type: number, size: number, last: boolean, ...body: number[]): number[] => {
  const bits = (size << 3) | (type << 1) | (last ? 1 : 0);
  return [bits & 255, (bits >> 8) & 255, bits >> 16, ...body];
};
const skippable = (length: number): Buffer => Buffer.from([0x53, 0x2a, 0x4d, 0x18, length, 0, 0, 0, ...Buffer.alloc(length, 7)]);

describe('where output goes', () => {
  for (const { name, frame, content } of frames) {
    test(`${name}: pooled, a Buffer, appended, the caller's memory inside and outside the heap`, () => {
      const zstd = decoder();
      const pooled = zstd.decode(frame);
      expect(pooled.toBuffer().equals(content)).toBe(true);
      pooled.release();
      expect(zstd.decodeToBuffer(frame).equals(content)).toBe(true);
      const target = Buffer.alloc(content.length + 3, 0xee);
      expect(zstd.decodeInto(frame, target)).toBe(content.length);
      expect(target.subarray(0, content.length).equals(content)).toBe(true);
      const out = BytesMut.copyOf(Buffer.from('before '), heap);
      expect(zstd.decodeAppend(frame, out)).toBe(content.length);
      expect(zstd.decodeAppend(frame, out)).toBe(content.length);
      expect(out.toBuffer().equals(Buffer.concat([Buffer.from('before '), content, content]))).toBe(true);
      out.release();
      const inside = BytesMut.withCapacity(content.length, heap);
      const source = Bytes.copyOf(frame, heap);
      expect(zstd.decodeInto(source, inside.spareBuffer().subarray(0, content.length))).toBe(content.length);
      inside.advanceMut(content.length);
      expect(inside.toBuffer().equals(content)).toBe(true);
      inside.release();
      source.release();
    });
  }

  test('a target of exactly the size is filled, and no byte beside it is touched', () => {
    const zstd = decoder();
    for (const { frame, content } of frames) {
      const size = heap.roundUp(content.length + 128);
      const address = heap.allocate(size);
      heap.u8.fill(0xa5, address, address + size);
      expect(zstd.decodeInto(frame, heap.u8.subarray(address + 64, address + 64 + content.length))).toBe(content.length);
      expect(Buffer.from(heap.u8.subarray(address + 64, address + 64 + content.length)).equals(content)).toBe(true);
      expect(heap.u8.subarray(address, address + 64).every((byte) => byte === 0xa5)).toBe(true);
      expect(heap.u8.subarray(address + 64 + content.length, address + size).every((byte) => byte === 0xa5)).toBe(true);
      heap.free(address, size);
    }
  });

  test('a target that is too small says what would do', () => {
    const { frame, content } = frames[1]!;
    const address = heap.allocate(4096);
    for (const target of [Buffer.alloc(content.length - 1), heap.u8.subarray(address, address + content.length - 1)]) {
      const error = fault(() => decoder().decodeInto(frame, target));
      expect(error.code).toBe('ERR_DESTINATION_TOO_SMALL');
      expect(error.expected).toBe(content.length);
      expect(error.actual).toBe(content.length - 1);
    }
    heap.free(address, 4096);
  });

  test('appending that fails leaves the target as it was', () => {
    const out = BytesMut.copyOf(Buffer.from('kept'), heap);
    expect(fault(() => decoder().decodeAppend(frames[3]!.frame.subarray(0, -5), out)).code).toBe('ERR_TRUNCATED');
    const wrong = Buffer.from(frames[3]!.frame);
    wrong[wrong.length - 1]! ^= 1;
    expect(fault(() => decoder().decodeAppend(wrong, out)).code).toBe('ERR_CHECKSUM');
    expect(out.toBuffer().toString()).toBe('kept');
    out.release();
  });

  test('pooled output holds its bytes and no more', () => {
    const zstd = decoder();
    const handles = Array.from({ length: 200 }, () => zstd.decode(frames[0]!.frame));
    zstd.release();
    expect(heap.live).toBe(200 * 256);
    for (const handle of handles) handle.release();
  });
});

describe('frames', () => {
  test('none, one after the other, skippable ones between and at both ends', () => {
    const zstd = decoder();
    expect(zstd.decodeToBuffer(Buffer.alloc(0)).length).toBe(0);
    expect(zstd.decodeToBuffer(skippable(5)).length).toBe(0);
    const all = Buffer.concat([skippable(0), ...frames.map(({ frame }) => frame), skippable(9), unsized(block(1, 700, true, 65)), skippable(1)]);
    const content = Buffer.concat([...frames.map((entry) => entry.content), Buffer.alloc(700, 65)]);
    expect(zstd.decodeToBuffer(all).equals(content)).toBe(true);
    expect(zstd.decodedSize(all)).toBeUndefined();
    expect(zstd.decodedSize(frames[1]!.frame)).toBe(300);
    expect(zstd.decodedSize(Buffer.concat([frames[1]!.frame, skippable(2), frames[0]!.frame]))).toBe(556);
    expect(zstd.decodedSize(frames[2]!.frame)).toBeUndefined();
  });

  test('decodeFrame takes one and leaves what follows alone, whatever it is', () => {
    const zstd = decoder();
    const first = Buffer.concat([skippable(3), frames[1]!.frame]);
    const { bytes, consumed } = zstd.decodeFrame(Buffer.concat([first, Buffer.from('anything')]));
    expect(consumed).toBe(first.length);
    expect(bytes.toBuffer().equals(frames[1]!.content)).toBe(true);
    bytes.release();
  });

  test('raw, RLE and empty blocks', () => {
    const zstd = decoder();
    expect(zstd.decodeToBuffer(sized(5, block(0, 2, false, 1, 2), block(0, 0, false), block(1, 3, true, 9)))).toEqual(Buffer.from([1, 2, 9, 9, 9]));
    expect(zstd.decodeToBuffer(sized(0, block(0, 0, true))).length).toBe(0);
  });
});

describe('what is refused, with a code and the offset of the fault', () => {
  const small = frames[1]!.frame;
  const cases: [string, Buffer, string, number | undefined][] = [
    ['another format', Buffer.from('1f8b0800000000000003', 'hex'), 'ERR_CORRUPT', 0],
    ['a magic number cut off', small.subarray(0, 3), 'ERR_TRUNCATED', 0],
    ['three bytes of another format', Buffer.from([0x28, 0xb5, 0x2e]), 'ERR_CORRUPT', 0],
    ['version 0.7', Buffer.from('27b52ffd0000000000', 'hex'), 'ERR_UNSUPPORTED', 0],
    ['a reserved bit in the header', Buffer.from('28b52ffd2805290000', 'hex'), 'ERR_UNSUPPORTED', 0],
    ['a header cut off', small.subarray(0, 5), 'ERR_TRUNCATED', 0],
    ['no block', sized(5), 'ERR_TRUNCATED', 6],
    ['a block cut off', sized(5, block(0, 5, true, 1, 2)), 'ERR_TRUNCATED', 6],
    ['no last block', sized(5, block(0, 5, false, 1, 2, 3, 4, 5)), 'ERR_TRUNCATED', 14],
    ['the reserved block type', sized(5, block(3, 5, true, 1, 2, 3, 4, 5)), 'ERR_CORRUPT', 9],
    ['a block over the window', unsized(block(1, 1025, true, 65)), 'ERR_CORRUPT', 9],
    ['less content than declared', sized(9, block(0, 5, true, 1, 2, 3, 4, 5)), 'ERR_CORRUPT', 14],
    ['more content than declared', sized(3, block(0, 3, false, 1, 2, 3), block(0, 2, true, 4, 5)), 'ERR_CORRUPT', 15],
    ['a skippable frame cut off', skippable(5).subarray(0, 9), 'ERR_TRUNCATED', 8],
    ['a byte after the frame', Buffer.concat([small, Buffer.from([0])]), 'ERR_CORRUPT', small.length],
    ['a compressed block of one byte', unsized(block(2, 1, true, 0)), 'ERR_CORRUPT', 9],
    ['a treeless block first', unsized(block(2, 5, true, 0x13, 0x40, 0, 0, 0)), 'ERR_CORRUPT', 12],
    ['literals over the block limit', unsized(block(2, 4, true, 0x1c, 0xff, 0xff, 0)), 'ERR_CORRUPT', 9],
    ['a sequences section that is missing', unsized(block(2, 2, true, 0x08, 65)), 'ERR_CORRUPT', 11],
    ['reserved bits of the sequences section', unsized(block(2, 5, true, 0x08, 65, 1, 1, 1)), 'ERR_CORRUPT', 11],
    ['a repeated table that is missing', unsized(block(2, 5, true, 0x08, 65, 1, 0xfc, 1)), 'ERR_CORRUPT', 11],
    ['bytes behind the literals of a block without sequences', unsized(block(2, 4, true, 0x08, 65, 0, 1)), 'ERR_CORRUPT', 11],
    ['a sequence bit stream of zeros', unsized(block(2, 6, true, 0x08, 65, 1, 0, 0, 0)), 'ERR_CORRUPT', 11],
  ];
  for (const [name, input, code, offset] of cases) {
    test(name, () => {
      const error = fault(() => decoder().decode(input));
      expect(error.code).toBe(code);
      expect(error.offset).toBe(offset);
    });
  }

  test('every truncation of a frame', () => {
    const zstd = decoder();
    for (const { frame } of frames.slice(0, 4)) {
      for (let length = 1; length < frame.length; length += 1) expect(fault(() => zstd.decode(frame.subarray(0, length))).code).toBe('ERR_TRUNCATED');
    }
  });

  test('a wrong checksum gives both values, and is let pass when checking is off', () => {
    const { frame, content } = frames[0]!;
    const wrong = Buffer.from(frame);
    wrong[wrong.length - 4]! ^= 0xff;
    const error = fault(() => decoder().decode(wrong));
    expect(error.code).toBe('ERR_CHECKSUM');
    expect(error.expected).toBe(wrong.readUInt32LE(wrong.length - 4));
    expect(error.actual).toBe(frame.readUInt32LE(frame.length - 4));
    expect(decoder({ checksum: false }).decodeToBuffer(wrong).equals(content)).toBe(true);
  });
});

describe('limits', () => {
  // 1,000 RLE blocks of 128 KiB in a frame that does not say how much it holds: 4 KB in, 128 MB out.
  const bomb = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x38]), ...Array.from({ length: 1000 }, (_, i) => Buffer.from(block(1, 131_072, i === 999, 0)))]);

  test('output over maxOutput is refused, declared or not', () => {
    expect(fault(() => decoder({ maxOutput: 299 }).decode(frames[1]!.frame))).toMatchObject({ code: 'ERR_TOO_LARGE', expected: 299, actual: 300 });
    expect(decoder({ maxOutput: 300 }).decodeToBuffer(frames[1]!.frame).length).toBe(300);
    expect(fault(() => decoder({ maxOutput: 2 ** 22 }).decode(bomb)).code).toBe('ERR_TOO_LARGE');
    const undeclared = unsized(block(1, 600, false, 1), block(1, 400, true, 2));
    expect(fault(() => decoder({ maxOutput: 999 }).decode(undeclared)).code).toBe('ERR_TOO_LARGE');
    expect(decoder({ maxOutput: 1000 }).decodeToBuffer(undeclared).length).toBe(1000);
  });

  test('what really decodes to much more than the heap fails with a MemoryError, and nothing stays behind', () => {
    expect(() => decoder().decode(bomb)).toThrow(expect.objectContaining({ code: 'ERR_MEMORY_LIMIT' }) as Error);
  });

  test('output that grows beyond what was allocated first', () => {
    const roomy = new Heap();
    const zstd = new ZstdDecoder({ heap: roomy });
    const bytes = zstd.decode(bomb);
    expect(bytes.length).toBe(131_072_000);
    expect(bytes.toBuffer().subarray(-5).equals(Buffer.alloc(5))).toBe(true);
    bytes.release();
    zstd.release();
    expect(roomy.live).toBe(0);
  });

  test('a declared size that the blocks cannot reach allocates nothing', () => {
    const lie = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10, ...block(0, 1, true, 1)]);
    expect(fault(() => decoder({ maxWindow: Number.MAX_SAFE_INTEGER }).decode(lie)).code).toBe('ERR_CORRUPT');
    expect(heap.memory.size).toBeLessThan(4 * 2 ** 20);
  });

  test('windows over maxWindow are refused, up to it accepted', () => {
    const window144 = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x89, ...block(0, 2, true, 1, 2)]);
    expect(fault(() => decoder().decode(window144))).toMatchObject({ code: 'ERR_TOO_LARGE', expected: 128 * 2 ** 20, actual: 144 * 2 ** 20, offset: 0 });
    expect(decoder({ maxWindow: 144 * 2 ** 20 }).decodeToBuffer(window144)).toEqual(Buffer.from([1, 2]));
  });

  test('options out of range', () => {
    for (const options of [{ maxWindow: 1023 }, { maxWindow: 1.5 }, { maxOutput: -1 }, { maxOutput: 2 ** 31 }]) {
      expect(() => new ZstdDecoder({ heap, ...options })).toThrow(RangeError);
    }
  });
});

describe('dictionaries', () => {
  function prepare(bytes: Buffer, id?: number): ZstdDictionary {
    const made = ZstdDictionary.prepare(bytes, id === undefined ? { heap } : { heap, id });
    open.push(made);
    return made;
  }

  test('a trained one is found by its ID among several; frames that name none are decoded without', () => {
    const mine = prepare(dictionary);
    expect(mine.id).toBe(77);
    const zstd = decoder({ dictionaries: [prepare(dictionary, 5), prepare(records(100), 6), mine] });
    for (let round = 0; round < 3; round += 1) {
      expect(zstd.decodeToBuffer(trained.frame).equals(trained.content)).toBe(true);
      for (const { frame, content } of frames) expect(zstd.decodeToBuffer(frame).equals(content)).toBe(true);
    }
    const both = Buffer.concat([frames[0]!.frame, trained.frame, frames[3]!.frame, trained.frame]);
    expect(zstd.decodeToBuffer(both).equals(Buffer.concat([frames[0]!.content, trained.content, frames[3]!.content, trained.content]))).toBe(true);
  });

  test('one without tables and ID serves frames that name none', () => {
    const zstd = decoder({ dictionaries: [prepare(dictionary), prepare(reference)] });
    expect(zstd.decodeToBuffer(patched.frame).equals(patched.content)).toBe(true);
    expect(zstd.decodeToBuffer(trained.frame).equals(trained.content)).toBe(true);
    const target = Buffer.alloc(patched.content.length);
    expect(zstd.decodeInto(patched.frame, target)).toBe(target.length);
    expect(target.equals(patched.content)).toBe(true);
  });

  test('one that is missing, or another with the same ID', () => {
    expect(fault(() => decoder().decode(trained.frame))).toMatchObject({ code: 'ERR_DICTIONARY', expected: 77, offset: 0 });
    expect(fault(() => decoder({ dictionaries: [prepare(reference)] }).decode(trained.frame)).code).toBe('ERR_DICTIONARY');
    const other = decoder({ dictionaries: [prepare(records(3000, 4), 77)] });
    expect(() => other.decode(trained.frame)).toThrow(CodecError);
  });

  test('broken tables and repeat offsets', () => {
    const broken = Buffer.from(dictionary);
    broken.fill(0, 8, 40);
    expect(fault(() => ZstdDictionary.prepare(broken, { heap }))).toMatchObject({ code: 'ERR_CORRUPT', offset: 8 });
    for (let length = 8; length < 60; length += 1) expect(fault(() => ZstdDictionary.prepare(dictionary.subarray(0, length), { heap })).code).toBe('ERR_CORRUPT');
    decoder();
  });

  test('one prepared by another thread is used where it lies', () => {
    const mine = prepare(dictionary);
    const attached = ZstdDictionary.attach(heap, mine.share());
    expect(attached.id).toBe(77);
    expect(decoder({ dictionaries: [attached] }).decodeToBuffer(trained.frame).equals(trained.content)).toBe(true);
    attached.release();
    expect(decoder({ dictionaries: [mine] }).decodeToBuffer(trained.frame).equals(trained.content)).toBe(true);
  });
});
