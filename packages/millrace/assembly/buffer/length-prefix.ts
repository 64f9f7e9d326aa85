import { FRAMES_MALFORMED, FRAMES_SCANNED, FRAMES_TABLE_FULL, FRAMES_TOO_LARGE, reportFrames } from "./frames";

/** The length field of `width` bytes at p, as an unsigned number; from 2^63 on it appears negative. */
// @ts-ignore: decorator
@inline
function readLength(p: i32, width: i32, bigEndian: i32): i64 {
  if (width == 4) {
    const value = load<u32>(p);
    return <i64>(bigEndian != 0 ? bswap<u32>(value) : value);
  }
  if (width == 2) {
    const value = load<u16>(p);
    return <i64>(bigEndian != 0 ? bswap<u16>(value) : value);
  }
  if (width == 1) return <i64>load<u8>(p);
  const value = load<u64>(p);
  return <i64>(bigEndian != 0 ? bswap<u64>(value) : value);
}

/**
 * Walks a chain of messages, each a header of `fieldOffset + width` bytes whose last `width` hold a length, then that length plus
 * `adjustment` bytes of payload. `remaining` bytes, from `from` on, belong to a message whose header was seen earlier; -1: a header
 * comes next. A payload may have `limit` bytes; one below 0 is malformed. For the report and the table see ./frames.ts.
 */
export function scanLengthPrefixed(
  s: i32, length: i32, from: i32, remaining: i32,
  width: i32, bigEndian: i32, fieldOffset: i32, adjustment: i32, limit: i32,
  table: i32, capacity: i32, report: i32,
): i32 {
  const header = fieldOffset + width;
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
    if (length - p < header) {
      reportFrames(report, end, messages, -1, p);
      return FRAMES_SCANNED;
    }
    const value = readLength(s + p + fieldOffset, width, bigEndian);
    const payload = value + <i64>adjustment;
    if (value < 0 || payload < 0 || payload > <i64>limit) {
      store<i64>(report, value < 0 ? value : payload, 16);
      reportFrames(report, end, messages, -1, p);
      return value >= 0 && payload < 0 ? FRAMES_MALFORMED : FRAMES_TOO_LARGE;
    }
    p += header;
    remaining = <i32>payload;
  }
}
