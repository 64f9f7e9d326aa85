import { FRAMES_MALFORMED, FRAMES_SCANNED, FRAMES_TABLE_FULL, FRAMES_TOO_LARGE, reportFrames } from "./frames";

/** Bytes of the longest varint of 64 bits. */
const MAX_VARINT: i32 = 10;

/**
 * Walks a chain of messages, each a base-128 varint (protobuf encoding guide, "Base 128 Varints") and then that many bytes.
 * Parameters as in ./length-prefix.ts. Malformed: a varint of more than ten bytes or 64 bits.
 */
export function scanVarintPrefixed(
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
    let value: u64 = 0;
    let at = 0;
    let byte: u32 = 0x80;
    while (byte >= 0x80 && at < MAX_VARINT && p + at < length) {
      byte = <u32>load<u8>(s + p + at);
      // The tenth byte has room for one bit only.
      if (at == MAX_VARINT - 1 && byte > 1) {
        reportFrames(report, end, messages, -1, p);
        return FRAMES_MALFORMED;
      }
      value |= <u64>(byte & 0x7f) << (7 * at);
      at += 1;
    }
    if (byte >= 0x80) {
      reportFrames(report, end, messages, -1, p);
      return FRAMES_SCANNED;
    }
    if (value > <u64>limit) {
      store<u64>(report, value, 16);
      reportFrames(report, end, messages, -1, p);
      return FRAMES_TOO_LARGE;
    }
    p += at;
    remaining = <i32>value;
  }
}
