// The length that a block starts with (format_description.txt, section 1): a varint of up to five bytes.
import { CORRUPT, TRUNCATED, fail } from "../status";
import { BAD_LENGTH, ENDS_INSIDE_LENGTH } from "./format";

const MOST_BYTES: u32 = 5;

/**
 * The length that the block [block, end) declares, and in the upper half where its elements start; or a negative status with the report
 * filled. Reads past the block stay in the memory: it ends in a guard.
 */
@inline
export function readHeader(block: u32, end: u32, report: u32): i64 {
  const head = load<u32>(block);
  let length = head & 0x7f;
  let s = block + 1;
  if ((head & 0x80) != 0) {
    length |= (head >>> 1) & (0x7f << 7);
    s += 1;
    if ((head & 0x8000) != 0) {
      length |= (head >>> 2) & (0x7f << 14);
      s += 1;
      if ((head & 0x800000) != 0) return readLongHeader(block, end, report);
    }
  }
  return s > end ? endsInside(block, end, report) : <i64>s << 32 | <i64>length;
}

@inline
export function declaredLength(header: i64): u32 {
  return <u32>header;
}

@inline
export function elementsStart(header: i64): u32 {
  return <u32>(header >>> 32);
}

function readLongHeader(block: u32, end: u32, report: u32): i64 {
  let length: u64 = 0;
  for (let i: u32 = 0; block + i < end; i += 1) {
    const byte = <u32>load<u8>(block + i);
    // The fifth byte ends it and holds the upper four bits.
    if (i == MOST_BYTES - 1 && byte > 0x0f) return fail(report, CORRUPT, BAD_LENGTH, <f64>i, 0x0f, byte);
    length |= <u64>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) return <i64>(block + i + 1) << 32 | <i64>length;
  }
  return endsInside(block, end, report);
}

function endsInside(block: u32, end: u32, report: u32): i64 {
  return fail(report, TRUNCATED, ENDS_INSIDE_LENGTH, <f64>(end - block), NaN, NaN);
}
