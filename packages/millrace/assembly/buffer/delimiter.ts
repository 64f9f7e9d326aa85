import { FRAMES_SCANNED, FRAMES_TABLE_FULL, FRAMES_TOO_LARGE, reportFrames } from "./frames";

// One bit for each of the 64 bytes at p that equals `splat`. Reads 64 bytes whatever the length: the guard allows it.
// @ts-ignore: decorator
@inline
function matches(p: i32, splat: v128): u64 {
  const a = <u64>(<u32>i8x16.bitmask(i8x16.eq(v128.load(p), splat)));
  const b = <u64>(<u32>i8x16.bitmask(i8x16.eq(v128.load(p, 16), splat)));
  const c = <u64>(<u32>i8x16.bitmask(i8x16.eq(v128.load(p, 32), splat)));
  const d = <u64>(<u32>i8x16.bitmask(i8x16.eq(v128.load(p, 48), splat)));
  return a | (b << 16) | (c << 32) | (d << 48);
}

/** From p on, in steps of 128 bytes, the first place where a byte may equal `splat`; at least `end` - 127 when there is none. */
// @ts-ignore: decorator
@inline
function skipOthers(p: i32, end: i32, splat: v128): i32 {
  while (end - p >= 128) {
    const low = v128.or(
      v128.or(i8x16.eq(v128.load(p), splat), i8x16.eq(v128.load(p, 16), splat)),
      v128.or(i8x16.eq(v128.load(p, 32), splat), i8x16.eq(v128.load(p, 48), splat)),
    );
    const high = v128.or(
      v128.or(i8x16.eq(v128.load(p, 64), splat), i8x16.eq(v128.load(p, 80), splat)),
      v128.or(i8x16.eq(v128.load(p, 96), splat), i8x16.eq(v128.load(p, 112), splat)),
    );
    if (v128.any_true(v128.or(low, high))) break;
    p += 128;
  }
  return p;
}

/**
 * Finds the messages that end with `delimiter` (one byte), or with `before` and then `delimiter` (`before` < 0: none).
 * `seen` bytes of the first message were scanned earlier, the last of them being `before` when `carried` is 1. A message may
 * have `limit` bytes without its delimiter. For the report and the table see ./frames.ts.
 */
export function scanDelimited(
  s: i32, length: i32, delimiter: i32, before: i32, seen: i32, carried: i32, limit: i32,
  table: i32, capacity: i32, report: i32,
): i32 {
  const splat = i8x16.splat(<i8>delimiter);
  const splatBefore = i8x16.splat(<i8>before);
  const width: i32 = before < 0 ? 1 : 2;
  const tableEnd = table + (capacity << 2);
  let messages = 0;
  let end = 0;
  // Where the message under way starts, from s: negative when it began in earlier bytes.
  let start: i32 = -seen;
  let status = FRAMES_SCANNED;
  let p = 0;
  while (p < length && status == FRAMES_SCANNED) {
    let mask = matches(s + p, splat);
    if (mask == 0) {
      p = skipOthers(s + p + 64, s + length, splat) - s;
      continue;
    }
    if (before >= 0) {
      let earlier = matches(s + p - 1, splatBefore);
      // The byte before s is not ours to look at: `carried` stands for it.
      if (p == 0) earlier = (earlier & ~1) | <u64>carried;
      mask &= earlier;
    }
    const left = length - p;
    if (left < 64) mask &= ((<u64>1) << left) - 1;
    if (mask != 0) {
      // Between two delimiters of one block lie fewer than 64 bytes, so with a larger limit only the first can be too far away.
      if (table == 0 && limit >= 64) {
        const first = p + <i32>ctz(mask);
        if (first + 1 - width - start > limit) {
          status = FRAMES_TOO_LARGE;
          break;
        }
        messages += <i32>popcnt(mask);
        end = p + 64 - <i32>clz(mask);
        start = end;
      } else {
        do {
          const next = p + <i32>ctz(mask) + 1;
          if (next - width - start > limit) {
            status = FRAMES_TOO_LARGE;
            break;
          }
          mask &= mask - 1;
          messages += 1;
          end = next;
          start = next;
          if (table != 0) {
            store<i32>(table, next);
            table += 4;
            if (table == tableEnd) {
              status = FRAMES_TABLE_FULL;
              break;
            }
          }
        } while (mask != 0);
      }
    }
    p += 64;
  }
  if (status == FRAMES_SCANNED) {
    // The last byte may be the first half of a delimiter, which does not count.
    let tail = length - start;
    if (width == 2 && (length > 0 ? <i32>load<u8>(s + length - 1) == before && length > end : carried != 0)) tail -= 1;
    if (tail > limit) status = FRAMES_TOO_LARGE;
  }
  reportFrames(report, end, messages, -1, start);
  return status;
}

/**
 * The offset after the first delimiter in [s, s + length), or 0 when there is none; `carried` as above.
 */
export function findDelimiter(s: i32, length: i32, delimiter: i32, before: i32, carried: i32): i32 {
  const splat = i8x16.splat(<i8>delimiter);
  const splatBefore = i8x16.splat(<i8>before);
  let p = 0;
  while (p < length) {
    let mask = matches(s + p, splat);
    if (mask == 0) {
      p = skipOthers(s + p + 64, s + length, splat) - s;
      continue;
    }
    if (before >= 0) {
      let earlier = matches(s + p - 1, splatBefore);
      if (p == 0) earlier = (earlier & ~1) | <u64>carried;
      mask &= earlier;
    }
    const left = length - p;
    if (left < 64) mask &= ((<u64>1) << left) - 1;
    if (mask != 0) return p + <i32>ctz(mask) + 1;
    p += 64;
  }
  return 0;
}
