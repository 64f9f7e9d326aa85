import { describe, expect, test } from 'vitest';
import { CommandError } from '../src/exit.js';
import { formatBytes, parseCount, parseSize } from '../src/units.js';

describe('parseSize', () => {
  test.each([
    ['1', 1],
    ['64k', 65_536],
    ['64KiB', 65_536],
    ['10MB', 10_000_000],
    ['1.5 MiB', 1_572_864],
    ['2g', 2_147_483_648],
  ])('%s is %d', (text, bytes) => {
    expect(parseSize('--x', text, 1, 2 ** 31)).toBe(bytes);
  });

  test.each(['', 'x', '-1', '1x', '0', '3g', '1e3', '0x10', '1 2', 'NaN'])('%j is refused with exit code 2', (text) => {
    expect(() => parseSize('--x', text, 1, 2 ** 31)).toThrow(CommandError);
    expect(() => parseSize('--x', text, 1, 2 ** 31)).toThrow(/^--x takes a size from 1 B to 2.0 GiB/);
  });
});

test('parseCount takes whole numbers in its range only', () => {
  expect(parseCount('--n', '0', 0, 10)).toBe(0);
  expect(parseCount('--n', '10', 0, 10)).toBe(10);
  for (const text of ['11', '-1', '1.5', '', '1e1', ' ']) expect(() => parseCount('--n', text, 0, 10)).toThrow(CommandError);
});

test('formatBytes', () => {
  expect([0, 1023, 1024, 1536, 150 * 1024, 2 ** 20, 2 ** 40, 2 ** 50].map(formatBytes)).toEqual([
    '0 B', '1023 B', '1.0 KiB', '1.5 KiB', '150 KiB', '1.0 MiB', '1.0 TiB', '1024 TiB',
  ]);
});
