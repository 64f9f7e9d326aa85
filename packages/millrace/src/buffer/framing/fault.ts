import { BufferError } from '../../base/errors.js';

// Statuses and report area of assembly/buffer/frames.ts.
export const FRAMES_TABLE_FULL = 1;
export const FRAMES_TOO_LARGE = -1;

/** Words of the report area, as an Int32Array index. */
export const END = 0;
export const MESSAGES = 1;
export const REMAINING = 2;
export const AT = 3;
const ACTUAL_LOW = 4;
const ACTUAL_HIGH = 5;
/** One table entry, for a scan that is to stop after one message. */
export const ONE_ENTRY = 6;
/** Byte offset in the report area of 32 bytes that the scans leave alone. */
export const SCRATCH = 32;
export const SCRATCH_LENGTH = 32;

/** The size that a scan reported as over the limit. */
export function actualSize(report: Int32Array): number {
  return (report[ACTUAL_HIGH]! >>> 0) * 2 ** 32 + (report[ACTUAL_LOW]! >>> 0);
}

/** @param offset stream offset of the message's first byte */
export function tooLarge(offset: number, actual: number, limit: number): BufferError {
  return new BufferError('ERR_MESSAGE_TOO_LARGE', `the message at offset ${offset} has ${actual} bytes or more; the limit is ${limit}`, {
    offset,
    actual,
    expected: limit,
  });
}

/** @param offset stream offset of the byte that cannot stand there */
export function malformed(offset: number, rule: string): BufferError {
  return new BufferError('ERR_FRAMING', `malformed at offset ${offset}: ${rule}`, { offset });
}

/** @param expected bytes the whole message has, where its header told */
export function torn(offset: number, actual: number, expected: number | undefined): BufferError {
  const whole = expected === undefined ? '' : ` of ${expected}`;
  return new BufferError('ERR_TORN_MESSAGE', `the input ends inside the message at offset ${offset}, after ${actual}${whole} bytes`, {
    offset,
    actual,
    ...(expected === undefined ? {} : { expected }),
  });
}
