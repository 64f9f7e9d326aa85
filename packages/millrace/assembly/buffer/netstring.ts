import { FRAMES_MALFORMED, FRAMES_SCANNED, FRAMES_TABLE_FULL, FRAMES_TOO_LARGE, reportFrames } from "./frames";

const COLON: u32 = 0x3a;
const COMMA: u32 = 0x2c;
const ZERO: u32 = 0x30;
/** Digits of the longest length that can be within a limit of 31 bits. */
const MAX_DIGITS: i32 = 10;

/**
 * Walks a chain of netstrings (D. J. Bernstein, "Netstrings", 1997): a decimal length without leading zeros, a colon, the payload,
 * a comma. Parameters as in ./length-prefix.ts; `remaining` includes the comma. Malformed: anything but a digit or the colon in the
 * length, an empty length, a leading zero, more than ten digits, no comma at the end.
 */
export function scanNetstrings(
  s: i32, length: i32, from: i32, remaining: i32, limit: i32, table: i32, capacity: i32, report: i32,
): i32 {
  const tableEnd = table + (capacity << 2);
  let messages = 0;
  let end = 0;
  let p = from;
  while (true) {
    if (remaining >= 0) {
      if (remaining > length - p) {
        reportFrames(report, end, messages, remaining - (length - p), p);
        return FRAMES_SCANNED;
      }
      p += remaining;
      if (<u32>load<u8>(s + p - 1) != COMMA) {
        reportFrames(report, end, messages, -1, p - 1);
        return FRAMES_MALFORMED;
      }
      end = p;
      messages += 1;
      if (table != 0) {
        store<i32>(table, p);
        table += 4;
        if (table == tableEnd) {
          reportFrames(report, end, messages, -1, p);
          return FRAMES_TABLE_FULL;
        }
      }
    }
    let value: i64 = 0;
    let at = 0;
    let colon = false;
    while (!colon && p + at < length) {
      const byte = <u32>load<u8>(s + p + at);
      if (byte == COLON && at > 0) {
        colon = true;
      } else {
        const digit = byte - ZERO;
        if (digit > 9 || at == MAX_DIGITS || (at == 1 && value == 0)) {
          reportFrames(report, end, messages, -1, p + at);
          return FRAMES_MALFORMED;
        }
        value = value * 10 + <i64>digit;
        at += 1;
      }
    }
    if (!colon) {
      reportFrames(report, end, messages, -1, p);
      return FRAMES_SCANNED;
    }
    if (value > <i64>limit) {
      store<i64>(report, value, 16);
      reportFrames(report, end, messages, -1, p);
      return FRAMES_TOO_LARGE;
    }
    p += at + 1;
    remaining = <i32>value + 1;
  }
}
