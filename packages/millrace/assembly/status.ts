// How a kernel that can fail says so: a negative status, with the numbers of the failure in the report area it was given.
// src/wasm/status.ts holds the same numbers and turns them into typed errors; raise the ABI version when one changes its meaning.
//
//     report  +0  i32  reason: which rule was broken, for the message
//             +8  f64  offset in the input, or NaN
//            +16  f64  expected, or NaN
//            +24  f64  actual, or NaN

export const CORRUPT: i32 = -1;
export const TRUNCATED: i32 = -2;
export const CHECKSUM: i32 = -3;
export const UNSUPPORTED: i32 = -4;
export const TOO_LARGE: i32 = -5;
export const DESTINATION_TOO_SMALL: i32 = -6;

/** Fills the report and gives `status` back, so that a kernel can `return fail(...)`. NaN stands for a number that does not apply. */
export function fail(report: u32, status: i32, reason: i32, offset: f64, expected: f64, actual: f64): i32 {
  store<i32>(report, reason);
  store<f64>(report, offset, 8);
  store<f64>(report, expected, 16);
  store<f64>(report, actual, 24);
  return status;
}
