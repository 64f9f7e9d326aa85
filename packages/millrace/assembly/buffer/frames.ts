// What the frame scans share: their statuses, and how they hand back what they found.
//
// A scan looks at [s, s + length) from offset `from` on. It gives a status, and in the report area
//
//     +0  i32  end        offset after the last complete message, 0 when none ended here
//     +4  i32  messages   how many ended here
//     +8  i32  remaining  bytes the message under way still needs; -1 when that is not known yet
//     +12 i32  at         where the fault is; where the scan stopped otherwise
//     +16 i64  actual     the size that was over the limit
//
// and the end of each message in a table of i32 (offsets from s), when `table` is not 0. A full table stops the scan after
// the message that filled it: `end` is where to go on.

/** Everything was scanned. */
export const FRAMES_SCANNED: i32 = 0;
/** The table is full; there may be more. */
export const FRAMES_TABLE_FULL: i32 = 1;
/** A message is over the limit. */
export const FRAMES_TOO_LARGE: i32 = -1;
/** The bytes at `at` break the framing's rules. */
export const FRAMES_MALFORMED: i32 = -2;

// @ts-ignore: decorator
@inline
export function reportFrames(report: i32, end: i32, messages: i32, remaining: i32, at: i32): void {
  store<i32>(report, end);
  store<i32>(report, messages, 4);
  store<i32>(report, remaining, 8);
  store<i32>(report, at, 12);
}
